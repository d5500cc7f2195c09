"""Which rows of a lake table a reader sees, as SQL over the table's files.

Most files hold one batch of which nothing was replaced: they are read without any filter, so
visibility costs nothing. Only a file that holds replaced rows is filtered row by row.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from evalhouse.lake import LakeFile
from evalhouse.schema import TABLES, Column, Kind, Table

SQL_TYPES: dict[Kind, str] = {
    "id": "VARCHAR",
    "hash": "VARCHAR",
    "text": "VARCHAR",
    "json": "VARCHAR",
    "integer": "BIGINT",
    "float": "DOUBLE",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMPTZ",
    "binary": "BLOB",
}

COMMITTED = "lake.committed_batches"
SUPERSEDED = "lake.superseded_units"

_ALL = ""
_NOT_SUPERSEDED = (
    f"NOT EXISTS (FROM {SUPERSEDED} AS gone "
    "WHERE gone.unit_id = kept.unit_id AND gone.batch_id = kept.batch_id)"
)
_COMMITTED = f"batch_id IN (FROM {COMMITTED})"
_CONTENT_ADDRESSED = frozenset({"documents"})
"""Tables whose rows stay true when the unit they came with is replaced."""


@dataclass(frozen=True)
class Visibility:
    """The state of all batches at one moment."""

    committed: frozenset[str]
    superseded: dict[str, list[str]]
    """Units that are seen no more, sorted, by batch."""

    @classmethod
    def of(cls, committed: Collection[str], superseded: Iterable[tuple[str, str]]) -> Visibility:
        """Build it from a catalog snapshot's batches and (unit, batch) pairs."""
        by_batch: dict[str, list[str]] = defaultdict(list)
        for unit, batch in superseded:
            by_batch[batch].append(unit)
        return cls(frozenset(committed), {batch: sorted(them) for batch, them in by_batch.items()})

    def condition(self, file: LakeFile, *, content_addressed: bool) -> str | None:
        """Return the row filter that a file needs, empty for none; None to skip the file."""
        if file.batch_low is None or file.batch_low != file.batch_high:
            return _COMMITTED if content_addressed else f"{_COMMITTED} AND {_NOT_SUPERSEDED}"
        if file.batch_low not in self.committed:
            return None
        gone = [] if content_addressed else self.superseded.get(file.batch_low, [])
        if not _any_between(gone, file.unit_low, file.unit_high):
            return _ALL
        return None if file.unit_low == file.unit_high else _NOT_SUPERSEDED


def table_sql(table: str, files: Sequence[LakeFile], visibility: Visibility) -> str:
    """Return a SELECT of the visible rows of a lake table, in the types that `schema` declares."""
    declared = TABLES[table]
    content_addressed = table in _CONTENT_ADDRESSED
    groups: dict[tuple[frozenset[str] | None, str], list[str]] = defaultdict(list)
    for file in files:
        condition = visibility.condition(file, content_addressed=content_addressed)
        if condition is not None:
            groups[file.columns, condition].append(file.uri)
    selects = [
        _select(declared, columns, condition, uris) for (columns, condition), uris in groups.items()
    ]
    return " UNION ALL ".join(selects) or _no_rows(declared)


def quoted(text: str) -> str:
    """Return text as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _select(
    table: Table, present: frozenset[str] | None, condition: str, uris: Sequence[str]
) -> str:
    columns = ", ".join(
        _column(column, present is None or column.name in present) for column in table.columns
    )
    listed = ", ".join(quoted(uri) for uri in uris)
    source = f"read_parquet([{listed}], hive_partitioning = false, union_by_name = false)"
    where = f" WHERE {condition}" if condition else ""
    return f"SELECT {columns} FROM {source} AS kept{where}"  # noqa: S608 - names of our own


def _column(column: Column, present: bool) -> str:  # noqa: FBT001 - the one thing it depends on
    value = f'"{column.name}"' if present else "NULL"
    return f'CAST({value} AS {SQL_TYPES[column.kind]}) AS "{column.name}"'


def _no_rows(table: Table) -> str:
    columns = ", ".join(_column(column, present=False) for column in table.columns)
    return f"SELECT {columns} WHERE false"


def _any_between(names: list[str], low: str | None, high: str | None) -> bool:
    """Return whether any of the sorted names can be in a file with these bounds."""
    if low is None or high is None:
        return bool(names)
    index = bisect_left(names, low)
    return index < len(names) and names[index] <= high
