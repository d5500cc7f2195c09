from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from evalhouse.engine.budget import BudgetError
from evalhouse.errors import EvalhouseError, UsageError
from evalhouse.formats.codebook_lab import layout
from evalhouse.journal import read, verify
from evalhouse.providers.keys import VARIABLES
from evalhouse.scoring import Scoring
from evalhouse.tasks.statuses import STATUS_SUFFIX, STATUSES
from evalhouse.workflows.annotation.annotate import Annotated
from evalhouse.workflows.annotation.options import SETTINGS
from evalhouse.workflows.annotation.rescoring import Rescoring, rescore
from tests.engine.model import EVERYTHING_IN_THE_MODEL, EVERYTHING_ON_THE_WAY, Model, Troubles
from tests.engine.runs import COLUMNS, words_of
from tests.providers.server import Server, serving
from tests.workflows.annotation.runs import (
    annotated,
    baseline,
    open_store,
    read_csv,
    read_json,
    settings,
    task_folder,
)

SCORING = Scoring(resamples=50)
CANARY = "canary/KEY+7f3a9c51e2d84b06"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES.values():
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def task(tmp_path: Path) -> Path:
    return task_folder(tmp_path / "tasks")


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Model(EVERYTHING_IN_THE_MODEL)) as started:
        yield started


@pytest.fixture
def done(task: Path, server: Server, tmp_path: Path) -> Annotated:
    return annotated(task, settings(server.url, tmp_path / "outputs"))


def test_the_run_folder_has_every_file_and_the_manifest_names_them(done: Annotated) -> None:
    folder = done.folder.path
    assert folder.parent.name == "town"
    assert folder.name == done.folder.config["run_uuid"][:8] == done.folder.config["run_id"]
    expected = set(layout.RUN_FILES) - {
        layout.EMISSIONS,
        layout.ENERGY,
    }  # energy is not metered here
    assert expected <= {path.name for path in folder.iterdir()}
    listed = read_json(folder / "manifest.json")["files"]
    assert set(listed) == {path.name for path in folder.iterdir()} - {"manifest.json"}
    for name, entry in listed.items():
        data = (folder / name).read_bytes()
        assert entry == {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def test_the_configuration_has_codebook_labs_keys_first_and_every_setting(
    done: Annotated, task: Path
) -> None:
    config = read_json(done.folder.path / "config.json")
    assert list(config)[: len(layout.CONFIG_KEYS)] == list(layout.CONFIG_KEYS)
    for name in ("codebook", "ground_truth"):
        path = Path(config[f"{name}_path"])
        assert config[f"{name}_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert config["task_path"] == str(task)
    hidden = {"key_variable", "timeout", "use_proxy", "keep_alive", "template"}
    pace = {
        "concurrency",
        "requests_per_minute",
        "tokens_per_minute",
        "cache",
        "record",
        "outputs",
        "new",
    }
    spending = {"max_requests", "max_total_tokens", "max_cost"}
    of_scores = {"level", "resamples", "scoring_seed"}
    elsewhere = {"revision": "model_revision", "country": "country_iso_code"}
    elsewhere |= {"energy": "energy_scope", "quantization": "quantization_type"}
    for name in set(SETTINGS) - hidden - pace - spending - of_scores:
        assert elsewhere.get(name, name) in config, name


def test_the_table_of_runs_has_a_column_for_every_key_of_the_configuration(
    done: Annotated,
) -> None:
    config = read_json(done.folder.path / "config.json")
    (row,) = read_csv(done.folder.path.parents[1] / "metrics" / "town_metrics_log_runs.csv")
    assert set(config) <= set(row)
    for key, value in config.items():
        if isinstance(value, str):
            assert row[key] == value, key
    long = read_csv(done.folder.path.parents[1] / "metrics" / "town_metrics_log.csv")
    assert set(row) & set(long[0]) == {"run_id"}


def test_the_table_has_the_rows_without_their_labels_then_answers_then_statuses(
    done: Annotated,
) -> None:
    rows = read_csv(done.folder.path / "output.csv")
    statuses = [f"{column}{STATUS_SUFFIX}" for column in COLUMNS]
    assert list(rows[0]) == ["id", "place", "text", *COLUMNS, *statuses]
    assert [row["text"] for row in rows] == [words_of(number) for number in range(1, 21)]
    seen = {row[status] for row in rows for status in statuses}
    assert seen <= set(STATUSES)
    assert {"ok", "repaired", "not_applicable", "refused"} <= seen
    assert all(
        not row[column] for row in rows for column in COLUMNS
        if row[f"{column}{STATUS_SUFFIX}"] not in ("ok", "repaired")
    )  # fmt: skip


def test_characters_are_those_that_the_server_really_got(done: Annotated, server: Server) -> None:
    asked = [seen.content for seen in server.requests if seen.method == "POST"]
    sent = sum(len(message["content"]) for each in asked for message in each["messages"])
    assert read_json(done.folder.path / "char_counts.json")["input_chars"] == sent
    timing = read_json(done.folder.path / "timing_data.json")
    assert timing["inference_count"] == len(asked)
    assert timing["tokens_input"] == 11 * len(asked) - 11 * _filtered(done)


def _filtered(done: Annotated) -> int:
    """Count the replies of a filter, which says no tokens."""
    entries = read(done.folder.path / "answers.jsonl")
    return sum("flagged" in str(entry.payload.get("refusal", "")) for entry in entries)


def test_thoughts_are_kept_whatever_was_asked(done: Annotated) -> None:
    lines = (done.folder.path / "reasoning_traces.jsonl").read_text("utf-8").splitlines()
    traces = [json.loads(line) for line in lines]
    keys = (*layout.TRACE_KEYS, *layout.OWN_TRACE_KEYS)
    assert all(tuple(trace) == keys for trace in traces)
    assert all("Let me {think}" in trace["reasoning"] for trace in traces)
    assert done.folder.config["reasoning"] is None


def test_the_same_command_asks_nothing_twice(
    done: Annotated, task: Path, server: Server, tmp_path: Path
) -> None:
    before = len(server.requests)
    again = annotated(task, settings(server.url, tmp_path / "outputs"))
    assert again.was_there
    assert again.folder.run_id == done.folder.run_id
    assert again.scored is not None
    assert not [seen for seen in server.requests[before:] if seen.method == "POST"]
    anew = annotated(task, settings(server.url, tmp_path / "outputs", new=True))
    assert anew.folder.run_id != done.folder.run_id
    assert (anew.folder.path / "output.csv").read_bytes() == (
        done.folder.path / "output.csv"
    ).read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        {"model": "other"},
        {"temperature": 0.5},
        {"seed": 1},
        {"prompt_type": "persona"},
        {"use_examples": False},
        {"max_tokens": 100},
        {"revision": "abc"},
        {"limit": 3},
        {"retries": 0},
    ],
    ids=str,
)
def test_another_setting_is_another_run(change: dict[str, Any], task: Path, tmp_path: Path) -> None:
    with serving(Model()) as server:
        known = [{"id": name} for name in ("the-model", "other")]
        server.respond = _with_models(Model(), known)
        first = annotated(task, settings(server.url, tmp_path / "outputs"))
        other = annotated(task, settings(server.url, tmp_path / "outputs", **change))
    assert not other.was_there
    assert first.folder.config["config_hash"] != other.folder.config["config_hash"]


def _with_models(model: Model, known: list[dict[str, str]]) -> Any:
    from tests.providers.server import Answer

    return lambda seen: (
        Answer(body={"data": known}) if seen.path.endswith("/models") else model(seen)
    )


def test_pace_and_place_are_no_other_run(task: Path, tmp_path: Path) -> None:
    how = baseline(tmp_path / "outputs")
    first = annotated(task, how)
    again = annotated(task, baseline(tmp_path / "outputs", concurrency=1, country="FRA"))
    assert again.was_there
    assert again.folder.run_id == first.folder.run_id


@pytest.mark.parametrize("unit", ["text", "field", "batch"])
def test_a_run_that_was_stopped_goes_on_and_ends_as_if_it_had_not_been(
    unit: str, task: Path, tmp_path: Path
) -> None:
    with serving(Model(EVERYTHING_IN_THE_MODEL)) as server:
        whole = annotated(task, settings(server.url, tmp_path / "whole", request_unit=unit))
        asked = len({seen.body for seen in server.requests if seen.method == "POST"})
        before = len(server.requests)
        stops = 0
        while True:
            how = settings(
                server.url, tmp_path / "parts", request_unit=unit, max_requests=max(asked // 4, 1)
            )
            try:
                done = annotated(task, how)
            except BudgetError:
                stops += 1
                continue
            break
        requests = [seen for seen in server.requests[before:] if seen.method == "POST"]
    assert stops >= 3
    assert len(requests) == asked
    assert (done.folder.path / "output.csv").read_bytes() == (
        whole.folder.path / "output.csv"
    ).read_bytes()
    assert len(list((tmp_path / "parts" / "town").iterdir())) == 1
    assert verify(done.folder.path / "answers.jsonl").is_sound


def test_troubles_on_the_way_change_no_answer(task: Path, tmp_path: Path) -> None:
    with serving(Model()) as server:
        calm = annotated(task, settings(server.url, tmp_path / "calm"))
    with serving(Model(EVERYTHING_ON_THE_WAY)) as server:
        rough = annotated(task, settings(server.url, tmp_path / "rough", timeout=0.5))
        asked = [seen.content for seen in server.requests if seen.method == "POST"]
    sent = sum(len(message["content"]) for each in asked for message in each["messages"])
    assert read_json(rough.folder.path / "char_counts.json")["input_chars"] == sent
    tables = [(run.folder.path / "output.csv").read_bytes() for run in (calm, rough)]
    assert tables[0] == tables[1]
    assert read_json(rough.folder.path / "timing_data.json")["transport_failures"] > 0
    assert rough.folder.is_complete


def test_questions_without_a_reply_are_asked_again_by_the_same_command(
    task: Path, tmp_path: Path
) -> None:
    with serving(Model(Troubles(broken=0.3))) as server:
        how = settings(server.url, tmp_path / "outputs", transport_retries=0, concurrency=2)
        from evalhouse.workflows.annotation.annotate import annotate

        first = annotate(task, how)
        assert not first.folder.is_complete
        words = {
            value for row in read_csv(first.folder.path / "output.csv") for value in row.values()
        }
        assert "failed" in words
        for _ in range(5):  # what is asked only then may fail, too
            second = annotate(task, how)
    assert second.is_resumed or second.was_there
    assert second.folder.is_complete
    assert second.folder.run_id == first.folder.run_id


def test_no_key_reaches_the_disk(
    task: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", CANARY)
    with serving(Model()) as server, open_store(tmp_path / "house") as store:
        how = settings(server.url, tmp_path / "outputs", key_variable="MY_KEY")
        annotated(task, how, store)
        assert any(CANARY in seen.headers["authorization"] for seen in server.requests)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 20
    assert not [path for path in files if CANARY.encode() in path.read_bytes()]


def test_a_recorded_run_is_replayed_without_a_server(task: Path, tmp_path: Path) -> None:
    said = tmp_path / "recordings" / "said.jsonl"
    with serving(Model(Troubles(thinking=0.3, not_allowed=0.3, truncated=0.1))) as server:
        live = annotated(task, settings(server.url, tmp_path / "live", record=str(said)))
    how = baseline(tmp_path / "again", "the-model", provider="replay", base_url=str(said))
    again = annotated(task, how)
    tables = [(run.folder.path / "output.csv").read_bytes() for run in (live, again)]
    assert tables[0] == tables[1]
    other = baseline(tmp_path / "again", "the-model", provider="replay", base_url=str(said), seed=3)
    with pytest.raises(EvalhouseError, match="was recorded for the request"):
        annotated(task, other)


def test_kept_replies_are_not_asked_for_again_and_belong_to_one_model(
    task: Path, tmp_path: Path
) -> None:
    known = [{"id": "the-model"}, {"id": "other"}]
    with serving() as server:
        server.respond = _with_models(Model(), known)
        kept = {"cache": str(tmp_path / "kept")}
        first = annotated(task, settings(server.url, tmp_path / "outputs", **kept))
        asked = len(server.requests)
        again = annotated(task, settings(server.url, tmp_path / "outputs", new=True, **kept))
        assert not [seen for seen in server.requests[asked:] if seen.method == "POST"]
        timing = read_json(again.folder.path / "timing_data.json")
        assert (timing["requests"], timing["cached"]) == (0, timing["inference_count"])
        asked = len(server.requests)
        annotated(task, settings(server.url, tmp_path / "outputs", model="other", **kept))
        assert len([seen for seen in server.requests[asked:] if seen.method == "POST"]) >= 20
    tables = [(run.folder.path / "output.csv").read_bytes() for run in (first, again)]
    assert tables[0] == tables[1]


def test_repeats_end_in_their_majority_and_say_how_stable_they_are(
    task: Path, tmp_path: Path
) -> None:
    done = annotated(task, baseline(tmp_path / "outputs", "random", repeats=5))
    assert done.scored is not None
    field = done.scored.assessment.fields[0]
    stability = field.score("stability")
    assert stability is not None
    assert stability.value is not None
    assert 0.2 <= stability.value < 1
    _, again = rescore(done.folder.path, Rescoring(scoring=SCORING))
    assert again.assessment == done.scored.assessment


def test_the_published_example_works_on_the_tables(task: Path, tmp_path: Path) -> None:
    for model in ("majority", "random"):
        annotated(task, baseline(tmp_path / "outputs", model))
    metrics = pd.read_csv(tmp_path / "outputs/metrics/town_metrics_log.csv")
    runs = pd.read_csv(tmp_path / "outputs/metrics/town_metrics_log_runs.csv")
    merged = metrics.merge(runs, on="run_id")
    found = merged[(merged["column"] == "S_Side") & (merged["metric"] == "f1_macro")]
    shown = found[["model_id", "chat_mode", "reasoning", "use_examples", "value"]]
    assert len(shown) == 2
    assert list(shown["model_id"]) == [
        "majority_temp0.0_examples_standard_textbox_span",
        "random_temp0.0_examples_standard_textbox_span",
    ]
    assert shown["value"].notna().all()


def test_a_run_is_in_the_house_with_its_cells_metrics_responses_and_labels(
    task: Path, tmp_path: Path
) -> None:
    import evalhouse

    with serving(Model()) as server, open_store(tmp_path / "house") as store:
        done = annotated(task, settings(server.url, tmp_path / "outputs"), store)
    with evalhouse.open(tmp_path / "house") as house:
        (run,) = house.sql("select run_id, short_id, status from runs").to_pylist()
        assert (run["run_id"], run["short_id"]) == (
            done.folder.config["run_uuid"], done.folder.run_id,
        )  # fmt: skip
        cells = house.sql("select count(*) as n from run_model_metrics").to_pylist()[0]["n"]
        assert cells == len(COLUMNS)
        answers = house.sql(
            "select native_id, answer from responses where task like '%S_About' order by doc_id"
        ).to_pylist()
        table = read_csv(done.folder.path / "output.csv")
        assert {row["native_id"]: row["answer"] or "" for row in answers} == {
            row["id"]: row["S_About"] for row in table
        }
        gold = house.sql("select value from labels where field = 'S_Side' and applicable")
        assert {row["value"] for row in gold.to_pylist()} == {"for", "against", "both"}
        board = house.leaderboard("town/S_Side")
        assert board.to_arrow()["model"].to_pylist() == ["the-model"]


def test_scoring_again_replaces_the_rows_of_the_run_alone(task: Path, tmp_path: Path) -> None:
    first = annotated(task, baseline(tmp_path / "outputs"))
    other = annotated(task, baseline(tmp_path / "outputs", "random"))
    tables = tmp_path / "outputs" / "metrics"
    before = read_csv(tables / "town_metrics_log.csv")
    rescore(first.folder.path, Rescoring(scoring=SCORING))
    assert read_csv(tables / "town_metrics_log.csv") == before
    runs = read_csv(tables / "town_metrics_log_runs.csv")
    assert [row["run_id"] for row in runs] == [first.folder.run_id, other.folder.run_id]
    keys = {(row["run_id"], row["column"], row["annotation_type"], row["metric"]) for row in before}
    assert len(keys) == len(before)


def test_a_changed_ground_truth_is_said(task: Path, tmp_path: Path) -> None:
    done = annotated(task, baseline(tmp_path / "outputs"))
    path = task / "ground-truth.csv"
    path.write_text(path.read_text("utf-8").replace(",for,", ",both,", 1), "utf-8")
    _, scored = rescore(done.folder.path, Rescoring(scoring=SCORING))
    assert any("ground truth is not the one" in each for each in scored.warnings)


def test_corrected_gold_scores_a_complete_run_anew_and_asks_nothing(
    task: Path, tmp_path: Path
) -> None:
    with serving(Model()) as server:
        first = annotated(task, settings(server.url, tmp_path / "outputs"))
        asked = len(server.requests)
        path = task / "ground-truth.csv"
        path.write_text(path.read_text("utf-8").replace(",for,", ",both,", 2), "utf-8")
        again = annotated(task, settings(server.url, tmp_path / "outputs"))
        assert not [seen for seen in server.requests[asked:] if seen.method == "POST"]
    assert again.was_there
    assert first.scored is not None
    assert again.scored is not None
    gold = hashlib.sha256(path.read_bytes()).hexdigest()
    assert again.scored.assessment.ground_truth_sha256 == gold
    assert again.scored.assessment != first.scored.assessment
    assert read_json(again.folder.path / "scores.json")["ground_truth_sha256"] == gold


def test_numbers_by_codebook_labs_definitions_leave_ours_alone(task: Path, tmp_path: Path) -> None:
    yaml = (task / "codebook.yaml").read_text("utf-8")
    plain = yaml.replace("multiselect", "dropdown").replace("values: [for, against]", "value: for")
    (task / "codebook.yaml").write_text(plain, "utf-8")
    table = (task / "ground-truth.csv").read_text("utf-8")
    for listed in ('"[""money"", ""noise""]"', '"[""money""]"', "[]"):
        table = table.replace(listed, "money")
    (task / "ground-truth.csv").write_text(table, "utf-8")
    done = annotated(task, baseline(tmp_path / "outputs"))
    before = (done.folder.path / "scores.json").read_bytes()
    _, theirs = rescore(done.folder.path, Rescoring(scoring=Scoring(definition="codebook-lab")))
    assert theirs.assessment.definition == "codebook-lab"
    assert (done.folder.path / "scores.json").read_bytes() == before


def test_secrets_that_a_setting_or_an_option_holds_are_in_no_file(tmp_path: Path) -> None:
    secret = "sk-ant-api03-" + "Ab1" * 30
    folder = task_folder(tmp_path / "tasks")
    done = annotated(
        folder, baseline(tmp_path / "outputs", label=f"mine {secret}", quantization=secret)
    )
    assert done.folder.is_complete
    files = [path for path in (tmp_path / "outputs").rglob("*") if path.is_file()]
    assert len(files) > 10
    assert not [path for path in files if secret.encode() in path.read_bytes()]


def test_ids_that_look_like_secrets_are_scored_again_as_before(tmp_path: Path) -> None:
    folder = task_folder(tmp_path / "tasks", rows=6)
    path = folder / "ground-truth.csv"
    secret = "sk-ant-api03-" + "Cd2" * 30
    path.write_text(path.read_text("utf-8").replace("r3,", f"{secret},"), "utf-8")
    done = annotated(folder, baseline(tmp_path / "outputs", "random"))
    assert secret not in (done.folder.path / "output.csv").read_text("utf-8")
    _, again = rescore(done.folder.path, Rescoring(scoring=SCORING))
    assert done.scored is not None
    assert again.assessment.matched == 6
    assert again.assessment.fields == done.scored.assessment.fields


def test_a_baseline_needs_answers_to_learn_from(task: Path, tmp_path: Path) -> None:
    path = task / "ground-truth.csv"
    lines = path.read_text("utf-8").splitlines()
    ids = [f"r{number},town,text {number},,,,,," for number in range(1, 4)]
    path.write_text("\n".join([lines[0], *ids, ""]), "utf-8")
    with pytest.raises(UsageError, match="has no answers, and a baseline learns from them"):
        annotated(task, baseline(tmp_path / "outputs"))
    assert not list((tmp_path / "outputs").glob("*/*"))


def test_damaged_totals_are_told_before_anything_is_replaced(task: Path, tmp_path: Path) -> None:
    done = annotated(task, baseline(tmp_path / "outputs"))
    (done.folder.path / "emissions.csv").write_bytes(b"\xff\xfe")
    before = (done.folder.path / "scores.json").read_bytes()
    with pytest.raises(UsageError, match=r"emissions\.csv` cannot be read"):
        rescore(done.folder.path, Rescoring())
    assert (done.folder.path / "scores.json").read_bytes() == before


def test_a_copy_of_a_run_is_passed_over_by_ingest(task: Path, tmp_path: Path) -> None:
    from evalhouse.workflows.ingest import ingest

    with open_store(tmp_path / "house") as store:
        annotated(task, baseline(tmp_path / "outputs"), store)
        shutil.copytree(tmp_path / "outputs", tmp_path / "copy")
        ledger = ingest(store, [tmp_path])
    assert not [problem for problem in ledger.problems if problem.severity == "damage"]


def test_what_cannot_be_asked_leaves_no_folder(task: Path, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    with serving(Model()) as server:
        for wrong, words in (
            (settings(server.url, outputs, model="nothing"), "no model at"),
            (settings("http://127.0.0.1:9", outputs), "cannot be asked"),
            (baseline(outputs, "best"), "no baseline is called"),
            (baseline(outputs, request_unit="batch"), "text by text"),
            (settings(server.url, outputs, provider="nobody"), "no provider is called"),
            (baseline(outputs, energy=True, country="ZZZ"), "ZZZ"),
            (settings(server.url, outputs, max_cost=1), "price of this model is not known"),
            (settings(server.url, outputs, template="no.txt"), "template `no.txt` cannot be read"),
        ):
            with pytest.raises(EvalhouseError, match=words):
                annotated(task, wrong)
    assert not outputs.exists()


def test_a_prompt_that_surely_does_not_fit_is_refused_before_the_first_row(
    task: Path, tmp_path: Path
) -> None:
    with serving(Model()) as server, pytest.raises(UsageError, match="is served with 4,096"):
        annotated(task, settings(server.url, tmp_path / "outputs", max_tokens=4000))
