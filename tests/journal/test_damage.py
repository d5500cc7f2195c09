"""Whatever happens to the bytes of a journal is found, or changes nothing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.errors import DamagedJournalError, JournalError
from evalhouse.journal import Entry, Journal, read, verify
from evalhouse.journal.seal import entry_line, seal
from tests.journal.journals import open_journal, opened, written


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "answers.jsonl"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[Entry]]:
    """A closed journal whose entries went to the disk one by one."""
    path = tmp_path_factory.mktemp("sound") / "answers.jsonl"
    entries = written(path, [{"reply": f"answer {n} ünd"} for n in range(8)])
    return path.read_bytes(), entries


def damaged(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> Path:
    path = tmp_path_factory.mktemp("damaged") / "answers.jsonl"
    path.write_bytes(content)
    return path


def replaced(path: Path, number: int, *lines: bytes) -> None:
    """Put other lines in the place of one, whose number counts from 1."""
    content = path.read_bytes().splitlines()
    content[number - 1 : number] = lines
    path.write_bytes(b"".join(line + b"\n" for line in content))


@given(st.data())
def test_every_flipped_bit_is_found(
    tmp_path_factory: pytest.TempPathFactory,
    sound: tuple[bytes, list[Entry]],
    data: st.DataObject,
) -> None:
    content, entries = sound
    place = data.draw(st.integers(0, len(content) * 8 - 1))
    flipped = bytearray(content)
    flipped[place // 8] ^= 1 << place % 8
    path = damaged(tmp_path_factory, bytes(flipped))
    report = verify(path)
    assert report.faults or report.torn
    with opened(path) as journal:
        if isinstance(journal, Journal):
            assert journal.torn  # only the last line, which closes it, can be taken for torn
            assert list(journal.entries()) == entries


@given(st.data())
def test_every_truncation_leaves_the_entries_before_it(
    tmp_path_factory: pytest.TempPathFactory,
    sound: tuple[bytes, list[Entry]],
    data: st.DataObject,
) -> None:
    content, entries = sound
    end = data.draw(st.integers(0, len(content) - 1))
    path = damaged(tmp_path_factory, content[:end])
    whole = content[:end].count(b"\n")
    with opened(path) as journal:
        if not whole:
            assert isinstance(journal, DamagedJournalError)
            return
        assert isinstance(journal, Journal)
        assert list(journal.entries()) == entries[: whole - 1]
        assert bool(journal.torn) == (not content[:end].endswith(b"\n"))
    assert verify(path).is_sound


@given(st.binary(min_size=1, max_size=200))
def test_anything_at_the_end_is_cut_off_and_kept(
    tmp_path_factory: pytest.TempPathFactory, sound: tuple[bytes, list[Entry]], tail: bytes
) -> None:
    content, entries = sound
    path = damaged(tmp_path_factory, content + tail)
    with open_journal(path) as journal:
        assert journal.torn
        assert (journal.torn.offset, journal.torn.length) == (len(content), len(tail))
        assert list(journal.entries()) == entries
    assert path.with_name("answers.jsonl.torn").read_bytes() == tail + b"\n"
    assert path.read_bytes() == content


def test_damage_in_the_middle_is_named_with_its_place(path: Path) -> None:
    written(path, range(5))
    line = path.read_bytes().splitlines()[2]
    replaced(path, 3, line.replace(b"row 1", b"row 9"))
    with pytest.raises(DamagedJournalError) as failure:
        open_journal(path)
    assert str(failure.value).startswith(
        f"the journal `{path}` is damaged in line 3, at byte {failure.value.offset:,}: "
        "its checksum does not match; "
    )
    assert path.read_bytes()[failure.value.offset :].startswith(b'{"n":3,')


def test_a_missing_line_is_found(path: Path) -> None:
    written(path, range(5))
    replaced(path, 3)
    with pytest.raises(DamagedJournalError, match=r"line 3, .* it is line 4 of what was written"):
        open_journal(path)
    with pytest.raises(DamagedJournalError):
        list(read(path))


def test_lines_that_changed_places_are_found(path: Path) -> None:
    written(path, range(5))
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2], lines[3] = lines[3], lines[2]
    path.write_bytes(b"".join(lines))
    assert [fault.line for fault in verify(path).faults][:2] == [3, 4]


def test_a_line_of_another_journal_does_not_fit(tmp_path: Path) -> None:
    for name in "ab":
        written(tmp_path / name, range(5))
    foreign = (tmp_path / "b").read_bytes().splitlines()[2]
    replaced(tmp_path / "a", 3, foreign)
    with pytest.raises(DamagedJournalError, match="line 3"):
        open_journal(tmp_path / "a")


def test_a_key_that_stands_there_twice_is_damage(path: Path) -> None:
    with open_journal(path) as journal:
        journal.append_now(Entry("row 0", 0))
        seed = journal.header.seed
    again = seal(entry_line(4, b"row 0", b'"attempt":1,"payload":0', 3), seed)
    path.write_bytes(path.read_bytes() + again + b"\n")
    with pytest.raises(DamagedJournalError, match=r"the key of the line at byte"):
        open_journal(path)
    assert verify(path).torn[0].what == "its key is in a line before it"


def test_every_damaged_line_is_reported(path: Path) -> None:
    written(path, range(10))
    for number in (3, 7):
        replaced(path, number, b"damaged")
    report = verify(path)
    assert [fault.line for fault in report.faults] == [3, 7, 12]
    assert [fault.length for fault in report.faults[:2]] == [7, 7]
    assert report.faults[-1].what == "the lines before it are not those that it closed"
    assert (report.lines, report.entries) == (12, 8)


@pytest.mark.parametrize("place", [20, -4])
def test_lines_below_a_damaged_header_are_still_read(path: Path, place: int) -> None:
    written(path, range(5))
    header = bytearray(path.read_bytes().splitlines()[0])
    header[place] ^= 1
    replaced(path, 1, bytes(header))
    report = verify(path)
    assert report.header is None
    assert report.entries == 5
    assert report.faults[0].what.startswith("the header:")
    with pytest.raises(DamagedJournalError, match="no header of a journal"):
        open_journal(path)


def test_a_group_that_was_half_on_the_disk_is_torn_and_not_damage(path: Path) -> None:
    """A machine that loses power may keep the end of what it wrote last and lose its beginning."""
    entries = written(path, range(3))
    with open_journal(path) as journal:
        synced, seed = 5, journal.header.seed
    fields = b'"attempt":1,"payload":1'
    lines = [seal(entry_line(n, b"new %d" % n, fields, synced), seed) for n in (6, 7, 8)]
    lines[0] = bytes(len(lines[0]))
    path.write_bytes(path.read_bytes() + b"\n".join([*lines, b""]))
    with open_journal(path) as journal:
        assert journal.torn
        assert journal.torn.line == 6
        assert list(journal.entries()) == entries


def test_a_header_of_another_program_is_no_header(path: Path) -> None:
    path.write_bytes(seal(b'{"journal":"mine"') + b"\n")
    with pytest.raises(DamagedJournalError, match="the header cannot be read"):
        open_journal(path)


def test_a_file_that_is_no_journal_is_left_as_it_is(path: Path) -> None:
    for content in (b"", b"\n", b"id,text\n1,a\n", random.Random(0).randbytes(1000)):
        path.write_bytes(content)
        with pytest.raises(DamagedJournalError, match="line 1"):
            open_journal(path)
        assert not verify(path).is_sound
        assert path.read_bytes() == content


def test_an_entry_that_is_altered_under_an_open_journal_is_not_given_out(path: Path) -> None:
    with open_journal(path) as journal:
        journal.append_now(Entry("row 0", "yes"))
        path.write_bytes(path.read_bytes().replace(b"yes", b"no!"))
        with pytest.raises(DamagedJournalError, match="altered since the journal was opened"):
            journal.get("row 0")


def test_a_journal_that_is_not_there_is_explained(path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be read: no such file"):
        list(read(path))
    with pytest.raises(JournalError, match="cannot be read: no such file"):
        verify(path)
