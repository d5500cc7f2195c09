from __future__ import annotations

from pathlib import Path

import pytest

from evalhouse.tasks.check import check_task
from evalhouse.tasks.faults import KINDS, MOST_KEPT, Faults, Place
from tests.tasks.faulty import CASES, Case
from tests.tasks.made import make, make_edited


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}-{case.says[:20]}")
def test_every_fault_is_explained_with_its_place(tmp_path: Path, case: Case) -> None:
    report = check_task(make(tmp_path, case.all_files()))
    told = [str(fault) for fault in report.faults if fault.kind == case.kind]
    assert [each for each in told if each.startswith(case.at) and case.says in each], told


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_fault_is_shown_by_a_task(kind: str) -> None:
    assert kind in {case.kind for case in CASES}


def test_a_task_without_faults_has_none(tmp_path: Path) -> None:
    assert check_task(make(tmp_path)).faults == ()


def test_all_faults_are_told_and_not_only_the_first(tmp_path: Path) -> None:
    files = {"ground-truth.csv": "id,text,S_About\na,,maybe\na,x,1,2\n"}
    report = check_task(make(tmp_path, {**files}))
    kinds = {fault.kind for fault in report.faults}
    assert kinds >= {"text_blank", "label_unknown", "ragged_row", "column_missing"}


def test_a_wrong_type_does_not_hide_wrong_options(tmp_path: Path) -> None:
    edits = (("type: dropdown", "type: choice"), ("[for, against]", "[for, for]"))
    kinds = {fault.kind for fault in check_task(make_edited(tmp_path, yaml=edits)).faults}
    assert kinds == {"unknown_type", "option_twice"}


def test_errors_come_before_warnings(tmp_path: Path) -> None:
    table = "id,text,S_About\na,,1\na,x,1\n"
    report = check_task(make(tmp_path, {"ground-truth.csv": table}))
    severities = [fault.severity for fault in report.faults]
    assert severities == sorted(severities)
    assert (report.errors, report.warnings) == (4, 2)


def test_faults_without_end_are_counted_and_the_first_thousand_kept() -> None:
    faults = Faults()
    for line in range(MOST_KEPT + 5):
        faults.add("id_blank", Place("x", line=line), "a", expected="b", advice="c")
    assert (len(faults.kept), faults.counts["id_blank"]) == (MOST_KEPT, MOST_KEPT + 5)
    assert (faults.count("error"), faults.count("warning")) == (MOST_KEPT + 5, 0)
