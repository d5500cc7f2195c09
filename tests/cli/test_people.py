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
TASK = (CODERS[0], "--task", BUNDLED)

Run = Callable[..., Call]


def gold(folder: Path, rows: int) -> Path:
    """Write the first rows of the ground truth to a file of its own."""
    lines = (BUNDLED / "ground-truth.csv").read_text(encoding="utf-8").splitlines()
    (folder / "gold.csv").write_text("\n".join(lines[: rows + 1]), encoding="utf-8")
    return folder / "gold.csv"


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
    assert "look through 1 row of `validation_issues.csv`" in done.out


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


def test_an_estimate_is_told_with_its_warnings_and_notes(run: Run, tmp_path: Path) -> None:
    done = run("estimate", *TASK, "--field", "Direction", "--gold", gold(tmp_path, 20))
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Policy Sentiment_Direction: proportions\n40 rows with a label")
    assert "20 of them with a gold label; intervals of level 0.95" in done.out
    assert done.out.count("only 20 human labels") == 1  # once for all labels
    assert "(not applicable)" in done.out


def test_an_estimate_as_json_has_all_three_intervals(run: Run, tmp_path: Path) -> None:
    words = ("--field", "Direction", "--of", "support", "--gold", gold(tmp_path, 20), "--json")
    data = run("estimate", *TASK, *words, "--plan", "0.1").json
    (line,) = data["estimates"]
    assert (data["rows"], data["n_gold"], data["statistic"]) == (40, 20, "proportions")
    for side in ("corrected", "gold_alone", "model_alone"):
        assert line[side]["low"] < line[side]["value"] < line[side]["high"]
    assert line["plan"]["width"] == 0.2


def test_differences_and_plans_are_told(run: Run) -> None:
    words = ("--field", "Direction", "--of", "support", "--by", "channel")
    done = run("estimate", *TASK, *words, "--statistic", "difference")
    assert "email − web form" in done.out
    planned = run("estimate", *TASK, "--field", "About policy", "--plan", "0.2").out
    assert "plan: 1, plus or minus 0.2: " in planned
    assert "gold labels, 0 more than there are" in planned


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--field", "Mentions"), "neither shares nor a mean"),
        (("--field", "Direction", "--statistic", "mode"), "no statistic is called `mode`"),
        (("--field", "Direction", "--by", "nothing"), "no column beside the labels"),
    ],
)
def test_an_estimate_that_makes_no_sense_ends_with_2(
    run: Run, words: tuple[str, ...], told: str
) -> None:
    done = run("estimate", *TASK, *words)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert done.err.count("\n") == 1
