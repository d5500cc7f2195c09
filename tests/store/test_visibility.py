from __future__ import annotations

import pytest

from evalhouse.lake import LakeFile
from evalhouse.store import Store
from evalhouse.store.visibility import Visibility, table_sql
from tests.store.rows import response, unit, values, write

VISIBLE = Visibility.of({"a", "b"}, [("u3", "b"), ("u5", "b")])


def file(
    batch: str | None, high: str | None = None, units: tuple[str, str] = ("u1", "u9")
) -> LakeFile:
    return LakeFile(
        uri=f"/lake/{batch}.parquet",
        batch_low=batch,
        batch_high=high or batch,
        unit_low=units[0],
        unit_high=units[1],
        rows=1,
        size=1,
        columns=None,
    )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (file("a"), "no filter"),
        (file("c"), "skipped"),
        (file("b"), "units"),
        (file("b", units=("u1", "u2")), "no filter"),
        (file("b", units=("u3", "u3")), "skipped"),
        (file("b", units=("u4", "u5")), "units"),
        (file("a", "b"), "batches and units"),
        (file(None), "batches and units"),
    ],
)
def test_a_file_is_filtered_only_where_it_must_be(found: LakeFile, expected: str) -> None:
    sql = table_sql("responses", [found], VISIBLE)
    filters = ("batches " if "committed_batches" in sql else "") + (
        "units" if "superseded_units" in sql else ""
    )
    skipped = "read_parquet" not in sql
    assert expected == ("skipped" if skipped else filters.replace(" ", " and ") or "no filter")


def test_documents_outlive_the_unit_that_brought_them() -> None:
    sql = table_sql("documents", [file("b"), file("c")], VISIBLE)
    assert "superseded_units" not in sql
    assert "/lake/b.parquet" in sql
    assert "/lake/c.parquet" not in sql


def test_a_quote_in_a_path_stays_in_the_path() -> None:
    sql = table_sql("responses", [file("a'")], Visibility.of({"a'"}, []))
    assert "'/lake/a''.parquet'" in sql


def test_files_of_equal_columns_and_filters_are_read_together() -> None:
    sql = table_sql("responses", [file("a"), file("a"), file("b")], VISIBLE)
    assert sql.count("read_parquet") == 2


def test_copies_of_a_document_are_one_row(store: Store) -> None:
    copy = {"item_sha256": "ab", "doc": '{"q": 1}'}
    for part in ("arc", "boolq"):
        row = {"unit_id": unit(part).unit_id, **copy}
        write(store, {"documents": [row], "responses": [response(part, 0)]}, unit(part))
    write(store, {}, unit("arc", "bb"))
    assert values(store, "SELECT doc FROM documents") == ['{"q": 1}']
    assert values(store, "SELECT task FROM responses") == ["boolq"]


def test_of_several_copies_the_key_that_names_a_data_set_counts(store: Store) -> None:
    copy = {"unit_id": unit("arc").unit_id, "item_sha256": "ab"}
    keys = [None, "question", "arc#test#7"]
    write(store, {"documents": [{**copy, "item_key": key} for key in keys]}, unit("arc"))
    assert values(store, "SELECT item_key FROM documents") == ["arc#test#7"]
