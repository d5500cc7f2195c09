from __future__ import annotations

from pathlib import Path

import pytest

from evalhouse.assessment import assess, read_answers
from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.labels import Absent
from evalhouse.scoring import Scoring
from evalhouse.tasks.codebook import Codebook
from evalhouse.tasks.task import open_task
from tests.assessment.made import CODEBOOK, answers_to, make_task, write_table

QUICK = Scoring(has_intervals=False)


@pytest.fixture
def codebook(tmp_path: Path) -> Codebook:
    return make_task(tmp_path / "task").codebook


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "answers.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_cells_are_the_text_that_is_written(tmp_path: Path, codebook: Codebook) -> None:
    path = written(tmp_path, "id,S_Side,S_Why,other\na,None,NA,x\nb,,007,y\n")
    found = read_answers(path, codebook)
    assert found.ids == ("a", "b")
    assert found.cells == {"S_Side": ["None", Absent.MISSING], "S_Why": ["NA", "007"]}
    assert (found.statuses, found.texts, found.is_positional) == ({}, None, False)


def test_an_empty_cell_of_spans_says_that_there_are_none(
    tmp_path: Path, codebook: Codebook
) -> None:
    path = written(tmp_path, "id,S_Phrase,S_Force\na,,\n")
    assert read_answers(path, codebook).cells == {"S_Phrase": [""], "S_Force": [Absent.MISSING]}


def test_statuses_tell_why_a_cell_is_empty(tmp_path: Path, codebook: Codebook) -> None:
    rows = ["a,,ok", "b,,invalid", "c,,failed", "d,,not_applicable", "e,,refused", "f,[],repaired"]
    path = written(tmp_path, "id,S_Phrase,S_Phrase__status\n" + "\n".join(rows) + "\n")
    found = read_answers(path, codebook)
    invalid = Absent.INVALID
    assert found.cells["S_Phrase"] == [
        *("", invalid, Absent.FAILED, Absent.NOT_APPLICABLE, invalid, "[]")
    ]
    assert found.statuses["S_Phrase"][:3] == ["ok", "invalid", "failed"]


def test_what_a_program_made_of_answers_is_undone(tmp_path: Path) -> None:
    book = CODEBOOK.replace("[for, against, None]", '["1", "2", "2.0"]')
    task = make_task(tmp_path / "task", S_Side=[""] * 40)
    (task.folder / "codebook.yaml").write_text(book, encoding="utf-8")
    codebook = open_task(task.folder).codebook
    path = written(tmp_path, "id,S_Side,S_Force,S_About\na,1.0,4.0,1.0\nb,2.0,,0.0\nc,7.0,2,1\n")
    found = read_answers(path, codebook)
    assert found.cells["S_Side"] == ["1", "2.0", "7.0"]
    rows = [row.id for row in task.rows()][:3]
    named = path.read_text(encoding="utf-8")
    for name, row in zip("abc", rows, strict=True):
        named = named.replace(f"\n{name},", f"\n{row},")
    path.write_text(named, encoding="utf-8")
    result = assess(task, read_answers(path, codebook), QUICK)
    assert result.fields[2].statuses == {"ok": 2, "missing": 1}
    assert result.fields[0].statuses == {"ok": 3}


def test_rows_are_known_by_position_where_there_are_no_ids(
    tmp_path: Path, codebook: Codebook
) -> None:
    path = written(tmp_path, "text,S_Why\nfirst,a\nsecond,b\n")
    found = read_answers(path, codebook)
    assert (found.ids, found.is_positional) == (("1", "2"), True)
    assert found.texts == ["first", "second"]


def test_another_column_of_ids_may_be_named(tmp_path: Path, codebook: Codebook) -> None:
    path = written(tmp_path, "id,key,S_Why\n1,a,x\n2,b,y\n")
    found = read_answers(path, codebook, id_column="key")
    assert (found.ids, found.id_column) == (("a", "b"), "key")
    with pytest.raises(UnknownNameError, match="did you mean `key`"):
        read_answers(path, codebook, id_column="keys")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("id;S_Why;S_Side\na;b;c\n", "answers.csv:1: cells are separated by semicolons"),
        ("id,S_Why\na,b,c\n", "answers.csv:2: the row has 3 cells"),
        ("id,S_Why\na\nb\n", r"answers.csv:2: the row has 1 cells.*\(1 more\)"),
        (b"id,S_Why\na,caf\xe9\n", "answers.csv:2: byte 6 of the line .* is not UTF-8"),
        ('id,S_Why\na,"b\n', "a quote opens that is never closed"),
        ("id,S_Why,S_Why\na,b,c\n", "the column `S_Why` is also column 2"),
        ("", "the file has no header"),
        ("id,note\na,b\n", "no column with answers; expected one of `S_About`, `S_Side`"),
        ("id,S_Why\na,b\na,c\n", "`answers.csv:3`: the id `a` is also that of line 2"),
        ("id,S_Why\n ,b\n", "`answers.csv:2`: the id ` ` is empty"),
        ("id,S_Why,S_Why__status\na,b,fine\n", "`answers.csv:2`: the status `fine`"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_place(
    tmp_path: Path, codebook: Codebook, content: str | bytes, words: str
) -> None:
    with pytest.raises(UsageError, match=words) as failure:
        read_answers(written(tmp_path, content), codebook)
    assert "\n" not in str(failure.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path, codebook: Codebook) -> None:
    with pytest.raises(UsageError, match=r"none.csv: the file cannot be read: No such file"):
        read_answers(tmp_path / "none.csv", codebook)
    with pytest.raises(UsageError, match="the file cannot be read"):
        read_answers(tmp_path, codebook)


def test_what_was_written_scores_as_what_was_answered(tmp_path: Path) -> None:
    task = make_task(tmp_path / "task")
    answers = answers_to(task)
    cells = {name: [str(cell) for cell in held] for name, held in answers.cells.items()}
    path = write_table(tmp_path / "answers.csv", answers.ids, cells)
    found = assess(task, read_answers(path, task.codebook), QUICK)
    assert found.fields == assess(task, answers, QUICK).fields
