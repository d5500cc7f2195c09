"""What bakeoff calls a score: of a cell, of a model, of a run. Pure functions of plain values.

Formulas are those of bakeoff's documents; where its program departs from them, both are computed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evalhouse.formats.bakeoff.numbers import number

Status = Literal["complete", "incomplete", "failed"]

FAILURE_CODES = (
    "timeout",
    "refusal",
    "malformed_output",
    "oom",
    "load_failure",
    "capability_gap",
    "infra_error",
    "cancelled",
    "unknown",
)
"""In the order in which ties between them are broken."""

LOWEST, HIGHEST = 1, 5
"""Of a judge's rating."""


@dataclass(frozen=True)
class CellOutcome:
    """What one model did in one cell; `value` is 0 to 1, None where nothing scored it."""

    value: float | None
    failure: str | None = None


@dataclass(frozen=True)
class ModelScore:
    """What a model came to in a run."""

    status: Status
    cells_total: int
    cells_attempted: int
    cells_failed: int
    completeness: float | None
    partial_score: float | None
    dominant_failure_code: str | None


def heuristic_value(value: Any) -> float | None:
    """Return a stated heuristic score where it is one: a number from 0 to 1.

    Example:
        >>> heuristic_value(1), heuristic_value(True), heuristic_value(0.25)
        (1.0, 1.0, 0.25)
        >>> heuristic_value(None), heuristic_value(7), heuristic_value(float("nan"))
        (None, None, None)
    """
    if not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 1 else None


def judge_value(rating: Any) -> float | None:
    """Return a judge's rating as a proportion: `(rating - 1) / 4`, kept within 0 to 1.

    Example:
        >>> [judge_value(rating) for rating in (1, 4, 5, 9)]
        [0.0, 0.75, 1.0, 1.0]
        >>> judge_value(None) is judge_value("4") is judge_value(True) is None
        True
    """
    given = number(rating)
    if given is None:
        return None
    return min(max((given - LOWEST) / (HIGHEST - LOWEST), 0.0), 1.0)


def recomputed_heuristic(scorer: str | None, text: Any, expected: Any) -> float | None:
    r"""Return what a deterministic scorer gives for an answer; None where it cannot be told.

    `exact` compares without case and outer space, `contains` looks for the expected text without
    case. Patterns (`regex`) come from whoever wrote the file, and are not run.

    Example:
        >>> recomputed_heuristic("exact", " Paris\n", "paris")
        1.0
        >>> recomputed_heuristic("contains", "It is Paris.", "paris")
        1.0
        >>> recomputed_heuristic("exact", "It is Paris.", "paris")
        0.0
        >>> recomputed_heuristic("judge", "a", "a") is None
        True
    """
    if not isinstance(text, str) or not isinstance(expected, str):
        return None
    answer, wanted = text.casefold(), expected.casefold()
    if scorer == "exact":
        return float(answer.strip() == wanted.strip())
    if scorer == "contains":
        return float(wanted in answer)
    return None


def model_score(outcomes: Sequence[CellOutcome], cells: int) -> ModelScore:
    """Return the score of a model from its cells; those of `cells` without an outcome count 0.

    With C cells, A of them answered and S the sum of the answered ones' values: completeness A/C,
    partial score S/C. Undefined (None) without any cell.

    Source: bakeoff, scoring of incomplete runs: of 10 cells, 6 answered with a sum of 5.4 give
    0.54, less than 10 answered with a sum of 5.5.

    Example:
        >>> outcomes = [CellOutcome(0.9)] * 6 + [CellOutcome(None, "timeout")] * 4
        >>> found = model_score(outcomes, 10)
        >>> round(found.partial_score, 12), found.completeness, found.status
        (0.54, 0.6, 'incomplete')
    """
    answered = [outcome for outcome in outcomes if outcome.failure is None]
    failures = [outcome.failure for outcome in outcomes if outcome.failure is not None]
    total = math.fsum(outcome.value or 0.0 for outcome in answered)
    return ModelScore(
        status=model_status(len(answered), cells, failures),
        cells_total=cells,
        cells_attempted=len(answered),
        cells_failed=len(failures),
        completeness=len(answered) / cells if cells else None,
        partial_score=total / cells if cells else None,
        dominant_failure_code=dominant_failure(failures),
    )


def model_status(answered: int, cells: int, failures: Iterable[str]) -> Status:
    """Return complete where all was answered, failed where nothing was, else incomplete."""
    if cells and not answered:
        return "failed"
    return "complete" if answered >= cells and "load_failure" not in failures else "incomplete"


def dominant_failure(failures: Iterable[str]) -> str | None:
    """Return the most frequent failure; of equally frequent ones the first of `FAILURE_CODES`.

    Example:
        >>> dominant_failure(["oom", "timeout", "oom", "timeout"])
        'timeout'
    """
    counts = Counter(code if code in FAILURE_CODES else "unknown" for code in failures)
    ranked = sorted(counts, key=lambda code: (-counts[code], FAILURE_CODES.index(code)))
    return ranked[0] if ranked else None


def run_status(statuses: Iterable[str]) -> Status:
    """Return the worst status of the models; complete without any.

    Example:
        >>> run_status(["complete", "failed", "incomplete"]), run_status([])
        ('failed', 'complete')
    """
    found = set(statuses)
    if "failed" in found:
        return "failed"
    return "incomplete" if "incomplete" in found else "complete"
