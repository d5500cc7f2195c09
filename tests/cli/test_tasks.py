from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Evalhouse
from tests.tasks.made import make, make_edited

BUNDLED = Path(__file__).parents[2] / "examples" / "tasks" / "policy-sentiment"


def test_a_task_without_faults_is_shown_with_its_counts(call: Evalhouse) -> None:
    done = call("task", "check", BUNDLED)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("policy-sentiment: 40 rows, 4 sections, 6 fields, 2 coders\n")
    assert "support: 11, oppose: 11, mixed: 8, neutral: 6" in done.out
    assert done.out.endswith("no faults\n")


def test_errors_end_with_1_and_are_told_with_their_places(call: Evalhouse, tmp_path: Path) -> None:
    done = call("task", "check", make_edited(tmp_path, table=((",3,", ",9,"),)))
    assert done.code == 1
    assert "1 error\n  point_outside, 1\n" in done.out
    assert f"{tmp_path}/ground-truth.csv:2: row `a`, `S_Force`: the answer is `9`" in done.out


def test_warnings_alone_end_with_0(call: Evalhouse, tmp_path: Path) -> None:
    done = call("task", "check", make_edited(tmp_path, table=(("First text", ""),)))
    assert done.code == 0
    assert "1 warning\n  text_blank, 1\n" in done.out


def test_many_faults_of_a_kind_are_counted(call: Evalhouse, tmp_path: Path) -> None:
    table = "id,text\n" + "\n".join(f"{number}," for number in range(30))
    done = call("task", "check", make(tmp_path, {"ground-truth.csv": table}))
    assert "text_blank, 30" in done.out
    assert "and 10 more; `--json` lists them" in done.out


def test_json_has_every_fault_in_parts(call: Evalhouse, tmp_path: Path) -> None:
    done = call("task", "check", make_edited(tmp_path, table=((",3,", ",9,"),)), "--json")
    assert done.code == done.json["exit_code"] == 1
    assert done.json["faults"][0] == {
        "severity": "error",
        "kind": "point_outside",
        "file": "ground-truth.csv",
        "line": 2,
        "where": "row `a`, `S_Force`",
        "found": "the answer is `9`",
        "expected": "a whole number from 1 to 5",
        "advice": "correct the cell, or the scale in the codebook",
    }


@pytest.mark.parametrize("name", ["none", "codebook.yaml"])
def test_no_folder_ends_with_2(call: Evalhouse, tmp_path: Path, name: str) -> None:
    done = call("task", "check", make(tmp_path) / name)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("evalhouse: there is no task's folder")


def test_what_a_file_holds_cannot_move_the_cursor(call: Evalhouse, tmp_path: Path) -> None:
    done = call("task", "check", make_edited(tmp_path, table=(("a,", "\x1b[2J,"), (",3,", ",9,"))))
    assert "\x1b" not in done.out
