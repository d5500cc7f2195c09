from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Evalhouse
from tests.engine.model import Model
from tests.providers.server import serving
from tests.workflows.annotation.runs import read_json, task_folder

FAST = ("--no-energy", "--no-house")


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return task_folder(tmp_path / "tasks", rows=8)


def test_a_run_tells_where_it_is_what_it_scored_and_what_to_do_next(
    task: Path, call: Evalhouse
) -> None:
    done = call("annotate", task, "-p", "baseline", "-m", "majority", *FAST)
    assert done.code == 0
    assert done.out.startswith("town: majority, run ")
    assert "in outputs/town/" in done.out
    assert "S_Side" in done.out
    assert "f1_macro" in done.out
    assert "evalhouse" in done.out.partition("next")[2]
    again = call("annotate", task, "-p", "baseline", "-m", "majority", *FAST)
    assert "it was complete before" in again.out


def test_a_run_as_data_has_its_scores(task: Path, call: Evalhouse) -> None:
    done = call("annotate", task, "-p", "baseline", "-m", "random", "--json", *FAST)
    assert done.json["status"] == "complete"
    assert done.json["scores"]["fields"][0]["column"] == "S_About"


def test_options_arrive_in_the_configuration(task: Path, call: Evalhouse) -> None:
    options = (
        *("--unit", "field", "--chat-mode", "per-query", "--prompt", "persona", "--no-examples"),
        *("--temperature", "none", "--seed", "7", "--stop", "END", "--no-textbox", "--limit", "3"),
    )
    with serving(Model()) as server:
        where = ("--base-url", f"{server.url}/v1", "-p", "openai", "-m", "the-model")
        done = call("annotate", task, *where, *options, "--json", *FAST)
    config = read_json(Path(done.json["folder"]) / "config.json")
    wanted = {
        "request_unit": "field",
        "chat_mode": "per_query",
        "prompt_type": "persona",
        "use_examples": False,
        "temperature": None,
        "seed": 7,
        "stop": ["END"],
        "process_textbox": False,
        "limit": 3,
        "rows": 3,
    }
    assert {name: config[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("nowhere", "-m", "m"), 2, "there is no task's folder `nowhere`"),
        (("TASK",), 2, "no model is named"),
        (("TASK", "-m", "m", "-p", "nobody"), 2, "no provider is called `nobody`"),
        (("TASK", "-m", "m", "-p", "baseline"), 2, "no baseline is called `m`"),
        (("TASK", "-m", "m", "--base-url", "http://127.0.0.1:9"), 1, "cannot be asked"),
        (("TASK", "-m", "m", "--temperature", "warm"), 2, "expected a number"),
        (("TASK", "-m", "m", "--chat-mode", "x"), 2, "no chat mode is called `x`"),
        (("TASK", "-m", "majority", "-p", "baseline", "--country", "FRANCE"), 2, "FRA"),
    ],
)
def test_what_cannot_be_run_is_told_in_a_sentence(
    words: tuple[str, ...], code: int, sentence: str, task: Path, call: Evalhouse
) -> None:
    named = [str(task) if word == "TASK" else word for word in words]
    done = call("annotate", *named, "--no-house")
    assert done.code == code
    assert sentence in done.err
    assert "Traceback" not in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert not Path("outputs").exists()


def test_what_cannot_be_run_makes_no_house(task: Path, call: Evalhouse) -> None:
    assert call("annotate", "nowhere", "-m", "m").code == 2
    assert call("annotate", task, "-m", "m", "-p", "baseline").code == 2
    assert not Path("house").exists()


def test_ctrl_c_stops_a_run_that_the_same_command_goes_on_with(task: Path) -> None:
    with serving(Model(wait=0.2)) as server:
        command = [
            *(sys.executable, "-m", "evalhouse", "annotate", str(task), "-p", "openai"),
            *("-m", "the-model", "--base-url", f"{server.url}/v1", "--unit", "field"),
            *("--concurrency", "2", *FAST),
        ]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        while sum(seen.method == "POST" for seen in server.requests) < 4:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "run the same command again" in told
        assert "Traceback" not in told
        asked = len({seen.body for seen in server.requests if seen.method == "POST"})
        server.respond = Model()
        done = subprocess.run(command, env=os.environ, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        bodies = [seen.body for seen in server.requests if seen.method == "POST"]
    assert len(bodies) == len(set(bodies)) > asked
    (folder,) = (Path("outputs") / "town").iterdir()
    assert read_json(folder / "config.json")["status"] == "complete"


def test_a_sweep_compares_runs_and_tells_what_failed(task: Path, call: Evalhouse) -> None:
    grid = Path("grid.yaml")
    grid.write_text(
        f"task: {task}\nprovider: baseline\nmodel: [majority, best]\nenergy: no\n", "utf-8"
    )
    planned = call("sweep", grid, "--dry-run")
    assert planned.code == 0
    assert planned.out.count("to be run") == 2
    assert not Path("outputs").exists()
    done = call("sweep", grid, "--no-house")
    assert done.code == 1
    assert "no baseline is called `best`" in done.out
    assert "scores with their intervals" in done.out


def test_a_sweep_as_data_has_what_failed_too(task: Path, call: Evalhouse) -> None:
    grid = Path("grid.yaml")
    text = f"task: {task}\nprovider: baseline\nmodel: [majority, best]\nenergy: no\n"
    grid.write_text(text, "utf-8")
    first, second = call("sweep", grid, "--no-house", "--json").json
    assert (first["model"], first["status"], first["failure"]) == ("majority", "complete", None)
    assert "no baseline is called `best`" in second["failure"]


def test_answers_in_any_table_are_scored_without_a_trace(task: Path, call: Evalhouse) -> None:
    table = Path("mine.csv")
    table.write_bytes((task / "ground-truth.csv").read_bytes())
    done = call("score", table, "--task", task, "--json")
    values = {
        field["column"]: field["scores"][0]["value"]
        for field in done.json["fields"]
        if field.get("headline")
    }
    assert set(values.values()) == {1.0}
    assert sorted(path.name for path in Path().iterdir()) == ["mine.csv", "tasks"]
    kept = call("score", table, "--task", task, "--to", "kept")
    assert kept.code == 0
    assert (Path("kept") / "scores.json").is_file()
    alone = call("score", table)
    assert alone.code == 2
    assert "`--task`" in alone.err


def test_a_run_is_scored_again_by_its_id(task: Path, call: Evalhouse) -> None:
    done = call("annotate", task, "-p", "baseline", "-m", "random", "--json", *FAST)
    again = call("score", done.json["run_id"], "--level", "0.8", "--no-house", "--json")
    assert again.json["fields"][0]["scores"][0]["level"] == 0.8
    folder = Path(done.json["folder"])
    assert read_json(folder / "scores.json") == again.json
    wrong = call("score", "12345678")
    assert wrong.code == 2
    assert "there is no such run" in wrong.err
