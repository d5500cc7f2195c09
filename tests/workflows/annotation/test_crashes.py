"""A command that is killed at any stage goes on with the next one, and ends as if nothing was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from evalhouse.journal import verify
from tests.engine.model import EVERYTHING_IN_THE_MODEL, Model
from tests.providers.server import Server, serving
from tests.workflows.annotation.runs import read_csv, task_folder

LONGER = 1 + 10 / int(os.environ.get("EVALHOUSE_KILLS", "20"))
"""How many times as long each process lives as the one before it."""


def command(task: Path, server: Server) -> list[str]:
    return [
        *(sys.executable, "-m", "evalhouse", "annotate", str(task), "-p", "openai", "--json"),
        *("-m", "the-model", "--base-url", f"{server.url}/v1", "--concurrency", "4"),
        *("--no-energy", "--level", "0.9"),
    ]


def finished(words: list[str], folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    done = subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True)
    return folder / str(json.loads(done.stdout)["folder"])


def test_a_command_that_is_killed_at_any_stage_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    task = task_folder(tmp_path / "tasks", rows=30)
    with serving(Model(EVERYTHING_IN_THE_MODEL, wait=0.04)) as server:
        words = command(task, server)
        whole = finished(words, tmp_path / "whole")
        server.requests.clear()
        folder, kills, alive = tmp_path / "killed", 0, 0.5
        folder.mkdir()
        while True:
            process = subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL)
            time.sleep(alive)
            if process.poll() is not None:
                break
            process.kill()
            process.wait(60)
            kills, alive = kills + 1, alive * LONGER
        assert process.returncode == 0
        asked = [seen.body for seen in server.requests if seen.method == "POST"]
        run = finished(words, folder)
    assert kills >= 2
    assert len(asked) - len(set(asked)) <= kills * 2 * 4
    assert (run / "output.csv").read_bytes() == (whole / "output.csv").read_bytes()
    assert (run / "scores.json").read_bytes() == (whole / "scores.json").read_bytes()
    assert [path.name for path in run.parent.iterdir()] == [run.name]
    assert verify(run / "answers.jsonl").is_sound
    listed = json.loads((run / "manifest.json").read_text("utf-8"))["files"]
    assert set(listed) == {path.name for path in run.iterdir()} - {"manifest.json"}
    runs = read_csv(folder / "outputs" / "metrics" / "town_metrics_log_runs.csv")
    assert [row["run_id"] for row in runs] == [run.name]
    counted = subprocess.run(
        [
            *(sys.executable, "-m", "evalhouse", "sql", "--format", "json"),
            "select count(*) as n from run_model_metrics",
        ],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(counted.stdout) == [{"n": 6}]
