from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from evalhouse.assessment import assess, read_answers
from evalhouse.errors import UsageError
from evalhouse.journal import Entry, Journal
from evalhouse.redact import Redactor
from evalhouse.scoring import Scoring
from evalhouse.tasks.task import open_task
from evalhouse.workflows.report import report
from tests.tasks.made import make

BOOK = """
text_column: text
id_column: id
sections:
  - name: S
    annotations:
      - {name: Stance, type: dropdown, options: [for, against]}
      - {name: Words, type: textbox}
      - {name: Parts, type: span}
"""
ROWS = 12


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """Return a task whose gold answers take turns."""
    lines = ["id,text,S_Stance,S_Words,S_Parts"]
    lines += [f"r{row},text {row},{'for' if row % 2 else 'against'},w," for row in range(ROWS)]
    return make(tmp_path / "task", {"codebook.yaml": BOOK, "ground-truth.csv": "\n".join(lines)})


def run(task: Path, place: Path, right: int, *, scored: bool = True, **config: Any) -> Path:
    """Write a run that answers the first rows right, and return its folder."""
    place.mkdir(parents=True)
    header = ["id", "text", "S_Stance", "S_Parts", "S_Stance__status", "S_Parts__status"]
    with (place / "output.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for row in range(ROWS):
            is_for = bool(row % 2) is (row < right)
            writer.writerow(
                [f"r{row}", f"text {row}", "for" if is_for else "against", "", "ok", "ok"]
            )
    opened = open_task(task)
    known = {
        "run_id": place.name,
        "model": f"model {place.name}",
        "provider": "openai",
        "base_url": "https://api.openai.com/v1",
        "task_path": str(task),
        "rows": ROWS,
        "energy_scope": "local",
        "ground_truth_sha256": opened.files.ground_truth_sha256,
        "codebook_hash": opened.codebook.codebook_hash,
    }
    (place / "config.json").write_text(json.dumps(known | config), encoding="utf-8")
    (place / "emissions.csv").write_text(
        f"energy_consumed,emissions\n{right / 1e6},0.1\n", encoding="utf-8"
    )
    if scored:
        answers = read_answers(place / "output.csv", opened.codebook)
        found = assess(opened, answers, Scoring(resamples=50))
        (place / "scores.json").write_bytes(msgspec.json.encode(found))
    return place


def test_a_run_becomes_one_file(task: Path, tmp_path: Path) -> None:
    folder = run(task, tmp_path / "outputs" / "t" / "0a1b2c3d", 9)
    done = report([folder], tmp_path / "new" / "report.html")
    text = done.path.read_text(encoding="utf-8")
    assert (done.runs, done.bytes) == (1, len(text.encode()))
    assert "model 0a1b2c3d" in text
    assert "Rows to look at" not in text
    assert [each.name for each in done.path.parent.iterdir()] == ["report.html"]


def test_rows_are_shown_where_the_task_is_given(task: Path, tmp_path: Path) -> None:
    folder = run(task, tmp_path / "outputs" / "t" / "a", 10)
    text = report([folder], tmp_path / "r.md", task=task).path.read_text(encoding="utf-8")
    assert "| r10 | text 10 | against | for | ok |" in text
    assert "| r9 |" not in text


def test_the_runs_of_a_folder_are_compared_row_by_row(task: Path, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs" / "t"
    for name, right in (("a", ROWS), ("b", 0)):
        run(task, outputs / name, right)
    done = report([outputs], tmp_path / "r.md")
    text = done.path.read_text(encoding="utf-8")
    assert done.runs == 2
    assert "| S\\_Stance | 1 model a | 2 model b | 12 | 12 | 0 | 1.000 |" in text
    assert "for all 2 comparisons" in text  # text fields are left out


def test_a_task_that_is_gone_is_no_failure(task: Path, tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    folders = [run(task, tmp_path / "o" / name, 5, task_path=gone) for name in "ab"]
    text = report(folders, tmp_path / "r.md").path.read_text(encoding="utf-8")
    assert f"the task is not at `{gone}`; name its folder with `--task`" in text
    text = report(folders, tmp_path / "r.md", task=task).path.read_text(encoding="utf-8")
    assert "adjusted after Holm" in text


def test_a_task_with_other_gold_is_not_compared_with(task: Path, tmp_path: Path) -> None:
    folders = [run(task, tmp_path / "o" / name, 5) for name in "ab"]
    truth = task / "ground-truth.csv"
    truth.write_text(truth.read_text(encoding="utf-8").replace("text 3", "text x"), "utf-8")
    text = report(folders, tmp_path / "r.md").path.read_text(encoding="utf-8")
    assert "is not the one that the scores are of" in text
    with pytest.raises(UsageError, match="is not the one that the scores are of; give the task"):
        report(folders[:1], tmp_path / "r.md", task=task)


def test_a_folder_s_runs_without_scores_are_left_out(task: Path, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    run(task, outputs / "t" / "a", 5)
    bare = run(task, outputs / "t" / "b", 5, scored=False)
    assert report([outputs], tmp_path / "r.md").left_out == (bare,)


def test_a_run_is_found_by_its_id_and_shown_once(
    task: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(task, tmp_path / "outputs" / "t" / "0a1b2c3d", 5)
    monkeypatch.chdir(tmp_path)
    assert report(["0a1b2c3d", "outputs/t"], "r.md").runs == 1


def test_the_price_of_long_prompts_is_summed_over_the_journal(task: Path, tmp_path: Path) -> None:
    folder = run(task, tmp_path / "o" / "a", 5, model="gpt-6-luna")
    usage = {"input": 200_000, "output": 0, "reasoning": None, "cached": None}
    with Journal(folder / "answers.jsonl", {"a": 1}, redactor=Redactor(b"")) as journal:
        for key in ("one", "two"):
            journal.append_now(Entry(key, {"usage": usage}))
    timing = {"tokens_input": 400_000, "tokens_output": 0}
    (folder / "timing_data.json").write_text(json.dumps(timing), encoding="utf-8")
    text = report([folder], tmp_path / "r.md").path.read_text(encoding="utf-8")
    assert "| price by list | \\$0.04 |" in text


@pytest.mark.parametrize("name", ["report.pdf", "report", "html"])
def test_an_unknown_form_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"names no form of report; expected .*`\.html` or"):
        report([tmp_path], tmp_path / name)


def test_a_place_without_a_run_is_told(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none", "ffffffff"):
        with pytest.raises(UsageError, match="there is no run at"):
            report([place], tmp_path / "r.md")


def test_a_named_run_without_scores_is_told(task: Path, tmp_path: Path) -> None:
    foreign = run(task, tmp_path / "b", 5, scored=False)
    with pytest.raises(UsageError, match=r"is not one of `evalhouse annotate`.* --task"):
        report([foreign], tmp_path / "r.md")
    folder = run(task, tmp_path / "a", 5, scored=False, run_uuid="aaaaaaaa")
    with pytest.raises(UsageError, match="has no scores yet; make them with `evalhouse score "):
        report([folder], tmp_path / "r.md")
    with pytest.raises(UsageError, match=r"no run in .* has scores"):
        report([tmp_path], tmp_path / "r.md")


@pytest.mark.parametrize("name", ["config.json", "scores.json", "timing_data.json"])
@pytest.mark.parametrize("data", [b"{", b"[1]", b"\xff\xfe"])
def test_a_damaged_file_is_told_with_its_place(
    name: str, data: bytes, task: Path, tmp_path: Path
) -> None:
    folder = run(task, tmp_path / "a", 5)
    (folder / name).write_bytes(data)
    with pytest.raises(UsageError, match=f"`.*{name}`"):
        report([folder], tmp_path / "r.md")
    assert not (tmp_path / "r.md").exists()


def test_files_that_only_add_to_the_picture_may_be_missing(task: Path, tmp_path: Path) -> None:
    folder = run(task, tmp_path / "a", 5)
    (folder / "emissions.csv").unlink()
    text = report([folder], tmp_path / "r.md").path.read_text(encoding="utf-8")
    assert "Energy was not measured." in text
