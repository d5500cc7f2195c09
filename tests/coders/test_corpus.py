from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from evalhouse.coders.corpus import Corpus, Source, joined, read_source
from evalhouse.coders.sheet import opened
from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.labels import Absent
from tests.coders.made import codebook

SIDE = "S_Side"


def source(folder: Path, table: str, column: str = SIDE, *, is_human: bool = False) -> Source:
    (folder / "t.csv").write_text(table, encoding="utf-8")
    return read_source(codebook(folder), column, opened(folder / "t.csv", "id"), is_human=is_human)


def corpus(folder: Path, model: str, human: str, column: str = SIDE, other: str = "") -> Corpus:
    beside = source(folder, other, column).carried if other else {}
    return joined(
        codebook(folder).by_column[column],
        source(folder, model, column),
        source(folder, human, column, is_human=True),
        Source("", {}, beside),
    )


def test_statuses_tell_of_absence(tmp_path: Path) -> None:
    words = ("ok", "repaired", "invalid", "refused", "truncated", "not_applicable", "failed")
    rows = "".join(f"{word},for,{word}\n" for word in words)
    found = source(tmp_path, f"id,{SIDE},{SIDE}__status\n{rows}").answers
    assert found == {
        **dict.fromkeys(("ok", "repaired"), "for"),
        **dict.fromkeys(("invalid", "refused", "truncated"), Absent.INVALID),
        "not_applicable": Absent.NOT_APPLICABLE,
        "failed": Absent.FAILED,
    }


def test_without_statuses_the_other_answers_of_a_row_tell_where_a_question_arises(
    tmp_path: Path,
) -> None:
    table = f"id,S_About,{SIDE}\na,1,For\nb,0,\nc,0,for\nd,1,\ne,,\n"
    assert dict(source(tmp_path, table).answers) == {
        "a": "for",
        "b": Absent.NOT_APPLICABLE,
        "c": Absent.NOT_APPLICABLE,
        "d": Absent.MISSING,
        "e": Absent.MISSING,
    }


def test_a_label_counts_although_nothing_says_that_its_question_arises(tmp_path: Path) -> None:
    assert source(tmp_path, f"id,{SIDE}\na,for\n").answers == {"a": "for"}


def test_rows_are_joined_by_id(tmp_path: Path) -> None:
    found = corpus(tmp_path, f"id,{SIDE}\nb,for\na,against\nc,\n", f"id,{SIDE}\na,for\nz,for\n")
    assert (found.ids, found.strangers) == (("b", "a", "c"), 1)
    assert found.human == (Absent.MISSING, "for", Absent.MISSING)
    assert found.unanswered == {"missing": 1}
    assert found.answered().ids == ("b", "a")
    assert found.has_human.tolist() == [False, True, False]


def test_marks_are_one_zero_or_unknown(tmp_path: Path) -> None:
    found = corpus(tmp_path, f"id,{SIDE}\na,for\nb,against\n", f"id,{SIDE}\na,against\nb,\n")
    human, model = found.marks("for")
    assert model.tolist() == [1, 0]
    assert human[0] == 0
    assert math.isnan(human[1])


def test_options_of_a_set_are_marked_one_by_one(tmp_path: Path) -> None:
    table = "id,S_Topics\na,fares|noise\nb,[]\n"
    found = corpus(tmp_path, table, table, "S_Topics")
    assert [found.marks(name)[0].tolist() for name in ("fares", "safety")] == [[1, 0], [0, 0]]


def test_points_are_numbers(tmp_path: Path) -> None:
    found = corpus(tmp_path, "id,S_Force\na,4\n", "id,S_Force\na,2.0\n", "S_Force")
    assert [side.tolist() for side in found.points()] == [[2], [4]]


def test_columns_come_from_the_models_table_first(tmp_path: Path) -> None:
    model = f"id,place,{SIDE},{SIDE}__status\na,north,for,ok\n"
    other = f"id,place,size,{SIDE}\na,south,3.5,for\n"
    found = corpus(tmp_path, model, f"id,{SIDE}\na,for\n", other=other)
    assert found.column("place") == ["north"]
    assert np.array_equal(found.numbers("size"), [3.5])
    assert SIDE + "__status" not in found.cells[0]


def test_columns_that_are_not_there_for_all_rows_are_refused(tmp_path: Path) -> None:
    gold = f"id,size,{SIDE}\na,big,for\n"
    found = corpus(tmp_path, f"id,{SIDE}\na,for\nb,for\n", gold)
    with pytest.raises(UsageError, match="1 rows have no column `size`, such as `b`"):
        found.column("size")
    with pytest.raises(UnknownNameError, match="no column beside the labels is called `sizes`"):
        found.column("sizes")
    with pytest.raises(UsageError, match="`size` is `big` in row `a`; expected a number"):
        found.where(np.array([True, False])).numbers("size")


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (f"nr,{SIDE}\na,for\n", "no column `id` with ids"),
        ("id,Side\na,for\n", f"no column `{SIDE}` with answers"),
        (f"id,{SIDE}\na,for\na,for\n", "t.csv:3`: the id `a` stands twice"),
        (f"id,{SIDE}\n ,for\n", "is blank"),
        (f"id,{SIDE}\na,maybe\n", f"row `a`, `{SIDE}`: `maybe` is not allowed"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(tmp_path: Path, table: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        source(tmp_path, table, is_human=True)


def test_sides_without_a_common_row_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="1 and 1 rows, none in common; compare the ids"):
        corpus(tmp_path, f"id,{SIDE}\na,for\n", f"id,{SIDE}\nb,for\n")
