"""Every row of the hazard table comes out right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from evalhouse.formats.base import Limits
from tests.formats.conftest import Read, read_folder
from tests.formats.hazards import HAZARDS, Hazard

if TYPE_CHECKING:
    from pathlib import Path

_TABLES = {"predictions": "responses", "requests": "requests", "recorded-inputs": "inputs"}
_READING = {
    "truncated_line",
    "not_json",
    "not_an_object",
    "not_utf8",
    "too_long_line",
    "cut_compression",
    "duplicate_key",
    "not_line_delimited",
    "repeated_doc",
    "unexpected_row",
}
_SOUND = (
    b'{"doc_id": 0, "native_id": "sound", "metrics": {"acc_raw": 1}, '
    b'"model_output": [{"sum_logits": -1.5}], "label": 0, "task_hash": "2", "model_hash": "1"}\n'
)


def _read(hazard: Hazard, folder: Path) -> Read:
    """Read the file beside a sound one: damage is judged in company."""
    dump = folder / "2025-11-03_posttrain" / "_eval_results" / "o_m__main"
    dump.mkdir(parents=True)
    (dump / hazard.file).write_bytes(hazard.data)
    (dump / "task-099-sound-predictions.jsonl").write_bytes(_SOUND)
    limits = Limits(longest_line=hazard.line_limit) if hazard.line_limit else None
    return read_folder(folder, limits=limits)


def _rows(hazard: Hazard, read: Read) -> list[dict[str, Any]]:
    table = read.tables[_TABLES[hazard.family or "predictions"]]
    names = {row["source_file_id"] for row in table if row["native_id"] != "sound"}
    return [row for row in table if row["source_file_id"] in names]


ROW_HAZARDS = [hazard for hazard in HAZARDS if hazard.family in _TABLES]


@pytest.mark.parametrize("hazard", ROW_HAZARDS, ids=lambda hazard: hazard.name)
def test_every_row_of_a_damaged_or_drifting_file_is_right(hazard: Hazard, tmp_path: Path) -> None:
    read = _read(hazard, tmp_path)
    rows = _rows(hazard, read)
    assert len(rows) == hazard.count
    by_line = {row["line"]: row for row in rows}
    for expected in hazard.rows:
        row = by_line[expected.line]
        assert {name: row.get(name) for name in expected.values} == dict(expected.values)
        assert expected.may_keep_text or row["text"] == expected.text


@pytest.mark.parametrize("hazard", ROW_HAZARDS, ids=lambda hazard: hazard.name)
def test_every_problem_is_reported_with_its_place_and_bytes(hazard: Hazard, tmp_path: Path) -> None:
    found = [problem for problem in _read(hazard, tmp_path).problems if problem.kind in _READING]
    assert hazard.may_report_more or len(found) == len(hazard.problems)
    for expected in hazard.problems:
        same = [problem for problem in found if problem.kind == expected.kind]
        assert expected.severity in {problem.severity for problem in same}
        for name, value in (
            ("line", expected.line),
            ("byte_offset", expected.byte_offset),
            ("bytes", expected.data),
        ):
            assert value is None or value in {getattr(problem, name) for problem in same}


@pytest.mark.parametrize(
    "hazard",
    [hazard for hazard in HAZARDS if hazard.family is None],
    ids=lambda hazard: hazard.name,
)
def test_what_is_no_row_file_is_not_read_as_one(hazard: Hazard, tmp_path: Path) -> None:
    read = _read(hazard, tmp_path)
    families = {claim.family for claim in read.claims if claim.file.name == hazard.file}
    assert families <= {"verbose-metrics", "vestige", "summary", "config"}
    assert len(read.tables["responses"]) == 1


@pytest.mark.parametrize(
    "hazard",
    [hazard for hazard in HAZARDS if hazard.family == "record"],
    ids=lambda hazard: hazard.name,
)
def test_a_drifting_record_is_right(hazard: Hazard, tmp_path: Path) -> None:
    rows = _read(hazard, tmp_path).tables["records"]
    assert len(rows) == hazard.count
    for expected in hazard.rows:
        assert {name: rows[0].get(name) for name in expected.values} == dict(expected.values)
