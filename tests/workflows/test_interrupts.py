"""An ingest that a person stops, or that finds no room, leaves the house as it was."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from evalhouse.schema import LAKE_TABLES
from evalhouse.workflows.ingest import ingest
from tests.workflows.conftest import EXAMPLES, content, make_run, open_store

INTERRUPTED = 130


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Give a house with one small run."""
    make_run(tmp_path / "d")
    code, told = ended(start(tmp_path / "house", tmp_path / "d"))
    assert (code, told) == (0, "")
    return tmp_path / "house"


def start(house: Path, dumps: Path, *, limit: str = "unlimited") -> subprocess.Popen[str]:
    """Start an ingest whose files may have so many blocks of 1024 bytes."""
    words = [sys.executable, "-m", "evalhouse", "--house", house, "ingest", "--quiet", dumps]
    return subprocess.Popen(
        ["bash", "-c", f'ulimit -f {limit}; exec "$@"', "bash", *map(str, words)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, told = process.communicate(timeout=60)
    return process.returncode, told


def held(house: Path) -> object:
    """Return what is seen of a house, and the files of its lake."""
    with open_store(house) as store:
        files = sorted(path.name for path in (house / "lake").rglob("*.parquet"))
        return content(store), files


def unlisted(house: Path) -> set[str]:
    """Return the files of the lake that no table's log names."""
    with open_store(house) as store:
        named = {
            Path(file.uri).name for table in LAKE_TABLES for file in store.lake.files(table.name)
        }
    return {path.name for path in (house / "lake").glob("*/*.parquet")} - named


def is_complete(house: Path) -> bool:
    with open_store(house) as store:
        return not ingest(store, [EXAMPLES]).runs


@pytest.mark.parametrize("seconds", [0.2, 0.4, 0.5, 0.6])
def test_an_interrupted_ingest_says_so_in_one_line(house: Path, seconds: float) -> None:
    before = content_of(house)
    process = start(house, EXAMPLES)
    try:
        assert ended_within(process, seconds) == 0  # it was quicker
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        code, told = ended(process)
        # The other two: all was done, and the program was ending.
        assert code in {INTERRUPTED, 0, -signal.SIGINT}
        assert told.count("\n") <= 1
        assert "Traceback" not in told
        # What was appended before the interruption stays in the logs, and is not seen.
        assert unlisted(house) == set()
        assert content_of(house) == before or is_complete(house)


def content_of(house: Path) -> object:
    with open_store(house) as store:
        return content(store)


def ended_within(process: subprocess.Popen[str], seconds: float) -> int:
    process.communicate(timeout=seconds)
    return process.returncode


@pytest.mark.parametrize("blocks", [1, 4, 8, 16])
def test_an_ingest_without_room_says_so_in_one_line(house: Path, blocks: int) -> None:
    before = held(house)
    code, told = ended(start(house, EXAMPLES, limit=str(blocks)))
    assert (code, told.count("\n"), held(house) == before) == (1, 1, True)
