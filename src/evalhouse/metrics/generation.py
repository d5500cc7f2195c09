"""Several answers to each item: is one of k right, are all, and does the vote of k win."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import comb
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.item_scores import Floats, ItemScores, mean_of_items, without_value
from evalhouse.metrics.labels import Answers, encode
from evalhouse.metrics.numbers import as_numbers
from evalhouse.metrics.rows import rows_of
from evalhouse.metrics.value import Metric

VoteTies = Literal["shared", "wrong"]
VOTE_TIES: tuple[VoteTies, ...] = ("shared", "wrong")
_NO_ITEM = "there are no items"
_NO_GOLD = "no item has a gold answer"
_MOST = 2**53  # counts beyond it are not exact, and nobody has them


def pass_at_k(correct: ArrayLike, samples: ArrayLike, k: int) -> ItemScores:
    """Estimate without bias how often at least one of k samples is right (pass@k).

    `mean over items of 1 - C(n - c, k) / C(n, k)` for an item with n samples, c of them right:
    the share of all choices of k samples that hold a right one.

    Args:
        correct: (items,) right samples of each item.
        samples: (items,) samples of each item, or one number for all.
        k: samples of which one must be right, at least 1.

    Returns:
        0 (no sample is right) to 1 (every choice of k holds a right one). Undefined without items,
        and where an item has fewer than k samples: leaving it out would change the question.

    Raises:
        UsageError: for counts that are no whole numbers from 0 to `samples`, and for k below 1.

    References:
        Chen et al. (2021), doi:10.48550/arXiv.2107.03374, section 2.1.

    Example:
        >>> pass_at_k([1, 3], 5, k=2).scores.round(4)  # 4 and 9 of 10 pairs hold a right one
        array([0.4, 0.9])
    """
    right, total = _counted(correct, samples, k)
    return _mean(1.0 - _all_from(total - right, total, k), total, k)


def pass_all_k(correct: ArrayLike, samples: ArrayLike, k: int) -> ItemScores:
    """Estimate without bias how often all of k samples are right (pass^k).

    `mean over items of C(c, k) / C(n, k)` for an item with n samples, c of them right.

    Args:
        correct: (items,) right samples of each item.
        samples: (items,) samples of each item, or one number for all.
        k: samples that must all be right, at least 1.

    Returns:
        0 (no item has k right samples) to 1 (every sample is right). Undefined without items, and
        where an item has fewer than k samples.

    Raises:
        UsageError: for counts that are no whole numbers from 0 to `samples`, and for k below 1.

    References:
        Yao et al. (2024), doi:10.48550/arXiv.2406.12045, section 3.

    Example:
        >>> pass_all_k([1, 3], 5, k=2).value
        Value(value=0.15, n=2, note='')
    """
    right, total = _counted(correct, samples, k)
    return _mean(_all_from(right, total, k), total, k)


def maj_at_k(
    gold: Answers,
    answers: Sequence[Sequence[Any]] | NDArray[Any],
    k: int,
    *,
    ties: VoteTies = "shared",
) -> ItemScores:
    """Compute how often the vote of k samples gives the gold answer (maj@k).

    The share of all choices of k out of an item's samples in which the gold answer has most
    votes, computed exactly, and its mean over items.

    Args:
        gold: (items,) right answers. Items without one do not enter.
        answers: (items, samples) answers as they are compared, so extracted and normalised; items
            may differ in their number. A sample without an answer (`None`, NaN, `Absent`) is
            drawn like any other, but does not vote.
        k: samples that vote, at least 1.
        ties: where t answers have most votes the gold one gets 1 / t (`shared`, what drawing lots
            gives on average) or nothing (`wrong`).

    Returns:
        0 (the gold answer never wins) to 1 (it wins every vote). Undefined without gold answers,
        and where an item has fewer than k samples.

    Raises:
        UsageError: for another number of gold answers than items, and for k below 1.

    References:
        Majority voting: Wang et al. (2022), doi:10.48550/arXiv.2203.11171; maj@k: Lewkowycz et al.
        (2022), doi:10.48550/arXiv.2206.14858. There a few draws stand for all.

    Example:
        >>> maj_at_k(["4"], [["4", "4", "5"]], k=3).value.value
        1.0
        >>> round(maj_at_k(["4"], [["4", "4", "5"]], k=2).value.value, 4)  # 1, 1/2, 1/2
        0.6667
    """
    if ties not in VOTE_TIES:
        raise UnknownNameError("rule for tied votes", ties, VOTE_TIES)
    rows, right = _coded(answers, gold)
    _checked_k(k)
    scores = np.full(len(rows), np.nan)
    for item in np.flatnonzero(right >= 0):
        scores[item] = _item_vote(rows[item], int(right[item]), k, ties)
    total = np.array([len(row) for row in rows], np.int64)[right >= 0]
    return _mean(scores, total, k, _NO_GOLD)


def _counted(
    correct: ArrayLike, samples: ArrayLike, k: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    right = np.atleast_1d(as_numbers(correct, "counts of right samples"))
    total = as_numbers(samples, "counts of samples")
    if right.ndim != 1 or total.shape not in {(), right.shape}:
        raise UsageError(
            f"each item has a count of right samples and one of samples; found {right.shape} and "
            f"{total.shape}"
        )
    total = np.broadcast_to(total, right.shape)
    is_whole = (right == np.rint(right)) & (total == np.rint(total)) & (total < _MOST)
    if not np.all(is_whole & (right >= 0) & (right <= total)):
        item = int(np.argmin(is_whole & (right >= 0) & (right <= total)))
        raise UsageError(
            f"right samples are a whole number from 0 to the number of samples; item {item} has "
            f"{right[item]:g} of {total[item]:g}"
        )
    _checked_k(k)
    return right.astype(np.int64), total.astype(np.int64)


def _checked_k(k: int) -> None:
    if not isinstance(k, int | np.integer) or k < 1:
        raise UsageError(f"at least one sample is drawn, and a whole number; found k = {k}")


def _all_from(part: NDArray[np.int64], total: NDArray[np.int64], k: int) -> Floats:
    """Return C(part, k) / C(total, k): the chance that k draws all come from a part."""
    chance = np.where(total >= k, 1.0, np.nan)
    for drawn in range(k):
        left = np.maximum(total - drawn, 1)
        chance = chance * np.maximum(part - drawn, 0) / left
    return chance


def _mean(
    scores: Floats, total: NDArray[np.int64], k: int, why_empty: str = _NO_ITEM
) -> ItemScores:
    few = int(np.count_nonzero(total < k))
    if few:
        note = f"{few} of {total.size} items have fewer than {k} samples"
        return without_value(scores, total.size, note)
    return mean_of_items(scores, why_empty)


def _coded(
    answers: Sequence[Sequence[Any]] | NDArray[Any], gold: Answers
) -> tuple[list[NDArray[np.int64]], NDArray[np.int64]]:
    known, rows = encode(gold), rows_of(answers)
    if len(known) != len(rows):
        raise UsageError(
            f"there are {len(rows)} items and {len(known)} gold answers; align them first"
        )
    given = encode([value for row in rows for value in row])
    # One list of names for both, so that text is never compared with numbers.
    both = encode([*known.names, *given.names]).names
    known, given = encode(known, both), encode(given, both)
    right = np.maximum(known.codes, -1)
    ends = np.cumsum([len(row) for row in rows], dtype=np.int64)
    return np.split(given.codes, ends[:-1]) if rows else [], right


def _item_vote(codes: NDArray[np.int64], right: int, k: int, ties: VoteTies) -> float:
    if len(codes) < k:
        return float("nan")
    named, counts = np.unique(codes[codes >= 0], return_counts=True)
    others = tuple(sorted(counts[named != right].tolist()))
    silent = int(np.count_nonzero(codes < 0))
    return _winning(int(counts[named == right].sum()), others, silent, k, ties)


@lru_cache(maxsize=4096)
def _winning(right: int, others: tuple[int, ...], silent: int, k: int, ties: VoteTies) -> float:
    """Return the chance that an answer given `right` times has most votes among k samples.

    Samples drawn without replacement are independent binomials given their sum, so the chance is
    a coefficient of a product of polynomials. Position t of `ways` stands for t votes of the right
    answer. Who is tied with it adds a factor y, and the mean over y from 0 to 1 makes
    1 / (1 + ties) of the power: a quadrature that is exact for polynomials.
    """
    most = min(right, k)
    if not most:
        return 0.0
    total = right + sum(others) + silent
    nodes, weights = _quadrature(min(k, len(others)), ties)
    votes = np.arange(1, most + 1)
    ways = np.zeros((most, len(nodes), k + 1))
    ways[:, :, 0] = np.array(_binomials(right, k, total))[votes, None]
    for count in others:
        chances = _binomials(count, k, total)[: most + 1]
        below = np.tri(most, len(chances), dtype=np.float64)  # fewer votes than the right answer
        factor = np.repeat((below * chances)[:, None, :], len(nodes), axis=1)
        level = votes[votes < len(chances)]
        factor[level - 1, :, level] = nodes * np.array(chances)[level, None]
        ways = _times(ways, factor)
    chances = _binomials(silent, k, total)
    ways = _times(ways, np.broadcast_to(chances, (most, len(nodes), len(chances))))
    left = ways[votes - 1, :, k - votes]
    return float((left @ weights).sum() / _binomials(total, k, total)[k])


def _quadrature(degree: int, ties: VoteTies) -> tuple[Floats, Floats]:
    if ties == "wrong":
        return np.zeros(1), np.ones(1)
    nodes, weights = np.polynomial.legendre.leggauss(degree // 2 + 1)
    return (nodes + 1) / 2, weights / 2


def _times(ways: Floats, factor: Floats) -> Floats:
    """Multiply polynomials along the last axis, up to the degree of the first."""
    product = np.zeros_like(ways)
    for power in range(min(factor.shape[-1], ways.shape[-1])):
        product[..., power:] += factor[..., power, None] * ways[..., : ways.shape[-1] - power]
    return product


@lru_cache(maxsize=4096)
def _binomials(count: int, k: int, total: int) -> tuple[float, ...]:
    """Return the chances of 0 to k successes of `count` draws, each with chance k / total."""
    # Quotients of whole numbers are rounded once, and neither overflow nor lose digits.
    rest, every = total - k, total**count
    return tuple(
        comb(count, hits) * k**hits * rest ** (count - hits) / every
        for hits in range(min(count, k) + 1)
    )


METRICS: tuple[Metric, ...] = (
    Metric(
        "pass_at_k", "generation", pass_at_k, "proportion", 0.0, 1.0, True, False, "enumeration"
    ),
    Metric(
        "pass_all_k", "generation", pass_all_k, "proportion", 0.0, 1.0, True, False, "enumeration"
    ),
    Metric("maj_at_k", "generation", maj_at_k, "proportion", 0.0, 1.0, True, False, "enumeration"),
)
