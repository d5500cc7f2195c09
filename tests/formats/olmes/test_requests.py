from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.formats.olmes.requests import Twins
from tests.formats.conftest import Read, read_folder

Row = dict[str, Any]
SOUND: Row = {
    "request_type": "loglikelihood",
    "doc": {"question": "q"},
    "request": {"context": "Q: q\nA:", "continuation": " a"},
    "idx": 0,
    "task_name": "t",
    "doc_id": 0,
    "native_id": "n",
    "label": 0,
}


def request(doc_id: int = 0, **changes: Any) -> Row:
    return {**SOUND, "doc_id": doc_id, "doc": {"question": f"q{doc_id % 1000}"}, **changes}


def read(folder: Path, *lines: Row | str, family: str = "requests") -> Read:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path = folder / f"task-000-t-{family}.jsonl"
    path.write_text("".join(f"{text}\n" for text in texts))
    return read_folder(folder)


# -- twins ---------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 5000), max_size=20), st.sampled_from([10_000, 1_000_000]))
def test_declared_twins_are_folded_onto_their_documents(items: list[int], offset: int) -> None:
    numbers = np.array([*items, *(item + offset for item in items)], np.int64)
    folded, are_twins = Twins(offset).fold(numbers, numbers)
    assert folded.tolist() == items * 2
    assert are_twins.tolist() == [False] * len(items) + [True] * len(items)


@given(st.integers(1, 8), st.integers(1, 20))
def test_undeclared_twins_are_known_by_their_equal_documents(count: int, chunk: int) -> None:
    twins, offset = Twins(None), 1_000_000
    numbers = [*range(count), *range(offset, offset + count)]
    found: list[int] = []
    for start in range(0, len(numbers), chunk):
        part = np.array(numbers[start : start + chunk], np.int64)
        found += twins.fold(part, part % offset)[0].tolist()
    assert found == [*range(count), *range(count)]
    assert (twins.offset, twins.inferred) == (offset, True)


@pytest.mark.parametrize(
    ("items", "firsts"),
    [
        ([0, 1, 0, 1], [0, 1, 0, 1]),  # several requests of one document
        ([0, 1, 2, 3], [0, 1, 0, 1]),  # equal documents side by side
        ([0, 1, 9000], [0, 1, 0]),  # an offset that is too small
        ([0, 1, 1_000_001], [0, 1, 0]),  # an offset that is not round
        ([0, 20_000, 10_000], [0, 20_000, 0]),  # an offset within the numbers
    ],
)
def test_other_repetitions_are_no_twins(items: list[int], firsts: list[int]) -> None:
    twins = Twins(None)
    folded, are_twins = twins.fold(np.array(items), np.array(firsts))
    assert folded.tolist() == items
    assert not are_twins.any()
    assert not twins.inferred


def test_twins_are_rows_of_their_documents_and_told(tmp_path: Path) -> None:
    rows = [request(number) for number in range(3)]
    rows += [request(1_000_000 + number) for number in range(3)]
    found = read(tmp_path, *rows)
    table = [
        (row["doc_id"], row["source_doc_id"], row["unconditioned"])
        for row in found.tables["requests"]
    ]
    assert table == [
        *((number, number, False) for number in range(3)),
        *((number, 1_000_000 + number, True) for number in range(3)),
    ]
    assert "undeclared_twins" in {problem.kind for problem in found.problems}
    assert len(found.tables["documents"]) == 3


# -- columns -------------------------------------------------------------------------------------


def test_a_request_is_its_columns(tmp_path: Path) -> None:
    (row,) = read(tmp_path, request(7, idx=12, label="A", native_id=None)).tables["requests"]
    assert (row["doc_id"], row["idx"], row["request_type"]) == (7, 12, "loglikelihood")
    assert row["request"] == json.dumps(SOUND["request"])
    assert (row["label"], row["label_kind"]) == ("A", "text")
    assert (row["native_id"], row["native_id_kind"], row["text"]) == (None, "null", None)


@pytest.mark.parametrize(
    ("spelled", "held"),
    [
        *(("0", 0), ("9", 9), ("10", 10), ("-1", -1), ("-0", None), ("1.0", None), ("1e2", None)),
        *(("null", None), ('"1"', None), ("[1]", None), ("true", None)),
        *(("9" * 18, int("9" * 18)), ("9" * 19, None)),
    ],
)
def test_an_index_is_a_whole_number_or_its_line_is_kept(
    spelled: str, held: int | None, tmp_path: Path
) -> None:
    line = json.dumps(request(0, idx="@")).replace('"@"', spelled)
    for others in ([], [request(1)]):
        row = read(tmp_path, line, *others).tables["requests"][0]
        assert row["idx"] == held
        assert row["text"] == (line if held is None else None)


@pytest.mark.parametrize("name", ["request_type", "task_name"])
@pytest.mark.parametrize("value", [1, None, ["a"], {"a": 1}, "\x00", "\ud83d"])
def test_a_name_that_is_no_text_keeps_its_line(name: str, value: Any, tmp_path: Path) -> None:
    odd = request(0, **{name: value})
    odd_row, sound = read(tmp_path, odd, request(1)).tables["requests"]
    assert odd_row["text"] == json.dumps(odd)
    assert sound["text"] is None


def test_predictions_find_the_document_of_their_request(tmp_path: Path) -> None:
    prediction = {"doc_id": 1, "native_id": 0, "metrics": {}, "model_output": []}
    (tmp_path / "task-000-t-predictions.jsonl").write_text(json.dumps(prediction) + "\n")
    found = read(tmp_path, request(0), request(1))
    (response,) = found.tables["responses"]
    assert response["item_sha256"] == found.tables["requests"][1]["item_sha256"]
    documents = {row["item_sha256"]: row["doc"] for row in found.tables["documents"]}
    assert documents[response["item_sha256"]] == '{"question": "q1"}'


def test_recorded_inputs_count_attempts_and_keep_lines_that_lack_requests(tmp_path: Path) -> None:
    row = {"doc": {}, "task_name": "t", "doc_id": 0, "native_id": 0, "requests": [{"context": "a"}]}
    lacking = {name: value for name, value in row.items() if name != "requests"}
    first, second, third = read(tmp_path, row, row, lacking, family="recorded-inputs").tables[
        "inputs"
    ]
    assert (first["attempt"], second["attempt"], third["attempt"]) == (0, 1, 2)
    assert first["requests"] == '[{"context": "a"}]'
    assert (first["text"], third["text"]) == (None, json.dumps(lacking))
