"""Tests of a mean that may be looked at after every item and still hold their error rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UsageError
from evalhouse.stats.betting import Floats, log_capital, log_gains, lower_bound, pooled
from evalhouse.stats.results import Alternative, Interval, checked_alternative, checked_level
from evalhouse.stats.values import LARGEST, numbers

Side = Literal["greater", "less"]
Histogram = Sequence[Sequence[int]]
LEVELS = 4200
"""Steps that the range of values is cut into; a multiple of all small numbers and of 100.

Values between two steps are rounded to the disadvantage of each claim.
"""
_CHUNK = 4096
_NOT_YET = "no item yet"


@dataclass(frozen=True)
class SequentialTest:
    """A test of the mean of items that arrive one by one, and all it needs to go on.

    It is a value: `add` returns the next one. It holds numbers, text and tuples of numbers alone,
    so `dataclasses.asdict` writes it and `SequentialTest(**fields)` reads it back.

    `null` is the mean under test, `limits` what items lie between. `decision` is "greater" or
    "less" once the mean is known to be, at error rate 1 - level, and `decided_at` the number of
    items at which it was. `low` and `high` hold the mean at all times at once with probability
    `level`. `log_e` is the greatest log e-value so far for ("greater", "less").
    """

    null: float
    limits: tuple[float, float] = (0.0, 1.0)
    alternative: Alternative = "two-sided"
    level: float = 0.95
    n: int = 0
    total: float = 0.0
    log_e: tuple[float, float] = (0.0, 0.0)
    low: float = -math.inf
    high: float = math.inf
    decision: Side | None = None
    decided_at: int | None = None
    rounded_down: Histogram = ()
    rounded_up: Histogram = ()

    def __post_init__(self) -> None:
        """Refuse what makes no test."""
        checked_level(self.level)
        checked_alternative(self.alternative)
        low, high = self.limits
        if not (low < self.null < high and abs(low) <= LARGEST and abs(high) <= LARGEST):
            raise UsageError(
                f"the mean under test lies between the limits of items, two finite numbers, {low} "
                f"and {high}; found {self.null}"
            )

    @property
    def estimate(self) -> float:
        """The mean so far; NaN without items."""
        return self.total / self.n if self.n else math.nan

    @property
    def e_value(self) -> float:
        """The evidence against the null now; its expectation is at most 1 if the null holds."""
        # Beyond this a float overflows, and nobody needs to know by how much.
        return math.exp(min(self._evidence(self._capitals()), 700.0))

    @property
    def p_value(self) -> float:
        """The p-value that holds at all times: one over the greatest e-value so far."""
        return math.exp(-max(self._evidence(self.log_e), 0.0))

    @property
    def interval(self) -> Interval:
        """The running interval."""
        low, high = max(self.low, self.limits[0]), min(self.high, self.limits[1])
        note = "" if self.n else _NOT_YET
        return Interval(self.estimate, low, high, self.level, "betting", self.n, note=note)

    @property
    def scaled_null(self) -> float:
        """The null where items lie between 0 and 1."""
        return (self.null - self.limits[0]) / (self.limits[1] - self.limits[0])

    @property
    def needed(self) -> float:
        """The log capital at which a side is decided."""
        return math.log((2.0 if self.alternative == "two-sided" else 1.0) / (1.0 - self.level))

    def add(self, items: ArrayLike) -> SequentialTest:
        """Take in the next item or items, in their order.

        Items that come together are looked at one by one for the decision; the interval is
        looked at once, at the end.

        Raises:
            UsageError: for items outside the limits or missing.
        """
        values = np.atleast_1d(numbers(items, "items"))
        self._check(values)
        state = self
        for start in range(0, len(values), _CHUNK):
            state = _watched(state, values[start : start + _CHUNK])
        # The interval costs more than the decision, and holds at whatever looks are taken.
        return _bounded(state) if len(values) else state

    def _check(self, values: Floats) -> None:
        low, high = self.limits
        if values.ndim != 1 or not ((values >= low) & (values <= high)).all():
            raise UsageError(
                f"items are numbers between the limits {low} and {high}; widen the limits before "
                "the first item, and leave out items that are missing"
            )

    def _capitals(self) -> tuple[float, float]:
        if not self.n:
            return 0.0, 0.0
        means = np.array([self.scaled_null, 1.0 - self.scaled_null])
        greater = log_capital(*_shares(self.rounded_down), means[:1])
        less = log_capital(*_shares(_mirrored(self.rounded_up)), means[1:])
        return float(greater[0]), float(less[0])

    def _evidence(self, logs: Sequence[float]) -> float:
        if self.alternative == "two-sided":
            return max(logs) - math.log(2.0)
        return logs[0] if self.alternative == "greater" else logs[1]


def sequential_mean(
    items: ArrayLike,
    null: float,
    *,
    limits: tuple[float, float] = (0.0, 1.0),
    alternative: Alternative = "two-sided",
    level: float = 0.95,
) -> SequentialTest:
    """Test the mean of bounded items that are looked at after every one.

    The e-value is the capital of a gambler who bets against the null: the mean over 32 stakes c of
    `prod_i (1 + c (x_i / m - 1))`, items x and null m scaled to [0, 1], and the same of 1 - x
    and 1 - m for the other side. If the null holds, it ever reaches 1/a with probability at most a
    (Ville), so one may stop at any item, for any reason.

    Args:
        items: (n,) numbers in the order in which they came; each, given those before, has the
            mean under test (independent draws do).
        null: the mean under test, strictly between the limits.
        limits: the least and greatest that an item can be, known in advance.
        alternative: "greater" and "less" look for one side at the whole error rate, "two-sided"
            for both at half of it each.
        level: one minus the error rate.

    The interval holds at all times at once with probability `level` or more, whatever the
    distribution. It is 1.6 to 1.9 times as wide as one for a number of items fixed in advance.
    Undefined without items.

    Waudby-Smith and Ramdas (2024), doi:10.1093/jrsssb/qkad009; they tune stakes as items come, we
    mix fixed ones (their section 4.4), so that counts of values are all there is to keep.

    Example:
        >>> found = sequential_mean([1] * 9 + [0], 0.5)
        >>> found.decision, round(found.p_value, 3), round(found.interval.low, 3)
        ('greater', 0.014, 0.5)
    """
    return SequentialTest(null, limits, alternative, level).add(items)


def sequential_difference(
    first: ArrayLike,
    second: ArrayLike,
    *,
    span: float = 1.0,
    alternative: Alternative = "two-sided",
    level: float = 0.95,
) -> SequentialTest:
    """Test after every item whether two runs differ on the items that both have.

    `sequential_mean` of `first - second` against 0, which lies between -span and span.

    Args:
        first: (n,) scores of one run, item by item, in the order in which they came.
        second: (n,) scores of the other on the same items.
        span: the greatest difference that there can be: 1 for scores in [0, 1].
        alternative: "greater" says that the first run is better.
        level: one minus the error rate.

    Range and undefined cases are `sequential_mean`'s; its source too.

    Example:
        >>> found = sequential_difference([1] * 40, [1, 0, 1, 0] * 10)
        >>> found.decision, found.decided_at
        ('greater', 16)
    """
    one, two = numbers(first, "items of the first run"), numbers(second, "items of the second")
    if one.shape != two.shape or one.ndim != 1:
        raise UsageError(
            f"paired items are two arrays of one length; found shapes {one.shape} and {two.shape}"
        )
    return SequentialTest(0.0, (-span, span), alternative, level).add(one - two)


def sequential_rate(
    failures: ArrayLike, tolerated: float, *, level: float = 0.95
) -> SequentialTest:
    """Test after every item whether things fail more or less often than is tolerated.

    `sequential_mean` of 0s and 1s against the tolerated rate: `decision` "less" says that the
    rate is below it, "greater" that it is above, each wrong with probability at most
    (1 - level) / 2, over all looks together.

    Args:
        failures: (n,) whether each item failed, drawn at random, in the order of drawing.
        tolerated: the rate, between 0 and 1. Without any failure, "less" takes about
            `5 / tolerated` items at level 0.95 (3.7 would be the least possible).
        level: one minus the error rate of both decisions together.

    Range and undefined cases are `sequential_mean`'s; its source too. Drawing without replacement
    from few items makes it conservative.

    Example:
        >>> found = sequential_rate([0] * 600, 0.01)
        >>> found.decision, found.decided_at
        ('less', 498)
    """
    return SequentialTest(tolerated, level=level).add(failures)


def _watched(state: SequentialTest, values: Floats) -> SequentialTest:
    scaled = (values - state.limits[0]) / (state.limits[1] - state.limits[0]) * LEVELS
    # A value on a step may miss it by rounding; that is no reason to move it a whole one.
    down = np.floor(scaled + 1e-9).astype(np.int64)
    up = np.ceil(scaled - 1e-9).astype(np.int64)
    greater = _path(down, state.rounded_down, state.scaled_null)
    less = _path(LEVELS - up, _mirrored(state.rounded_up), 1.0 - state.scaled_null)
    found = replace(
        state,
        n=state.n + len(values),
        total=state.total + float(values.sum()),
        log_e=(max(state.log_e[0], float(greater.max())), max(state.log_e[1], float(less.max()))),
        rounded_down=_counted(state.rounded_down, down),
        rounded_up=_counted(state.rounded_up, up),
    )
    return found if state.decision else _decided(found, state.n, greater, less)


def _decided(state: SequentialTest, before: int, greater: Floats, less: Floats) -> SequentialTest:
    sides: tuple[tuple[Side, Floats], ...] = (("greater", greater), ("less", less))
    for side, path in sides:
        passed = np.flatnonzero(path >= state.needed)
        if state.alternative in {"two-sided", side} and len(passed):
            return replace(state, decision=side, decided_at=before + int(passed[0]) + 1)
    return state


def _bounded(state: SequentialTest) -> SequentialTest:
    low, high = state.low, state.high
    start, width = state.limits[0], state.limits[1] - state.limits[0]
    # A decision refuted the null for good, even if the capital has fallen since.
    if state.alternative != "less":
        bound = start + width * lower_bound(*_shares(state.rounded_down), state.needed)
        low = max(low, bound, state.null if state.decision == "greater" else bound)
    if state.alternative != "greater":
        mirrored = _shares(_mirrored(state.rounded_up))
        bound = start + width * (1.0 - lower_bound(*mirrored, state.needed))
        high = min(high, bound, state.null if state.decision == "less" else bound)
    return replace(state, low=low, high=high)


def _path(levels: NDArray[np.int64], before: Histogram, mean: float) -> Floats:
    """Return the log capital after each of the next items (T,)."""
    distinct, place = np.unique(levels, return_inverse=True)
    gains = log_gains(distinct / LEVELS, np.asarray(mean))
    values, counts = _shares(before)
    # Counts of values are all that the past is needed for.
    held = counts @ log_gains(values, np.asarray(mean))
    return pooled(held + np.cumsum(gains[place], axis=0))


def _counted(before: Histogram, levels: NDArray[np.int64]) -> Histogram:
    counts = {row[0]: row[1] for row in before}
    distinct, added = np.unique(levels, return_counts=True)
    for level, count in zip(distinct.tolist(), added.tolist(), strict=True):
        counts[level] = counts.get(level, 0) + count
    return tuple(sorted(counts.items()))


def _shares(histogram: Histogram) -> tuple[Floats, Floats]:
    table = np.array(histogram, np.float64).reshape(-1, 2)
    return table[:, 0] / LEVELS, table[:, 1]


def _mirrored(histogram: Histogram) -> Histogram:
    return tuple((LEVELS - level, count) for level, count in histogram)
