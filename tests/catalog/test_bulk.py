"""Many rows at once become what the same rows one by one become."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from evalhouse.catalog import Catalog, bulk
from evalhouse.errors import HouseError
from evalhouse.records import Cell, Creator, Entity, Model, PromptText, Source
from tests.catalog.samples import cell, commit, everything, rows, sample, unit

AWKWARD = "tab\t, line\nand\rreturn, \\N, \\. and \\, quotes '\" and é\u2028🙂"


@pytest.fixture(autouse=True)
def _many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take even one row for many, and few at once."""
    monkeypatch.setattr(bulk, "FEW", 0)
    monkeypatch.setattr(bulk, "_AT_ONCE", 3)
    monkeypatch.setattr(bulk, "_SPELT", 2)
    monkeypatch.setattr(bulk, "_IDS", 2)


def _changed(record: type[Entity], **values: Any) -> Any:
    return msgspec.structs.replace(sample(record), **values)


def _contents(catalog: Catalog) -> dict[str, list[dict[str, Any]]]:
    tables = sorted({type(row).table for row in everything()})
    return {table: rows(catalog, table) for table in tables}


def test_every_table_holds_what_it_holds_row_by_row(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(catalog, everything())
    at_once = _contents(catalog)
    monkeypatch.setattr(bulk, "FEW", 10**6)
    commit(catalog, everything())  # a row that would change is changed, so none may
    assert _contents(catalog) == at_once
    assert any(row["model_id"] == sample(Model).model_id for row in at_once["models"])


def test_rows_of_one_batch_meet_as_rows_of_two_do(catalog: Catalog) -> None:
    later = [_changed(Source, uri="last"), _changed(Creator, name="late")]
    commit(catalog, [*everything(), *later])
    assert [row["uri"] for row in rows(catalog, "sources") if row["uri"] == "last"] == ["last"]
    assert "late" not in {row["name"] for row in rows(catalog, "creators")}


def test_rows_that_are_there_meet_the_policy_of_their_table(catalog: Catalog) -> None:
    commit(catalog, [*everything(), cell(None, 0.25, n_items=3)])
    commit(catalog, [_changed(Source, uri="last"), cell(None, 0.75)])
    assert "last" in {row["uri"] for row in rows(catalog, "sources")}
    key = {name: getattr(cell(None, 0.75), name) for name in ("run_id", "prompt_id", "model_id")}
    found = [row for row in rows(catalog, Cell.table) if key.items() <= row.items()]
    assert [(row["score"], row["n_items"]) for row in found] == [(0.75, None)]


def test_children_may_come_before_their_parents(catalog: Catalog) -> None:
    commit(catalog, everything()[::-1])
    assert len(rows(catalog, "tasks")) >= 1


def test_text_comes_back_as_it_was(catalog: Catalog) -> None:
    texts = [AWKWARD, "", "\\N", "\\.", "plain"]
    entities = [
        PromptText(prompt_hash=f"{place}" * 64, prompt_text=text)
        for place, text in enumerate(texts)
    ]
    commit(catalog, entities)
    found = {row["prompt_hash"]: row["prompt_text"] for row in rows(catalog, "prompt_texts")}
    assert [found[entity.prompt_hash] for entity in entities] == texts


def test_a_row_that_breaks_a_rule_stops_the_batch(catalog: Catalog) -> None:
    lost = "00000000-0000-0000-0000-000000000000"
    with pytest.raises(HouseError):
        commit(catalog, [sample(Creator), _changed(Model, creator_id=lost)])
    assert rows(catalog, "models") == []


def test_units_replace_their_results(catalog: Catalog) -> None:
    commit(catalog, everything())
    before = len(rows(catalog, Cell.table))
    mine = unit("mine", "aa")
    commit(catalog, [cell(mine, 0.25)], [mine])
    newer = unit("mine", "bb")
    outcome = commit(catalog, [cell(newer, 0.5)], [newer])
    found = [row["score"] for row in rows(catalog, Cell.table) if row["unit_id"] == mine.unit_id]
    assert (outcome.replaced, found) == (1, [0.5])
    commit(catalog, [], retired=[mine.unit_id])
    after = [row for row in rows(catalog, Cell.table) if row["unit_id"] == mine.unit_id]
    assert after == []
    assert len(rows(catalog, Cell.table)) <= before
