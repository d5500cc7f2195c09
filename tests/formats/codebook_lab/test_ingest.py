"""Runs in a house: what pages show of them, and what becomes of them when they change."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from evalhouse import ids
from evalhouse.errors import UsageError
from evalhouse.formats.codebook_lab import layout
from evalhouse.formats.codebook_lab.tidy import read_table
from evalhouse.records import SourceFile
from evalhouse.store import Store
from evalhouse.views.contest import Choice
from evalhouse.views.items import item
from evalhouse.views.leaderboard import Leaderboard, leaderboard
from evalhouse.views.pivot import pivot
from evalhouse.views.runs import run_page, task_page
from evalhouse.workflows import ingest as ingesting
from evalhouse.workflows.ingest import ingest
from evalhouse.workflows.keeping import keep
from tests.formats.codebook_lab.folders import (
    CERTAIN,
    DIRECTION,
    OTHER_UUID,
    SUMMARY,
    TASK,
    UUID,
    OwnRun,
    assessment,
    write_manifest,
    write_own,
    write_task,
)
from tests.formats.codebook_lab.samples import FOLDERS, LONG, OUTPUTS, RUNS, needs_samples
from tests.workflows.conftest import content, open_store

TABLES = [
    *("models", "tasks", "prompts", "runs", "run_model_metrics", "metrics", "checks"),
    *("responses", "documents", "labels", "problems"),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "house") as opened:
        yield opened


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    return tmp_path / "work" / "outputs"


def rows(store: Store, query: str) -> list[dict[str, Any]]:
    with store.reader() as reader:
        found: list[dict[str, Any]] = reader.sql(query).to_pylist()
    return found


def test_a_run_of_ours_keeps_its_id_and_is_found_by_its_folder(store: Store, outputs: Path) -> None:
    write_own(outputs)
    assert ingest(store, [outputs]).exit_code == 0
    with store.reader() as reader:
        page = run_page(reader, "aaaaaaaa")
    assert (page.run_id, page.short_id, page.label) == (UUID, "aaaaaaaa", f"{TASK} small:1b")
    assert (page.runner, page.runner_version, page.status) == ("evalhouse", "0.1.0", "complete")
    assert page.started_at is not None
    assert page.started_at.isoformat() == "2026-03-04T05:06:07+00:00"
    assert (page.git_commit, page.config_hash) == ("abc", "c" * 64)
    assert page.settings["chat_mode"] == "per_query"
    assert page.settings[f"prompt_hashes.{DIRECTION}"]
    assert page.checks == {("files", "match"): 11}
    assert page.problems == {}
    found = {result.task: result.score.value for result in page.results}
    assert found == {DIRECTION: 0.75, CERTAIN: None, SUMMARY: None}


def test_cells_say_what_stands_for_a_field_and_how_many_answers_failed(
    store: Store, outputs: Path
) -> None:
    write_own(outputs)
    ingest(store, [outputs])
    found = {
        row["task"]: row
        for row in rows(store, "SELECT * FROM task_scores WHERE task_path LIKE 'tram-letters/%'")
    }
    direction, certain, summary = (found[name] for name in (DIRECTION, CERTAIN, SUMMARY))
    assert [
        direction[name]
        for name in ("primary_metric", "score", "primary_stderr", "unit", "higher_is_better")
    ] == ["f1_macro", 0.75, 0.125, "proportion", True]
    assert (direction["n_items"], direction["items_failed"]) == (6, 0)
    assert (certain["n_items"], certain["items_failed"]) == (3, 1)
    assert certain["value_note"] == "no unit has a gold answer"
    assert (summary["primary_metric"], summary["value_note"]) == (
        None,
        "no metric stands for free text",
    )
    assert {row["parent_path"] for row in found.values()} == {TASK}
    assert {row["origin"] for row in found.values()} == {"recomputed"}


@pytest.mark.parametrize("name", [f"{TASK}/{DIRECTION}", DIRECTION])
def test_a_field_has_a_leaderboard_by_its_path_and_by_its_column(
    store: Store, outputs: Path, name: str
) -> None:
    write_own(outputs)
    write_own(outputs, OwnRun(uuid=OTHER_UUID, model="large:7b", score=0.875))
    ingest(store, [outputs])
    with store.reader() as reader:
        board = leaderboard(reader, name)
        kappas = leaderboard(reader, name, Choice(metric="cohen_kappa"))
    assert isinstance(board, Leaderboard)
    assert [(row.entrant.model, row.score.value) for row in board.rows] == [
        ("large:7b", 0.875),
        ("small:1b", 0.75),
    ]
    assert board.measure.unit == "proportion"
    assert isinstance(kappas, Leaderboard)
    assert [row.score.value for row in kappas.rows] == [0.25, 0.25]
    assert kappas.measure.higher_is_better is True


def test_a_column_of_two_tasks_needs_its_whole_path(store: Store, outputs: Path) -> None:
    write_own(outputs)
    other = OwnRun(uuid=OTHER_UUID, config={"task_name": "other"}, has_tables=False)
    write_own(outputs, other)
    ingest(store, [outputs])
    with store.reader() as reader, pytest.raises(UsageError, match="give the whole path"):
        leaderboard(reader, DIRECTION)


def test_a_pivot_of_a_task_sets_models_against_fields(store: Store, outputs: Path) -> None:
    write_own(outputs)
    write_own(outputs, OwnRun(uuid=OTHER_UUID, model="large:7b", score=0.875))
    ingest(store, [outputs])
    with store.reader() as reader:
        page = pivot(reader, TASK)
    assert page.tasks == (DIRECTION, CERTAIN, SUMMARY)
    assert [row.entrant.model for row in page.rows] == ["large:7b", "small:1b"]


def test_a_field_and_an_answer_have_pages(store: Store, outputs: Path) -> None:
    write_own(outputs)
    ingest(store, [outputs])
    with store.reader() as reader:
        page = task_page(reader, "aaaaaaaa", DIRECTION)
        whole = task_page(reader, "aaaaaaaa", TASK)
        one = item(reader, "aaaaaaaa", DIRECTION, "id-3")
    assert page.metrics[0].metric == "f1_macro"
    assert page.items == 6
    assert (page.first_items[0].native_id, page.first_items[0].answer) == ("id-1", "against")
    assert "energy_consumed" in {line.metric for line in whole.metrics}
    assert (one.doc_id, one.answer, one.status) == (3, "against", "ok")
    assert json.loads(one.doc or "")["author"] == "writer 3"
    assert json.loads(one.model_output or "")["reasoning"] == "Hm. "
    assert one.evidence[0].path is not None
    assert one.evidence[0].path.endswith("output.csv")
    lines = Path(one.evidence[0].path).read_text().split("\n")
    assert lines[one.evidence[0].lines[0] - 1].startswith("writer 3,")


def test_taking_it_in_again_changes_nothing(store: Store, outputs: Path) -> None:
    write_own(outputs)
    ingest(store, [outputs])
    before, version = content(store, TABLES), store.catalog.version()
    assert ingest(store, [outputs]).batch_id is None
    assert (content(store, TABLES), store.catalog.version()) == (before, version)
    ingest(store, [outputs], ingesting.IngestOptions(rehash=True))
    assert content(store, TABLES) == before


def test_a_run_taken_in_alone_or_with_its_tables_is_the_same(
    store: Store, outputs: Path, tmp_path: Path
) -> None:
    folder = write_own(outputs)
    ingest(store, [folder])
    before = content(store, TABLES)
    ledger = ingest(store, [outputs])
    assert [run.units for run in ledger.runs] == [0]
    assert content(store, TABLES) == before
    with open_store(tmp_path / "other") as other:
        ingest(other, [outputs])
        assert content(other, TABLES) == before


def test_scoring_again_replaces_the_numbers(store: Store, outputs: Path) -> None:
    folder = write_own(outputs)
    ingest(store, [folder])
    scores = assessment(OwnRun(score=0.5))
    (folder / layout.SCORES).write_bytes(msgspec.json.encode(scores))
    write_manifest(folder)
    ledger = ingest(store, [folder])
    assert (ledger.replaced, [run.units for run in ledger.runs]) == (1, [1])
    query = f"SELECT value FROM metrics WHERE metric = 'f1_macro' AND task = '{DIRECTION}'"
    assert rows(store, query) == [{"value": 0.5}]
    assert rows(store, "SELECT count(*) AS n FROM responses") == [{"n": 18}]
    (cell,) = rows(store, f"SELECT score FROM task_scores WHERE task = '{DIRECTION}'")
    assert cell == {"score": 0.5}


def test_rows_of_another_run_in_a_shared_table_do_not_touch_a_run(
    store: Store, outputs: Path
) -> None:
    write_own(outputs, OwnRun(without=[layout.SCORES]))
    ingest(store, [outputs])
    before = rows(store, f"SELECT * FROM metrics WHERE run_id = '{UUID}'")
    write_own(outputs, OwnRun(uuid=OTHER_UUID, without=[layout.SCORES]))
    ledger = ingest(store, [outputs])
    assert {run.run_id: (run.units, run.unchanged) for run in ledger.runs} == {
        UUID: (0, 1),
        OTHER_UUID: (1, 0),
    }
    assert ledger.replaced == 0
    assert rows(store, f"SELECT * FROM metrics WHERE run_id = '{UUID}'") == before


def test_files_that_did_not_change_are_not_kept_anew(
    store: Store, outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_own(outputs)
    ingest(store, [folder])
    kept = rows(store, "SELECT path, blob FROM files ORDER BY path")
    seen: list[str] = []

    def watched(file: SourceFile, *more: Any) -> SourceFile:
        seen.append(Path(file.path).name)
        return keep(file, *more)

    monkeypatch.setattr(ingesting, "keep", watched)
    (folder / layout.TIMING).write_text(
        '{"inference_count": 1, "total_inference_time": 1.0, "avg_inference_time": 1.0}'
    )
    ingest(store, [folder])
    assert seen == [layout.TIMING]
    changed = rows(store, "SELECT path, blob FROM files ORDER BY path")
    assert [one["path"] for one, other in zip(kept, changed, strict=True) if one != other] == [
        str(folder / layout.TIMING)
    ]


def test_the_folder_comes_back_byte_for_byte(store: Store, outputs: Path) -> None:
    folder = write_own(outputs)
    secret = json.dumps({"API_KEY": "a-secret-of-somebody"}).encode()
    ingest(store, [folder])
    found = rows(store, "SELECT path, blob, redactions FROM files WHERE blob IS NOT NULL")
    assert {Path(row["path"]).name for row in found} == {path.name for path in folder.iterdir()}
    for row in found:
        data = Path(row["path"]).read_bytes()
        kept = store.blobs.read(row["blob"])
        if row["redactions"]:
            assert Path(row["path"]).name == layout.ENVIRONMENT
            assert secret[13:-2] in data
            assert secret[13:-2] not in kept
        else:
            assert kept == data


def test_secrets_reach_no_table(store: Store, outputs: Path) -> None:
    key = "sk" + "-proj-" + "A1b2" * 8  # made up
    run = OwnRun(
        letters={1: f"my key is {key}"},
        thoughts=f"They say {key}.",
        config={"base_url": "http://user:password1@host/v1"},
    )
    ledger = ingest(store, [write_own(outputs, run)])
    assert ("notice", "redacted") in ledger.problem_counts
    whole = json.dumps(content(store, TABLES))
    assert key not in whole
    assert "password1" not in whole
    assert "⟦redacted:openai:" in json.dumps(content(store, ["documents"]), ensure_ascii=False)


# -- what people answered ------------------------------------------------------------------------


def test_labels_of_gold_and_coders_come_in_once_for_all_runs(
    store: Store, outputs: Path, tmp_path: Path
) -> None:
    task = write_task(tmp_path / "work" / "tasks" / TASK)
    write_own(outputs, OwnRun(task=task))
    write_own(outputs, OwnRun(uuid=OTHER_UUID, task=task))
    ledger = ingest(store, [outputs])
    assert ledger.exit_code == 0
    found = rows(store, "SELECT * FROM labels ORDER BY coder_id, field, native_id")
    assert [row["coder_id"] for row in found].count("gold") == 18
    assert [row["coder_id"] for row in found].count("bob") == 15  # one letter less
    keys = [(row["field"], row["item_sha256"], row["coder_id"]) for row in found]
    assert len(keys) == len(set(keys))
    assert {row["task"] for row in found} == {TASK}
    certain = {
        row["native_id"]: row["applicable"]
        for row in found
        if (row["coder_id"], row["field"]) == ("gold", CERTAIN)
    }
    assert certain == {str(row): bool(row % 2) for row in range(1, 7)}
    joined = rows(
        store,
        "SELECT count(*) AS n, count(value) AS labels FROM responses "
        "LEFT JOIN labels ON field = responses.task "
        "AND labels.item_sha256 = responses.item_sha256 AND coder_id = 'gold'",
    )
    assert joined == [{"n": 36, "labels": 36}]
    answers = rows(store, f"SELECT label, answer FROM responses WHERE task = '{DIRECTION}'")
    assert all(row["label"] == row["answer"] for row in answers)


def test_a_second_run_of_a_task_leaves_its_labels_as_they_are(
    store: Store, outputs: Path, tmp_path: Path
) -> None:
    task = write_task(tmp_path / "tasks" / TASK)
    ingest(store, [write_own(outputs, OwnRun(task=task))])
    before = rows(store, "SELECT * EXCLUDE (batch_id) FROM labels ORDER BY ALL")
    ingest(store, [write_own(outputs, OwnRun(uuid=OTHER_UUID, task=task))])
    assert rows(store, "SELECT * EXCLUDE (batch_id) FROM labels ORDER BY ALL") == before
    ledger = ingest(store, [outputs], ingesting.IngestOptions(rehash=True))
    assert ledger.exit_code == 0
    assert rows(store, "SELECT * EXCLUDE (batch_id) FROM labels ORDER BY ALL") == before


def test_labels_stay_when_their_task_is_gone(store: Store, outputs: Path, tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks" / TASK)
    folder = write_own(outputs, OwnRun(task=task))
    ingest(store, [folder])
    shutil.rmtree(task)
    ledger = ingest(store, [folder], ingesting.IngestOptions(rehash=True))
    assert ledger.exit_code == 0
    assert rows(store, "SELECT count(*) AS n FROM labels") == [{"n": 18 + 18 + 15}]


def test_another_ground_truth_gives_no_labels(store: Store, outputs: Path, tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks" / TASK)
    folder = write_own(outputs, OwnRun(task=task))
    (task / "ground-truth.csv").write_text(
        (task / "ground-truth.csv").read_text() + "x,y,for,1,z\n"
    )
    ingest(store, [folder])
    assert rows(store, "SELECT count(*) AS n FROM labels") == [{"n": 0}]
    assert rows(store, "SELECT DISTINCT label FROM responses") == [{"label": None}]


# -- codebook-lab's own --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("sampled") / "house") as opened:
        ledger = ingest(opened, [OUTPUTS])
        assert ledger.exit_code == 0
        assert not ledger.problem_counts
        yield opened


@needs_samples
def test_every_value_of_the_genuine_tables_is_a_metric(sampled: Store) -> None:
    found = {
        (row["label"], row["scope"], row["scope_type"], row["metric"]): row["value"]
        for row in rows(
            sampled,
            "SELECT label, scope, scope_type, metric, value FROM metrics JOIN runs USING (run_id) "
            "WHERE definition = 'codebook-lab 1.4.0' AND scope_type <> 'run'",
        )
    }
    written = {
        (row["run_id"], row["column"], row["annotation_type"], row["metric"]): (
            float(row["value"]) if row["value"] else None
        )
        for row in read_table(LONG).rows()
    }
    assert len(written) == 276
    assert found == written


@needs_samples
def test_every_total_of_the_genuine_tables_is_a_metric(sampled: Store) -> None:
    found = {
        (row["label"], row["metric"]): row["value"]
        for row in rows(
            sampled,
            "SELECT label, metric, value FROM metrics JOIN runs USING (run_id) "
            "WHERE scope_type = 'run'",
        )
    }
    for row in read_table(RUNS).rows():
        run = row["run_id"]
        assert found[run, "inference_count"] == float(row["n_queries"])
        assert found[run, "total_inference_time"] == float(row["total_inference_time_s"])
        assert found[run, "input_chars"] == float(row["total_input_chars"])
        assert found[run, "output_chars"] == float(row["total_output_chars"])
        assert found[run, "energy_consumed"] == float(row["total_energy_kwh"]) * 1000
        assert found[run, "emissions"] == float(row["total_emissions_kg"])


@needs_samples
def test_every_genuine_cell_is_a_response(sampled: Store) -> None:
    found = rows(
        sampled,
        "SELECT runs.label, doc_id, responses.task, answer FROM responses JOIN runs USING (run_id)",
    )
    answers = {(row["label"], row["doc_id"], row["task"]): row["answer"] for row in found}
    written = {}
    for folder in FOLDERS:
        with (folder / layout.OUTPUT).open(newline="") as file:
            for number, row in enumerate(csv.DictReader(file), 1):
                for name in list(row)[4:]:
                    written[folder.name, number, name] = row[name] or None
    assert len(written) == 4 * 24 * 10
    assert answers == written


@needs_samples
def test_genuine_runs_have_ids_of_their_format_and_leaderboards(sampled: Store) -> None:
    found = {row["label"]: row["run_id"] for row in rows(sampled, "SELECT label, run_id FROM runs")}
    assert found == {folder.name: ids.run_id("codebook_lab", folder.name) for folder in FOLDERS}
    with sampled.reader() as reader:
        board = leaderboard(reader, "transit-hearing/Stance_Direction")
        page = pivot(reader, "transit-hearing")
        one = run_page(reader, FOLDERS[0].name)
    assert isinstance(board, Leaderboard)
    assert board.rows[0].entrant.model == "stub-careful:3b"
    assert len(page.tasks) == 10
    assert (one.runner, one.settings["timestamp"]) == ("codebook-lab", "2026-11-20_14-40-06")
    models = rows(sampled, "SELECT DISTINCT provider FROM models")
    assert models == [{"provider": "ollama"}]


@needs_samples
def test_genuine_thoughts_and_times_are_with_their_answers(sampled: Store) -> None:
    found = rows(
        sampled,
        "SELECT doc_id, responses.task, seconds, model_output FROM responses "
        "JOIN runs USING (run_id) WHERE runs.label LIKE '%195beb40' AND model_output IS NOT NULL",
    )
    traces = {}
    folder = next(folder for folder in FOLDERS if folder.name.endswith("195beb40"))
    for line in (folder / layout.TRACES).read_text().splitlines():
        trace = json.loads(line)
        traces[trace["row_num"], trace["annotation_name"]] = trace
    assert len(found) == len(traces) > 100
    for row in found:
        trace = traces[row["doc_id"], row["task"]]
        assert row["seconds"] == trace["inference_time_s"]
        assert json.loads(row["model_output"]) == {"reasoning": trace["reasoning"]}


@needs_samples
def test_genuine_folders_and_tables_taken_in_one_by_one_are_the_same(
    sampled: Store, tmp_path: Path
) -> None:
    shutil.copytree(OUTPUTS, tmp_path / "outputs")
    for path in (tmp_path / "outputs").rglob("*"):
        path.chmod(0o755)
    with open_store(tmp_path / "house") as other:
        for place in sorted((tmp_path / "outputs").glob("*/run_*")):
            ingest(other, [place])
        ingest(other, [tmp_path / "outputs" / "metrics"])
        assert content(other, TABLES) == content(sampled, TABLES)


@needs_samples
def test_genuine_tables_alone_give_the_runs_and_folders_that_follow_complete_them(
    sampled: Store, tmp_path: Path
) -> None:
    shutil.copytree(OUTPUTS, tmp_path / "outputs")
    with open_store(tmp_path / "house") as other:
        ingest(other, [tmp_path / "outputs" / "metrics"])
        known = rows(other, "SELECT count(*) AS n FROM metrics WHERE scope_type <> 'run'")
        assert known == [{"n": 276}]
        models = {row["model_name"] for row in rows(other, "SELECT model_name FROM models")}
        assert models == {"stub-careful:1b", "stub-careful:3b", "stub-thinker:4b", "stub-messy:1b"}
        ingest(other, [tmp_path / "outputs" / "transit-hearing"])
        wanted = ["models", "metrics", "responses", "documents"]
        assert content(other, wanted) == content(sampled, wanted)
