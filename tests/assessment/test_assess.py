from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from evalhouse.assessment import Answered, Assessment, FieldResult, assess
from evalhouse.assessment.lines import number
from evalhouse.errors import UsageError
from evalhouse.metrics.labels import Absent
from evalhouse.scoring import Scoring, score_field
from evalhouse.tasks.task import Task, open_task
from tests.assessment.made import COLUMNS, answers_to, make_task

QUICK = Scoring(has_intervals=False)
SHORT = Scoring(resamples=200)


def column(found: Assessment, name: str) -> FieldResult:
    return next(each for each in found.fields if each.column == name)


def with_cell(answers: Answered, name: str, row: int, cell: str | Absent) -> Answered:
    held = list(answers.cells[name])
    held[row] = cell
    return replace(answers, cells={**answers.cells, name: held})


def value(found: FieldResult, metric: str) -> float:
    score = found.score(metric)
    assert score is not None
    assert score.value is not None
    return score.value


def gold_as_answers(task: Task) -> Answered:
    gold = task.gold()
    return Answered(gold.ids, gold.cells)


def test_every_score_of_a_field_is_there_with_its_interval(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    answers = answers_to(task)
    found = assess(task, answers, SHORT)
    assert tuple(each.column for each in found.fields) == COLUMNS
    gold = task.gold().resolved(task.codebook)
    texts = [row.text for row in task.rows()]
    for each in found.fields:
        field = task.codebook.by_column[each.column].field
        scores = score_field(
            field, gold[each.column], answers.cells[each.column], texts=texts, options=SHORT
        )
        lines = {(line.metric, line.label): line for line in (*each.scores, *each.classes)}
        for score in scores:
            label = score.label if isinstance(score.label, str) else None
            label = str(int(score.label)) if score.label is not None and label is None else label
            held = lines[score.metric, label]
            low = score.interval.low if score.interval else np.nan
            assert (held.value, held.low) == (number(score.value.value), number(low))
            assert held.n == score.value.n


def test_an_assessment_survives_being_written_down(tmp_path: Path) -> None:
    task = make_task(tmp_path, coders=2)
    found = assess(task, answers_to(task), SHORT)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Assessment) == found
    assert (found.task, found.definition) == (tmp_path.name, "evalhouse")
    assert found.ground_truth_sha256 == task.files.ground_truth_sha256
    assert found.codebook_hash == task.codebook.codebook_hash


def test_the_gold_itself_is_right_everywhere(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    found = assess(task, gold_as_answers(task), QUICK)
    for each in found.fields:
        assert {value(each, name) for name in each.headline} <= {1.0}
    assert column(found, "S_Side").applicable < column(found, "S_About").applicable == 40


def test_the_gold_says_which_rows_a_field_applies_to(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    gold = task.gold()
    answers = gold_as_answers(task)
    idle = gold.cells["S_About"].index("0")
    asked = gold.cells["S_About"].index("1")
    before = column(assess(task, answers, QUICK), "S_Side")
    ignored = column(assess(task, with_cell(answers, "S_Side", idle, "for"), QUICK), "S_Side")
    assert ignored == before
    skipped = with_cell(answers, "S_Side", asked, Absent.NOT_APPLICABLE)
    after = column(assess(task, skipped, QUICK), "S_Side")
    n = before.applicable
    assert value(after, "accuracy") == pytest.approx((n - 1) / n)
    assert after.statuses == {"ok": n - 1, "not_applicable": 1}


def test_one_blank_checkbox_changes_one_answer_and_no_other(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    answers = gold_as_answers(task)
    found = column(assess(task, with_cell(answers, "S_About", 0, ""), QUICK), "S_About")
    assert value(found, "accuracy") == pytest.approx(39 / 40)
    assert value(found, "valid_share") == pytest.approx(39 / 40)


def test_labels_that_look_like_nothing_are_labels(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    found = column(assess(task, gold_as_answers(task), QUICK), "S_Side")
    assert found.confusion is not None
    assert found.confusion.labels == ("for", "against", "None")
    assert found.confusion.counts[2][2] == task.gold().cells["S_Side"].count("None") > 0


def test_confusions_have_labels_in_the_order_of_the_codebook_and_what_is_absent(
    tmp_path: Path,
) -> None:
    task = make_task(tmp_path)
    answers = with_cell(gold_as_answers(task), "S_Force", 0, Absent.FAILED)
    answers = with_cell(answers, "S_Force", 1, "9")
    found = column(assess(task, answers, QUICK), "S_Force").confusion
    assert found is not None
    assert (found.labels, found.absent) == (("1", "2", "3", "4", "5"), ("invalid", "failed"))
    gold = task.gold().cells["S_Force"]
    expected = confusion_matrix(gold[2:], gold[2:], labels=list("12345"))
    assert np.array(found.counts)[:, :5].tolist() == expected.tolist()
    assert np.array(found.counts).sum() == 40


def test_statuses_are_those_that_the_answers_have(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    answers = with_cell(gold_as_answers(task), "S_Phrase", 0, Absent.INVALID)
    answers = with_cell(answers, "S_Phrase", 2, "no list")
    given = ["truncated", "repaired", *["ok"] * 38]
    found = assess(task, replace(answers, statuses={"S_Phrase": given}), QUICK)
    expected = {"ok": 37, "truncated": 1, "repaired": 1, "invalid": 1}
    assert column(found, "S_Phrase").statuses == expected


def test_labels_have_lines_of_their_own(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    found = assess(task, answers_to(task), QUICK)
    labels = {
        each.column: list(dict.fromkeys(line.label for line in each.classes))
        for each in found.fields
    }
    assert labels == {
        "S_About": ["0", "1"],
        "S_Side": ["for", "against", "None"],
        "S_Force": ["1", "2", "3", "4", "5"],
        "S_Topics": ["cost", "noise", "jobs"],
        "S_Why": [],
        "S_Phrase": [],
        "S_Names": ["who", "what"],
    }
    lines = column(found, "S_Side").classes
    assert {line.metric for line in lines} == {"precision", "recall", "f1"}
    assert {(line.unit, line.higher_is_better) for line in lines} == {("proportion", True)}


def test_clusters_change_intervals_and_not_values(tmp_path: Path) -> None:
    task = make_task(tmp_path, document=[f"d{row // 2}" for row in range(40)])
    answers = answers_to(task)
    plain, grouped = assess(task, answers, SHORT), assess(task, answers, SHORT, clusters="document")
    for one, other in zip(plain.fields, grouped.fields, strict=True):
        assert [each.value for each in one.scores] == [each.value for each in other.scores]
        assert [each.low for each in one.scores] != [each.low for each in other.scores]


def test_the_other_definition_needs_files(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    with pytest.raises(UsageError, match="use `assess_as_codebook_lab`"):
        assess(task, answers_to(task), Scoring(definition="codebook-lab"))


def test_spans_of_a_row_whose_question_may_not_arise_are_not_scored(tmp_path: Path) -> None:
    about = ["", "1", *"01" * 19]
    make_task(tmp_path, S_About=about, S_Side=[""] * 40, S_Phrase=[""] * 40)
    book = (tmp_path / "codebook.yaml").read_text(encoding="utf-8")
    old, new = "{name: Phrase, type: span}", "{name: Phrase, type: span, condition: %s}"
    conditional = book.replace(old, new % "{field: About, value: 1}")
    (tmp_path / "codebook.yaml").write_text(conditional, encoding="utf-8")
    task = open_task(tmp_path)
    found = column(assess(task, gold_as_answers(task), QUICK), "S_Phrase")
    score = found.score("char_iou")
    assert score is not None
    assert (found.applicable, score.n) == (21, 20)  # of one row nobody knows whether it applies
