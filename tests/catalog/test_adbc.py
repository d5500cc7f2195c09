from __future__ import annotations

from typing import Any

import msgspec
import pyarrow.compute as pc
import pytest

from evalhouse import ids
from evalhouse.catalog import Catalog
from evalhouse.errors import UnknownNameError
from evalhouse.records import ENTITIES, Cell, Creator, Entity, Measurement, Model, ModelAlias
from evalhouse.schema import CATALOG_TABLES, TABLES
from evalhouse.schema.arrow import arrow_schema
from tests.catalog.samples import commit, everything, rows, sample, seeded_keys, unit


def _by_key(table: str, found: list[dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {tuple(row[key] for key in TABLES[table].keys): row for row in found}


def _written(record: type[Entity], entities: list[Entity]) -> list[dict[str, Any]]:
    return [msgspec.structs.asdict(entity) for entity in entities if type(entity) is record]


def test_every_column_of_every_table_comes_back_as_it_was_written(catalog: Catalog) -> None:
    entities = [each for each in everything() if not isinstance(each, Cell | Measurement)]
    whole = unit("whole")
    flops = 2 * (sample(Model).active_parameter_count or 0)
    cells = [
        msgspec.structs.replace(
            sample(Cell), unit_id=whole.unit_id, flops_per_token_theoretical=flops
        ),
        msgspec.structs.replace(sample(Measurement), unit_id=whole.unit_id),
    ]
    hashes = [each.model_hash for each in entities if isinstance(each, Model) and each.model_hash]
    named = {(alias,) for each in hashes for alias, _ in ids.weights_ids(each)}
    commit(catalog, [*entities, *cells], [whole])
    for record in ENTITIES:
        expected = _by_key(record.table, _written(record, [*entities, *cells]))
        found = _by_key(record.table, rows(catalog, record.table))
        begun_with = {key for key in found if key not in expected}
        assert {key: found[key] for key in expected if key in found} == expected, record.table
        made = named if record is ModelAlias else set()
        assert begun_with == seeded_keys(record.table) | made, record.table


def test_an_empty_table_has_its_declared_types(catalog: Catalog) -> None:
    for table in CATALOG_TABLES:
        found = catalog.arrow(table.name)
        assert found.schema == arrow_schema(table.name)
        assert found.num_rows == len(seeded_keys(table.name)), table.name


def test_a_table_whose_first_thousands_of_values_are_empty_keeps_its_types(
    catalog: Catalog,
) -> None:
    names = [f"name {number:05}" for number in range(3000)]
    bare = [Creator(creator_id=ids.creator_id(name), name=name) for name in names]
    last = Creator(creator_id=ids.creator_id("~"), name="~", homepage="1", display_name="2.5")
    commit(catalog, [*bare, last])
    found = catalog.arrow(Creator.table)
    assert found.schema == arrow_schema(Creator.table)
    assert sorted(filter(None, found["homepage"].to_pylist())) == ["1"]
    assert sorted(found["name"].to_pylist()) == [*names, "~"]


def test_more_rows_than_the_driver_reads_at_once_all_arrive(catalog: Catalog) -> None:
    names = [str(number) for number in range(70_000)]
    commit(catalog, [Creator(creator_id=ids.creator_id(name), name=name) for name in names])
    found = catalog.arrow(Creator.table)
    assert found.num_rows == pc.count_distinct(found["creator_id"]).as_py() == 70_000
    assert set(found["name"].to_pylist()) == set(names)


def test_batches_units_and_settings_come_back_too(catalog: Catalog) -> None:
    commit(catalog, everything(), [unit("one", "aa")])
    commit(catalog, [], [unit("one", "bb")])
    first, second = sorted(rows(catalog, "batches"), key=lambda row: row["sequence"])
    assert first["committed_at"] <= second["committed_at"]
    assert {
        (row["part"], row["batch_id"], row["fingerprint"]) for row in rows(catalog, "batch_units")
    } == {
        ("one", first["batch_id"], "aa"),
        ("one", second["batch_id"], "bb"),
    }
    assert rows(catalog, "unit_supersedes") == [
        {
            "unit_id": unit("one").unit_id,
            "batch_id": first["batch_id"],
            "superseded_by": second["batch_id"],
        }
    ]
    assert rows(catalog, "house_settings") == [{"name": "catalog_version", "value": "4"}]


def test_a_table_of_the_lake_is_not_in_the_catalog(catalog: Catalog) -> None:
    with pytest.raises(UnknownNameError, match="no table of the catalog is called `metrics`"):
        catalog.arrow("metrics")


def test_a_reader_sees_each_commit(catalog: Catalog) -> None:
    for number in range(5):
        commit(catalog, [Creator(creator_id=ids.creator_id(str(number)), name=str(number))])
        assert catalog.arrow(Creator.table).num_rows == number + 1
