from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from evalhouse.tasks.check import check_task
from evalhouse.tasks.rows import Row
from evalhouse.tasks.task import Task, open_task
from tests.tasks.made import CSV, YAML, make, make_edited

CANARY = "canary-in-a-label"
SETTINGS = "coders: {x: x.csv, y: 'Y {column}'}\nmetadata_columns: [channel]\n"
OPEN = YAML.replace("[for, against]", "[]").replace("type: span", "type: textbox")
OPEN = OPEN.replace("        label_options: [who, what]\n", "").replace("checkbox", "textbox")
OPEN = OPEN.replace("type: likert", "type: dropdown").replace("min_value", "color")
FIELDS = ("S_About", "S_Side", "S_Force", "S_Parts", "S_Why")


@pytest.fixture
def canary(tmp_path: Path) -> Task:
    """Give a task with a canary in every cell of every coder."""
    labels = [*FIELDS, *(f"Y {field}" for field in FIELDS)]
    header = ",".join(["id", "text", "channel", "other", *labels])
    rows = [f"r{n},Text {n},mail,more," + ",".join([CANARY] * len(labels)) for n in range(3)]
    table = "\n".join([header, *rows])
    yaml = SETTINGS + OPEN.replace("value: yes", f"value: {CANARY}")
    return open_task(
        make(tmp_path, {"codebook.yaml": yaml, "ground-truth.csv": table, "x.csv": table})
    )


def test_no_label_reaches_what_prompts_are_made_of(canary: Task) -> None:
    rows = list(canary.rows())
    assert len(rows) == 3
    assert CANARY not in repr([dataclasses.asdict(row) for row in rows])
    assert CANARY not in repr([canary.examples(column) for column in FIELDS])
    assert CANARY not in repr(list(canary.carried()))


def test_labels_are_where_they_are_asked_for(canary: Task) -> None:
    assert set(canary.gold().cells["S_Why"]) == {CANARY}
    coders = canary.coders()
    assert set(coders) == {"x", "y"}
    assert all(set(coding.cells["S_Side"]) == {CANARY} for coding in coders.values())


def test_a_row_has_nothing_but_id_text_and_named_metadata(canary: Task) -> None:
    assert [field.name for field in dataclasses.fields(Row)] == ["id", "text", "metadata"]
    assert next(canary.rows()) == Row("r0", "Text 0", {"channel": "mail"})


def test_everything_but_labels_is_carried_in_the_order_of_the_file(canary: Task) -> None:
    carried = {"id": "r0", "text": "Text 0", "channel": "mail", "other": "more"}
    assert list(next(canary.carried()).items()) == list(carried.items())


def test_rows_without_an_id_column_are_known_by_position(tmp_path: Path) -> None:
    task = open_task(make_edited(tmp_path, yaml=(("id_column: id\n", ""),)))
    assert [row.id for row in task.rows()] == ["1", "2"]


@pytest.mark.parametrize("word", ["None", "NA", "nan", "null", "1", "1.0", "007", "TRUE"])
def test_cells_are_the_text_that_is_written(tmp_path: Path, word: str) -> None:
    table = (("First text", word), ("because", word), ("a,", f"{word},"))
    task = open_task(make_edited(tmp_path, table=table))
    row = next(task.rows())
    assert (row.id, row.text, task.gold().cells["S_Why"][0]) == (word, word, word)


def test_words_that_look_like_nothing_can_be_options(tmp_path: Path) -> None:
    report = check_task(
        make_edited(tmp_path, yaml=(("[for, against]", "[None, NA]"),), table=((",for,", ",NA,"),))
    )
    side = next(field for field in report.fields if field.column == "S_Side")
    assert dict(side.values) == {"None": 0, "NA": 1}


def test_a_text_may_have_several_lines(tmp_path: Path) -> None:
    task = open_task(make_edited(tmp_path, table=(("First text", '"First\r\n\nline, ""two"""'),)))
    assert next(task.rows()).text == 'First\r\n\nline, "two"'


def test_lines_are_counted_as_an_editor_does(tmp_path: Path) -> None:
    table = (("First text", '"a\nb\n\nc"'), ("0,,4", "0,,9"))
    report = check_task(make_edited(tmp_path, table=table))
    assert [fault.place.line for fault in report.faults] == [6]


def test_blank_lines_and_long_cells_are_no_faults(tmp_path: Path) -> None:
    text = "x" * 300_000
    report = check_task(
        make(tmp_path, {"ground-truth.csv": "\n" + CSV.replace("First text", text) + "\n\n"})
    )
    assert (report.rows, report.faults) == (2, ())


def test_other_delimiters_are_named_and_read_on(tmp_path: Path) -> None:
    table = "id;text;S_About;S_Side;S_Force;S_Parts;S_Why\na;A, b;1;for;9;;x\n"
    report = check_task(make(tmp_path, {"ground-truth.csv": table}))
    assert [fault.kind for fault in report.faults] == ["delimiter", "point_outside"]


def test_a_mark_at_the_beginning_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    task = open_task(make(tmp_path, {"ground-truth.csv": CSV.encode("utf-8-sig")}))
    assert next(task.rows()).id == "a"
