from __future__ import annotations

import random
from pathlib import Path

import pytest
from sklearn.metrics import classification_report

from evalhouse.assessment import Assessment, assess, classification_reports
from evalhouse.assessment.reports import RULE
from evalhouse.scoring import Scoring
from tests.assessment.made import answers_to, make_task

QUICK = Scoring(has_intervals=False)


def report(text: str, column: str) -> str:
    """Return the body of a column's report."""
    parts = text.split(RULE + "\n")
    start = f"Classification Report for '{column}':\n"
    return next(part for part in parts if part.startswith(start)).removeprefix(start)


def assessed(tmp_path: Path, **columns: list[str]) -> Assessment:
    task = make_task(tmp_path)
    answers = answers_to(task)
    cells = {**answers.cells, **columns}
    return assess(task, type(answers)(answers.ids, cells), QUICK)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("column", "labels"), [("S_Side", ["for", "against", "None"]), ("S_Force", list("12345"))]
)
def test_tables_are_those_of_scikit_learn_byte_by_byte(
    tmp_path: Path, column: str, labels: list[str], seed: int
) -> None:
    chance = random.Random(seed)
    task = make_task(tmp_path)
    gold = task.gold().cells[column]
    model = [one if chance.random() < 0.5 else chance.choice(labels) for one in gold]
    found = classification_reports(assessed(tmp_path / "again", **{column: model}))
    kept = [(one, other) for one, other in zip(gold, model, strict=True) if one]
    sides = [list(side) for side in zip(*kept, strict=True)]
    used = [label for label in labels if label in sides[0] or label in sides[1]]
    expected = classification_report(*sides, labels=used, zero_division=0)
    n = len(kept)
    assert report(found, column) == f"{expected}\nValid answers: {n} of {n} (100.0%).\n"


def test_an_invalid_answer_counts_against_recall_and_is_counted_below(tmp_path: Path) -> None:
    task = make_task(tmp_path / "task")
    gold = list(task.gold().cells["S_Force"])
    model = ["", "9", *gold[2:]]
    body = report(classification_reports(assessed(tmp_path / "x", S_Force=model)), "S_Force")
    used = sorted(set(gold))
    expected = classification_report(gold, model, labels=used, zero_division=0)
    lines = expected.splitlines()
    ours = body.splitlines()
    assert ours[: 2 + len(used)] == lines[: 2 + len(used)]
    assert ours[-4:-2] == lines[-2:]
    assert ours[-5].split() == ["accuracy", "0.95", "40"]
    assert ours[-1] == "Valid answers: 38 of 40 (95.0%; 1 missing, 1 invalid)."


def test_spans_and_texts_have_a_sentence(tmp_path: Path) -> None:
    found = classification_reports(assessed(tmp_path, S_Phrase=[""] * 40))
    body = report(found, "S_Phrase")
    assert body.startswith(
        "Span field, specialized metrics calculated (token_f1=0.000, exact_match_f1=0.000, "
        "char_iou=0."
    )
    why = report(found, "S_Why")
    assert why.startswith("Textbox field, metrics are diagnostics (percentage_agreement=0.")
    assert "Undefined: cosine_similarity, bertscore_precision" in why


def test_every_column_has_a_report_in_the_order_of_the_codebook(tmp_path: Path) -> None:
    found = assessed(tmp_path)
    text = classification_reports(found)
    titles = [line for line in text.splitlines() if line.startswith("Classification Report")]
    assert titles == [f"Classification Report for '{each.column}':" for each in found.fields]
    assert text.count(RULE + "\n") == len(found.fields)
    assert text.endswith(f"\n{RULE}\n")


def test_what_was_not_scored_is_said(tmp_path: Path) -> None:
    task = make_task(tmp_path / "task", S_About=["0"] * 40, S_Side=[""] * 40)
    answers = answers_to(task)
    cells = {name: held for name, held in answers.cells.items() if name != "S_Why"}
    text = classification_reports(assess(task, type(answers)(answers.ids, cells), QUICK))
    assert report(text, "S_Side") == "No valid data: no unit has a gold label.\n"
    assert report(text, "S_Why") == "No valid data: there is no column `S_Why` in the answers.\n"
