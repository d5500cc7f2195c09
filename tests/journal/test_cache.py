from __future__ import annotations

import dataclasses
import json
import random
import resource
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.errors import JournalError
from evalhouse.journal import CacheLimits, Pruned, ReplyKey, ResponseCache
from tests.journal.crashing import started
from tests.journal.journals import REDACTOR

AT_ONCE = CacheLimits(refresh_seconds=0)
SMALL = CacheLimits(segment_bytes=2_000, refresh_seconds=0)
KEY = ReplyKey("openai", "http://127.0.0.1:8000/v1", "small", "abc", b'{"messages":[]}')


def key_of(number: int) -> ReplyKey:
    return dataclasses.replace(KEY, request=b"%d" % number)


def body_of(number: int) -> bytes:
    noise = random.Random(number).randbytes(50).hex()
    return json.dumps({"choices": [{"text": f"answer {number}"}], "noise": noise}).encode()


def open_cache(folder: Path, limits: CacheLimits = AT_ONCE) -> ResponseCache:
    return ResponseCache(folder, redactor=REDACTOR, limits=limits)


def filled(folder: Path, count: int, limits: CacheLimits = AT_ONCE) -> None:
    with open_cache(folder, limits) as cache:
        for number in range(count):
            assert cache.put(key_of(number), body_of(number), is_complete=True)


def fill_in_turn(folder: Path, start: int) -> None:
    with open_cache(folder, SMALL) as cache:
        for number in range(start, 200, 2):
            cache.put(key_of(number), body_of(number), is_complete=True)


def fill_without_end(folder: Path) -> None:
    with open_cache(folder, SMALL) as cache:
        for number in range(1_000_000):
            cache.put(key_of(number), body_of(number), is_complete=True)


def fill_the_disk(folder: Path) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, 5_000))
    with open_cache(folder) as cache:
        kept = [cache.put(key_of(n), body_of(n), is_complete=True) for n in range(100)]
        found = [cache.get(key_of(n)) is not None for n in range(100)]
        folder.with_name("said").write_text(json.dumps([kept, found, cache.refused]), "utf-8")


def test_a_reply_that_was_kept_is_given_out_again(tmp_path: Path) -> None:
    with open_cache(tmp_path) as cache:
        assert cache.get(KEY) is None
        assert cache.put(KEY, body_of(1), is_complete=True)
        assert cache.get(KEY) == body_of(1)
        assert (cache.hits, cache.misses) == (1, 1)
    with open_cache(tmp_path) as again:
        assert again.get(KEY) == body_of(1)
        assert len(again) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"provider": "ollama"},
        {"endpoint": "http://127.0.0.1:8001/v1"},
        {"model": "large"},
        {"revision": "abd"},
        {"revision": ""},
        {"revision": None},
        {"request": b'{"messages": []}'},
        {"provider": "openaih", "endpoint": "ttp://127.0.0.1:8000/v1"},
    ],
)
def test_no_reply_is_taken_for_that_of_another_request(
    tmp_path: Path, other: dict[str, str | bytes | None]
) -> None:
    with open_cache(tmp_path) as cache:
        cache.put(KEY, body_of(1), is_complete=True)
        assert cache.get(dataclasses.replace(KEY, **other)) is None  # type: ignore[arg-type]  # as named


def test_a_reply_is_kept_once(tmp_path: Path) -> None:
    with open_cache(tmp_path) as cache:
        assert cache.put(KEY, body_of(1), is_complete=True)
        assert cache.put(KEY, body_of(2), is_complete=True)
        assert cache.get(KEY) == body_of(1)
        assert len(cache) == 1


@pytest.mark.parametrize(
    ("body", "is_complete", "status", "why"),
    [
        (b"{}", True, 200, "it is no JSON object with anything in it"),
        (b"", True, 200, "it is no JSON"),
        (b"null", True, 200, "it is no JSON object with anything in it"),
        (b'{"choices":', True, 200, "it is no JSON"),
        (b'{"text":"\xff"}', True, 200, "it is no JSON"),
        (b'{"error":{"code":500}}', True, 200, "it reports an error"),
        (b'{"text":"cut"}', False, 200, "it is not complete"),
        (b'{"text":"late"}', True, 503, "its status is 503"),
        (b'{"text":"sk-' + b"aB3xY7" * 6 + b'"}', True, 200, "it holds what looks like a secret"),
    ],
)
def test_only_complete_replies_are_kept(
    tmp_path: Path, body: bytes, *, is_complete: bool, status: int, why: str
) -> None:
    with open_cache(tmp_path) as cache:
        assert not cache.put(KEY, body, is_complete=is_complete, status=status)
        assert cache.get(KEY) is None
        assert cache.refused == {why: 1}


@given(st.data())
def test_a_flipped_bit_is_a_miss_that_is_reported_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    filled(folder, 5)
    (segment,) = folder.glob("*.segment")
    content = bytearray(segment.read_bytes())
    place = data.draw(st.integers(0, len(content) * 8 - 1))
    content[place // 8] ^= 1 << place % 8
    segment.write_bytes(content)
    with open_cache(folder) as cache:
        found = [cache.get(key_of(number)) for number in range(5)]
        assert all(body in {None, body_of(number)} for number, body in enumerate(found))
        # A few bits of a compressed reply mean nothing.
        assert found.count(None) == len(cache.damage) <= 1
        for number in range(5):
            assert cache.put(key_of(number), body_of(number), is_complete=True)
    with open_cache(folder) as cache:
        assert all(cache.get(key_of(number)) == body_of(number) for number in range(5))


@given(st.data())
def test_a_torn_file_gives_out_what_is_whole(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    filled(folder, 5)
    (segment,) = folder.glob("*.segment")
    content = segment.read_bytes()
    segment.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    with open_cache(folder) as cache:
        left = len(cache)
        found = [cache.get(key_of(number)) for number in range(5)]
        assert found == [body_of(number) for number in range(left)] + [None] * (5 - left)
        assert cache.put(key_of(left), body_of(left), is_complete=True)
        assert cache.get(key_of(left)) == body_of(left)
    with open_cache(folder) as cache:
        assert cache.get(key_of(left)) == body_of(left)


@given(st.binary(min_size=1, max_size=300))
def test_anything_at_all_in_a_file_is_no_reply(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    (folder / "0.segment").write_bytes(content)
    with open_cache(folder) as cache:
        assert len(cache) == 0
        assert cache.put(KEY, body_of(1), is_complete=True)
    with open_cache(folder) as cache:
        assert cache.get(KEY) == body_of(1)


def test_two_processes_fill_one_cache(tmp_path: Path) -> None:
    processes = [started(fill_in_turn, tmp_path, start) for start in (0, 1)]
    for process in processes:
        process.join(60)
    with open_cache(tmp_path) as cache:
        assert [cache.get(key_of(n)) for n in range(200)] == [body_of(n) for n in range(200)]
        assert cache.damage == []
        assert len(cache) == 200


def test_what_another_keeps_is_seen_while_both_are_open(tmp_path: Path) -> None:
    with open_cache(tmp_path) as first, open_cache(tmp_path) as second:
        first.put(key_of(1), body_of(1), is_complete=True)
        assert second.get(key_of(1)) == body_of(1)
        second.put(key_of(2), body_of(2), is_complete=True)
        assert first.get(key_of(2)) == body_of(2)
    assert len(list(tmp_path.iterdir())) == 2


def test_files_that_nobody_writes_are_gone_on_with(tmp_path: Path) -> None:
    for number in range(5):
        with open_cache(tmp_path) as cache:
            cache.put(key_of(number), body_of(number), is_complete=True)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_process_that_is_killed_leaves_whole_replies(tmp_path: Path) -> None:
    process = started(fill_without_end, tmp_path / "cache")
    while len(list(tmp_path.glob("cache/*"))) < 5:
        time.sleep(0.005)
    process.kill()
    process.join()
    with open_cache(tmp_path / "cache") as cache:
        count = len(cache)
        assert [cache.get(key_of(n)) for n in range(count)] == [body_of(n) for n in range(count)]
        assert cache.get(key_of(count)) is None
        assert cache.damage == []


def test_a_full_disk_keeps_a_run_from_nothing_but_its_cache(tmp_path: Path) -> None:
    started(fill_the_disk, tmp_path / "cache").join(60)
    kept, found, refused = json.loads((tmp_path / "said").read_text("utf-8"))
    assert kept == found
    assert 0 < sum(kept) < 100
    assert list(refused) in (
        ["it cannot be written: file too large"],
        ["it cannot be written: no space left on device"],
        ["it cannot be written: no space left on device", "it cannot be written: file too large"],
    )


def test_the_oldest_files_go_when_there_is_too_much(tmp_path: Path) -> None:
    filled(tmp_path, 100, SMALL)
    with open_cache(tmp_path, SMALL) as cache:
        total = sum(path.stat().st_size for path in tmp_path.iterdir())
        pruned = cache.prune(max_bytes=total // 2)
        assert total - pruned.bytes <= total // 2
        assert cache.get(key_of(0)) is None
        assert cache.get(key_of(99)) == body_of(99)
        assert cache.prune(max_bytes=total) == Pruned()


def test_files_that_are_too_old_go(tmp_path: Path) -> None:
    filled(tmp_path, 20, SMALL)
    with open_cache(tmp_path, SMALL) as cache:
        assert cache.prune(max_age=3600) == Pruned()
        assert cache.prune(max_age=-1).segments > 1
        assert cache.get(key_of(19)) is None
        assert cache.put(key_of(19), body_of(19), is_complete=True)


def test_a_cache_keeps_to_its_size_by_itself(tmp_path: Path) -> None:
    limits = CacheLimits(segment_bytes=2_000, max_bytes=6_000)
    filled(tmp_path, 200, limits)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 8_500
    with open_cache(tmp_path) as cache:
        assert cache.get(key_of(199)) == body_of(199)


def test_a_cache_that_cannot_grow_says_why(tmp_path: Path) -> None:
    with open_cache(tmp_path / "cache") as cache:
        (tmp_path / "cache").rmdir()
        assert not cache.put(KEY, body_of(1), is_complete=True)
        (why,) = cache.refused
        assert why.startswith("it cannot be written: no such file or directory")


def test_what_another_process_writes_is_not_removed(tmp_path: Path) -> None:
    with open_cache(tmp_path) as writing, open_cache(tmp_path) as pruning:
        writing.put(key_of(1), body_of(1), is_complete=True)
        assert pruning.prune(max_bytes=0) == Pruned()
        assert writing.get(key_of(1)) == body_of(1)


def test_a_file_that_is_removed_meanwhile_is_a_miss(tmp_path: Path) -> None:
    with open_cache(tmp_path) as cache:
        cache.put(key_of(1), body_of(1), is_complete=True)
        for path in tmp_path.iterdir():
            path.unlink()
        assert cache.get(key_of(1)) is None
        assert cache.put(key_of(1), body_of(1), is_complete=True)
        assert cache.get(key_of(1)) == body_of(1)


def test_a_long_reply_comes_back_whole(tmp_path: Path) -> None:
    body = json.dumps({"text": random.Random(0).randbytes(100_000).hex()}).encode()
    with open_cache(tmp_path) as cache:
        assert cache.put(KEY, body, is_complete=True)
        assert cache.get(KEY) == body


def test_a_place_that_cannot_hold_a_cache_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match=r"`.*/file` cannot be opened: file exists"):
        open_cache(tmp_path / "file")
