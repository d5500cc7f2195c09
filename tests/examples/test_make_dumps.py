from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from examples.make_dumps import bundled, large, truth_text, write_dumps
from examples.olmes_dumps import write_run

ROOT = Path(__file__).resolve().parents[2]
DUMPS = ROOT / "examples" / "dumps"


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_committed_dumps_are_what_the_generator_writes(tmp_path: Path) -> None:
    truths = write_dumps(tmp_path, bundled())
    assert files_below(tmp_path) == files_below(DUMPS)
    assert truth_text(truths) == (ROOT / "examples" / "truth.json").read_text(encoding="utf-8")


def test_the_committed_dumps_stay_small() -> None:
    assert sum(len(data) for data in files_below(DUMPS).values()) < 400_000


def test_the_old_dump_is_nothing_but_its_records() -> None:
    (old,) = (DUMPS / "2025-10-08_posttrain" / "_eval_results").iterdir()
    assert [path.name for path in old.iterdir()] == ["metrics-all.jsonl"]


def test_a_variant_left_row_files_but_no_record(tmp_path: Path) -> None:
    truth = write_run(tmp_path, bundled()[2])
    variant = truth.task("arc_easy:mc::olmes")
    names = {path.name for path in (tmp_path / truth.folder).iterdir()}
    assert not variant.recorded
    assert f"{variant.stem}-predictions.jsonl" in names
    assert f"{variant.stem}-metrics.json" not in names


def test_the_script_writes_dumps_and_keeps_the_truth_apart(tmp_path: Path) -> None:
    out = tmp_path / "made"
    command = [sys.executable, str(ROOT / "examples" / "make_dumps.py"), str(out)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "4 run(s)" in done.stdout
    assert (tmp_path / "made.truth.json").is_file()
    assert files_below(out) == files_below(DUMPS)


def test_a_large_dump_is_about_as_large_as_asked(tmp_path: Path) -> None:
    write_run(tmp_path, large(20))
    size = sum(len(data) for data in files_below(tmp_path).values())
    assert 18e6 < size < 22e6
