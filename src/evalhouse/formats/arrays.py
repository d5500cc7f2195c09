"""The array type of rows on their way into Arrow."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
"""Numbers or flags, one for each row; int64, float64 or bool as its maker says."""
