"""Taking in dumps: what comes in is right, complete, and there once."""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhouse.errors import UsageError
from evalhouse.store import Store
from evalhouse.workflows.ingest import IngestOptions, ingest
from examples.olmes_dumps import FILES
from examples.olmes_dumps.catalogue import DROP, GSM8K, HUMANEVAL, PALOMA, ZEBRA, mc_task, rc_task
from examples.olmes_dumps.decoys import planted
from tests.workflows.conftest import EXAMPLES, content, differences, make_run, open_store

TRUTH = json.loads((EXAMPLES.parent / "truth.json").read_text())


def rows(store: Store, query: str) -> list[dict[str, Any]]:
    with store.reader() as reader:
        found: list[dict[str, Any]] = reader.sql(query).to_pylist()
    return found


def one(store: Store, query: str) -> Any:
    (row,) = rows(store, query)
    (value,) = row.values()
    return value


def test_everything_that_can_be_recomputed_matches(store: Store) -> None:
    ledger = ingest(store, [EXAMPLES])
    assert ledger.checks["mismatch"] == 0
    assert ledger.checks["match"] > 400
    assert ledger.exit_code == 0


def test_a_second_ingest_changes_nothing_and_reads_nothing(store: Store) -> None:
    ingest(store, [EXAMPLES])
    before, version = content(store), store.catalog.version()
    ledger = ingest(store, [EXAMPLES])
    assert (ledger.bytes_read, ledger.batch_id, ledger.files) == (0, None, [])
    assert ledger.unchanged_files == sum(path.is_file() for path in EXAMPLES.rglob("*"))
    assert (content(store), store.catalog.version()) == (before, version)


def test_rehashing_reads_everything_and_still_changes_nothing(store: Store) -> None:
    ingest(store, [EXAMPLES])
    before = content(store)
    ledger = ingest(store, [EXAMPLES], IngestOptions(rehash=True))
    assert ledger.bytes_read > 0
    assert (ledger.replaced, content(store)) == (0, before)


def test_one_changed_file_brings_in_its_unit_alone(store: Store, examples: Path) -> None:
    ingest(store, [examples])
    (file,) = examples.glob("*/*/meta*/task-*-boolq-predictions.jsonl")
    lines = file.read_text().splitlines()
    file.write_text("\n".join(lines[:-1]) + "\n")
    ledger = ingest(store, [examples])
    assert ledger.replaced == 1
    assert sum(line.units for line in ledger.runs) == 1
    assert one(store, "select count(*) from responses where line = 6") == 15
    assert [p.kind for p in ledger.problems] == ["row_count"]


def test_a_touched_file_with_the_same_bytes_is_read_and_changes_nothing(
    store: Store, examples: Path
) -> None:
    ingest(store, [examples])
    before = content(store)
    (file,) = examples.glob("*/*/meta*/task-*-boolq-predictions.jsonl")
    os.utime(file, (1, 1))
    ledger = ingest(store, [examples])
    assert (ledger.replaced, ledger.rows["responses"]) == (0, 0)
    assert content(store) == before


def test_the_same_dump_elsewhere_is_remembered_and_not_stored_twice(
    store: Store, tmp_path: Path
) -> None:
    ingest(store, [EXAMPLES])
    before = content(store)
    shutil.copytree(EXAMPLES, tmp_path / "copy" / "dumps")
    ledger = ingest(store, [tmp_path / "copy"])
    assert ledger.rows["responses"] == 0
    assert content(store) == before
    places = one(store, "select count(distinct path) from files where family = 'predictions'")
    assert places == 2 * len(list(EXAMPLES.rglob("*-predictions.jsonl")))


# -- one house whatever the way ------------------------------------------------------------------


@cache
def _whole() -> dict[str, list[str]]:
    """Return the content of a house that took in the bundled dumps at once."""
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "house") as store:
        ingest(store, [EXAMPLES])
        return content(store)


def _split(files: list[Path], left: Path, right: Path, chosen: random.Random) -> None:
    """Deal the files of a dump to two copies of its folder; records are dealt line by line."""
    for file in files:
        place = file.relative_to(EXAMPLES)
        for half in (left, right):
            (half / place).parent.mkdir(parents=True, exist_ok=True)
        if file.name == "metrics-all.jsonl":
            halves: dict[Path, list[str]] = {left: [], right: []}
            for line in file.read_text().splitlines(keepends=True):
                halves[chosen.choice([left, right])].append(line)
            for half, lines in halves.items():
                if lines:
                    (half / place).write_text("".join(lines))
        else:
            shutil.copy2(file, chosen.choice([left, right]) / place)


@settings(max_examples=6, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), together=st.booleans())
def test_a_dump_split_in_two_gives_the_same_house(seed: int, *, together: bool) -> None:
    files = [path for path in sorted(EXAMPLES.rglob("*")) if path.is_file()]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        left, right = folder / "left", folder / "right"
        _split(files, left, right, random.Random(seed))
        with open_store(folder / "house") as store:
            for places in [[left, right]] if together else [[left], [right]]:
                ingest(store, places)
            assert differences(_without_lines(content(store)), _without_lines(_whole())) == {}


def _without_lines(held: dict[str, list[str]]) -> dict[str, list[str]]:
    """Lines of records move when their file is split."""
    skipped = {"records", "metrics", "runs"}
    return {name: found for name, found in held.items() if name not in skipped}


def test_dumps_taken_in_one_by_one_give_the_same_house(store: Store) -> None:
    folders = [path.parent for path in sorted(EXAMPLES.rglob("metrics-all.jsonl"))]
    for folder in random.Random(3).sample(folders, len(folders)):
        ingest(store, [folder])
    assert differences(content(store), _whole()) == {}


def test_processes_make_no_difference(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evalhouse.workflows.ingest.SMALL_BYTES", 0)
    ingest(store, [EXAMPLES], IngestOptions(processes=3))
    assert differences(content(store), _whole()) == {}


# -- what dumps are like -------------------------------------------------------------------------


def test_scores_suites_and_hashes_equal_the_known_truth(store: Store) -> None:
    ingest(store, [EXAMPLES])
    held = {
        (row["snapshot"], row["model_name"], row["task"]): row
        for row in rows(
            store,
            """select r.task, m.model_name, c.primary_value, r.task_hash, r.num_instances,
                      u.config::json ->> '$.path.snapshot' as snapshot
               from records r join runs u using (run_id) join models m using (model_id)
               join run_model_metrics c using (run_id, prompt_id, model_id)""",
        )
    }
    expected = 0
    for run in TRUTH:
        for task in [*run["tasks"], *run["suites"]]:
            if task.get("recorded", True):
                row = held[
                    run["folder"].split("/")[0], run["model"], task.get("alias") or task["name"]
                ]
                assert row["primary_value"] == task["primary_score"]
                assert row["task_hash"] == task["task_hash"]
                expected += 1
    assert expected == len(held)


def test_a_task_without_a_record_gets_recomputed_numbers(store: Store) -> None:
    ingest(store, [EXAMPLES])
    (row,) = rows(store, "select * from run_model_metrics where origin = 'recomputed'")
    assert (row["n_items"], row["primary_value"]) == (6, None)
    assert row["value_note"] == "no record, and no primary metric is known"
    task = "arc_easy:mc::olmes"
    again = rows(
        store, f"select metric, value from metrics where task = '{task}' and origin = 'recomputed'"
    )
    assert {"acc_raw", "acc_per_char", "no_answer"} <= {row["metric"] for row in again}


def test_a_crashed_run_is_read_from_its_task_files(store: Store, tmp_path: Path) -> None:
    truth = make_run(tmp_path / "d", accidents=frozenset({"crashed"}))
    ledger = ingest(store, [tmp_path / "d"])
    assert one(store, "select status from runs") == "incomplete"
    assert "truncated_line" in {kind for _, kind in ledger.problem_counts}
    assert ledger.exit_code == 3
    stored = one(store, "select count(*) from records")
    assert stored == sum(task.recorded for task in truth.tasks)


@pytest.mark.parametrize("stems", ["name", "alias", "bare"])
@pytest.mark.parametrize("era", ["2024-06", "2024-12", "2025"])
def test_every_generation_and_naming_is_understood(
    store: Store, tmp_path: Path, stems: Any, era: Any
) -> None:
    truth = make_run(tmp_path / "d", stems=stems, era=era)
    ledger = ingest(store, [tmp_path / "d"])
    assert ledger.checks["mismatch"] == 0
    found = {
        row["task"]: row["n"]
        for row in rows(store, "select task, count(*) n from responses group by 1")
    }
    assert found == {task.alias: task.docs for task in truth.tasks}
    assert one(store, "select count(*) from checks where metric = 'rows.task_hash'") == len(found)


def test_two_aliases_of_one_task_are_never_crossed(store: Store, tmp_path: Path) -> None:
    few = replace(GSM8K, alias="gsm8k::few", shots=1)
    truth = make_run(tmp_path / "d", tasks=(GSM8K, few))
    ledger = ingest(store, [tmp_path / "d"])
    assert ledger.checks["mismatch"] == 0
    for task in truth.tasks:
        hashes = rows(
            store, f"select distinct task_hash from responses where task = '{task.alias}'"
        )
        assert hashes == [{"task_hash": task.task_hash}]


def test_permuted_choices_stale_records_and_sentinels_are_flagged(
    store: Store, tmp_path: Path
) -> None:
    wrong = frozenset({"permuted", "stale", "sentinels"})
    make_run(
        tmp_path / "d", tasks=(mc_task("boolq"), mc_task("arc_easy")), docs=30, accidents=wrong
    )
    ledger = ingest(store, [tmp_path / "d"])
    kinds = {kind for _, kind in ledger.problem_counts}
    assert {"choice_order", "stale_record", "sentinel"} <= kinds


def test_links_out_of_the_tree_are_not_followed(store: Store, tmp_path: Path) -> None:
    make_run(tmp_path / "outside")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "way-out").symlink_to(tmp_path / "outside")
    ledger = ingest(store, [inside])
    assert ledger.skipped == {"a link out of the folder that was given": 1}
    assert one(store, "select count(*) from runs") == 0


def test_a_place_that_does_not_exist_is_one_sentence(store: Store) -> None:
    with pytest.raises(UsageError, match="there is nothing at `nowhere`"):
        ingest(store, ["nowhere"])


def test_files_that_are_not_a_dumps_are_listed_with_a_reason(store: Store, examples: Path) -> None:
    folder = next(examples.glob("*/*/meta*"))
    (folder / "task-000-boolq-length_stats.json").write_text('{"n_items": 1}')
    (examples / "notes.json").write_text("{}")
    ledger = ingest(store, [examples])
    (listed,) = [file for file in ledger.files if file.family == "unknown"]
    assert (listed.disposition, listed.reason) == ("ignored", "no format recognises it")
    assert ledger.skipped == {"no format recognises it": 1}


def _experiments(root: Path, *, seeds: tuple[int, int]) -> None:
    """Two evaluations of one model, in folders of no known form."""
    for name, seed in zip(("first", "second"), seeds, strict=True):
        truth = make_run(root / "made", seed=seed, docs=4, snapshot=name)
        target = root / "results" / name / "m"
        target.parent.mkdir(parents=True)
        shutil.move(root / "made" / truth.folder, target)


def test_folders_that_contradict_each_other_are_different_runs(
    store: Store, tmp_path: Path
) -> None:
    _experiments(tmp_path, seeds=(1, 2))
    together = ingest(store, [tmp_path / "results"])
    assert [p.kind for p in together.problems] == []
    held = content(store)
    assert one(store, "select count(*) from runs") == 2
    snapshots = rows(store, "select value from run_settings where key = 'path.snapshot'")
    assert {row["value"] for row in snapshots} == {"first", "second"}
    with open_store(tmp_path / "other") as other:
        ingest(other, [tmp_path / "results" / "first"])
        ingest(other, [tmp_path / "results"])
        assert differences(_settled(content(other)), _settled(held)) == {}


def test_a_snapshot_can_be_named_afterwards(store: Store, tmp_path: Path) -> None:
    _experiments(tmp_path, seeds=(1, 2))
    first = tmp_path / "results" / "first"
    ingest(store, [first])
    ingest(store, [first], IngestOptions(snapshot="by hand"))
    live = rows(store, "select distinct run_id from responses")
    (run,) = rows(store, "select run_id from run_settings where value = 'by hand'")
    assert live == [run]


def test_folders_that_agree_are_one_run(store: Store, tmp_path: Path) -> None:
    _experiments(tmp_path, seeds=(1, 2))
    shutil.rmtree(tmp_path / "results" / "second")
    shutil.copytree(tmp_path / "results" / "first", tmp_path / "results" / "second")
    ledger = ingest(store, [tmp_path / "results"])
    assert one(store, "select count(*) from runs") == 1
    assert ledger.problem_counts == {}


def _settled(held: dict[str, list[str]]) -> dict[str, list[str]]:
    """A run that was split keeps its row, with nothing in it."""
    return {name: found for name, found in held.items() if name != "runs"}


# -- one schema ----------------------------------------------------------------------------------


def test_dumps_of_different_value_kinds_share_one_parquet_schema(
    store: Store, tmp_path: Path
) -> None:
    make_run(tmp_path / "a", tasks=(mc_task("boolq"), rc_task("arc_easy")), model="o/a")
    make_run(tmp_path / "b", tasks=(DROP, ZEBRA, PALOMA, HUMANEVAL), model="o/b", chat=True)
    for dump in ("a", "b"):
        ingest(store, [tmp_path / dump])
    for table in ("responses", "requests", "inputs", "documents", "records"):
        files = list(Path(store.settings.lake).glob(f"{table}/*.parquet"))
        schemas = {str(pq.read_schema(file)) for file in files}
        assert (len(files) >= 2, len(schemas)) == (True, 1)
    nested = {
        "responses": ["model_output", "metrics"],
        "requests": ["request"],
        "inputs": ["requests"],
        "documents": ["doc"],
        "records": ["model_config", "task_config", "compute_config", "beaker_info", "metrics"],
        "items": ["model_output", "metrics", "requests", "doc"],
    }
    for table, columns in nested.items():
        for column in columns:
            cells = rows(store, f"select {column} as cell, typeof({column}) as kind from {table}")
            assert {row["kind"] for row in cells} == {"VARCHAR"}
            assert all(row["cell"] is None or json.loads(row["cell"]) is not None for row in cells)


# -- secrets -------------------------------------------------------------------------------------


def test_no_secret_reaches_the_disk_and_the_ledger_says_where_they_were(
    store: Store, tmp_path: Path
) -> None:
    make_run(tmp_path / "d", tasks=(GSM8K, mc_task("boolq")), accidents=frozenset({"secrets"}))
    ledger = ingest(store, [tmp_path / "d"])
    secrets = [value.removeprefix("Bearer ") for value in planted().values()]
    held = [
        dict(row)
        for table in ("responses", "records", "items")
        for row in rows(store, f"from {table}")
    ]
    held += [
        dict(row)
        for table in ("prompt_texts", "runs", "environments")
        for row in rows(store, f"from {table}")
    ]
    text = repr(held)
    assert [secret for secret in secrets if secret in text] == []
    raw = b"".join(
        path.read_bytes() for path in tmp_path.joinpath("house").rglob("*") if path.is_file()
    )
    assert [secret for secret in secrets if secret.encode() in raw] == []
    assert text.count("⟦redacted:") >= len(secrets)
    assert any(path.endswith("predictions.jsonl") for path in ledger.redactions)
    assert any(path.endswith("metrics-all.jsonl") for path in ledger.redactions)


# -- limits --------------------------------------------------------------------------------------


def test_a_line_beyond_the_limit_is_a_problem_and_the_rest_is_read(
    store: Store, examples: Path
) -> None:
    (file,) = examples.glob("*/*/meta*/task-*-gsm8k-predictions.jsonl")
    lines = file.read_text().splitlines()
    long = json.loads(lines[2]) | {"label": "x" * 200_000}
    file.write_text("\n".join([*lines[:2], json.dumps(long), *lines[3:]]) + "\n")
    ledger = ingest(store, [examples], IngestOptions(longest_line=100_000))
    assert ("damage", "too_long_line") in ledger.problem_counts
    (row,) = rows(store, "select line, bytes from problems where kind = 'too_long_line'")
    assert row["line"] == 3
    assert (
        one(store, "select count(*) from responses where task = 'gsm8k::olmes' and line in (2, 4)")
        >= 2
    )


def test_old_dumps_of_nothing_but_records_are_whole(store: Store, tmp_path: Path) -> None:
    truth = make_run(tmp_path / "d", files=frozenset({"metrics-all"}) & FILES, era="2024-12")
    ingest(store, [tmp_path / "d"])
    assert one(store, "select count(*) from records") == truth.metrics_all_rows
    assert one(store, "select count(*) from run_model_metrics where score is not null") > 0
