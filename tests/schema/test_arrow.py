from __future__ import annotations

from typing import get_args

import pyarrow as pa
import pytest

from evalhouse.schema import TABLES, Kind
from evalhouse.schema.arrow import arrow_schema

# Written out once more, so that no change of a type goes unnoticed.
TYPES: dict[Kind, str] = {
    "id": "string",
    "hash": "string",
    "text": "string",
    "json": "string",
    "integer": "int64",
    "float": "double",
    "boolean": "bool",
    "timestamp": "timestamp[us, tz=UTC]",
    "binary": "binary",
}
each_table = pytest.mark.parametrize("table", TABLES)


@each_table
def test_a_column_has_the_type_of_its_kind(table: str) -> None:
    found = {field.name: (str(field.type), field.nullable) for field in arrow_schema(table)}
    assert found == {
        column.name: (TYPES[column.kind], not column.required) for column in TABLES[table].columns
    }


@each_table
def test_a_schema_has_the_columns_of_its_table_in_order(table: str) -> None:
    assert arrow_schema(table).names == [column.name for column in TABLES[table].columns]


@each_table
def test_a_schema_makes_an_empty_table(table: str) -> None:
    assert arrow_schema(table).empty_table().num_rows == 0


def test_every_kind_of_column_has_a_type() -> None:
    assert set(TYPES) == set(get_args(Kind))


def test_a_schema_is_made_once() -> None:
    assert arrow_schema("runs") is arrow_schema("runs")


def test_a_schema_says_nothing_but_names_and_types() -> None:
    assert all(arrow_schema(name).metadata is None for name in TABLES)
    assert all(field.metadata is None for name in TABLES for field in arrow_schema(name))


def test_an_unknown_table_has_no_schema() -> None:
    with pytest.raises(KeyError):
        arrow_schema("no_such_table")


def test_rows_of_distinct_values_pass_through_a_schema() -> None:
    schema = arrow_schema("choices")
    row = {
        field.name: {pa.string(): field.name, pa.bool_(): True}.get(field.type, index)
        for index, field in enumerate(schema)
    }
    assert pa.Table.from_pylist([row], schema=schema).to_pylist() == [row]
