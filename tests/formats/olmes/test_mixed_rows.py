"""Rows of one file need not be alike."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.formats.conftest import read_folder

if TYPE_CHECKING:
    from pathlib import Path


def _row(number: int, output: list[dict[str, Any]]) -> str:
    row = {
        "doc_id": number,
        "native_id": number,
        "metrics": {"acc_raw": 1},
        "model_output": output,
        "label": 0,
        "task_hash": "a",
        "model_hash": "b",
    }
    return json.dumps(row) + "\n"


def test_one_odd_output_does_not_hide_the_choices_of_other_items(tmp_path: Path) -> None:
    scored = [{"sum_logits": -1.0, "num_tokens": 2}, {"sum_logits": -2.0, "num_tokens": 1}]
    said = [{"continuation": "text"}]
    lines = [_row(0, said), _row(1, scored), _row(2, said), _row(3, scored)]
    (tmp_path / "task-000-t-predictions.jsonl").write_text("".join(lines))
    read = read_folder(tmp_path)
    choices = {(row["doc_id"], row["choice"]): row["sum_logits"] for row in read.tables["choices"]}
    assert choices == {(1, 0): -1.0, (1, 1): -2.0, (3, 0): -1.0, (3, 1): -2.0}
    outputs = {row["doc_id"]: row["model_output"] for row in read.tables["responses"]}
    assert outputs == {0: json.dumps(said), 1: None, 2: json.dumps(said), 3: None}
