"""Rows that stand for another, seen as that other one.

A merged model, task or creator is one row in the catalog's alias tables. Here, and nowhere else,
readers come to see it: ids that refer to it lead to what it stands for, and its own row is left
out. A house without such rows pays nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from evalhouse.catalog.aliases import KINDS, Folds
from evalhouse.schema import TABLES, Table

FOLDED = "lake.folded_models"
"""Ids of models that stand for another, beside the rows of the lake."""

_OF_ID = {f"{kind.of}.{kind.key}": kind.of for kind in KINDS.values()}
_AS_WRITTEN = frozenset({"model_conflicts", *(kind.table for kind in KINDS.values())})
_DISTINCT = frozenset({"task_members"})  # a member that is there by two ids is one member


def folded(name: str, rows: pa.Table, folds: Folds) -> pa.Table:
    """Return the rows of a catalog table as readers see them."""
    if not folds or name in _AS_WRITTEN:
        return rows
    table, stored = TABLES[name], rows
    for column, identities in _columns(table).items():
        steps = folds.get(identities)
        if steps:
            rows = _folded_column(table, rows, column, steps)
    is_doubtful = name in _DISTINCT and rows is not stored
    return _first_of_each(table, rows) if is_doubtful else rows


def folded_sql(table: str, select: str, folds: Folds) -> str:
    """Return the SELECT of a lake table with the ids of models as readers see them."""
    if "models" not in folds or "model_id" not in TABLES[table].by_name:
        return select
    return (
        "SELECT kept.* REPLACE (coalesce(fold.stands_for, kept.model_id) AS model_id) "  # noqa: S608 - our own words
        f"FROM ({select}) AS kept LEFT JOIN {FOLDED} AS fold ON fold.model_id = kept.model_id"
    )


def folds_of_models(folds: Folds) -> pa.Table:
    """Return the models that stand for another, as a table."""
    steps = folds["models"]
    return pa.table(
        {
            "model_id": pa.array(list(steps), pa.string()),
            "stands_for": pa.array(list(steps.values()), pa.string()),
        }
    )


def _columns(table: Table) -> dict[str, str]:
    """Return the columns with ids that may stand for another, and the table of their kind."""
    return {
        column.name: identities
        for column in table.columns
        for name in (column.references or f"{table.name}.{column.name}",)
        if (identities := _OF_ID.get(name))
    }


def _folded_column(table: Table, rows: pa.Table, column: str, steps: Mapping[str, str]) -> pa.Table:
    values = rows[column]
    found = pc.index_in(values, value_set=pa.array(list(steps), pa.string()))
    if found.null_count == len(found):
        return rows
    if table.keys == (column,):  # its own row
        return rows.filter(pc.is_null(found))
    ends = pa.array(list(steps.values()), pa.string())
    others = pc.coalesce(pc.take(ends, found), values)
    return rows.set_column(rows.schema.get_field_index(column), rows.schema.field(column), others)


def _first_of_each(table: Table, rows: pa.Table) -> pa.Table:
    seen: set[tuple[str, ...]] = set()
    kept = []
    for key in zip(*(rows[name].to_pylist() for name in table.keys), strict=True):
        kept.append(key not in seen)
        seen.add(key)
    return rows.filter(pa.array(kept, pa.bool_()))
