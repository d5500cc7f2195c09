from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from evalhouse.cli import people
from evalhouse.cli.app import Commands
from tests.cli.conftest import Call

BUNDLED = Path(__file__).parents[2] / "examples" / "tasks" / "policy-sentiment"
CODERS = sorted((BUNDLED / "coders").glob("*.csv"))

Run = Callable[..., Call]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Give a function that runs a command in a folder of its own, with wide output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "250")
    app = typer.Typer(cls=Commands, pretty_exceptions_enable=False)
    app.command()(people.reliability)
    app.command()(people.estimate)

    def call(*words: object) -> Call:
        result = CliRunner().invoke(app, [str(word) for word in words])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Call(result.exit_code, result.stdout, result.stderr)

    return call


def test_reliability_of_a_task_is_told_and_written(run: Run, tmp_path: Path) -> None:
    done = run("reliability", "--task", BUNDLED)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("2 coders, 40 items\n")
    assert "Policy Sentiment_Direction" in done.out
    assert "in the queue: 28 items" in done.out
    assert "--adjudications COPY" in done.out
    assert (tmp_path / "reliability" / "adjudication_queue.csv").exists()


def test_reliability_of_files_finds_their_codebook(run: Run, tmp_path: Path) -> None:
    done = run("reliability", *CODERS, "--to", "here", "--json")
    assert done.code == 0
    data = done.json
    assert (data["coders"], data["items"], data["queue"]) == (["coder_a", "coder_b"], 40, 28)
    assert (data["folder"], len(data["files"])) == ("here", 7)
    fields = {field["field"]: field for field in data["fields"]}
    assert fields["Policy Sentiment_Strength"]["alpha_level"] == "ordinal"
    assert fields["Details_Mentions"]["alpha_unit"] == "token"
    direction = fields["Policy Sentiment_Direction"]
    assert direction["pairs"][0]["percentage_agreement"] == direction["pair_agreement"]
    alpha = direction["krippendorff_alpha"]
    assert -1 <= alpha["low"] < alpha["value"] < alpha["high"] <= 1
    assert fields["Details_Mentions"]["fleiss_kappa"]["value"] is None


def test_reliability_names_issues(run: Run, tmp_path: Path) -> None:
    text = CODERS[0].read_text(encoding="utf-8").replace(",support,5,", ",support,9,", 1)
    (tmp_path / "codebook.json").write_bytes((BUNDLED / "codebook.json").read_bytes())
    (tmp_path / "ann.csv").write_text(text, encoding="utf-8")
    done = run("reliability", "ann.csv", CODERS[1])
    assert done.code == 0
    assert "issue invalid_label: 1\n" in done.out
    assert "look through the 1 rows of `validation_issues.csv`" in done.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "there is nothing to compare"),
        ((CODERS[0],), "two coders or more; found 1"),
        ((*CODERS, "--level", "2"), "a confidence level lies between 0 and 1"),
        (("--task", "none"), "there is no task's folder"),
    ],
)
def test_what_makes_no_sense_ends_with_2_and_one_sentence(
    run: Run, words: tuple[object, ...], told: str
) -> None:
    done = run("reliability", *words)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert done.err.count("\n") == 1


def test_names_from_files_cannot_move_the_cursor(run: Run, tmp_path: Path) -> None:
    codebook = json.loads((BUNDLED / "codebook.json").read_text(encoding="utf-8"))
    codebook["section_1"]["section_name"] = "\x1b[2J"
    (tmp_path / "codebook.json").write_text(json.dumps(codebook), encoding="utf-8")
    assert "\x1b" not in run("reliability", *CODERS, "--codebook", "codebook.json").out
