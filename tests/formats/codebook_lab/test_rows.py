from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from evalhouse.assessment.results import Assessment, FieldResult, Human, ScoreLine
from evalhouse.formats.codebook_lab import layout
from evalhouse.formats.codebook_lab.rows import class_rows, long_rows, runs_row
from evalhouse.formats.codebook_lab.scores import decode_scores
from evalhouse.formats.codebook_lab.tidy import cell, read_table
from tests.formats.codebook_lab.samples import FOLDERS, RUNS, needs_samples


def read_lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


LINE = ScoreLine(
    metric="f1_macro",
    value=0.5,
    n=24,
    low=0.25,
    high=0.75,
    level=0.95,
    method="percentile bootstrap",
    stderr=0.125,
    note="two rows without gold",
    unit="proportion",
    higher_is_better=True,
)
RESULT = FieldResult(
    column="Stance_Direction",
    kind="dropdown",
    rows=30,
    applicable=24,
    headline=("f1_macro",),
    scores=(LINE, ScoreLine(metric="cohen_kappa", value=None, n=0, note="no unit")),
    classes=(ScoreLine(metric="recall", value=1.0, n=4, label="for"),),
    statuses={"ok": 20, "refused": 1, "invalid": 2, "not_applicable": 7, "failed": 1},
    humans=(Human(first="model", second="coder_a", scores=(LINE,)),),
    warnings=("a warning",),
)
ASSESSMENT = Assessment(
    task="t",
    ground_truth_sha256="1" * 64,
    codebook_hash="2" * 64,
    definition="evalhouse",
    matched=30,
    fields=(RESULT,),
)


def test_scores_are_read_as_an_assessment_is_written() -> None:
    scores = decode_scores(msgspec.json.encode(ASSESSMENT))
    assert (scores.task, scores.definition, scores.matched) == ("t", "evalhouse", 30)
    assert (scores.ground_truth_sha256, scores.codebook_hash) == ("1" * 64, "2" * 64)
    (field,) = scores.fields
    assert field.primary is not None
    assert field.primary.value == LINE.value
    assert field.failed == 4
    for own in (field.scores[0], field.humans[0].scores[0]):
        theirs = msgspec.structs.asdict(LINE)
        assert msgspec.structs.asdict(own) == theirs


def test_a_value_is_a_row_with_all_that_is_known_of_it() -> None:
    first, second = long_rows("a", decode_scores(msgspec.json.encode(ASSESSMENT)))
    assert set(first) == set(layout.LONG_COLUMNS)
    assert list(first.values()) == [
        *("a", "Stance_Direction", "dropdown", "f1_macro", 0.5, 0.25, 0.75, 0.95),
        *("percentile bootstrap", 0.125, 24, True, "proportion", "evalhouse"),
        *("two rows without gold", True),
    ]
    assert (second["value"], second["note"], second["is_headline"]) == (None, "no unit", False)


def test_a_class_is_a_row_with_its_label() -> None:
    (row,) = class_rows("a", decode_scores(msgspec.json.encode(ASSESSMENT)))
    assert set(row) == set(layout.CLASS_COLUMNS)
    assert (row["class"], row["metric"], row["value"], row["n"]) == ("for", "recall", 1.0, 4)


def test_a_name_that_stands_twice_gives_one_row() -> None:
    twice = msgspec.structs.replace(RESULT, scores=(LINE, msgspec.structs.replace(LINE, value=0.0)))
    scores = msgspec.structs.replace(ASSESSMENT, fields=(twice,))
    rows = list(long_rows("a", decode_scores(msgspec.json.encode(scores))))
    assert [row["value"] for row in rows] == [0.5]


def test_a_run_is_a_row_with_every_setting_and_total() -> None:
    config = {key: f"{key} set" for key in (*layout.CONFIG_KEYS, *layout.OWN_CONFIG_KEYS)}
    timing = {
        key: 10 * number
        for number, key in enumerate((*layout.TIMING_KEYS, *layout.OWN_TIMING_KEYS), 1)
    }
    row = runs_row(
        config | {"started_at": "2026-03-04T05:06:07+02:00", "prompt_hashes": {"A_b": "0"}},
        timing=timing,
        characters={"input_chars": 100, "output_chars": 10, "reasoning_chars": 7},
        emissions=[
            {"energy_consumed": "0.5", "emissions": "0.25", "cpu_model": "old"},
            {"energy_consumed": "1.5", "emissions": "", "cpu_model": "new", "gpu_model": "H200"},
        ],
        folder="outputs/t/aaaaaaaa",
    )
    assert set(row) == set(layout.RUNS_COLUMNS)
    assert {name for name, found in row.items() if cell(found) == ""} == set()
    assert row["timestamp"] == "2026-03-04_03-06-07"
    assert (row["n_queries"], row["requests"], row["seconds_to_first_token"]) == (20, 40, 130)
    assert (row["total_energy_kwh"], row["avg_energy_kwh_per_query"]) == (2.0, 0.1)
    assert (row["cpu_model"], row["gpu_model"]) == ("new", "H200")
    assert cell(row["prompt_hashes"]) == '{"A_b":"0"}'


def test_what_was_not_measured_is_empty() -> None:
    row = runs_row({"run_id": "a", "model": "m", "prompt_type": "CoT", "process_span": False})
    told = {name: cell(found) for name, found in row.items() if cell(found)}
    assert told == {
        "run_id": "a",
        "model": "m",
        "model_id": "m_CoT",
        "prompt_type": "CoT",
        "process_span": "false",
    }


@needs_samples
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_row_of_a_genuine_run_is_made_again_from_its_folder(folder: Path) -> None:
    def read(name: str) -> Any:
        return json.loads((folder / name).read_text())

    config = read(layout.CONFIG)
    written = next(row for row in read_table(RUNS).rows() if row["run_id"] == config["run_id"])
    row = runs_row(
        config,
        timing=read(layout.TIMING),
        characters=read(layout.CHARACTERS),
        emissions=list(csv.DictReader(read_lines(folder / layout.EMISSIONS))),
        folder=written["experiment_directory"],
    )
    # Nothing in the folder says these.
    unknown = {"timestamp", "label", "quantization_type", "codebook_path"}
    assert {name: cell(row[name]) for name in layout.RUNS_HEADER if name not in unknown} == {
        name: text for name, text in written.items() if name not in unknown
    }
