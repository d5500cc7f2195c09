"""A table of answers as rows, whatever it comes in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from evalhouse.errors import UsageError

Rows = NDArray[Any] | Sequence[Sequence[Any]] | Iterable[Any]


def rows_of(table: Rows) -> list[list[Any]]:
    """Return the rows of a table.

    Args:
        table: an array of two dimensions, lists of lists, or a table of pyarrow, pandas or polars,
            which by themselves would give their columns, or the names of these.

    Raises:
        UsageError: for a row that is no list.

    Example:
        >>> rows_of([("a", "b"), ["c", None]])
        [['a', 'b'], ['c', None]]
    """
    given: Any = table
    if hasattr(given, "to_pydict"):  # of pyarrow
        columns = [column.to_pylist() for column in given.columns]
        return [list(row) for row in zip(*columns, strict=True)]
    # Those of pandas and polars.
    return [_row(row) for row in (given.to_numpy() if hasattr(given, "to_numpy") else given)]


def _row(row: Any) -> list[Any]:
    if isinstance(row, str | Mapping) or not isinstance(row, Iterable):
        raise UsageError(
            f"each row of a table is a list; found `{type(row).__name__}`; put it into a list"
        )
    return list(row)
