"""The way back of shared tables: made anew from rows, they are those that went in."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.formats.codebook_lab import layout
from evalhouse.store import Store
from evalhouse.workflows.export_tidy import TidyReport, export_tidy
from evalhouse.workflows.ingest import ingest
from tests.formats.codebook_lab.folders import (
    CERTAIN,
    DIRECTION,
    OTHER_UUID,
    TASK,
    OwnRun,
    write_manifest,
    write_own,
)
from tests.formats.codebook_lab.samples import FOLDERS, LONG, OUTPUTS, RUNS, needs_samples

TRANSIT = "transit-hearing"
NAMES = (layout.long_table, layout.runs_table, layout.classes_table)
Rows = list[dict[str, str]]


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    return tmp_path / "work" / "outputs"


def read(path: Path) -> Rows:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def tables(store: Store, target: Path, task: str = TASK) -> tuple[Rows, Rows, Rows]:
    export_tidy(store, task, target)
    long, runs, classes = (read(target / name(task)) for name in NAMES)
    return long, runs, classes


def by_run(rows: Rows) -> dict[str, dict[str, str]]:
    return {row["run_id"]: row for row in rows}


# -- genuine runs of codebook-lab ----------------------------------------------------------------


@needs_samples
def test_the_values_of_codebook_lab_are_those_of_its_table(store: Store, tmp_path: Path) -> None:
    ingest(store, [OUTPUTS])
    long, _, classes = tables(store, tmp_path / "out", TRANSIT)
    found = [tuple(row[name] for name in layout.LONG_HEADER) for row in long]
    stored = [tuple(row.values()) for row in read(LONG)]
    assert found == sorted(stored, key=lambda row: row[0])  # their names begin with their start
    assert len(found) == 276
    assert classes == []


@needs_samples
def test_the_runs_of_codebook_lab_are_those_of_its_table(store: Store, tmp_path: Path) -> None:
    ingest(store, [OUTPUTS])
    _, runs, _ = tables(store, tmp_path / "out", TRANSIT)
    found = {
        name: {key: row[key] for key in layout.RUNS_HEADER} for name, row in by_run(runs).items()
    }
    assert found == by_run(read(RUNS))
    assert list(found) == sorted(found)


@needs_samples
def test_a_folder_without_tables_tells_all_but_what_codebook_lab_keeps_there(
    store: Store, tmp_path: Path
) -> None:
    shutil.copytree(FOLDERS[0], tmp_path / "alone" / TRANSIT / FOLDERS[0].name)
    ingest(store, [tmp_path / "alone"])
    long, (row,), _ = tables(store, tmp_path / "out", TRANSIT)
    stored = by_run(read(RUNS))[FOLDERS[0].name]
    differing = {name for name, text in stored.items() if row[name] != text}
    assert differing == {"timestamp", "label", "codebook_path", "experiment_directory"}
    assert Path(row["experiment_directory"]).name == FOLDERS[0].name
    assert long == []


# -- runs of ours --------------------------------------------------------------------------------


def test_the_tables_have_the_headers_of_the_shared_ones_and_share_the_run_alone(
    store: Store, outputs: Path, tmp_path: Path
) -> None:
    write_own(outputs)
    ingest(store, [outputs])
    export_tidy(store, TASK, tmp_path / "out")
    headers = [
        tuple((tmp_path / "out" / name(TASK)).read_text().split("\n")[0].split(","))
        for name in NAMES
    ]
    assert headers == [layout.LONG_COLUMNS, layout.RUNS_COLUMNS, layout.CLASS_COLUMNS]
    assert set(headers[0]) & set(headers[1]) == {"run_id"}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        name(TASK) for name in NAMES
    )


def test_scores_of_ours_come_back_with_intervals_classes_and_notes(
    store: Store, outputs: Path, tmp_path: Path
) -> None:
    write_own(outputs)
    ingest(store, [outputs])
    long, _, classes = tables(store, tmp_path / "out")
    stored = [read(outputs / "metrics" / name(TASK)) for name in NAMES]
    known = ("higher_is_better", "unit")  # the house knows them where the scores are silent
    for found, before in ((long, stored[0]), (classes, stored[2])):
        same = [name for name in before[0] if name not in (*known, "is_headline")]
        assert [[row[name] for name in same] for row in found] == [
            [row[name] for name in same] for row in before
        ]
    first = long[0]
    assert (first["ci_low"], first["ci_high"], first["ci_level"]) == ("0.5", "0.875", "0.95")
    assert first["ci_method"] == "percentile bootstrap"
    assert [(row["column"], row["metric"]) for row in long if row["is_headline"] == "True"] == [
        (DIRECTION, "f1_macro"),
        (CERTAIN, "f1_macro"),
    ]
    assert {(row["class"], row["annotation_type"]) for row in classes} == {
        ("for", "dropdown"),
        ("against", "dropdown"),
    }


def test_settings_and_totals_of_ours_come_back(store: Store, outputs: Path, tmp_path: Path) -> None:
    folder = write_own(outputs)
    ingest(store, [outputs])
    _, (row,), _ = tables(store, tmp_path / "out")
    (stored,) = read(outputs / "metrics" / layout.runs_table(TASK))
    characters = {
        name for name in layout.RUNS_COLUMNS if name.endswith(("_chars", "chars_per_query"))
    }
    differing = {name for name, text in stored.items() if row[name] != text}
    assert differing <= characters | {"experiment_directory", "prompt_hashes"}
    assert json.loads(row["prompt_hashes"]) == json.loads(stored["prompt_hashes"])
    assert row["experiment_directory"] == str(folder)
    assert (row["total_input_chars"], row["avg_input_chars_per_query"]) == ("900", "60.0")
    assert (row["n_queries"], row["total_energy_kwh"]) == ("15", "0.004")
    assert row["timestamp"] == "2026-03-04_05-06-07"


def test_runs_stand_in_the_order_of_their_start(
    store: Store, outputs: Path, tmp_path: Path
) -> None:
    write_own(outputs)
    early = {"started_at": "2026-03-03T23:00:00Z"}
    write_own(outputs, OwnRun(uuid=OTHER_UUID, config=early))
    ingest(store, [outputs])
    long, runs, _ = tables(store, tmp_path / "out")
    assert [row["run_id"] for row in runs] == ["bbbbbbbb", "aaaaaaaa"]
    assert list(dict.fromkeys(row["run_id"] for row in long)) == ["bbbbbbbb", "aaaaaaaa"]


def test_a_run_that_was_scored_again_has_its_newest_values_in_the_same_order(
    store: Store, outputs: Path, tmp_path: Path
) -> None:
    folder = write_own(outputs)
    write_own(outputs, OwnRun(uuid=OTHER_UUID))
    ingest(store, [outputs])
    before, *_ = tables(store, tmp_path / "before")
    scores = folder / layout.SCORES
    scores.write_text(scores.read_text().replace("0.75", "0.625"))
    write_manifest(folder)
    ingest(store, [outputs])
    after, *_ = tables(store, tmp_path / "after")
    assert len(after) == len(before)
    assert after[0]["value"] == "0.625"
    names = ("run_id", "column", "metric")
    assert [[row[name] for name in names] for row in after] == [
        [row[name] for name in names] for row in before
    ]


def test_two_runs_with_one_name_are_told_apart(store: Store, outputs: Path, tmp_path: Path) -> None:
    write_own(outputs)
    other = OwnRun(uuid=OTHER_UUID, config={"run_id": "aaaaaaaa"}, has_tables=False)
    write_own(outputs, other)
    ingest(store, [outputs])
    long, runs, _ = tables(store, tmp_path / "out")
    assert {row["run_id"] for row in runs} == {"aaaaaaaa", "bbbbbbbb"}
    assert len(long) == 2 * len([row for row in long if row["run_id"] == "bbbbbbbb"])


def test_runs_of_other_tasks_are_left_out(store: Store, outputs: Path, tmp_path: Path) -> None:
    write_own(outputs)
    write_own(outputs, OwnRun(uuid=OTHER_UUID, config={"task_name": "other"}, has_tables=False))
    ingest(store, [outputs])
    report = export_tidy(store, "other", tmp_path / "out")
    assert isinstance(report, TidyReport)
    assert report.runs == 1
    assert [file.rows for file in report.files] == [5, 1, 2]
    (row,) = read(tmp_path / "out" / "other_metrics_log_runs.csv")
    assert row["run_id"] == "bbbbbbbb"


def test_a_task_without_annotation_runs_is_refused(
    store: Store, outputs: Path, tmp_path: Path
) -> None:
    write_own(outputs)
    ingest(store, [outputs])
    with pytest.raises(UnknownNameError, match=f"did you mean `{TASK}`"):
        export_tidy(store, "tram-leters", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_tables_of_others_are_left_alone(store: Store, outputs: Path, tmp_path: Path) -> None:
    write_own(outputs)
    ingest(store, [outputs])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / layout.long_table(TASK)).write_text("mine\n")
    with pytest.raises(UsageError, match="left as it was"):
        export_tidy(store, TASK, tmp_path / "out")
    assert (tmp_path / "out" / layout.long_table(TASK)).read_text() == "mine\n"
