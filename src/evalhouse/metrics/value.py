"""What a metric gives back, and what is known of a metric."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Kernel = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""A metric as a function of sums over units: `(..., m)` numbers in, `(...)` values out.

It takes any number of leading axes, so thousands of resampled sums cost one call, and gives NaN
where it is undefined, without a warning.
"""

Unit = Literal["proportion", "coefficient", "points", "scale", "bit/byte", "nat", "character"]


@dataclass(frozen=True, slots=True)
class Value:
    """A number, the units it is computed from, and what a reader must know about it.

    `value` is NaN where the metric is undefined, and `note` then says why. `n` counts the units
    (rows, pairs, items, samples) that entered.
    """

    value: float
    n: int
    note: str = ""

    @property
    def is_defined(self) -> bool:
        """Whether there is a number."""
        return not math.isnan(self.value)


def undefined(n: int, note: str) -> Value:
    """Return a value that is not there, and why."""
    return Value(math.nan, n, note)


def value_of(found: NDArray[np.float64] | float, n: int, empty: str, reason: str) -> Value:
    """Wrap what a kernel gave; where it is NaN the note is `empty` for no unit, else `reason`."""
    number = float(found)
    return undefined(n, reason if n else empty) if math.isnan(number) else Value(number, n)


@dataclass(frozen=True, slots=True)
class Score:
    """A row of a sweep over metrics; `label` is there where the value belongs to one label."""

    metric: str
    label: str | int | float | bool | None
    value: Value


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as the reference and the generic tests see it.

    `low` and `high` bound every defined value. `is_symmetric` says that gold and model may change
    places. `reference` is what its values are tested against. `described_by` is the function whose
    docstring defines the metric, where it is another one.
    """

    name: str
    family: str
    function: Callable[..., Any]
    unit: Unit
    low: float
    high: float
    higher_is_better: bool
    is_symmetric: bool
    reference: str
    described_by: Callable[..., Any] | None = None

    @property
    def documentation(self) -> str:
        """The docstring that defines the metric."""
        return inspect.getdoc(self._described()) or ""

    @property
    def definition(self) -> str:
        """Where the function with that docstring is, below `evalhouse.metrics`."""
        function = self._described()
        return f"{function.__module__}.{function.__name__}".removeprefix("evalhouse.metrics.")

    def _described(self) -> Callable[..., Any]:
        function = self.described_by or self.function
        while isinstance(function, partial):
            function = function.func
        return function
