from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Evalhouse

LLAMA = "meta-llama/Llama-3.1-8B main 2025-11-03_posttrain"
TASK = "boolq:rc::olmes"


def test_runs_are_listed(ask: Evalhouse) -> None:
    done = ask("runs")
    assert LLAMA in done.out
    assert len(ask("runs", "--format", "json").json) == 4
    assert len(ask("runs", "--format", "csv").out.splitlines()) == 5


def test_an_empty_house_says_how_to_begin(call: Evalhouse, tmp_path: object) -> None:
    call("--house", f"{tmp_path}/house", "init")
    assert "evalhouse ingest PATH" in call("--house", f"{tmp_path}/house", "runs").out


def test_a_run_is_shown_by_its_label(ask: Evalhouse) -> None:
    out = ask("show", LLAMA).out
    for told in ("suite core_3mcqa::olmes", "0.6667 ± 0.1217", "path.snapshot", "hash match"):
        assert told in out


def test_a_run_tells_what_it_took(ask: Evalhouse) -> None:
    seconds = ask("show", LLAMA, "--format", "json").json["took"]["seconds"]
    assert seconds > 0
    assert f"\n  took        {seconds:g} s\n" in ask("show", LLAMA).out


def test_a_task_is_shown_with_its_first_items(ask: Evalhouse) -> None:
    out = ask("show", LLAMA, "--task", TASK).out
    assert f"{TASK} in run " in out
    assert "acc_per_char" in out
    assert "Boolq_1000" in out


def test_an_item_is_shown_whole(ask: Evalhouse) -> None:
    out = ask("show", LLAMA, "--task", TASK, "--doc", "0").out
    for title in ("document", "model output", "metrics", "requests", "recorded input"):
        assert f"\n{title}\n" in out
    assert "task-001-boolq-predictions.jsonl:1" in out
    assert '"sum_logits": -' in out


@pytest.mark.parametrize("words", [[], ["--task", TASK], ["--task", TASK, "--doc", "0"]])
def test_a_page_is_clean_json(ask: Evalhouse, words: list[str]) -> None:
    page = ask("show", LLAMA, *words, "--format", "json").json
    assert page["short_id"] == page["run_id"][:8]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nobody"], "no run is called `nobody`"),
        ([LLAMA, "--task", "boolq"], "no task of this run is called `boolq`"),
        ([LLAMA, "--task", TASK, "--doc", "99"], "no item of this task is called `99`"),
        ([LLAMA, "--doc", "1"], "name the task too"),
        (["nobody\x1b[2J"], r"nobody\x1b[2J"),
    ],
)
def test_a_wrong_name_is_one_sentence(ask: Evalhouse, words: list[str], sentence: str) -> None:
    done = ask("show", *words)
    assert (done.code, done.out) == (2, "")
    assert sentence in done.err


def test_problems_are_listed_with_their_place(ask: Evalhouse) -> None:
    out = ask("problems").out
    assert out.startswith("notice: no_record, 1\n")
    assert "task-001-arc_easy:mc::olmes-predictions.jsonl" in out
    assert ask("problems", "--severity", "damage").out == "no problems\n"
    assert ask("problems", "--run", LLAMA, "--format", "json").json == []


def test_tables_need_no_house(call: Evalhouse) -> None:
    out = call("tables").out
    assert "one row per evaluation run" in out
    assert "task_scores" in out


def test_a_table_shows_the_meaning_of_its_columns(call: Evalhouse) -> None:
    out = call("tables", "run_model_metrics").out
    assert "one of reported, recomputed" in out
    assert "→ runs.run_id" in out
    columns = json.loads(call("tables", "items", "--format", "json").out)
    assert {"requests", "inputs", "doc"} <= {column["column"] for column in columns}


def test_an_unknown_table_gets_close_ones(call: Evalhouse) -> None:
    assert "did you mean `responses`" in call("tables", "responce").err
