from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from evalhouse.formats.files import HEAD_BYTES, FoundFile, walk
from evalhouse.formats.olmes.recognise import recognise
from tests.formats.olmes.made import task_value

PREDICTION = {"doc_id": 0, "native_id": 0, "metrics": {}, "model_output": []}
REQUEST = {"request_type": "a", "doc": {}, "request": {}, "idx": 0, "task_name": "t", "doc_id": 0}
INPUT = {"doc": {}, "task_name": "t", "doc_id": 0, "native_id": 0, "requests": []}
CONFIG = {"task_name": "t", "task_core": "t", "metadata": {}}
SUMMARY = {"all_primary_scores": ["t: 0.5"], "tasks": [], "model_config": {}}
LONG = "x" * (2 * HEAD_BYTES)


def families(folder: Path) -> dict[str, str]:
    files = [item for item in walk([folder]) if isinstance(item, FoundFile)]
    return {claim.file.name: claim.family for claim in recognise(files)}


def family(folder: Path, name: str, data: bytes) -> str | None:
    (folder / name).write_bytes(data)
    return families(folder).get(name)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (PREDICTION, "predictions"),
        (REQUEST, "requests"),
        (INPUT, "recorded-inputs"),
        (CONFIG, "config"),
        (SUMMARY, "summary"),
        ({"metrics": [{"task": "t", "acc": 1}]}, "summary"),
        ({"token_count_avg_logits_by_domain": {}}, "verbose-metrics"),
        ({"metrics": [{"task": "t"}], "date": "2024"}, None),
        ({"doc_id": 0, "metrics": {}}, None),
        ({"task_name": "t", "metrics": [1]}, None),
    ],
)
@pytest.mark.parametrize("name", ["anything.json", "else.jsonl", "task-000-t-predictions.jsonl"])
def test_content_says_what_a_file_is_whatever_its_name(
    value: Any, expected: str | None, name: str, tmp_path: Path
) -> None:
    assert family(tmp_path, name, json.dumps(value).encode()) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"doc_id": 0, "native_id": "n", "metrics": {"text": LONG}}, "predictions"),
        ({"request_type": "generate_until", "doc": {"text": LONG}}, "requests"),
        ({"task_name": "t", "task_hash": "0", "metrics": {"text": LONG}}, "metrics"),
        ({"task_name": "t", "task_core": "t", "metadata": LONG}, "config"),
        ({"all_primary_scores": [LONG]}, "summary"),
        ({"token_count_avg_logits_by_domain": {"a": LONG}}, "verbose-metrics"),
        ({"anything": LONG}, None),
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_a_file_of_any_length_is_known_by_its_first_keys(
    value: Any, expected: str | None, indent: int | None, tmp_path: Path
) -> None:
    data = json.dumps(value, indent=indent).encode()
    assert family(tmp_path, "task-000-t-metrics.json", data) == expected


@pytest.mark.parametrize(
    ("name", "count", "expected"),
    [
        ("metrics-all.jsonl", 1, "metrics-all"),
        ("metrics-all.jsonl", 2, "metrics-all"),
        ("task-000-t-metrics.json", 1, "metrics"),
        ("old-records.jsonl", 2, "metrics-all"),
        ("one.json", 1, "metrics"),
    ],
)
def test_a_tasks_own_record_is_told_from_those_of_a_launch(
    name: str, count: int, expected: str, tmp_path: Path
) -> None:
    lines = "".join(json.dumps(task_value(f"t{n}")) + "\n" for n in range(count))
    assert family(tmp_path, name, lines.encode()) == expected


@pytest.mark.parametrize(
    "pack",
    [bytes, lambda data: b"\xef\xbb\xbf" + data, gzip.compress, zstandard.compress],
)
def test_marked_and_packed_files_are_recognised(pack: Any, tmp_path: Path) -> None:
    assert family(tmp_path, "a.jsonl", pack(json.dumps(PREDICTION).encode())) == "predictions"


def test_a_vestige_of_key_names_is_known(tmp_path: Path) -> None:
    vestige = b'"all_primary_scores"\n"tasks"\n"model_config"\n'
    assert family(tmp_path, "metrics.jsonl", vestige) == "vestige"
    assert family(tmp_path, "metrics.jsonl", b'"a text"\n') is None


def test_a_damaged_file_counts_by_its_name_only_beside_a_sound_one(tmp_path: Path) -> None:
    damaged = "task-000-t-predictions.jsonl"
    assert family(tmp_path, damaged, b"\xff\xff") is None
    (tmp_path / "task-001-u-predictions.jsonl").write_text(json.dumps(PREDICTION))
    assert families(tmp_path)[damaged] == "predictions"


def test_files_of_other_endings_are_never_opened(tmp_path: Path) -> None:
    assert family(tmp_path, "task-000-t-predictions.txt", json.dumps(PREDICTION).encode()) is None
