"""One process writes a journal at a time, and a dead one keeps no other out."""

from __future__ import annotations

import os
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import msgspec
import pytest

from evalhouse.errors import HeldJournalError
from evalhouse.journal import Holder, read
from evalhouse.journal.lock import started_at, this_process
from tests.journal.crashing import hold, record_one, started
from tests.journal.journals import open_journal, written


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "answers.jsonl"


def lock_of(path: Path) -> Path:
    return path.with_name("answers.jsonl.lock")


def left_behind(path: Path, **other: str | int) -> Holder:
    """Leave a lock as another process would have."""
    holder = msgspec.structs.replace(this_process(), **other)
    lock_of(path).write_bytes(msgspec.json.encode(holder))
    return holder


def holding(path: Path) -> BaseProcess:
    process = started(hold, path)
    while not path.with_name("held").exists():
        time.sleep(0.005)
    return process


def test_a_journal_that_is_open_is_not_opened_again(path: Path) -> None:
    with open_journal(path), pytest.raises(HeldJournalError, match=f"process {os.getpid()} on "):
        open_journal(path)
    open_journal(path).close()


def test_a_journal_that_another_process_has_open_is_refused(path: Path) -> None:
    process = holding(path)
    with pytest.raises(HeldJournalError, match=f"is held by process {process.pid} on .*wait"):
        open_journal(path)
    process.kill()
    process.join()


def test_the_lock_of_a_dead_process_is_taken_over(path: Path) -> None:
    process = holding(path)
    process.kill()
    process.join()
    assert lock_of(path).exists()
    with open_journal(path) as journal:
        assert journal.taken_over
        assert journal.taken_over.pid == process.pid
        assert len(journal) == 1
    assert not lock_of(path).exists()


def test_the_lock_of_another_machine_is_explained(path: Path) -> None:
    left_behind(path, host="elsewhere", boot="another", pid=77)
    with pytest.raises(HeldJournalError) as failure:
        open_journal(path)
    assert "is held by process 77 on `elsewhere` since 2" in str(failure.value)
    assert f"if it does not, delete `{lock_of(path)}` and resume" in str(failure.value)
    assert lock_of(path).exists()


def test_a_lock_from_before_the_machine_was_restarted_is_taken_over(path: Path) -> None:
    holder = left_behind(path, boot="before", pid=1, started=1)
    with open_journal(path) as journal:
        assert journal.taken_over == holder


def test_a_living_process_is_believed_where_the_file_system_knows_no_locks(path: Path) -> None:
    parent = os.getppid()
    left_behind(path, pid=parent, started=started_at(parent))
    with pytest.raises(HeldJournalError, match=f"process {parent} "):
        open_journal(path)


def test_a_process_with_the_number_of_a_dead_one_holds_nothing(path: Path) -> None:
    left_behind(path, pid=os.getppid(), started=1)
    open_journal(path).close()


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"[1]"])
def test_a_lock_whose_writing_was_cut_short_is_taken_over(path: Path, content: bytes) -> None:
    lock_of(path).write_bytes(content)
    with open_journal(path) as journal:
        assert journal.taken_over is None


def test_a_journal_that_is_refused_is_not_kept_locked(path: Path) -> None:
    written(path, range(3))
    sound = path.read_bytes()
    path.write_bytes(sound.replace(b"row 1", b"row 9"))
    with pytest.raises(Exception, match="damaged in line 3"):
        open_journal(path)
    path.write_bytes(sound)
    open_journal(path).close()


def test_processes_that_open_at_once_take_turns(path: Path) -> None:
    keys = [f"row {number}" for number in range(8)]
    processes = [started(record_one, path, key) for key in keys]
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * len(keys)
    assert sorted(entry.key for entry in read(path)) == keys
