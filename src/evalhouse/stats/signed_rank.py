"""Wilcoxon's signed-rank test and the sign test: paired differences by rank, or by sign alone."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UnknownNameError
from evalhouse.stats.distributions import normal_sf
from evalhouse.stats.mcnemar import mcnemar_p_values
from evalhouse.stats.paired import differences
from evalhouse.stats.results import Alternative, HypothesisTest, checked_alternative

Floats = NDArray[np.float64]
Zeros = Literal["drop", "pratt"]
RankMethod = Literal["auto", "exact", "normal"]
ZEROS: tuple[Zeros, ...] = ("drop", "pratt")
RANK_METHODS: tuple[RankMethod, ...] = ("auto", "exact", "normal")
_EXACT = 100  # differences up to which the exact distribution costs milliseconds


def midranks(values: Floats) -> Floats:
    """Rank values from 1; equal values share the mean of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    found: Floats = (last - (counts - 1) / 2)[place]
    return found


def signed_ranks(shift: Floats, zeros: Zeros) -> Floats:
    """Return the ranks of the sizes of differences with their signs, without the zeros.

    `drop` takes zeros out before ranking (Wilcoxon), `pratt` after it.
    """
    if zeros not in ZEROS:
        raise UnknownNameError("treatment of zeros", zeros, ZEROS)
    held = shift[shift != 0] if zeros == "drop" else shift
    ranks = np.sign(held) * midranks(np.abs(held))
    found: Floats = ranks[held != 0]
    return found


def signed_rank_test(
    first: ArrayLike,
    second: ArrayLike,
    *,
    zeros: Zeros = "drop",
    method: RankMethod = "auto",
    alternative: Alternative = "two-sided",
) -> HypothesisTest:
    """Test whether paired differences lie symmetrically around zero.

    `W = sum of the ranks of |d| where d > 0`. Exact: under the hypothesis each rank has a random
    sign, which is counted out, ties included. Normal: `z = (W - sum(r) / 2) / sqrt(sum(r^2) / 4)`,
    moved by a half towards zero, which is the tie-corrected formula. The estimate is the matched
    rank-biserial correlation, `(W+ - W-) / sum(r)`, from -1 to 1, where an end says that every
    difference has one sign.

    Args:
        first: (n,) numbers; NaN is missing, and its pair is left out.
        second: (n,) likewise, for the same units in the same order.
        zeros: `drop` or `pratt`, as in `signed_ranks`.
        method: `auto` is exact up to 100 differences.
        alternative: `greater` says that the first run is above.

    NaN with a note when there is no difference. Clustered units need a test that knows them.

    Raises:
        UsageError: for different lengths or unknown options.

    Wilcoxon (1945), doi:10.2307/3001968; Pratt (1959), doi:10.1080/01621459.1959.10501526;
    Kerby (2014), doi:10.2466/11.IT.3.1. The example is Darwin's maize as Fisher gives it (1935).

    Example:
        >>> eighths = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
        >>> found = signed_rank_test(eighths, [0] * 15)
        >>> found.statistic, round(found.p_value, 6)
        (96.0, 0.04126)
    """
    alternative = checked_alternative(alternative)
    if method not in RANK_METHODS:
        raise UnknownNameError("method of a rank test", method, RANK_METHODS)
    shift = differences(first, second)
    shift = shift[~np.isnan(shift)]
    ranks = signed_ranks(shift, zeros)
    is_exact = method == "exact" or (method == "auto" and len(ranks) <= _EXACT)
    name = f"signed-rank {'exact' if is_exact else 'normal'}, zeros {zeros}"
    if not len(ranks):
        return _without_differences(name, len(shift), alternative)
    p_value = (_exact if is_exact else _normal)(ranks, alternative)
    balance = float(ranks.sum() / np.abs(ranks).sum())
    total = float(ranks[ranks > 0].sum())
    left = len(shift) - len(ranks)
    note = f"{left} differences are zero" if left else ""
    return HypothesisTest(total, p_value, name, len(shift), alternative, balance, note=note)


def sign_test(
    first: ArrayLike, second: ArrayLike, *, alternative: Alternative = "two-sided"
) -> HypothesisTest:
    """Test whether either run is above the other equally often.

    `2 P(X >= max(b, c))` with b units above and c below, X binomial (b + c, 1/2), at most 1;
    equal units say nothing. The statistic is b; the estimate is `b / (b + c)`, from 0 to 1.

    Args:
        first: (n,) numbers; NaN is missing, and its pair is left out.
        second: (n,) likewise, for the same units in the same order.
        alternative: `greater` says that the first run is above.

    NaN with a note when there is no difference.

    Raises:
        UsageError: for different lengths or an unknown alternative.

    Arbuthnot (1710), doi:10.1098/rstl.1710.0011. Darwin's maize has 13 of 15 pairs above.

    Example:
        >>> round(sign_test([1] * 13 + [0] * 2, [0] * 13 + [1] * 2).p_value, 6)
        0.007385
    """
    alternative = checked_alternative(alternative)
    shift = differences(first, second)
    n, b, c = (int(np.sum(found)) for found in (~np.isnan(shift), shift > 0, shift < 0))
    if not b + c:
        return _without_differences("sign", n, alternative)
    p_value = float(mcnemar_p_values(b, c, alternative=alternative))
    note = f"{n - b - c} differences are zero" if n > b + c else ""
    return HypothesisTest(float(b), p_value, "sign", n, alternative, b / (b + c), note=note)


def _without_differences(method: str, n: int, alternative: Alternative) -> HypothesisTest:
    note = "all differences are zero" if n else "there are no pairs"
    return HypothesisTest(np.nan, np.nan, method, n, alternative, note=note)


def _exact(ranks: Floats, alternative: Alternative) -> float:
    # Twice a midrank is whole, so the sums of all subsets are counted on a grid.
    sizes = np.rint(2 * np.abs(ranks)).astype(np.int64)
    chances = flipped(sizes)
    place = int(sizes[ranks > 0].sum())
    return tails(float(chances[place:].sum()), float(chances[: place + 1].sum()), alternative)


def flipped(sizes: NDArray[np.int64]) -> Floats:
    """Return the chances of every sum of a random subset: (sum(sizes) + 1,), index is the sum."""
    chances = np.zeros(int(sizes.sum()) + 1)
    chances[0], filled = 1.0, 1
    for size in np.sort(sizes):
        moved = chances[:filled].copy()
        chances[:filled] *= 0.5
        chances[size : size + filled] += 0.5 * moved
        filled += int(size)
    return chances


def tails(above: float, below: float, alternative: Alternative) -> float:
    """Return the p-value of two tails that both hold what was seen; two sides are the double."""
    if alternative == "two-sided":
        return float(min(1.0, 2 * min(above, below)))
    return float(min(1.0, above if alternative == "greater" else below))


def _normal(ranks: Floats, alternative: Alternative) -> float:
    excess, spread = ranks.sum() / 2, np.sqrt((ranks**2).sum()) / 2
    if alternative == "two-sided":
        z = max(abs(excess) - 0.5, 0.0) / spread
        return min(1.0, 2 * float(normal_sf(z)))
    toward = 0.5 if alternative == "greater" else -0.5
    z = (excess - toward) / spread
    return float(normal_sf(z if alternative == "greater" else -z))
