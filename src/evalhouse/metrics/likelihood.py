"""Choices by log-likelihood, and how well a model predicts text."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.item_scores import Floats, ItemScores, mean_of_items
from evalhouse.metrics.labels import Absent
from evalhouse.metrics.numbers import as_numbers
from evalhouse.metrics.value import Metric, Unit, Value, undefined

Normalisation = Literal["raw", "token", "character", "byte", "unconditional"]
NORMALISATIONS: tuple[Normalisation, ...] = (
    "raw",
    "token",
    "character",
    "byte",
    "unconditional",
)
ChoiceTies = Literal["shared", "first", "wrong"]
CHOICE_TIES: tuple[ChoiceTies, ...] = ("shared", "first", "wrong")
Averaging = Literal["corpus", "item"]
AVERAGINGS: tuple[Averaging, ...] = ("corpus", "item")


@dataclass(frozen=True, eq=False)
class LikelihoodChoice:
    """The option of each item with the best score.

    `scores` (items, options) is what was compared. `codes` (items,) is the first of the best, or
    `Absent.MISSING` where no option has a score; `is_best` (items, options) has all of them.
    """

    scores: Floats
    codes: NDArray[np.int64]
    is_best: NDArray[np.bool_]

    @property
    def is_tied(self) -> NDArray[np.bool_]:
        """Where several options are best (items,)."""
        tied: NDArray[np.bool_] = self.is_best.sum(axis=1) > 1
        return tied


def likelihood_choice(
    log_likelihoods: ArrayLike, normalisation: Normalisation = "raw", *, by: ArrayLike | None = None
) -> LikelihoodChoice:
    """Choose the option of each item that a model finds most likely.

    The largest of `log p(option | question)` (`raw`), of it divided by the tokens, characters or
    bytes of the option, or of `log p(option | question) - log p(option)` (`unconditional`).

    Args:
        log_likelihoods: (items, options) sums over the tokens of an option, in nats; NaN where an
            item has no such option.
        normalisation: `raw`, `token`, `character`, `byte` or `unconditional`.
        by: (items, options) lengths in that unit, of which 0 counts as 1, or the log-likelihoods
            without the question; nothing for `raw`.

    Raises:
        UsageError: where `by` is missing, not needed, of another shape, or a length below zero;
            for another normalisation.

    References:
        Brown et al. (2020), doi:10.48550/arXiv.2005.14165, section 2.4, for `token` and
        `unconditional`; Gu et al. (2024), doi:10.48550/arXiv.2406.08446, compares all.

    Example:
        >>> likelihood_choice([[-6.0, -4.0]]).codes
        array([1])
        >>> likelihood_choice([[-6.0, -4.0]], "character", by=[[12, 4]]).codes
        array([0])
    """
    scores = _scores(_table(log_likelihoods), normalisation, by)
    best = np.max(scores, axis=1, initial=-np.inf, where=~np.isnan(scores))
    is_best = scores == best[:, None]
    first = is_best.argmax(axis=1) if scores.shape[1] else np.zeros(len(scores), np.int64)
    codes = np.where(is_best.any(axis=1), first, int(Absent.MISSING))
    return LikelihoodChoice(scores, codes, is_best)


def likelihood_accuracy(
    gold: ArrayLike, choice: LikelihoodChoice, *, ties: ChoiceTies = "shared"
) -> ItemScores:
    """Compute the share of items whose gold option is the most likely one.

    `mean over items of 1[gold is best] / options that are best`

    Args:
        gold: (items,) numbers of the right options, from 0. Items with a negative number or NaN
            have none and do not enter.
        choice: what `likelihood_choice` gives. An item without any score scores 0.
        ties: where several options are best, gold among them, it gets its share (`shared`),
            everything if it stands first, as where ties go unnoticed (`first`), or nothing
            (`wrong`).

    Returns:
        0 (gold is never best) to 1 (always). Undefined without gold options.

    Raises:
        UsageError: for another number of gold options than items, and numbers beyond the options.

    Example:
        >>> likelihood_accuracy([1, 0], likelihood_choice([[-6.0, -4.0], [-2.0, -2.0]])).value
        Value(value=0.75, n=2, note='1 of 2 items are tied')
    """
    if ties not in CHOICE_TIES:
        raise UnknownNameError("rule for tied options", ties, CHOICE_TIES)
    right = _options(gold, choice)
    enters = right >= 0
    at_gold = np.zeros(len(right), bool)
    at_gold[enters] = choice.is_best[enters, right[enters]]
    shares = at_gold / np.maximum(choice.is_best.sum(axis=1), 1)
    if ties == "first":
        shares = np.where(choice.codes == right, 1.0, 0.0)
    elif ties == "wrong":
        shares = np.where(choice.is_tied, 0.0, shares)
    scores = np.where(enters, shares, np.nan)
    return mean_of_items(scores, "no item has a gold option", _note(choice, enters))


def bits_per_byte(
    log_likelihoods: ArrayLike, sizes: ArrayLike, *, average: Averaging = "corpus"
) -> Value:
    """Compute how many bits a model needs for a byte of text.

    `-sum(log p) / (ln(2) * sum(bytes))` over a corpus, or the mean of this ratio over items.

    Args:
        log_likelihoods: (items,) log-likelihoods of texts, in nats. Items with NaN do not enter.
        sizes: (items,) their bytes in UTF-8.
        average: `corpus` weighs items by their bytes; `item` weighs all alike, and items without
            bytes do not enter.

    Returns:
        At least 0 (every text is certain), without bound; 8 is what guessing each byte costs.
        Undefined without bytes.

    Raises:
        UsageError: for sides of different lengths, log-likelihoods above zero, sizes below zero,
            or another average.

    References:
        Gao et al. (2020), doi:10.48550/arXiv.2101.00027, section 3.1, per byte of the corpus.

    Example:
        >>> round(bits_per_byte([-6.931472, -13.862944], [10, 10]).value, 6)
        1.5
    """
    if average not in AVERAGINGS:
        raise UnknownNameError("average over items", average, AVERAGINGS)
    sums, note = _kept(log_likelihoods, sizes)
    if average == "item":
        held = sums[sums[:, 1] > 0]
        scores = -held[:, 0] / held[:, 1] / math.log(2)
        return mean_of_items(scores, "no item has bytes", note).value
    found = float(bits_kernel(sums.sum(axis=0)))
    return _value(found, len(sums), "bytes", note)


def perplexity(log_likelihoods: ArrayLike, counts: ArrayLike) -> Value:
    """Compute the perplexity of a corpus per token, word or byte.

    `exp(-sum(log p) / sum(counts))`

    Args:
        log_likelihoods: (items,) log-likelihoods of texts, in nats. Items with NaN do not enter.
        counts: (items,) their tokens, words or bytes. Per token it depends on the tokenizer, so
            only models that share one compare.

    Returns:
        At least 1 (every text is certain), without bound; v is what guessing among v alike costs.
        Undefined without counts.

    Raises:
        UsageError: for sides of different lengths, log-likelihoods above zero, counts below zero.

    References:
        Jelinek et al. (1977), doi:10.1121/1.2016299.

    Example:
        >>> round(perplexity([-6.931472, -13.862944], [10, 10]).value, 6)
        2.828427
    """
    sums, note = _kept(log_likelihoods, counts)
    return _value(float(perplexity_kernel(sums.sum(axis=0))), len(sums), "counts", note)


def bits_kernel(sums: Floats) -> Floats:
    """Return bits per byte of sums of log-likelihoods and bytes (..., 2)."""
    return _nats(sums) / math.log(2)


def perplexity_kernel(sums: Floats) -> Floats:
    """Return the perplexity of sums of log-likelihoods and counts (..., 2)."""
    with np.errstate(over="ignore"):  # beyond what a number holds it is infinite
        return np.exp(_nats(sums))


def _nats(sums: Floats) -> Floats:
    is_defined = sums[..., 1] > 0
    nats = -sums[..., 0] / np.where(is_defined, sums[..., 1], 1.0) + 0.0
    return np.where(is_defined, nats, np.nan)


def _table(log_likelihoods: ArrayLike) -> Floats:
    table = as_numbers(log_likelihoods, "log-likelihoods")
    if table.ndim != 2:
        raise UsageError(
            f"log-likelihoods are a table of items by options; found {table.ndim} dimensions; "
            "fill items with fewer options with NaN"
        )
    return table


def _scores(table: Floats, normalisation: Normalisation, by: ArrayLike | None) -> Floats:
    if normalisation not in NORMALISATIONS:
        raise UnknownNameError("normalisation", normalisation, NORMALISATIONS)
    if (by is None) != (normalisation == "raw"):
        asked = "needs none" if by is not None else "needs `by`"
        raise UsageError(f"what log-likelihoods are compared by: `{normalisation}` {asked}")
    if by is None:
        return table
    beside = as_numbers(by, "lengths and log-likelihoods")
    if beside.shape != table.shape:
        raise UsageError(
            f"log-likelihoods have the shape {table.shape} and `by` {beside.shape}; give one each"
        )
    if normalisation == "unconditional":
        return _less(table, beside)
    outside = beside[(beside < 0) | np.isposinf(beside)]
    if outside.size:
        raise UsageError(f"lengths are finite, and zero or more; found {outside[0]:g}")
    return table / np.maximum(beside, 1.0)


def _less(table: Floats, beside: Floats) -> Floats:
    """Subtract; what is impossible with and without the question has no score."""
    both = np.isneginf(table) & np.isneginf(beside)
    return np.where(both, np.nan, table - np.where(both, 0.0, beside))


def _options(gold: ArrayLike, choice: LikelihoodChoice) -> NDArray[np.int64]:
    numbers = as_numbers(gold, "gold options")
    if numbers.shape != choice.codes.shape:
        raise UsageError(
            f"there are {len(choice.codes)} items and {numbers.size} gold options; align them"
        )
    right = np.where(np.isnan(numbers), -1.0, numbers)
    outside = right[(right >= choice.scores.shape[1]) | (right != np.rint(right))]
    if outside.size:
        raise UsageError(
            f"options are numbered from 0 to {choice.scores.shape[1] - 1}; found {outside[0]:g}"
        )
    return np.maximum(right, -1.0).astype(np.int64)


def _note(choice: LikelihoodChoice, enters: NDArray[np.bool_]) -> str:
    tied = int(np.count_nonzero(choice.is_tied & enters))
    empty = int(np.count_nonzero((choice.codes < 0) & enters))
    n = int(np.count_nonzero(enters))
    notes = [f"{tied} of {n} items are tied"] if tied else []
    notes += [f"{empty} of {n} items have no log-likelihood"] if empty else []
    return "; ".join(notes)


def _kept(log_likelihoods: ArrayLike, sizes: ArrayLike) -> tuple[Floats, str]:
    nats, lengths = as_numbers(log_likelihoods, "log-likelihoods"), as_numbers(sizes, "sizes")
    if nats.ndim != 1 or nats.shape != lengths.shape:
        raise UsageError(
            f"each text has one log-likelihood and one size; found {nats.shape} and {lengths.shape}"
        )
    if np.any(nats > 0) or np.any((lengths < 0) | np.isposinf(lengths)):
        raise UsageError("log-likelihoods are zero or less, and sizes finite and zero or more")
    held = ~np.isnan(nats) & ~np.isnan(lengths)
    left = int(np.count_nonzero(~held))
    note = f"{left} of {held.size} items have no log-likelihood or no size" if left else ""
    return np.column_stack([nats, lengths])[held], note


def _value(found: float, n: int, what: str, note: str) -> Value:
    return undefined(n, f"there are no {what}") if math.isnan(found) else Value(found, n, note)


def _metric(name: str, function: Callable[..., Any], unit: Unit, low: float) -> Metric:
    return Metric(name, "generation", function, unit, low, math.inf, False, False, "by hand")


METRICS: tuple[Metric, ...] = (
    Metric(
        name="likelihood_accuracy",
        family="generation",
        function=likelihood_accuracy,
        unit="proportion",
        low=0.0,
        high=1.0,
        higher_is_better=True,
        is_symmetric=False,
        reference="by hand",
    ),
    _metric("bits_per_byte", bits_per_byte, "bit/byte", 0.0),
    _metric("perplexity", perplexity, "scale", 1.0),
)
