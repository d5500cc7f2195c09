"""Scores as bakeoff's documents define them, with their reference values."""

from __future__ import annotations

import itertools

import pytest

from evalhouse.formats.bakeoff.recount import config_hash
from evalhouse.formats.bakeoff.scoring import (
    FAILURE_CODES,
    CellOutcome,
    dominant_failure,
    heuristic_value,
    judge_value,
    model_score,
    recomputed_heuristic,
    run_status,
)
from evalhouse.schema.runs import FAILURE_REASONS

REFERENCE = [  # of 10 cells: answered, sum of values, partial score, completeness
    (10, 8.2, 0.82, 1.0),
    (10, 5.5, 0.55, 1.0),
    (6, 5.4, 0.54, 0.6),
    (4, 2.0, 0.20, 0.4),
    (0, 0.0, 0.0, 0.0),
]


def outcomes(answered: int, total: float) -> list[CellOutcome]:
    given = [CellOutcome(total / answered) for _ in range(answered)]
    return given + [CellOutcome(None, "timeout")] * (10 - answered)


@pytest.mark.parametrize(("answered", "total", "partial", "complete"), REFERENCE)
def test_the_reference_values_of_bakeoffs_documents_hold(
    answered: int, total: float, partial: float, complete: float
) -> None:
    found = model_score(outcomes(answered, total), 10)
    assert found.partial_score == pytest.approx(partial)
    assert found.completeness == pytest.approx(complete)


def test_a_partial_run_ranks_below_a_whole_one_of_a_little_more() -> None:
    whole, part = (model_score(outcomes(*REFERENCE[row][:2]), 10) for row in (1, 2))
    assert (part.partial_score or 0) < (whole.partial_score or 0)


@pytest.mark.parametrize(
    ("answered", "status"), [(10, "complete"), (6, "incomplete"), (0, "failed")]
)
def test_a_models_status_follows_from_what_it_answered(answered: int, status: str) -> None:
    assert model_score(outcomes(answered, float(answered)), 10).status == status


def test_one_load_failure_keeps_a_model_from_being_complete() -> None:
    answered = [CellOutcome(1.0)] * 10
    assert model_score([*answered, CellOutcome(None, "load_failure")], 10).status == "incomplete"


def test_cells_without_a_value_count_0_and_cells_never_tried_too() -> None:
    found = model_score([CellOutcome(1.0), CellOutcome(None)], 4)
    assert (found.partial_score, found.completeness, found.cells_failed) == (0.25, 0.5, 0)


def test_a_score_without_cells_is_undefined() -> None:
    found = model_score([], 0)
    assert (found.partial_score, found.completeness, found.status) == (None, None, "complete")


def test_ties_between_failures_are_broken_in_the_order_of_the_codes() -> None:
    for first, second in itertools.pairwise(FAILURE_CODES):
        assert dominant_failure([second, first]) == first
    assert dominant_failure(["sunspots", "sunspots", "oom"]) == "unknown"
    assert dominant_failure([]) is None


def test_the_codes_are_those_of_the_catalog() -> None:
    assert set(FAILURE_CODES) == set(FAILURE_REASONS)


def test_a_run_is_as_good_as_its_worst_model() -> None:
    assert run_status(["complete", "incomplete"]) == "incomplete"
    assert run_status(["complete", "complete"]) == "complete"


@pytest.mark.parametrize(
    ("rating", "value"), [(1, 0.0), (3, 0.5), (5, 1.0), (0, 0.0), (float("nan"), None)]
)
def test_ratings_of_judges_become_proportions(rating: float, value: float | None) -> None:
    assert judge_value(rating) == value


def test_heuristics_outside_their_range_are_none() -> None:
    assert [heuristic_value(each) for each in (-0.1, 1.1, "1", None)] == [None] * 4


@pytest.mark.parametrize(
    ("scorer", "text", "expected", "value"),
    [
        ("exact", "  PARIS ", "paris", 1.0),
        ("exact", "Paris.", "Paris", 0.0),
        ("contains", "1, 2, 3!", "1, 2, 3", 1.0),
        ("regex", "aaaa", "(a+)+$", None),
        ("judge", "a", "a", None),
        ("exact", None, "a", None),
        ("exact", "a", None, None),
    ],
)
def test_scorers_give_again_what_they_gave(
    scorer: str, text: str | None, expected: str | None, value: float | None
) -> None:
    assert recomputed_heuristic(scorer, text, expected) == value


def test_settings_hash_as_python_writes_them() -> None:
    # sha256 of '{"a": [1, 2], "b": 1.0}', by coreutils
    assert config_hash({"b": 1.0, "a": [1, 2]}) == "87307346400e1267"
