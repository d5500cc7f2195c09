from __future__ import annotations

import json
import re

import msgspec
import pytest

from evalhouse.errors import UnknownNameError
from evalhouse.schema import CATALOG_TABLES, TABLES
from evalhouse.schema.diagram import diagram
from evalhouse.schema.relations import (
    Reference,
    checks_of,
    described,
    neighbours,
    references_of,
    references_to,
    uniques_of,
)

RELATION = re.compile(r'^    (\w+) \}o--(\|\||o\|) (\w+) : "([\w, ]+)"$', re.MULTILINE)
ATTRIBUTE = re.compile(r"^        [a-z]+ (\w+)( (PK|FK|UK)(, (PK|FK|UK))*)?( \"[^\"]+\")?$")


def test_references_of_one_and_of_several_columns_are_told() -> None:
    found = references_of(TABLES["run_model_metrics"])
    assert Reference("run_model_metrics", ("run_id",), "runs", ("run_id",), True) in found
    both = ("task_id", "prompt_id")
    assert found[-1] == Reference("run_model_metrics", both, "prompts", both, True)
    assert not references_of(TABLES["runs"])[0].required


def test_a_table_knows_who_refers_to_it() -> None:
    assert [(each.table, each.columns) for each in references_to("sources")] == [
        ("files", ("source_id",)),
        ("run_sources", ("source_id",)),
    ]
    assert neighbours("run_sources") == ("sources", "runs")
    assert neighbours("runs")[0] == "publishers"
    assert "runs" not in neighbours("runs")  # which refers to itself


def test_checks_are_told_in_words() -> None:
    checks = checks_of(TABLES["run_model_metrics"])
    assert checks["score"] == "from 0 to 1"
    assert checks["n_items"] == "at least 0"
    assert checks["origin"] == "one of reported, recomputed"
    assert "run_id" not in checks


def test_uniques_are_those_of_one_column_and_of_several() -> None:
    assert uniques_of(TABLES["runs"]) == (("short_id",),)
    assert uniques_of(TABLES["prompts"])[0] == ("task_id", "prompt_hash")


@pytest.mark.parametrize("table", CATALOG_TABLES, ids=lambda table: table.name)
def test_a_table_is_described_whole(table: object) -> None:
    known = TABLES[getattr(table, "name", "")]
    told = json.loads(msgspec.json.encode(described(known)))
    assert [column["name"] for column in told["columns"]] == list(known.by_name)
    assert told["key"] == list(known.keys)
    assert len(told["references"]) == len(references_of(known))


def test_the_diagram_has_every_table_and_every_reference_once() -> None:
    text = diagram()
    assert text.startswith("erDiagram\n")
    assert re.findall(r"^    (\w+) \{$", text, re.MULTILINE) == [t.name for t in CATALOG_TABLES]
    drawn = [(a, b, names) for a, _, b, names in RELATION.findall(text)]
    assert drawn == [
        (each.table, each.target, ", ".join(each.columns))
        for table in CATALOG_TABLES
        for each in references_of(table)
    ]


@pytest.mark.parametrize("name", [None, "models", "system_gpu_links"])
def test_every_line_of_a_diagram_is_one_that_mermaid_knows(name: str | None) -> None:
    for line in diagram(name).splitlines()[1:]:
        known = (
            re.fullmatch(r"    (\w+ \{|\})", line) or RELATION.match(line) or ATTRIBUTE.match(line)
        )
        assert known, line


def test_a_reference_that_may_be_empty_is_drawn_so() -> None:
    text = diagram()
    assert 'models }o--o| creators : "creator_id"' in text
    assert 'run_sources }o--|| runs : "run_id"' in text


def test_one_table_is_drawn_whole_among_its_neighbours() -> None:
    text = diagram("models")
    assert 'integer weights_bytes "size of the weights, in bytes"' in text
    assert "text provider" in text
    assert "task_members" not in text
    assert "runs }o" not in text  # a neighbour's other references are left out
    with pytest.raises(UnknownNameError, match="no table of the catalog is called `model`"):
        diagram("model")
