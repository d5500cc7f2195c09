"""Rows of a page that become objects when somebody looks at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

import pyarrow as pa

T_co = TypeVar("T_co", covariant=True)

_AT_ONCE = 1_000


class Listed(Sequence[T_co], Generic[T_co]):
    """A table as a sequence of objects; equal to any sequence of equal ones."""

    def __init__(self, table: pa.Table, make: Callable[[dict[str, Any]], T_co]) -> None:
        self.table = table
        self._make = make

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.table.num_rows)

    @overload
    def __getitem__(self, which: int) -> T_co: ...
    @overload
    def __getitem__(self, which: slice) -> Sequence[T_co]: ...
    def __getitem__(self, which: int | slice) -> T_co | Sequence[T_co]:
        """Return a row, or some."""
        if isinstance(which, slice):
            return [self[place] for place in range(len(self))[which]]
        place = range(len(self))[which]
        return self._make(self.table.slice(place, 1).to_pylist()[0])

    def __iter__(self) -> Iterator[T_co]:
        """Yield every row."""
        for batch in self.table.to_batches(max_chunksize=_AT_ONCE):
            yield from map(self._make, batch.to_pylist())

    def __eq__(self, other: object) -> bool:
        """Return whether the other has equal rows."""
        return isinstance(other, Sequence) and list(self) == list(other)

    def __hash__(self) -> int:
        """Return what equal rows have in common."""
        return hash(tuple(self))
