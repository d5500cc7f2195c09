"""A house with parts that are damaged, gone or not to be written; queries that reach for more."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Evalhouse

COUNT = "select count(*) from records"


@pytest.fixture
def own(house: Path, tmp_path: Path) -> Path:
    """Give a copy of the house of the example dumps, to damage."""
    return Path(shutil.copytree(house, tmp_path / "own"))


@pytest.mark.parametrize(
    "query",
    [
        "from read_text('{path}')",
        "from read_csv('{path}')",
        "from '{path}'",
        "from glob('{folder}/*')",
        "select * from query('from read_text(''{path}'')')",
    ],
)
def test_a_query_reads_no_file(ask: Evalhouse, tmp_path: Path, query: str) -> None:
    path = tmp_path / "private.csv"
    path.write_text("secret\n1\n", "utf-8")
    done = ask("sql", query.format(path=path, folder=tmp_path))
    assert (done.code, done.out) == (2, "")
    assert "no files" in done.err or "cannot run" in done.err


def test_a_query_cannot_leave_the_lake(ask: Evalhouse, house: Path) -> None:
    done = ask("sql", f"from read_blob('{house}/lake/../catalog.db')")
    assert (done.code, done.out) == (2, "")


@pytest.mark.parametrize("damage", [b"", b"PAR1 cut"])
def test_a_damaged_file_of_the_lake_is_no_fault_of_the_query(
    call: Evalhouse, own: Path, damage: bytes
) -> None:
    for path in (own / "lake" / "records").glob("*.parquet"):
        path.write_bytes(damage)
    done = call("--house", own, "sql", COUNT)
    assert (done.code, done.out) == (1, "")
    assert "a file of the lake" in done.err


@pytest.mark.parametrize(
    "damage",
    [lambda own: shutil.rmtree(own / "lake"), lambda own: (own / "lake").rename(own / "elsewhere")],
)
def test_a_lake_that_is_gone_is_not_an_empty_one(
    call: Evalhouse, own: Path, damage: Callable[[Path], None]
) -> None:
    damage(own)
    done = call("--house", own, "sql", COUNT)
    assert (done.code, done.out) == (1, "")
    assert "is gone" in done.err


def test_a_wrong_name_is_told_with_the_right_one(ask: Evalhouse) -> None:
    done = ask("sql", "select laebl from runs")
    assert "label" in done.err
    assert done.err.count("\n") == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_house_that_cannot_be_written_can_be_asked(call: Evalhouse, own: Path) -> None:
    for path in (own, own / "catalog.db"):
        path.chmod(path.stat().st_mode & ~0o222)
    assert call("--house", own, "runs").code == 0
    assert call("--house", own, "sql", COUNT).code == 0
    own.chmod(0o700)


@pytest.mark.parametrize("words", [["runs"], ["sql", COUNT], ["sql", COUNT, "--format", "csv"]])
@pytest.mark.parametrize(("to", "code"), [("> /dev/full", 1), (">&-", 0)])
def test_output_that_nothing_takes_is_no_accident(
    house: Path, words: list[str], to: str, code: int
) -> None:
    command = [sys.executable, "-m", "evalhouse", "--house", str(house), *words]
    done = subprocess.run(
        ["bash", "-c", f'"$@" {to}', "bash", *command], stderr=subprocess.PIPE, check=False
    )
    assert (done.returncode, done.stderr.count(b"\n")) == (code, code)


def test_a_house_has_a_name_that_can_be_written(call: Evalhouse, tmp_path: Path) -> None:
    done = call("--house", os.fsdecode(os.fsencode(tmp_path) + b"/\xff"), "init")
    assert (done.code, done.out) == (2, "")
    assert "not UTF-8" in done.err
