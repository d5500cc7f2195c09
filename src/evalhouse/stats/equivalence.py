"""Non-inferiority and equivalence: certificates that a difference stays within a margin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.stats.estimate import Estimate
from evalhouse.stats.mcnemar import outcomes
from evalhouse.stats.paired import estimate_difference
from evalhouse.stats.results import HypothesisTest, Interval
from evalhouse.stats.tango import tango_interval, tango_test
from evalhouse.stats.values import numbers

Claim = Literal["non-inferior", "equivalent"]
CertificateMethod = Literal["auto", "t", "score"]
METHODS: tuple[CertificateMethod, ...] = ("auto", "t", "score")
_Parts = tuple[Interval, HypothesisTest, HypothesisTest]


@dataclass(frozen=True, slots=True)
class Certificate:
    """Whether new less reference was shown to stay within a margin.

    `above` tests that the difference is above -margin, `below` that it is below margin.
    `non-inferior` needs `above` where higher is better and `below` where lower is; `equivalent`
    needs both. `interval` has the level `1 - 2 alpha`, so what is claimed can be read off it.
    """

    is_certified: bool
    claim: Claim
    margin: float
    higher_is_better: bool
    alpha: float
    interval: Interval
    above: HypothesisTest
    below: HypothesisTest
    note: str = ""

    @property
    def p_value(self) -> float:
        """The p-value of the claim."""
        if self.claim == "equivalent":
            return float(np.maximum(self.above.p_value, self.below.p_value))
        return (self.above if self.higher_is_better else self.below).p_value


def certify(
    difference: Estimate,
    margin: float,
    *,
    claim: Claim,
    higher_is_better: bool,
    alpha: float = 0.05,
) -> Certificate:
    """Certify any difference that comes as an estimate: unpaired, or over items and seeds.

    `t = (difference ± margin) / se`, each one-sided at `alpha` (Schuirmann's two one-sided tests).

    Args:
        difference: new less reference, such as `estimate_unpaired_difference` gives.
        margin: what may be lost (and, for equivalence, gained), above zero, in the unit of the
            difference. Fix it before looking at the data: one chosen afterwards proves nothing.
        claim: `non-inferior` or `equivalent`.
        higher_is_better: the direction of the score.
        alpha: how often a difference at the margin may be certified.

    Nothing is certified without a standard error; the note says why there is none.

    Raises:
        UsageError: for a margin of zero or below, an alpha outside (0, 0.5), an unknown claim.

    Schuirmann (1987), doi:10.1007/BF01068419.
    """
    _check(margin, alpha, claim)
    parts = _by_t(difference, margin, alpha)
    return _certificate(parts, claim, margin, alpha, higher_is_better=higher_is_better)


def noninferiority_test(
    new: ArrayLike,
    reference: ArrayLike,
    margin: float,
    *,
    higher_is_better: bool,
    clusters: ArrayLike | None = None,
    method: CertificateMethod = "auto",
    alpha: float = 0.05,
) -> Certificate:
    """Certify that a new run loses less than a margin against a reference on the same units.

    `t = (mean(new - reference) + margin) / se` where higher is better, one-sided at `alpha`.

    Args:
        new: (n,) numbers; NaN is missing, and its pair is left out.
        reference: (n,) likewise, for the same units in the same order.
        margin: the loss that is still acceptable, above zero, fixed before looking at the data.
        higher_is_better: the direction of the score.
        clusters: (n,) names of the clusters units come in: seeds, to speak of other seeds;
            documents, to speak of other documents.
        method: `auto` is `score` for 0/1 data without clusters, which is Tango's test and also
            defined when the runs agree everywhere, and `t` for all else.
        alpha: how often a true loss of the whole margin may be certified.

    Nothing is certified without a standard error; the note says why there is none. `t` takes means
    of units (clusters, seeds) for about normal: of 0/1 data that differ in few units it certifies
    a loss of the margin in up to 8% of cases, and what happens to one seed in ten, three seeds
    seldom show.

    Raises:
        UsageError: for a margin of zero or below, samples of different lengths, or `score` with
            clusters or other numbers than 0 and 1.

    Piaggio et al. (2012), doi:10.1001/jama.2012.87802.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> reference = rng.random(400)
        >>> new = reference - 0.01 + 0.05 * rng.standard_normal(400)
        >>> noninferiority_test(new, reference, 0.02, higher_is_better=True).is_certified
        True
    """
    _check(margin, alpha, "non-inferior")
    parts = _parts((new, reference, clusters), method, margin, alpha)
    return _certificate(parts, "non-inferior", margin, alpha, higher_is_better=higher_is_better)


def equivalence_test(
    new: ArrayLike,
    reference: ArrayLike,
    margin: float,
    *,
    clusters: ArrayLike | None = None,
    method: CertificateMethod = "auto",
    alpha: float = 0.05,
) -> Certificate:
    """Certify that two runs differ by less than a margin in either direction (TOST).

    Both `t = (mean(d) + margin) / se` and `(mean(d) - margin) / se` must reject, one-sided at
    `alpha`; the p-value is the larger. Arguments, undefined cases and errors are those of
    `noninferiority_test`.

    Schuirmann (1987), doi:10.1007/BF01068419.

    Example:
        >>> found = equivalence_test([0.5, 0.6, 0.7, 0.8], [0.52, 0.59, 0.71, 0.79], 0.05)
        >>> found.is_certified, round(found.p_value, 5)
        (True, 0.00398)
    """
    _check(margin, alpha, "equivalent")
    parts = _parts((new, reference, clusters), method, margin, alpha)
    return _certificate(parts, "equivalent", margin, alpha, higher_is_better=True)


def _certificate(
    parts: _Parts, claim: Claim, margin: float, alpha: float, *, higher_is_better: bool
) -> Certificate:
    # The p-value depends on the claim and the direction, which the certificate itself knows.
    draft = Certificate(False, claim, margin, higher_is_better, alpha, *parts, note=parts[0].note)
    return replace(draft, is_certified=bool(draft.p_value <= alpha))


def _parts(
    data: tuple[ArrayLike, ArrayLike, ArrayLike | None], method: str, margin: float, alpha: float
) -> _Parts:
    new, reference, clusters = data
    if method not in METHODS:
        raise UnknownNameError("method of a certificate", method, METHODS)
    if method == "auto":
        method = "score" if clusters is None and margin < 1 and _is_binary(new, reference) else "t"
    if method == "t":
        return _by_t(estimate_difference(new, reference, clusters=clusters), margin, alpha)
    if clusters is not None:
        raise UsageError("`score` knows no clusters; use `t`, which does")
    if margin >= 1:
        raise UsageError(f"a margin between shares is below 1; found {margin}")
    found = outcomes(new, reference)
    counts = (found.only_first, found.only_second, found.n)
    return (
        tango_interval(*counts, level=1 - 2 * alpha),
        tango_test(*counts, null=-margin, alternative="greater"),
        tango_test(*counts, null=margin, alternative="less"),
    )


def _is_binary(new: ArrayLike, reference: ArrayLike) -> bool:
    sides = (numbers(new, "values of the new run"), numbers(reference, "values of the reference"))
    return all(bool(np.all((side == 0) | (side == 1) | np.isnan(side))) for side in sides)


def _by_t(difference: Estimate, margin: float, alpha: float) -> _Parts:
    # Two one-sided tests at alpha reject exactly what this interval leaves out.
    return (
        difference.interval(1 - 2 * alpha),
        difference.test(-margin, "greater"),
        difference.test(margin, "less"),
    )


def _check(margin: float, alpha: float, claim: str) -> None:
    if not margin > 0:
        raise UsageError(
            f"a margin is above zero: how much may be lost at most; found {margin}; give its size, "
            "and the direction as `higher_is_better`"
        )
    if not 0 < alpha < 0.5:
        raise UsageError(f"`alpha` lies between 0 and 0.5, as 0.05 does; found {alpha}")
    if claim not in ("non-inferior", "equivalent"):
        raise UnknownNameError("claim", claim, ("non-inferior", "equivalent"))
