"""All cases, in the order of the page that shows them."""

from __future__ import annotations

from simulations import comparisons, effects, families, intervals, margins
from simulations.case import Case

CASES: tuple[Case, ...] = (
    *intervals.CASES,
    *comparisons.CASES,
    *effects.CASES,
    *families.CASES,
    *margins.CASES,
)
