"""The alternative annotator test: may a model take the place of a human annotator?"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.stats.distributions import log_binomial, normal_cdf, student_cdf
from evalhouse.stats.families import adjusted
from evalhouse.stats.results import HypothesisTest
from evalhouse.stats.signed_rank import signed_rank_test
from evalhouse.stats.tango import tango_statistic

Floats = NDArray[np.float64]
Similarity = Callable[[Any, Any], float]
"""How alike two answers are; higher is more alike."""
AnnotatorMethod = Literal["score", "published"]
ANNOTATOR_METHODS: tuple[AnnotatorMethod, ...] = ("score", "published")
SIMILARITIES = ("accuracy", "rmse")
ENOUGH = 30
"""Units of an annotator from which the statistic is taken to be normal."""
_GRID = 64
_PASSING = 0.5


@dataclass(frozen=True, slots=True)
class AgainstAnnotator:
    """The model against one annotator, over the `n` units that both have and others too.

    `model` is how often the model is at least as close to the others as the annotator is, `human`
    how often the annotator is at least as close as the model (ties count for both). `test` is of
    `human - model < epsilon`, `adjusted_p` its p-value among those of all annotators, and
    `is_beaten` whether that holds.
    """

    name: str
    n: int
    model: float
    human: float
    test: HypothesisTest
    adjusted_p: float
    is_beaten: bool


@dataclass(frozen=True, slots=True)
class AlternativeAnnotator:
    """The test over all annotators.

    `winning_rate` (omega) is the share of annotators that the model does as well as, `is_passed`
    whether that is at least one half. `advantage` (rho) is the mean chance that the model is at
    least as close as an annotator; it compares models. `n` counts units.
    """

    winning_rate: float
    is_passed: bool
    advantage: float
    epsilon: float
    error_rate: float
    method: str
    n: int
    annotators: tuple[AgainstAnnotator, ...]
    note: str = ""


def alternative_annotator_test(
    annotations: Sequence[Sequence[Any]] | NDArray[Any],
    model: Sequence[Any] | NDArray[Any],
    *,
    names: Sequence[str] | None = None,
    similarity: str | Similarity = "accuracy",
    epsilon: float = 0.2,
    error_rate: float = 0.05,
    method: AnnotatorMethod = "score",
) -> AlternativeAnnotator:
    """Test whether a model represents a group of annotators as well as its members do.

    Each annotator is left out in turn; on every unit the model and the one left out are compared
    by their similarity S to the others' answers: `d = [S(human) >= S(model)] - [S(model) >=
    S(human)]`. The hypothesis `mean(d) >= epsilon` is tested against `mean(d) < epsilon`, the
    p-values are adjusted (Benjamini-Yekutieli), and the winning rate is the share rejected.

    Args:
        annotations: (m, n) answers of m annotators to n units; None or NaN is no answer.
        model: (n,) the model's answers; None or NaN is no answer.
        names: (m,) of the annotators; their numbers if left out.
        similarity: "accuracy" (share of the others with the same answer), "rmse" (its negative,
            for numbers), or a function of two answers, of which the mean is taken.
        epsilon: what the model's lower cost is worth, in advantage, from 0 to 1: 0.2 where
            annotators are experts, 0.1 where they are a crowd.
        error_rate: the false discovery rate.
        method: "score" takes Tango's score test, and its exact form below 30 units; "published"
            the t-test of the paper, and the signed-rank test below 30.

    The winning rate and the advantage lie between 0 and 1; the test is passed from 0.5. Units
    count for an annotator who answered, if the model and another annotator did too. Undefined
    without any; three annotators and 50 units each are advised.

    Calderon, Reichart and Dror (2025), doi:10.18653/v1/2025.acl-long.782. We depart in the test:
    theirs rejects a true hypothesis in 12 to 20% of cases (not 5%) of 30 units on which the model
    is never strictly closer, for d is then far from normal. Tango (1998),
    doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B.

    Example:
        >>> people = [["a", "b"] * 20, ["a", "b"] * 20, ["a", "a"] * 20]
        >>> found = alternative_annotator_test(people, ["a", "b"] * 20)
        >>> found.is_passed, found.winning_rate, found.advantage
        (True, 1.0, 1.0)
    """
    if not 0 <= epsilon < 1:
        raise UsageError(f"epsilon lies between 0 and 1; found {epsilon}")
    if not 0 < error_rate < 1:
        raise UsageError(f"an error rate lies between 0 and 1; found {error_rate}")
    if method not in ANNOTATOR_METHODS:
        raise UnknownNameError("test of an annotator", method, ANNOTATOR_METHODS)
    answers, own = _table(annotations, model)
    called = _names(names, len(answers))
    closeness = _closeness(answers, own, similarity)
    tests = [_against(of_human - of_model, epsilon, method) for of_human, of_model in closeness]
    by_family = adjusted([test.p_value for test in tests], "benjamini-yekutieli")
    found = [
        _compared(
            called[place], closeness[place], tests[place], float(by_family[place]), error_rate
        )
        for place in range(len(called))
    ]
    return _overall(found, (epsilon, error_rate, method), _common(answers, own))


def _overall(
    found: Sequence[AgainstAnnotator], options: tuple[float, float, str], n: int
) -> AlternativeAnnotator:
    tested = [one for one in found if one.n]
    epsilon, error_rate, method = options
    winning = sum(one.is_beaten for one in tested) / len(tested) if tested else math.nan
    advantage = float(np.mean([one.model for one in tested])) if tested else math.nan
    passed = bool(tested) and winning >= _PASSING
    return AlternativeAnnotator(
        winning, passed, advantage, epsilon, error_rate, method, n, tuple(found), _note(found)
    )


def _note(found: Sequence[AgainstAnnotator]) -> str:
    tested = [one for one in found if one.n]
    if not tested:
        return "no unit has answers of the model and two annotators"
    notes = []
    if len(tested) < 3:
        notes.append(f"only {len(tested)} annotators: there is no group to speak of")
    if len(tested) < len(found):
        left = ", ".join(f"`{one.name}`" for one in found if not one.n)
        notes.append(f"left out, for want of shared units: {left}")
    few = [one.name for one in tested if one.n < ENOUGH]
    if few:
        shown = ", ".join(f"`{name}`" for name in few[:3])
        notes.append(f"fewer than {ENOUGH} units of {shown}" + (" and others" * (len(few) > 3)))
    return "; ".join(notes)


def _compared(
    name: str, closeness: tuple[Floats, Floats], test: HypothesisTest, p: float, error_rate: float
) -> AgainstAnnotator:
    human, model = closeness
    if not len(human):
        return AgainstAnnotator(name, 0, math.nan, math.nan, test, p, is_beaten=False)
    return AgainstAnnotator(
        name,
        len(human),
        float(np.mean(model >= human)),
        float(np.mean(human >= model)),
        test,
        p,
        is_beaten=bool(p <= error_rate),
    )


def _against(gap: Floats, epsilon: float, method: AnnotatorMethod) -> HypothesisTest:
    # Ties count for both, so only the sign of the gap is left of the two indicators.
    signs = np.sign(gap)
    n, estimate = len(signs), float(signs.mean()) if len(signs) else math.nan
    if not n:
        nan = math.nan
        return HypothesisTest(nan, nan, method, 0, "less", nan, note="no shared units")
    if method == "published":
        return _published(signs, epsilon)
    above, below = int((signs > 0).sum()), int((signs < 0).sum())
    statistic = float(tango_statistic(above, below, n, epsilon))
    if n >= ENOUGH:
        p_value, name = float(normal_cdf(statistic)), "Tango score"
    else:
        p_value, name = exact_p_value(above, below, n, epsilon), "Tango score, exact"
    return HypothesisTest(statistic, p_value, name, n, "less", estimate)


def exact_p_value(above: int, below: int, n: int, epsilon: float) -> float:
    """Return the greatest chance of a score this low among all with `p+ - p- = epsilon`.

    The unconditional exact test: for each share of units that differ, from epsilon to 1, the
    chances of all (above, below) whose score is no greater are summed, and the largest sum counts.
    Hsueh, Liu and Chen (2001), doi:10.1111/j.0006-341X.2001.00478.x, do so for Tango's score.

    Example:
        >>> round(exact_p_value(0, 3, 10, 0.2), 4)
        0.0123
    """
    # Scores that should be equal may differ in their last digit.
    counts, scores, chances = _outcomes(n, epsilon)
    here = (counts[0] == above) & (counts[1] == below)
    return min(float(chances[:, scores <= scores[here] + 1e-9].sum(axis=1).max()), 1.0)


@lru_cache(maxsize=64)
def _outcomes(n: int, epsilon: float) -> tuple[tuple[Floats, Floats], Floats, Floats]:
    """Every (above, below), its score, and its chance for each share of differing units."""
    above, below = (side.ravel() for side in np.mgrid[: n + 1, : n + 1].astype(np.float64))
    fits = above + below <= n
    above, below = above[fits], below[fits]
    differing = np.linspace(epsilon, 1.0, _GRID)[:, None]
    ways = log_binomial(np.full_like(above, n), above) + log_binomial(n - above, below)
    shares = ((differing + epsilon) / 2, (differing - epsilon) / 2, 1 - differing)
    logs = ways + sum(
        _powers(share, count)
        for share, count in zip(shares, (above, below, n - above - below), strict=True)
    )
    return (above, below), tango_statistic(above, below, n, epsilon), np.exp(logs)


def _powers(share: Floats, count: Floats) -> Floats:
    """Return `count log(share)`, with 0 log 0 = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = count * np.log(np.maximum(share, 0.0))
    return np.where(count == 0, 0.0, found)


def _published(signs: Floats, epsilon: float) -> HypothesisTest:
    n, shift = len(signs), signs - epsilon
    estimate = float(signs.mean())
    if n < ENOUGH:
        found = signed_rank_test(shift, np.zeros(n), alternative="less")
        return HypothesisTest(found.statistic, found.p_value, "signed-rank", n, "less", estimate)
    spread = float(shift.std(ddof=1))
    if spread == 0:
        p_value = float(estimate >= epsilon)
        note = "all differences are equal, so the t-test says nothing more"
        statistic = math.copysign(math.inf, estimate - epsilon)
        return HypothesisTest(statistic, p_value, "t", n, "less", estimate, note=note)
    statistic = float(shift.mean()) / spread * math.sqrt(n)
    return HypothesisTest(statistic, float(student_cdf(statistic, n - 1)), "t", n, "less", estimate)


def _closeness(
    answers: list[list[Any]], own: list[Any], similarity: str | Similarity
) -> list[tuple[Floats, Floats]]:
    """For each annotator, the similarity to the others of the annotator and of the model."""
    score = _scorer(similarity)
    pairs: list[tuple[Floats, Floats]] = []
    for left in answers:
        # By identity: two annotators may have given the same answers throughout.
        others = [row for row in answers if row is not left]
        human, model = [], []
        for unit, (answer, of_model) in enumerate(zip(left, own, strict=True)):
            remaining = [row[unit] for row in others if row[unit] is not None]
            if answer is None or of_model is None or not remaining:
                continue
            human.append(score(answer, remaining))
            model.append(score(of_model, remaining))
        pairs.append((np.array(human, np.float64), np.array(model, np.float64)))
    return pairs


def _scorer(similarity: str | Similarity) -> Callable[[Any, list[Any]], float]:
    if callable(similarity):
        return lambda answer, others: (
            math.fsum(similarity(answer, one) for one in others) / len(others)
        )
    if similarity == "accuracy":
        return lambda answer, others: sum(answer == one for one in others) / len(others)
    if similarity == "rmse":
        return lambda answer, others: (
            -math.sqrt(math.fsum((answer - one) ** 2 for one in others) / len(others))
        )
    raise UnknownNameError("similarity", similarity, SIMILARITIES, "or give a function of two")


def _table(
    annotations: Sequence[Sequence[Any]] | NDArray[Any], model: Sequence[Any] | NDArray[Any]
) -> tuple[list[list[Any]], list[Any]]:
    own = _present(model)
    answers = [_present(row) for row in annotations]
    wrong = [len(row) for row in answers if len(row) != len(own)]
    if wrong:
        raise UsageError(
            f"an annotator has {wrong[0]} answers and the model {len(own)}; give one for each "
            "unit, None where there is none"
        )
    return answers, own


def _present(answers: Sequence[Any] | NDArray[Any]) -> list[Any]:
    try:
        listed = list(answers.tolist() if isinstance(answers, np.ndarray) else answers)
    except TypeError as reason:
        raise UsageError(f"answers are one for each unit; found {answers!r}") from reason
    return [None if one is None or one != one else one for one in listed]  # noqa: PLR0124 - NaN


def _names(names: Sequence[str] | None, count: int) -> list[str]:
    called = [str(place) for place in range(count)] if names is None else list(names)
    if len(called) != count:
        raise UsageError(f"there are {count} annotators and {len(called)} names")
    return called


def _common(answers: list[list[Any]], own: list[Any]) -> int:
    columns = zip(own, *answers, strict=True)
    return sum(
        first is not None and sum(one is not None for one in rest) > 1 for first, *rest in columns
    )
