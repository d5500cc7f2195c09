from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from evalhouse.schema import CATALOG_TABLES
from tests.cli.conftest import Evalhouse


def test_all_tables_are_listed_with_what_they_refer_to(call: Evalhouse) -> None:
    done = call("schema")
    assert done.code == 0
    assert all(f"\n{table.name} " in done.out for table in CATALOG_TABLES)
    assert f"{len(CATALOG_TABLES)} tables" in done.out


def test_one_table_is_shown_with_all_that_holds_of_it(call: Evalhouse) -> None:
    out = call("schema", "run_model_metrics").out
    assert "from 0 to 1" in out
    assert "task_id, prompt_id → prompts (task_id, prompt_id)" in out
    assert "indexes:\n  task_id\n" in out
    assert "unique:\n  short_id\n" in (runs := call("schema", "runs").out)
    assert "referred to by:\n  runs (supersedes)\n" in runs


def test_statements_can_be_run_as_they_are_printed(call: Evalhouse) -> None:
    out = call("schema", "--sql", "sqlite").out
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(out)
    one = call("schema", "gpu_tflops", "--sql", "postgresql").out
    assert one.startswith("-- gpu_tflops: one row per peak rate")
    assert "gpu_hardware_id UUID NOT NULL" in one


def test_the_schema_is_drawn_and_told_as_data(call: Evalhouse) -> None:
    assert call("schema", "--diagram").out.startswith("erDiagram\n    house_settings {\n")
    assert "runs }o--o| publishers" in call("schema", "runs", "--diagram").out
    assert [table["name"] for table in call("schema", "--json").json] == [
        table.name for table in CATALOG_TABLES
    ]
    assert call("schema", "creators", "--json").json[0]["unique"] == [["name"]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("creator",), "no table of the catalog is called `creator`; did you mean `creators`"),
        (("responses",), "is a table of the lake, which has no keys"),
        (("--json", "--diagram"), "exclude each other; give one"),
        (("--sql", "sqlite", "--json"), "exclude each other; give one"),
    ],
)
def test_what_cannot_be_shown_is_told_in_a_sentence(
    call: Evalhouse, words: tuple[str, ...], message: str
) -> None:
    done = call("schema", *words)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert len(done.err.strip().splitlines()) == 1
