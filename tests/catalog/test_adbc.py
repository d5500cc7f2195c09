from __future__ import annotations

from typing import Any

import msgspec
import pytest

from evalhouse.catalog import Catalog
from evalhouse.errors import UnknownNameError
from evalhouse.records import ENTITIES, Cell, Creator, Entity
from evalhouse.schema import CATALOG_TABLES, TABLES
from evalhouse.schema.arrow import arrow_schema
from tests.catalog.samples import cell, commit, everything, rows, sample, unit


def _by_key(table: str, found: list[dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {tuple(row[key] for key in TABLES[table].keys): row for row in found}


def _written(record: type[Entity], entities: list[Entity]) -> list[dict[str, Any]]:
    return [msgspec.structs.asdict(entity) for entity in entities if type(entity) is record]


def test_every_column_of_every_table_comes_back_as_it_was_written(catalog: Catalog) -> None:
    entities = [entity for entity in everything() if not isinstance(entity, Cell)]
    whole = unit("whole")
    cells = [msgspec.structs.replace(sample(Cell), unit_id=whole.unit_id)]
    commit(catalog, [*entities, *cells], [whole])
    for record in ENTITIES:
        found = _by_key(record.table, rows(catalog, record.table))
        assert found == _by_key(record.table, _written(record, [*entities, *cells])), record.table


@pytest.mark.parametrize("table", [table.name for table in CATALOG_TABLES])
def test_an_empty_table_has_its_declared_types(catalog: Catalog, table: str) -> None:
    found = catalog.arrow(table)
    assert found.schema == arrow_schema(table)
    assert found.num_rows == 0
