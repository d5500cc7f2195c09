"""Killing a process at any moment loses nothing that was told to be done, and repeats nothing."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from evalhouse.errors import UnwritableJournalError
from evalhouse.journal import Entry, read, verify
from tests.journal import crashing
from tests.journal.crashing import AT_ONCE, KEYS, payload_of, started, told, work_on
from tests.journal.journals import open_journal, written

KILLS = int(os.environ.get("EVALHOUSE_KILLS", "20"))
IN_A_ROW = 5


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "answers.jsonl"


def holds_what_was_told(path: Path) -> None:
    """Check the journal as the next process finds it."""
    if not path.exists():
        assert not told(path, "done")
        return
    with open_journal(path) as journal:
        entries = {entry.key: entry.payload for entry in journal.entries()}
        assert len(journal) == len(entries)
    assert set(told(path, "done")) <= set(entries)
    assert set(entries) <= set(told(path, "asked"))
    assert all(payload == payload_of(key) for key, payload in entries.items())


def completes(path: Path, kills: int) -> None:
    """Check that a last, undisturbed process does what is left, and little of it again."""
    last = started(work_on, path)
    last.join(60)
    assert last.exitcode == 0
    assert sorted(entry.key for entry in read(path)) == sorted(KEYS)
    report = verify(path)
    assert (report.is_sound, report.is_closed, report.torn) == (True, True, ())
    again = len(told(path, "asked")) - len(KEYS)
    assert again <= kills * AT_ONCE
    assert not path.with_name("answers.jsonl.lock").exists()


@pytest.mark.parametrize("seed", range(max(KILLS // IN_A_ROW, 1)))
def test_a_process_that_is_killed_at_any_moment_loses_and_repeats_nothing(
    seed: int, path: Path
) -> None:
    chance = random.Random(seed)
    for _ in range(IN_A_ROW):
        process = started(work_on, path)
        time.sleep(chance.uniform(0, 0.12))
        process.kill()
        process.join(60)
        holds_what_was_told(path)
    completes(path, IN_A_ROW)


@pytest.mark.parametrize("point", crashing.POINTS)
def test_a_process_that_dies_at_a_point_loses_and_repeats_nothing(point: str, path: Path) -> None:
    process = started(work_on, path, point)
    process.join(60)
    assert process.exitcode == 9
    holds_what_was_told(path)
    completes(path, 1)


@pytest.mark.parametrize("point", crashing.CUTTING)
def test_a_process_that_dies_while_it_repairs_loses_nothing(point: str, path: Path) -> None:
    entries = written(path, range(3))
    path.write_bytes(path.read_bytes() + b'{"n":6,"key":"ro')
    process = started(work_on, path, point)
    process.join(60)
    assert process.exitcode == 9
    with open_journal(path) as journal:
        assert list(journal.entries()) == entries
    aside = path.with_name("answers.jsonl.torn")
    assert set(aside.read_bytes().splitlines()) == {b'{"n":6,"key":"ro'}


@pytest.mark.parametrize("limit", [3_000, 3_001, 7_000, 9_999])
def test_a_full_disk_is_explained_and_nothing_half_written_is_taken_as_done(
    limit: int, path: Path
) -> None:
    started(crashing.fill_the_disk, path, limit).join(60)
    said = path.with_name("said").read_text("utf-8")
    assert said.startswith(f"the journal `{path}` cannot be written: file too large; the ")
    assert path.read_bytes().endswith(b"}\n")
    entries = list(read(path))
    assert entries[-1].key == path.with_name("last").read_text("utf-8")
    with open_journal(path) as journal:
        assert not journal.torn
        assert next(journal.pending(KEYS)) == KEYS[len(entries)]
        assert journal.append_now(Entry(KEYS[len(entries)], "there is room again"))


def test_a_place_that_cannot_hold_a_journal_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        UnwritableJournalError, match=r"cannot be written: file exists \(`.*/file`\); make"
    ):
        open_journal(tmp_path / "file" / "answers.jsonl")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UnwritableJournalError, match="cannot be written: is a directory"):
        open_journal(tmp_path / "folder")
