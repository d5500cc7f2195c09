from __future__ import annotations

from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from evalhouse.errors import UsageError
from evalhouse.metrics.generation import maj_at_k
from evalhouse.metrics.raters import krippendorff_alpha, rate
from evalhouse.metrics.rows import rows_of

COLUMNS = {"c1": ["a", "b", "a"], "c2": ["a", "a", None]}
TABLES = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}


@pytest.mark.parametrize("library", TABLES)
def test_a_table_of_any_library_gives_its_rows_and_not_its_columns(library: str) -> None:
    rows = rows_of(TABLES[library](COLUMNS))
    assert [row[0] for row in rows] == ["a", "b", "a"]
    assert [row[1] for row in rows[:2]] == ["a", "a"]


@pytest.mark.parametrize("library", TABLES)
def test_ratings_of_a_table_are_those_of_its_rows(library: str) -> None:
    expected = krippendorff_alpha([["a", "a"], ["b", "a"], ["a", None]], "nominal")
    assert krippendorff_alpha(TABLES[library](COLUMNS), "nominal") == expected


@pytest.mark.parametrize("rows", [["ab", "ba"], [{"x": 1}, {"x": 2}], [["a"], None]])
def test_a_row_that_is_no_list_is_refused(rows: Any) -> None:
    for read in (rate, rows_of, lambda table: maj_at_k(["a", "b"], table, 1)):
        with pytest.raises(UsageError, match="each row of a table is a list"):
            read(rows)


def test_ratings_that_have_no_squares_are_refused() -> None:
    with pytest.raises(UsageError, match="ratings are below 1e"):
        krippendorff_alpha([[1, 1], [2, float("inf")]], "interval")
