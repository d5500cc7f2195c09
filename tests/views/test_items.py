from __future__ import annotations

import json
from pathlib import Path

import pytest

from evalhouse.errors import UnknownNameError
from evalhouse.house import House
from evalhouse.views.items import Item, item

ROOT = Path(__file__).parents[2]
LLAMA = "meta-llama/Llama-3.1-8B main 2025-11-03_posttrain"
TASK = "boolq:rc::olmes"


def _item(house: House, doc: str | int = 1) -> Item:
    with house.store.reader() as reader:
        return item(reader, LLAMA, TASK, doc)


def _source(found: Item, table: str) -> dict[str, object]:
    """Return the first line that an item was read from."""
    evidence = next(each for each in found.evidence if each.table == table)
    assert evidence.path is not None
    lines = Path(evidence.path).read_text("utf-8").splitlines()
    parsed: dict[str, object] = json.loads(lines[evidence.lines[0] - 1])
    return parsed


def test_an_item_is_what_its_lines_say(examples: House) -> None:
    found = _item(examples)
    prediction, request = _source(found, "responses"), _source(found, "requests")
    assert (prediction["doc_id"], prediction["native_id"]) == (found.doc_id, found.native_id)
    assert json.loads(found.model_output or "") == prediction["model_output"]
    assert json.loads(found.metrics or "") == prediction["metrics"]
    assert json.loads(found.requests or "")[0]["request"] == request["request"]
    assert json.loads(found.doc or "") == request["doc"]


def test_an_item_knows_its_model_and_run(examples: House) -> None:
    found = _item(examples)
    assert (found.model, found.revision, found.run_label) == (
        "meta-llama/Llama-3.1-8B",
        "main",
        LLAMA,
    )


def test_a_recorded_input_belongs_to_its_item(examples: House) -> None:
    found = _item(examples, 0)
    assert json.loads(found.inputs or "")
    assert {each.table for each in found.evidence} == {"responses", "requests", "inputs"}


def test_an_item_is_known_by_its_id_in_the_data_set(examples: House) -> None:
    found = _item(examples)
    assert found.native_id is not None
    assert _item(examples, found.native_id).doc_id == found.doc_id


@pytest.mark.parametrize("doc", ["17", "Boolq_100", "9" * 30, "-1"])
def test_an_unknown_item_is_refused(examples: House, doc: str) -> None:
    with pytest.raises(UnknownNameError, match="no item of this task"):
        _item(examples, doc)


def test_an_item_turns_into_plain_data(examples: House) -> None:
    plain = _item(examples).as_dict()
    assert plain["evidence"][0].keys() == {"table", "lines", "path", "places"}
