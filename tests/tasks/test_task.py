from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from evalhouse.errors import UsageError
from evalhouse.metrics.labels import Absent
from evalhouse.tasks.check import check_task
from evalhouse.tasks.examples import Example
from evalhouse.tasks.task import open_task
from tests.tasks.made import CSV, YAML, make, make_edited

ROOT = Path(__file__).parents[2]
BUNDLED = ROOT / "examples" / "tasks" / "policy-sentiment"
SAMPLE = ROOT.parent / "shared" / "samples" / "codebook_lab" / "tasks" / "transit-hearing"
SHOTS = (("id_column: id", "id_column: id\nfew_shot: {source: shots.csv}"),)


def test_the_bundled_task_has_no_fault() -> None:
    report = check_task(BUNDLED)
    assert (report.faults, report.rows, len(report.coders)) == ((), 40, 2)
    assert {field.kind for field in report.fields} == {
        *("checkbox", "dropdown", "likert", "textbox", "span")
    }


def test_the_coders_of_the_bundled_task_disagree_now_and_then() -> None:
    coders = open_task(BUNDLED).coders()
    one, other = (coders[name].cells["Policy Sentiment_Direction"] for name in sorted(coders))
    agreed = sum(a == b for a, b in zip(one, other, strict=True))
    assert 28 <= agreed < 40


@pytest.mark.skipif(not SAMPLE.exists(), reason="the samples of codebook-lab are not at hand")
def test_a_task_of_codebook_lab_has_no_fault() -> None:
    report = check_task(SAMPLE)
    assert (report.faults, report.rows, len(report.fields)) == ((), 24, 10)
    strength = next(field for field in report.fields if field.column == "Stance_Strength")
    assert (strength.labels, strength.not_applicable, strength.blank) == (9, 15, 0)


def test_every_row_is_counted_once_for_each_field(tmp_path: Path) -> None:
    report = check_task(make_edited(tmp_path, table=((",3,", ",9,"), ("0,,4", ",,"))))
    for field in report.fields:
        counts = (field.labels, field.blank, field.not_applicable, field.invalid)
        assert sum(counts) == report.rows


def test_an_open_task_names_its_files_by_their_hashes(tmp_path: Path) -> None:
    files = open_task(make(tmp_path)).files
    assert files.codebook_sha256 == hashlib.sha256(YAML.encode()).hexdigest()
    assert files.ground_truth_sha256 == hashlib.sha256(CSV.encode()).hexdigest()


def test_a_task_with_errors_cannot_be_opened(tmp_path: Path) -> None:
    folder = make_edited(tmp_path, table=((",3,", ",9,"), ("0,,4", "0,,8")))
    with pytest.raises(UsageError, match=r"ground-truth.csv:2.*9.*\(1 more error\).*task check"):
        open_task(folder)


def test_a_task_with_warnings_can_be_opened(tmp_path: Path) -> None:
    task = open_task(make_edited(tmp_path, table=(("First text", ""),)))
    assert (task.report.warnings, len(list(task.rows()))) == (1, 2)


@pytest.mark.parametrize("name", ["none", "x" * 5_000, "codebook.yaml", "a\0b"])
def test_a_folder_that_is_none_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="there is no task's folder"):
        check_task(make(tmp_path) / name)


def test_a_table_that_changed_meanwhile_is_not_read_on(tmp_path: Path) -> None:
    task = open_task(make(tmp_path))
    make_edited(tmp_path, table=(("First", "Other"),))
    with pytest.raises(UsageError, match="has changed since"):
        task.rows()


def test_what_does_not_apply_is_no_answer_of_the_gold(tmp_path: Path) -> None:
    task = open_task(make_edited(tmp_path, table=(("0,,4", "0,for,4"),)))
    assert task.gold().cells["S_Side"] == ("for", "for")
    assert task.gold().resolved(task.codebook)["S_Side"] == ["for", Absent.NOT_APPLICABLE]


def test_examples_come_from_a_file_of_their_own(tmp_path: Path) -> None:
    shots = CSV.replace("First text", "Another").replace("Second text", "Second one")
    files = {"codebook.yaml": YAML.replace(*SHOTS[0]), "shots.csv": shots}
    task = open_task(make(tmp_path, {**files}))
    assert task.examples("S_Side") == (Example("Another", "for"),)
    assert [each.answer for each in task.examples("S_About")] == ["1", "0"]
    assert task.examples("S_Parts")[0] == Example("Another", "[]")


def test_coders_files_are_found_in_their_folder(tmp_path: Path) -> None:
    part = "\n".join(CSV.splitlines()[:2])
    task = open_task(make(tmp_path, {"coders/ann.csv": part, "coders/bob.csv": CSV}))
    assert {name: coding.ids for name, coding in task.coders().items()} == {
        "ann": ("a",),
        "bob": ("a", "b"),
    }


def test_a_coders_table_may_leave_the_texts_out(tmp_path: Path) -> None:
    lines = [line.split(",", 2) for line in CSV.splitlines()]
    table = "\n".join(f"{name},{rest}" for name, _, rest in lines)
    report = check_task(make(tmp_path, {"coders/ann.csv": table.replace("6", "7")}))
    assert [fault.kind for fault in report.faults] == ["span_text"]
