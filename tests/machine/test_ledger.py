from __future__ import annotations

import csv
import multiprocessing
import os
from pathlib import Path

import pytest

from evalhouse.errors import UsageError
from evalhouse.machine.ledger import keep, kept_session, read_energy
from tests.machine.sessions import VALUES, row, session

PROCESSES = 4
TIMES = 10


def rows_of(folder: Path) -> list[str]:
    with (folder / "emissions.csv").open(newline="") as file:
        return [each["run_id"] for each in csv.DictReader(file)]


def test_sessions_are_kept_side_by_side_and_summed(tmp_path: Path) -> None:
    keep(tmp_path, session("a", 0.5), row("a"))
    keep(tmp_path, session("b", 0.25), row("b"))
    energy = read_energy(tmp_path)
    assert energy is not None
    assert (energy.total_kwh, energy.sessions, energy.scope) == (0.75, 2, "client_only")
    assert rows_of(tmp_path) == ["a", "b"]


def test_a_session_takes_the_place_of_what_was_kept_of_it_before(tmp_path: Path) -> None:
    keep(tmp_path, session("a", 0.5), row("a"))
    keep(tmp_path, session("a", 0.75), row("a"))
    assert kept_session(tmp_path, "a") == session("a", 0.75)
    assert kept_session(tmp_path, "b") is None
    assert rows_of(tmp_path) == ["a"]


def test_without_codecarbon_only_energy_is_kept(tmp_path: Path) -> None:
    keep(tmp_path, session(), None)
    assert [path.name for path in tmp_path.iterdir()] == ["energy.json"]


def test_a_folder_that_nobody_metered_has_no_energy(tmp_path: Path) -> None:
    assert read_energy(tmp_path) is None


def test_a_folder_of_codebook_lab_is_read_from_its_emissions(tmp_path: Path) -> None:
    keep(tmp_path, session(), row())
    (tmp_path / "energy.json").unlink()
    energy = read_energy(tmp_path, "local")
    assert energy is not None
    assert (energy.total_kwh, energy.scope) == (VALUES["energy_consumed"], "local")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"sessions": 7}'])
def test_a_damaged_file_is_refused_by_readers_and_put_aside_by_writers(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "energy.json").write_bytes(content)
    with pytest.raises(UsageError, match=r"energy\.json` cannot be read"):
        read_energy(tmp_path)
    keep(tmp_path, session(), None)
    assert kept_session(tmp_path, "first") == session()
    assert (tmp_path / "energy.json.damaged").read_bytes() == content


def test_bytes_that_are_no_text_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "emissions.csv").write_bytes(b"run_id,note\nold,\xe9\n")
    keep(tmp_path, session(), row())
    assert b",\xe9\n" in (tmp_path / "emissions.csv").read_bytes()


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        keep(tmp_path / "gone", session(), row())


def test_a_disk_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path, session("a"), row("a"))
    before = (tmp_path / "emissions.csv").read_bytes()

    def failing(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="No space left"):
        keep(tmp_path, session("b"), row("b"))
    assert (tmp_path / "emissions.csv").read_bytes() == before


def _keep_often(folder: Path, name: str) -> None:
    for number in range(TIMES):
        keep(folder, session(f"{name}{number}"), row(f"{name}{number}"))


def test_two_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=_keep_often, args=(tmp_path, name)) for name in "abcd"[:PROCESSES]
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    energy = read_energy(tmp_path)
    assert energy is not None
    assert energy.sessions == len(set(rows_of(tmp_path))) == PROCESSES * TIMES
    assert {path.name for path in tmp_path.iterdir()} == {"energy.json", "emissions.csv"}
