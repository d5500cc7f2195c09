"""All cases, in the order of the page that shows them."""

from __future__ import annotations

from simulations import (
    annotators,
    comparisons,
    corrected,
    designed,
    effects,
    families,
    intervals,
    margins,
    ratings,
    sequential,
)
from simulations.case import Case

CASES: tuple[Case, ...] = (
    *intervals.CASES,
    *comparisons.CASES,
    *effects.CASES,
    *families.CASES,
    *margins.CASES,
    *ratings.CASES,
    *corrected.CASES,
    *designed.CASES,
    *annotators.CASES,
    *sequential.CASES,
)
