"""All cases, in the order of the page that shows them."""

from __future__ import annotations

from simulations import intervals
from simulations.case import Case

CASES: tuple[Case, ...] = (*intervals.CASES,)
