from __future__ import annotations

import re

import pytest

from evalhouse.schema import CATALOG_TABLES, FAILURE_REASONS, KINDS, LAKE_TABLES, TABLES
from evalhouse.schema.columns import Column, Table

each_table = pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
each_lake_table = pytest.mark.parametrize("table", LAKE_TABLES, ids=lambda table: table.name)
each_catalog_table = pytest.mark.parametrize("table", CATALOG_TABLES, ids=lambda table: table.name)


def test_a_table_is_found_by_its_name() -> None:
    assert list(TABLES) == [table.name for table in (*CATALOG_TABLES, *LAKE_TABLES)]
    assert len(TABLES) == len(CATALOG_TABLES) + len(LAKE_TABLES)


def test_a_table_knows_its_columns_by_name_and_its_keys_in_order() -> None:
    columns = (Column("b", "id", "key", key=True), Column("a", "text", "text", key=True))
    table = Table("t", "catalog", "row", (*columns, Column("c", "float", "value")))
    assert table.by_name["a"] is columns[1]
    assert table.keys == ("b", "a")


def test_a_column_cannot_be_declared_twice() -> None:
    twice = (Column("a", "text", "one"), Column("a", "float", "other"))
    with pytest.raises(ValueError, match="table `t` declares a column twice"):
        Table("t", "lake", "row", twice)


@each_table
def test_names_are_words_in_small_letters(table: Table) -> None:
    word = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
    assert all(map(word.fullmatch, [table.name, *table.by_name]))


@each_table
def test_a_key_is_required(table: Table) -> None:
    assert all(column.required for column in table.columns if column.key)


@each_table
def test_only_text_lists_its_values_and_each_once(table: Table) -> None:
    listing = [column for column in table.columns if column.values]
    assert all(column.kind == "text" for column in listing)
    assert all(len(set(column.values)) == len(column.values) for column in listing)


@each_table
def test_a_meaning_is_a_phrase(table: Table) -> None:
    meanings = [table.row, *(column.meaning for column in table.columns)]
    assert all(meaning == meaning.strip(" .") for meaning in meanings)


@each_table
def test_a_reference_has_the_kind_of_what_it_refers_to(table: Table) -> None:
    for column in table.columns:
        if column.references:
            name, target = column.references.split(".")
            assert TABLES[name].by_name[target].kind == column.kind


def test_the_same_name_has_the_same_kind_everywhere() -> None:
    kinds: dict[str, set[str]] = {}
    for table in TABLES.values():
        for column in table.columns:
            kinds.setdefault(column.name, set()).add(column.kind)
    # A setting has a text as value, and a problem the bytes themselves.
    assert {name for name, found in kinds.items() if len(found) > 1} == {"bytes", "value"}


@each_catalog_table
def test_constraints_name_columns_of_their_tables(table: Table) -> None:
    here = [*table.unique, *table.indexes, *(columns for columns, _, _ in table.references)]
    assert {name for columns in here for name in columns} <= set(table.by_name)
    for columns, other, targets in table.references:
        assert targets in (*TABLES[other].unique, TABLES[other].keys)
        assert len(columns) == len(targets)


@each_catalog_table
def test_a_row_of_the_catalog_has_a_key(table: Table) -> None:
    assert table.place == "catalog"
    assert table.keys


@each_lake_table
def test_a_row_of_the_lake_says_which_write_and_which_unit_it_is_from(table: Table) -> None:
    assert table.place == "lake"
    assert {"batch_id", "unit_id", "source_file_id", "line"} <= set(table.by_name)
    assert table.by_name["batch_id"].required
    assert table.by_name["unit_id"].required


@each_lake_table
def test_the_lake_leaves_constraints_to_the_catalog(table: Table) -> None:
    assert not any((table.keys, table.unique, table.references, table.indexes))


@pytest.mark.parametrize("values", [FAILURE_REASONS, KINDS])
def test_lists_of_values_hold_each_once(values: tuple[str, ...]) -> None:
    assert len(set(values)) == len(values)
