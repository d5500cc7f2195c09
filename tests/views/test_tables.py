from __future__ import annotations

import pytest

from evalhouse.errors import UnknownNameError
from evalhouse.schema import TABLES
from evalhouse.store import VIEWS, Store
from evalhouse.views.tables import table, tables


@pytest.mark.parametrize("name", sorted({*TABLES, *VIEWS}))
def test_a_table_is_told_as_a_query_sees_it(store: Store, name: str) -> None:
    with store.reader() as reader:
        seen = reader.sql(f"select * from {name} limit 0").column_names
    assert [column.name for column in table(name).columns] == seen


def test_every_table_and_view_is_listed_once() -> None:
    listed = [line.name for line in tables().tables]
    assert sorted(listed) == sorted({*TABLES, *VIEWS})


def test_every_column_has_a_meaning() -> None:
    assert all(column.meaning for line in tables().tables for column in table(line.name).columns)


def test_a_column_is_told_with_its_values_and_references() -> None:
    rows = {row["column"]: row for row in table("run_model_metrics").to_arrow().to_pylist()}
    assert rows["origin"]["values"] == "reported, recomputed"
    assert rows["run_id"]["references"] == "runs.run_id"
    assert rows["n_items"]["unit"] == "items"


def test_the_list_turns_into_arrow() -> None:
    assert tables().to_arrow().column("name").to_pylist()[0] == "house_settings"


def test_an_unknown_table_gets_close_ones() -> None:
    with pytest.raises(UnknownNameError, match="did you mean `responses`"):
        table("response")
