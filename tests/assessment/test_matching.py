from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evalhouse.assessment import Answered, assess
from evalhouse.assessment.matching import match
from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.labels import Absent
from evalhouse.scoring import Scoring
from evalhouse.tasks.task import open_task
from tests.assessment.made import answers_to, cells, make_task, write_table

QUICK = Scoring(has_intervals=False)


def reordered(answers: Answered, order: list[int]) -> Answered:
    cells = {name: [held[row] for row in order] for name, held in answers.cells.items()}
    return Answered(tuple(answers.ids[row] for row in order), cells)


def test_rows_are_joined_by_id_whatever_their_order(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    answers = answers_to(task)
    assert assess(task, reordered(answers, list(range(40))[::-1]), QUICK) == assess(
        task, answers, QUICK
    )


def test_rows_of_one_side_alone_are_counted_and_left_out(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    answers = reordered(answers_to(task), list(range(30)))
    answers = replace(
        answers,
        ids=(*answers.ids, "x"),
        cells={name: [*held, ""] for name, held in answers.cells.items()},
    )
    found = assess(task, answers, QUICK)
    assert (found.matched, found.unanswered, found.unknown) == (30, 10, 1)
    assert {each.rows for each in found.fields} == {30}
    assert found.warnings == (
        "10 rows of the gold are not among the answers, and are left out",
        "1 rows of the answers are not in the gold, and are left out",
    )


def test_an_id_that_the_answers_hold_twice_is_refused_by_its_name(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    answers = reordered(answers_to(task), [*range(40), 3])
    with pytest.raises(UsageError, match=r"hold the row `r3` 2 times \(1 rows too many"):
        assess(task, answers, QUICK)


def test_answers_to_another_task_are_refused(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    answers = replace(answers_to(task), ids=tuple(f"q{row}" for row in range(40)))
    with pytest.raises(UsageError, match="their first id is `q0` and the task's `r0`"):
        assess(task, answers, QUICK)
    with pytest.raises(UsageError, match="their first id is `none`"):
        assess(task, Answered((), {}), QUICK)


def positional(answers: Answered, texts: list[str] | None) -> Answered:
    ids = tuple(str(row + 1) for row in range(len(answers.ids)))
    return Answered(ids, answers.cells, texts=texts, is_positional=True)


def test_rows_without_ids_are_paired_by_position_and_that_is_said(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    answers = answers_to(task)
    found = assess(task, positional(answers, None), QUICK)
    assert found.fields == assess(task, answers, QUICK).fields
    assert found.warnings == (
        "the answers have no ids of rows: they are paired with the gold by position",
    )


def test_fewer_rows_without_ids_are_paired_only_where_their_texts_are_the_same(
    tmp_path: Path,
) -> None:
    task = make_task(tmp_path)
    texts = [row.text for row in task.rows()]
    some = reordered(answers_to(task), list(range(25)))
    with pytest.raises(UsageError, match="25 rows without ids and the task 40"):
        match(task, positional(some, None))
    assert match(task, positional(some, texts[:25])).rows == 25
    with pytest.raises(UsageError, match="row 1 of the answers is about `1 "):
        match(task, positional(some, texts[1:26]))


def test_other_texts_beside_the_same_ids_are_counted(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    texts = [row.text for row in task.rows()]
    changed = replace(answers_to(task), texts=["another", " ", *texts[2:]])
    assert match(task, changed).warnings == (
        "1 rows have another text beside their answers than in the task",
    )


def test_a_task_without_ids_is_joined_by_the_column_that_the_answers_name(tmp_path: Path) -> None:
    named = make_task(tmp_path / "named")
    answers = replace(reordered(answers_to(named), list(range(40))[::-1]), id_column="id")
    folder = tmp_path / "plain"
    make_task(folder)
    book = (folder / "codebook.yaml").read_text(encoding="utf-8")
    (folder / "codebook.yaml").write_text(book.replace("id_column: id\n", ""), encoding="utf-8")
    plain = open_task(folder)
    assert assess(plain, answers, QUICK).fields == assess(named, answers, QUICK).fields
    with pytest.raises(UsageError, match="name their rows by `text2`"):
        assess(plain, replace(answers, id_column="text2"), QUICK)


def test_clusters_are_a_column_of_the_task_without_gaps(tmp_path: Path) -> None:
    task = make_task(tmp_path, document=[f"d{row // 4}" for row in range(40)])
    answers = answers_to(task)
    found = assess(task, answers, Scoring(resamples=200), clusters="document")
    share = found.fields[0].score("valid_share")
    assert share is not None
    assert "10 clusters" in share.note or share.method != "Wilson, modified"
    with pytest.raises(UnknownNameError, match="did you mean `document`"):
        assess(task, answers, QUICK, clusters="documents")
    gaps = make_task(tmp_path / "gaps", document=["", *["d"] * 39])
    with pytest.raises(UsageError, match="row 1 has no cluster in `document`"):
        assess(gaps, answers, QUICK, clusters="document")


def test_rows_that_a_coder_did_not_read_are_missing(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    texts = [row.text for row in task.rows()]
    own = cells(3, texts[:2]) | {"S_About": ["0", "1"], "S_Side": ["", "for"]}
    write_table(tmp_path / "coders" / "a.csv", ["r1", "r0"], {"text": texts[1::-1], **own})
    side = match(open_task(tmp_path), answers_to(task)).fields[1].coders["a"]
    assert list(side[:2]) == ["for", Absent.NOT_APPLICABLE]
    assert {*side[2:]} == {Absent.MISSING}
