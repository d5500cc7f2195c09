from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from evalhouse.catalog import Catalog
from evalhouse.errors import DamagedHouseError, QueryError
from evalhouse.lake import Lake, encoding
from evalhouse.records import Creator
from evalhouse.schema import TABLES, arrow
from evalhouse.schema.arrow import arrow_schema
from evalhouse.store import Store
from tests.catalog.samples import seeded_keys
from tests.store.rows import RUN, response, unit, values, write

SCORES = {"responses": [response("arc", 0, score=1.0), response("arc", 1, score=0.0)]}


@pytest.fixture
def filled(store: Store) -> Store:
    write(store, SCORES, unit("arc"))
    return store


@pytest.mark.parametrize("name", list(TABLES))
def test_every_empty_table_can_be_read_in_its_declared_types(store: Store, name: str) -> None:
    with store.reader() as reader:
        found = reader.sql(f"SELECT * FROM {name}")
    declared = [(field.name, field.type) for field in arrow_schema(name)]
    shown = dict(zip(found.schema.names, found.schema.types, strict=True))
    if name not in {"batches", "house_settings"}:
        assert found.num_rows == len(seeded_keys(name))
    assert [(column, shown[column]) for column, _ in declared] == declared


def test_a_query_over_the_catalog_never_opens_the_lake(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lake, "files", refuse)
    assert values(filled, "SELECT count(*) FROM runs") == [1]


def test_a_query_over_the_lake_never_reads_catalog_tables(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Catalog, "arrow", refuse)
    assert values(filled, "SELECT count(*) FROM responses") == [2]


def refuse(*_: object) -> None:
    raise AssertionError("not needed")


def test_parameters_are_named_or_positional(filled: Store) -> None:
    query = "SELECT score FROM responses WHERE doc_id = "
    assert values(filled, query + "$doc", {"doc": 1}) == [0.0]
    assert values(filled, query + "?", [0]) == [1.0]


@pytest.mark.parametrize(
    "query",
    [
        "EXPLAIN SELECT 1",
        "explain analyze FROM runs",
        "FROM runs",
        "VALUES (1)",
        "SUMMARIZE runs",
        "DESCRIBE responses",
        "SHOW TABLES",
        "PIVOT responses ON doc_id USING sum(score) GROUP BY task",
        "SELECT * FROM responses JOIN runs USING (run_id)",
        "SELECT * FROM query_table('responses')",
        "WITH a AS (FROM responses) SELECT 'copy (' || count(*) FROM a -- (copy",
        'SELECT task AS "copy" FROM Responses',
        "SELECT 1 /* é (copy */",
    ],
)
def test_whatever_reads_is_possible(filled: Store, query: str) -> None:
    assert len(values(filled, query)) >= 1


@pytest.mark.parametrize(
    "query",
    [
        "COPY (SELECT 1) TO '{path}'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{path}'",
        "explain (format json) copy (select 1) to '{path}'",
        "WITH a AS (COPY (SELECT 1) TO '{path}') SELECT * FROM a",
        "WITH a AS (/* é */ copy(SELECT 1) TO '{path}') SELECT * FROM a",
        "SELECT 1; SELECT 2",
        "ATTACH '{path}'",
        "CREATE TABLE t AS SELECT 1",
        "DROP VIEW responses",
        "SET threads = 1",
        "INSTALL httpfs",
        "PRAGMA version",
        "EXPORT DATABASE '{path}'",
        "",
    ],
)
def test_whatever_does_more_than_read_is_refused(filled: Store, tmp_path: Path, query: str) -> None:
    path = tmp_path / "written"
    with pytest.raises(QueryError):
        values(filled, query.format(path=path))
    assert not path.exists()


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT nothing FROM runs", "nothing"),
        ("SELECT * FROM nowhere", "nowhere"),
        ("SELEC 1", "SELEC"),
        ("SELECT $a", "a"),
        ("SELECT CAST(label AS INTEGER) FROM runs WHERE error('broken') IS NULL", "broken"),
        ("FROM self", "self"),
    ],
)
def test_a_query_that_cannot_run_says_why_in_one_line(
    filled: Store, query: str, reason: str
) -> None:
    with pytest.raises(QueryError, match=reason) as failure:
        values(filled, query)
    assert "\n" not in str(failure.value)


def test_a_result_streams_in_batches_while_other_queries_run(filled: Store) -> None:
    with filled.reader() as reader:
        stream = reader.stream("SELECT doc_id FROM responses, range(2000)", batch_rows=1024)
        first = next(stream)
        assert reader.sql("SELECT count(*) FROM responses").to_pydict() == {"count_star()": [2]}
        rest = list(stream)
    assert first.num_rows + sum(batch.num_rows for batch in rest) == 4000
    assert max(batch.num_rows for batch in (first, *rest)) <= 2048


def test_a_reader_stays_at_its_snapshot(filled: Store) -> None:
    with filled.reader() as reader:
        before = reader.sql("SELECT count(*) AS n FROM responses JOIN runs USING (run_id)")
        write(filled, {"responses": [response("boolq", 0)]}, unit("boolq"))
        after = reader.sql("SELECT count(*) AS n FROM responses JOIN runs USING (run_id)")
    assert before["n"].to_pylist() == after["n"].to_pylist() == [2]
    assert values(filled, "SELECT count(*) FROM responses") == [3]


def test_a_reader_that_needs_more_of_a_changed_catalog_moves_on_as_a_whole(store: Store) -> None:
    write(store, SCORES, unit("arc"))
    with store.reader() as reader:
        reader.sql("SELECT count(*) FROM responses, runs")
        creator = Creator(creator_id=RUN.run_id, name="c")
        write(store, {"responses": [response("b", 0)]}, unit("b"), entities=[RUN, creator])
        both = "SELECT (SELECT count(*) FROM creators) AS c, (SELECT count(*) FROM responses) AS r"
        assert reader.sql(both).to_pylist() == [{"c": 1, "r": 3}]


def test_tables_loaded_beforehand_stay_as_they_were(filled: Store) -> None:
    with filled.reader() as reader:
        reader.load("creators", "responses")
        creator = Creator(creator_id=RUN.run_id, name="c")
        write(filled, {}, entities=[RUN, creator])
        assert reader.sql("SELECT * FROM creators").num_rows == 0


def test_the_catalog_is_read_once_for_all_readers_of_a_version(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert values(filled, "SELECT count(*) FROM runs") == [1]
    monkeypatch.setattr(Catalog, "arrow", refuse)
    assert values(filled, "SELECT count(*) FROM runs") == [1]


def test_a_catalog_that_changes_while_it_is_read_is_read_again(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Catalog.arrow
    changes = [lambda: write(filled, {"responses": [response("b", 0)]}, unit("b"))]

    def changing(catalog: Catalog, table: str) -> pa.Table:
        found = read(catalog, table)
        if changes:
            changes.pop()()
        return found

    monkeypatch.setattr(Catalog, "arrow", changing)
    query = "SELECT count(*) FROM batch_units JOIN responses USING (unit_id, batch_id)"
    assert values(filled, query) == [3]


def test_columns_declared_later_read_as_null_beside_new_files(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = tuple(each for each in TABLES["responses"].columns if each.name != "energy_wh")
    with monkeypatch.context() as patch:
        patch.setitem(TABLES, "responses", dataclasses.replace(TABLES["responses"], columns=older))
        forget_schemas()
        write(store, {"responses": [response("arc", 0)]}, unit("arc"))
    forget_schemas()
    query = "SELECT energy_wh FROM responses ORDER BY ALL NULLS LAST"
    assert values(store, query) == [None]
    write(store, {"responses": [response("boolq", 0, energy_wh=2.5)]}, unit("boolq"))
    assert values(store, query) == [2.5, None]


def forget_schemas() -> None:
    cached: list[Any] = [arrow.arrow_schema, encoding.writing_schema, encoding.parquet_options]
    for each in cached:
        each.cache_clear()


def test_a_missing_file_of_the_lake_is_damage_not_a_bad_query(filled: Store) -> None:
    [file] = filled.lake.files("responses")
    Path(file.uri).unlink()
    with pytest.raises(DamagedHouseError, match="cannot be read"):
        values(filled, "SELECT sum(score) FROM responses")


def test_times_are_utc(filled: Store) -> None:
    assert values(filled, "SELECT CAST(submitted_at AS VARCHAR) FROM runs") == [
        "2025-11-03 00:00:00+00"
    ]


def test_a_reader_can_be_closed_twice(filled: Store) -> None:
    with filled.reader() as reader:
        reader.close()


def test_what_is_made_of_tables_is_kept_until_the_house_changes(filled: Store) -> None:
    made: list[int] = []

    def count() -> int:
        made.append(1)
        return len(made)

    with filled.reader() as first, filled.reader() as second:
        assert [first.kept("n", ("runs",), count), second.kept("n", ("runs",), count)] == [1, 1]
    write(filled, {}, unit("other"))
    with filled.reader() as third:
        assert third.kept("n", ("runs",), count) == 2


def test_a_table_of_the_catalog_comes_as_queries_see_it(filled: Store) -> None:
    with filled.reader() as reader:
        assert reader.table("runs")["run_id"].to_pylist() == [RUN.run_id]


def test_macros_can_be_named_by_a_query(filled: Store) -> None:
    assert values(filled, "SELECT lake.json_double(x) FROM (SELECT 1.5 AS x)") == ["1.5"]
