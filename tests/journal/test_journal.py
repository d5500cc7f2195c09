from __future__ import annotations

import asyncio
import json
import os
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.errors import (
    JournalError,
    OtherConfigurationError,
    RepeatedKeyError,
    UnwritableJournalError,
    UsageError,
)
from evalhouse.journal import Entry, Pace, read, verify
from evalhouse.journal.journal import Journal
from tests.journal.journals import CONFIGURATION, REDACTOR, open_journal, written

SURROGATE = "file\udcff"  # as a name of a file may be
TEXT = st.text(max_size=20) | st.just(SURROGATE)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)  # fmt: skip
SECRET = "sk-" + "aB3" + "xY7" * 10


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outputs" / "answers.jsonl"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_what_was_recorded_is_there_when_the_journal_is_opened_again(path: Path) -> None:
    entry = Entry("row 1", {"reply": "positive"}, b"{ }", attempt=2, started=1.5, finished=2.25)
    with open_journal(path) as journal:
        assert journal.append_now(entry)
        assert list(journal.entries()) == [entry]
    with open_journal(path) as again:
        assert again.get("row 1") == entry
        assert again.get("row 2") is None
        assert "row 1" in again
        assert "row 2" not in again
        assert len(again) == 1


def test_every_line_is_json_that_people_can_read(path: Path) -> None:
    written(path, ["ja", b"raw reply", b"\xff"])
    header, *entries, closing = lines(path)
    assert header["configuration"] == CONFIGURATION
    assert [entry["key"] for entry in entries] == ["row 0", "row 1", "row 2"]
    assert entries[0]["payload"] == "ja"
    assert entries[1]["payload_text"] == "raw reply"
    assert entries[2]["payload_base64"] == "/w=="
    assert closing["closed"]["entries"] == 3


@given(st.lists(JSON | st.binary(max_size=20), max_size=5), TEXT)
def test_any_payload_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, payloads: list[Any], name: str
) -> None:
    path = tmp_path_factory.mktemp("journal") / "answers.jsonl"
    entries = [Entry(f"{name}{number}", payload) for number, payload in enumerate(payloads)]
    with open_journal(path) as journal:
        assert all(journal.append_now(entry) for entry in entries)
        assert [journal.get(entry.key) for entry in entries] == entries
    assert list(read(path)) == entries
    assert verify(path).is_sound


def test_many_producers_record_in_a_loop_that_is_not_blocked(path: Path) -> None:
    async def produce(journal: Journal, start: int) -> None:
        for number in range(start, start + 50):
            assert await journal.append(Entry(f"row {number}", number))

    async def everything() -> None:
        with open_journal(path) as journal:
            await asyncio.gather(*(produce(journal, start) for start in range(0, 1000, 50)))
            assert len(journal) == 1000

    asyncio.run(everything())
    assert sorted(entry.payload for entry in read(path)) == list(range(1000))


def test_entries_that_come_together_go_to_the_disk_together(path: Path) -> None:
    async def everything() -> None:
        with open_journal(path) as journal:
            await asyncio.gather(*(journal.append(Entry(f"row {n}", n)) for n in range(100)))

    asyncio.run(everything())
    assert len({entry["synced"] for entry in lines(path)[1:-1]}) < 10


def test_threads_record_at_once(path: Path) -> None:
    with open_journal(path) as journal:
        threads = [
            threading.Thread(
                target=lambda start=start: [
                    journal.append_now(Entry(f"row {n}", n)) for n in range(start, 200, 4)
                ]
            )
            for start in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(journal) == 200


def test_a_key_is_recorded_once(path: Path) -> None:
    with open_journal(path) as journal:
        assert journal.append_now(Entry("row 1", "first"))
        with pytest.raises(RepeatedKeyError, match="holds `row 1` already"):
            journal.append_now(Entry("row 1", "second"))
        assert not journal.append_now(Entry("row 1", "third"), ignore_repeated=True)
        assert [entry.payload for entry in journal.entries()] == ["first"]


def test_a_key_that_is_on_its_way_is_not_recorded_again(path: Path) -> None:
    async def twice(journal: Journal) -> list[bool]:
        first = journal.append(Entry("row 1", "first"))
        with pytest.raises(RepeatedKeyError):
            journal.append(Entry("row 1", "second"))
        assert list(journal.pending(["row 1", "row 2"])) == ["row 2"]
        second = journal.append(Entry("row 1", "third"), ignore_repeated=True)
        found = [await second, await first]
        return [*found, await journal.append(Entry("row 1", "fourth"), ignore_repeated=True)]

    with open_journal(path) as journal:
        assert asyncio.run(twice(journal)) == [False, True, False]
        assert len(journal) == 1


def test_what_is_left_is_known(path: Path) -> None:
    written(path, range(5))
    with open_journal(path) as journal:
        journal.append_now(Entry("row 7", 7))
        wanted = [f"row {number}" for number in range(10)]
        assert list(journal.pending(wanted)) == ["row 5", "row 6", "row 8", "row 9"]


def test_a_caller_that_gives_up_waiting_does_not_disturb_others(path: Path) -> None:
    async def everything(journal: Journal) -> None:
        given_up = journal.append(Entry("row 1", 1))
        waited_for = journal.append(Entry("row 2", 2))
        given_up.cancel()
        assert await waited_for

    with open_journal(path) as journal:
        asyncio.run(everything(journal))
        assert len(journal) == 2


def test_a_loop_that_ends_early_loses_nothing(path: Path) -> None:
    async def careless(journal: Journal) -> None:
        journal.append(Entry("row 1", 1))

    with open_journal(path) as journal:
        asyncio.run(careless(journal))
        journal.flush()
        assert "row 1" in journal


def test_another_configuration_is_refused_and_the_difference_named(path: Path) -> None:
    written(path, range(3))
    other = {"model": {"name": "large", "seed": 1}, "fields": ["a", "b"], "retries": 2}
    with pytest.raises(OtherConfigurationError) as refusal:
        open_journal(path, other)
    assert refusal.value.differences == [
        '`model.name` is "small" there and "large" here',
        "`retries` is missing there and 2 here",
    ]


def test_the_order_of_settings_is_no_difference(path: Path) -> None:
    written(path, range(3))
    with open_journal(path, dict(reversed(CONFIGURATION.items()))) as journal:
        assert len(journal) == 3


def test_a_setting_that_is_gone_is_a_difference(path: Path) -> None:
    written(path, [])
    with pytest.raises(OtherConfigurationError, match=r"`fields` is .* there and missing here"):
        open_journal(path, {"model": CONFIGURATION["model"]})


def test_a_configuration_may_name_any_file(path: Path) -> None:
    for _ in range(2):
        open_journal(path, {"task": SURROGATE}).close()


def test_another_secret_is_no_other_configuration(path: Path) -> None:
    with open_journal(path, {"api_key": SECRET, "n": 1}) as journal:
        journal.append_now(Entry("row 1", 1))
    with open_journal(path, {"api_key": SECRET[::-1], "n": 1}) as journal:
        assert len(journal) == 1
    with pytest.raises(OtherConfigurationError, match="`n` is 1 there and 2 here"):
        open_journal(path, {"api_key": SECRET, "n": 2})


@pytest.mark.parametrize(
    "entry",
    [
        Entry("row 1", {"note": SECRET}),
        Entry("row 1", SECRET.encode()),
        Entry("row 1", None, {"api_key": "hidden"}),
        Entry("row 1", None, b'{"api_key": "hidden"}'),
    ],
)
def test_no_secret_reaches_the_disk(path: Path, entry: Entry) -> None:
    with open_journal(path, {"token": "hidden"}) as journal:
        journal.append_now(entry)
        assert journal.redactions == 1
    content = path.read_text("utf-8")
    assert SECRET not in content
    assert "hidden" not in content
    assert content.count("⟦redacted:") == 2


def test_the_tokens_of_a_reply_are_no_secrets(path: Path) -> None:
    reply = {"logprobs": {"content": [{"token": "Yes", "logprob": -0.1}]}}
    with open_journal(path) as journal:
        journal.append_now(Entry("row 1", reply))
        assert journal.redactions == 0
    assert [entry.payload for entry in read(path)] == [reply]


def test_a_key_that_looks_like_a_secret_is_refused(path: Path) -> None:
    with open_journal(path) as journal, pytest.raises(UsageError, match="name the work by an id"):
        journal.append_now(Entry(SECRET, 1))


def test_a_payload_that_is_no_json_is_refused(path: Path) -> None:
    with open_journal(path) as journal:
        with pytest.raises(UsageError, match="cannot be written as JSON"):
            journal.append_now(Entry("row 1", object()))
        assert journal.append_now(Entry("row 1", "that can"))


def test_raw_json_with_line_breaks_is_refused(path: Path) -> None:
    with open_journal(path) as journal, pytest.raises(UsageError, match="hand it over as bytes"):
        journal.append_now(Entry("row 1", msgspec.Raw(b"{\n}")))


def test_whoever_waits_learns_that_the_disk_took_nothing(path: Path) -> None:
    async def record(journal: Journal) -> list[bool | BaseException]:
        async def one(number: int) -> bool:
            return await journal.append(Entry(f"row {number}", number))

        return await asyncio.gather(*map(one, range(3)), return_exceptions=True)

    journal = open_journal(path)
    with path.open("rb") as readable:
        os.dup2(readable.fileno(), journal._file._file)
    assert [type(found) for found in asyncio.run(record(journal))] == [UnwritableJournalError] * 3
    assert len(journal) == 0
    for attempt in (lambda: journal.append_now(Entry("row 9", 9)), journal.flush, journal.close):
        with pytest.raises(UnwritableJournalError, match="the 1 lines in it are safe"):
            attempt()
    with open_journal(path) as again:
        assert list(again.pending(["row 0", "row 9"])) == ["row 0", "row 9"]


def test_closing_twice_or_again_changes_nothing(path: Path) -> None:
    written(path, range(3))
    before = path.read_bytes()
    journal = open_journal(path)
    journal.close()
    journal.close()
    assert path.read_bytes() == before
    assert verify(path).is_closed
    assert sorted(file.name for file in path.parent.iterdir()) == ["answers.jsonl"]


def test_a_closed_journal_can_be_gone_on_with(path: Path) -> None:
    written(path, range(3))
    with open_journal(path) as journal:
        journal.append_now(Entry("row 3", 3))
    report = verify(path)
    assert (report.entries, report.is_closed, report.is_sound) == (4, True, True)
    assert [entry.payload for entry in read(path)] == [0, 1, 2, 3]


def test_nothing_is_appended_after_closing(path: Path) -> None:
    journal = open_journal(path)
    journal.close()
    with pytest.raises(JournalError, match="was closed"):
        journal.append_now(Entry("row 1", 1))


def test_an_interrupted_run_keeps_its_entries_and_is_not_called_complete(path: Path) -> None:
    journal = open_journal(path)
    journal.append_now(Entry("row 1", 1))
    journal.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    report = verify(path)
    assert (report.entries, report.is_closed) == (1, False)


def test_more_entries_than_wait_in_a_dictionary_are_found(path: Path) -> None:
    async def record(journal: Journal) -> None:
        await asyncio.gather(*(journal.append(Entry(str(n), n)) for n in range(70_000)))

    with Journal(path, {}, redactor=REDACTOR, pace=Pace(count=10_000)) as journal:
        asyncio.run(record(journal))
        assert list(journal.pending(map(str, range(69_990, 70_010)))) == [
            str(n) for n in range(70_000, 70_010)
        ]
        found = journal.get("65000")
        assert found is not None
        assert found.payload == 65_000


def test_a_reader_sees_what_is_there_while_another_writes(path: Path) -> None:
    with open_journal(path) as journal:
        journal.append_now(Entry("row 1", 1))
        assert [entry.key for entry in read(path)] == ["row 1"]


def test_a_journal_of_a_newer_program_is_explained(path: Path) -> None:
    written(path, [])
    from evalhouse.journal.seal import seal

    header, _, rest = path.read_bytes().partition(b"\n")
    newer = header.replace(b'"journal":1', b'"journal":2').rpartition(b',"crc"')[0]
    path.write_bytes(seal(newer) + b"\n" + rest)
    with pytest.raises(JournalError, match="install a newer evalhouse"):
        open_journal(path)


def test_answers_can_be_read_without_what_was_asked(path: Path) -> None:
    payloads: list[Any] = [{"a": [1, None]}, b"plain", b"\x00\xff", msgspec.Raw(b'"\\ud800"')]
    with open_journal(path) as journal:
        for number, payload in enumerate(payloads):
            journal.append_now(Entry(str(number), payload, {"asked": number}, 2, 1.5, 2.5))
    whole, answers = list(read(path)), list(read(path, with_requests=False))
    assert [entry.request for entry in whole] == [{"asked": number} for number in range(4)]
    assert answers == [msgspec.structs.replace(entry, request=None) for entry in whole]
