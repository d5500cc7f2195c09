"""What a column and a table are; everything else about tables derives from these."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "id",  # 36 lower-case characters
    "hash",  # lower-case hexadecimal
    "text",
    "json",  # text that holds JSON
    "integer",  # 64 bits
    "float",  # 64 bits
    "boolean",
    "timestamp",  # UTC, microseconds
    "binary",
]


@dataclass(frozen=True)
class Column:
    """One column: its meaning and unit stand beside its type."""

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    required: bool = False
    key: bool = False
    unique: bool = False
    references: str = ""  # "table.column"
    values: tuple[str, ...] = ()  # the only values allowed
    minimum: int | None = None  # of a number
    maximum: int | None = None


@dataclass(frozen=True)
class Table:
    """A table of the catalog (relational) or of the lake (Parquet)."""

    name: str
    place: Literal["catalog", "lake"]
    row: str  # "one row per ..."
    columns: tuple[Column, ...]
    unique: tuple[tuple[str, ...], ...] = ()
    references: tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    by_name: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the columns and refuse a name that occurs twice."""
        names = {column.name: column for column in self.columns}
        if len(names) != len(self.columns):
            raise ValueError(f"table `{self.name}` declares a column twice")
        object.__setattr__(self, "by_name", names)

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the names of the key columns."""
        return tuple(column.name for column in self.columns if column.key)


def catalog_table(
    name: str,
    row: str,
    *columns: Column,
    unique: tuple[tuple[str, ...], ...] = (),
    references: tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...] = (),
    indexes: tuple[tuple[str, ...], ...] = (),
) -> Table:
    """Declare a table of the catalog."""
    return Table(name, "catalog", row, columns, unique, references, indexes)
