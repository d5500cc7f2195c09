"""codebook-lab's definitions through the public path: folders in, assessments out."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest

from evalhouse.assessment import (
    assess,
    assess_as_codebook_lab,
    classification_reports,
    read_answers,
    tidy_lines,
)
from evalhouse.errors import UsageError
from evalhouse.metrics.codebook_lab import Processing
from evalhouse.scoring import Scoring
from evalhouse.tasks.task import Task, open_task
from tests.assessment.made import COLUMNS, cells, make_task, write_table

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT.parent / "shared" / "samples" / "codebook_lab"
TASK = SAMPLES / "tasks" / "transit-hearing"
RUNS = sorted((SAMPLES / "outputs" / "transit-hearing").glob("run_*"))
needs_samples = pytest.mark.skipif(not RUNS, reason="the samples are not beside the repository")
QUICK = Scoring(has_intervals=False)


def stored(run: str) -> dict[tuple[str, str, str], float]:
    path = SAMPLES / "outputs" / "metrics" / "transit-hearing_metrics_log.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        return {
            (row["column"], row["annotation_type"], row["metric"]): float(row["value"] or math.nan)
            for row in csv.DictReader(stream)
            if row["run_id"] == run
        }


@needs_samples
@pytest.mark.parametrize("run", RUNS or [Path("none")], ids=lambda run: run.name)
def test_every_stored_value_of_a_run_is_met_in_the_order_of_the_table(run: Path) -> None:
    settings = json.loads((run / "config.json").read_text(encoding="utf-8"))
    processing = Processing(textbox=settings["process_textbox"], span=settings["process_span"])
    task = open_task(TASK)
    found = assess_as_codebook_lab(task, run / "output.csv", processing=processing)
    lines = {
        (each.column, each.annotation_type, each.score.metric): each.score
        for each in tidy_lines(found)
    }
    expected = stored(run.name)
    theirs = [key for key in lines if key in expected]
    assert theirs == list(expected)
    assert {score.definition for score in lines.values()} == {"codebook-lab"}
    values = [lines[key].value for key in theirs]
    numbers = [math.nan if value is None else value for value in values]
    assert numbers == pytest.approx(list(expected.values()), abs=1e-12, nan_ok=True)


@needs_samples
def test_the_names_of_the_published_example_have_values_too() -> None:
    found = assess_as_codebook_lab(open_task(TASK), RUNS[0] / "output.csv")
    for each in found.fields[:6]:
        for ours, theirs in (("f1_macro", "f1"), ("recall_macro", "recall")):
            one, other = each.score(ours), each.score(theirs)
            assert one is not None
            assert other is not None
            assert one.value == other.value


@needs_samples
def test_with_our_definition_the_blank_checkbox_of_a_sample_is_one_wrong_answer() -> None:
    task = open_task(TASK)
    blank = next(
        run for run in RUNS if stored(run.name)["Relevance_On topic", "checkbox", "accuracy"] < 0.5
    )
    answers = read_answers(blank / "output.csv", task.codebook)
    field = assess(task, answers, QUICK).fields[0]
    accuracy, valid = field.score("accuracy"), field.score("valid_share")
    assert accuracy is not None
    assert valid is not None
    assert accuracy.value == pytest.approx(20 / 24)
    assert valid.value == pytest.approx(23 / 24)


@needs_samples
def test_reports_of_a_run_without_invalid_answers_begin_as_those_of_codebook_lab() -> None:
    task = open_task(TASK)
    ours = classification_reports(
        assess(task, read_answers(RUNS[0] / "output.csv", task.codebook), QUICK)
    )
    theirs = (RUNS[0] / "classification_reports.txt").read_text(encoding="utf-8")
    first = theirs.split("-" * 50)[0]
    assert first.rstrip("\n") in ours
    assert sum(line.startswith("Classification") for line in ours.splitlines()) == 10


BOOK = {
    "text_column": "text",
    "section_1": {
        "section_name": "S",
        "annotations": {
            "annotation_1": {"name": "Tick", "type": "checkbox"},
            "annotation_2": {"name": "Option", "type": "dropdown", "options": ["1", "2", "3"]},
            "annotation_3": {"name": "Word", "type": "dropdown", "options": ["None", "NA", "yes"]},
            "annotation_4": {"name": "Scale", "type": "likert", "min_value": 1, "max_value": 10},
        },
    },
}
GOLD = {
    "text": [f"text {row}" for row in range(6)],
    "S_Tick": ["1", "1", "1", "0", "1", "0"],
    "S_Option": ["1", "2", "3", "3", "1", "2"],
    "S_Word": ["None", "NA", "yes", "None", "yes", "NA"],
    "S_Scale": ["1", "2", "10", "1", "2", "10"],
}
BLANK = {
    "S_Tick": ["1.0", "1.0", "", "0.0", "1.0", "0.0"],
    "S_Option": ["1.0", "2.0", "3.0", "", "1.0", "2.0"],
    "S_Word": ["NA", "None", "yes", "", "yes", "NA"],
    "S_Scale": ["1", "10", "10", "1", "2", "2"],
}


@pytest.fixture
def faulty(tmp_path: Path) -> tuple[Task, Path]:
    """Make a task on which each known fault of codebook-lab shows, and its output."""
    (tmp_path / "codebook.json").write_text(json.dumps(BOOK), encoding="utf-8")
    ids = list("abcdef")
    write_table(tmp_path / "ground-truth.csv", ids, GOLD)
    return open_task(tmp_path), write_table(tmp_path / "output.csv", ids, GOLD | BLANK)


@pytest.mark.parametrize(
    ("column", "metric", "theirs", "ours"),
    [
        ("S_Tick", "accuracy", 2 / 6, 5 / 6),  # one blank makes every tick a `0`
        ("S_Option", "accuracy", 0.0, 5 / 6),  # `1.0` is not `1`
        ("S_Word", "accuracy", 1.0, 3 / 6),  # `None` and `NA` are read as nothing
        (
            "S_Scale",
            "quadratic_kappa",
            1 - 2 / 8,
            1 - 128 / (292 * 4 / 6),
        ),  # a gap is one step
    ],
)
def test_the_known_faults_are_met_and_with_our_definition_gone(
    faulty: tuple[Task, Path], column: str, metric: str, theirs: float, ours: float
) -> None:
    task, output = faulty
    answers = read_answers(output, task.codebook)
    for found, expected in (
        (assess_as_codebook_lab(task, output), theirs),
        (assess(task, answers, QUICK), ours),
    ):
        score = next(each for each in found.fields if each.column == column).score(metric)
        assert score is not None
        assert score.value == pytest.approx(expected, abs=1e-9), found.definition


def test_reports_by_the_other_definition_have_a_sentence(faulty: tuple[Task, Path]) -> None:
    text = classification_reports(assess_as_codebook_lab(*faulty))
    assert (
        "for 'S_Tick':\nMetrics calculated (f1_macro=0.250, percentage_agreement=0.333).\n" in text
    )


def test_alpha_is_nominal_with_our_definition_and_knows_no_alphabet(tmp_path: Path) -> None:
    gold, model = list("aabbcc"), list("aabcca")
    alphas = []
    for names in ("abc", "acb"):
        renamed = str.maketrans("abc", names)
        sides = [[one.translate(renamed) for one in side] for side in (gold, model)]
        folder = tmp_path / names
        folder.mkdir()
        book = {"text_column": "text", "section_1": {"section_name": "S", "annotations": {}}}
        field = {"name": "X", "type": "dropdown", "options": list("abc")}
        book["section_1"]["annotations"] = {"annotation_1": field}  # type: ignore[index]
        (folder / "codebook.json").write_text(json.dumps(book), encoding="utf-8")
        text = {"text": [f"t{row}" for row in range(6)]}
        write_table(folder / "ground-truth.csv", list("123456"), text | {"S_X": sides[0]})
        output = write_table(folder / "output.csv", list("123456"), text | {"S_X": sides[1]})
        task = open_task(folder)
        pair = (
            assess_as_codebook_lab(task, output),
            assess(task, read_answers(output, task.codebook), QUICK),
        )
        alphas.append([found.fields[0].score("krippendorff_alpha") for found in pair])
    values = [[score.value if score else None for score in pair] for pair in alphas]
    assert [pair[0] for pair in values] == pytest.approx([0.486, 0.7609], abs=5e-4)
    assert values[0][1] == pytest.approx(values[1][1])


def test_what_codebook_lab_does_not_have_is_refused(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    texts = [row.text for row in task.rows()]
    path = write_table(tmp_path / "out.csv", task.gold().ids, {"text": texts, **cells(1, texts)})
    with pytest.raises(UsageError, match="`S_Topics` is a multiselect"):
        assess_as_codebook_lab(task, path)
    book = (tmp_path / "codebook.yaml").read_text(encoding="utf-8")
    changed = "\n".join(line for line in book.splitlines() if "Topics" not in line)
    changed = changed.replace("{field: About, value: 1}", "{field: About, not: 0}")
    (tmp_path / "codebook.yaml").write_text(changed, encoding="utf-8")
    with pytest.raises(UsageError, match="`S_Side` is asked if S_About is not 0"):
        assess_as_codebook_lab(open_task(tmp_path), path)


def test_files_of_other_lengths_and_columns_that_are_not_there_are_said(tmp_path: Path) -> None:
    make_task(tmp_path)
    book = (tmp_path / "codebook.yaml").read_text(encoding="utf-8")
    kept = "\n".join(line for line in book.splitlines() if "Topics" not in line)
    (tmp_path / "codebook.yaml").write_text(kept, encoding="utf-8")
    task = open_task(tmp_path)
    path = write_table(tmp_path / "out.csv", ["r0", "r1"], {"S_About": ["1", "0"]})
    found = assess_as_codebook_lab(task, path)
    assert (found.matched, found.unanswered, found.unknown) == (2, 38, 0)
    assert "the gold has 40 rows and the answers 2" in found.warnings[1]
    assert found.fields[1].warnings == ("undefined: the column is missing",)
    assert [each.column for each in found.fields] == [one for one in COLUMNS if one != "S_Topics"]
    nothing = write_table(tmp_path / "none.csv", ["r0"], {"other": ["x"]})
    assert assess_as_codebook_lab(task, nothing).matched == 1
