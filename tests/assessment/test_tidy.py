from __future__ import annotations

from pathlib import Path

from evalhouse.assessment import assess, class_lines, tidy_lines
from evalhouse.metrics.codebook_lab import METRICS_BY_TYPE
from evalhouse.scoring import Scoring
from tests.assessment.made import COLUMNS, answers_to, make_task

QUICK = Scoring(has_intervals=False)


def test_names_of_codebook_lab_come_first_and_no_line_twice(tmp_path: Path) -> None:
    task = make_task(tmp_path, coders=2)
    lines = list(tidy_lines(assess(task, answers_to(task), QUICK)))
    keys = [(each.column, each.score.metric) for each in lines]
    assert len(set(keys)) == len(keys)
    assert tuple(dict.fromkeys(each.column for each in lines)) == COLUMNS
    for column in COLUMNS:
        kind = task.codebook.by_column[column].field.kind
        own = [each for each in lines if each.column == column]
        known = METRICS_BY_TYPE.get(kind, ())
        assert tuple(each.score.metric for each in own[: len(known)]) == known
        assert {each.annotation_type for each in own} == {kind}
        assert {each.score.label for each in own} == {None}


def test_both_names_of_a_metric_have_its_value(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    lines = tidy_lines(assess(task, answers_to(task), QUICK))
    found = {each.score.metric: each.score.value for each in lines if each.column == "S_Force"}
    for theirs, ours in (
        ("f1", "f1_macro"),
        ("precision", "precision_macro"),
        ("recall", "recall_macro"),
        ("quadratic_kappa", "weighted_kappa_quadratic"),
        ("spearman_corr", "spearman"),
        ("krippendorff_alpha", "krippendorff_alpha_ordinal"),
    ):
        assert found[theirs] is not None
        assert found[theirs] == found[ours]


def test_lines_of_labels_are_unique_too(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    keys = [
        (each.column, each.score.metric, each.score.label)
        for each in class_lines(assess(task, answers_to(task), QUICK))
    ]
    assert len(set(keys)) == len(keys)
    assert ("S_Side", "recall", "None") in keys
