from __future__ import annotations

from pathlib import Path

import pytest

from evalhouse.coders.assignment import Assignment, read_assignment
from evalhouse.coders.issues import Issue
from evalhouse.coders.panel import Item, assemble
from evalhouse.coders.sheet import Line, Sheet, opened, read_sheet, sheets_in, units_of
from evalhouse.errors import UsageError
from evalhouse.metrics.spans import Span
from evalhouse.tasks.codebook import Codebook, Settings
from tests.coders.made import COLUMNS, TEXT, codebook, panel, sheet


def kinds(issues: tuple[Issue, ...]) -> list[tuple[str, str, str, str]]:
    return [(each.issue_type, each.item_id, each.coder_id, each.field) for each in issues]


def test_labels_are_normal_answers_whatever_the_spelling(tmp_path: Path) -> None:
    made = panel(tmp_path, {"1": {"S_About": "Yes", "S_Side": " FOR "}}, {"1": {"S_Force": "4.0"}})
    assert made.labels["S_About"] == [["1", "1"]]
    assert made.labels["S_Side"] == [["for", "for"]]
    assert made.labels["S_Force"] == [["4", "4"]]
    assert made.labels["S_Topics"][0][0] == frozenset(["fares", "noise"])
    assert made.labels["S_Parts"][0][0] == (Span(0, 10, "who"),)
    assert not made.issues


def test_words_for_nothing_are_text(tmp_path: Path) -> None:
    made = panel(tmp_path, {"1": {"S_Why": "None"}}, {"1": {"S_Why": "NA"}})
    assert made.labels["S_Why"] == [["None", "NA"]]


def test_an_empty_cell_of_spans_is_an_answer_and_any_other_is_none(tmp_path: Path) -> None:
    made = panel(tmp_path, {"1": {"S_Parts": "", "S_Why": ""}}, {"1": {"S_Parts": "[]"}})
    assert made.labels["S_Parts"] == [[(), ()]]
    assert kinds(made.issues) == [("missing_required_field", "1", "a", "S_Why")]


def test_a_row_that_nobody_filled_in_says_nothing_about_spans(tmp_path: Path) -> None:
    made = panel(tmp_path, {"1": dict.fromkeys(COLUMNS, "")}, {"1": {}})
    assert made.labels["S_Parts"][0][0] is None
    fields = {each.field for each in made.issues}
    assert fields == set(COLUMNS) - {"S_Side"}  # which does not arise


def test_what_is_not_allowed_is_an_issue_and_no_label(tmp_path: Path) -> None:
    wrong = '[{"start": 0, "end": 4, "text": "Vogel", "label": "who"}]'
    made = panel(tmp_path, {"1": {"S_Force": "6", "S_Topics": "fare", "S_Parts": wrong}}, {"1": {}})
    assert kinds(made.issues) == [
        ("invalid_label", "1", "a", "S_Force"),
        ("invalid_label", "1", "a", "S_Topics"),
        ("invalid_label", "1", "a", "S_Parts"),
    ]
    assert "expected a whole number from 1 to 5" in made.issues[0].message
    assert "the words stand at 5 to 10" in made.issues[2].message
    assert made.labels["S_Force"][0][0] is made.labels["S_Parts"][0][0] is None


@pytest.mark.parametrize("parent", ["0", ""])
def test_a_child_without_its_parent_is_forbidden(tmp_path: Path, parent: str) -> None:
    made = panel(tmp_path, {"1": {"S_About": parent}}, {"1": {}})
    assert ("forbidden_child_value", "1", "a", "S_Side") in kinds(made.issues)
    assert made.labels["S_Side"][0] == [None, "for"]
    assert made.arises["S_Side"][0] == [False, True]


def test_a_field_counts_where_it_arises_for_most_who_read(tmp_path: Path) -> None:
    no = {"S_About": "0", "S_Side": ""}
    made = panel(tmp_path, {"1": {}, "2": {}}, {"1": no, "2": no}, {"2": {}})
    assert made.applies(made.codebook.by_column["S_Side"]) == [False, True]
    assert made.applies(made.codebook.by_column["S_Force"]) == [True, True]


def test_items_of_others_are_left_out_and_absent_ones_told(tmp_path: Path) -> None:
    plan = Assignment({"1": frozenset("ab"), "2": frozenset("a"), "3": frozenset("bz")})
    sheets = [sheet("a", {"1": {}, "9": {}}), sheet("b", {"1": {}, "2": {}})]
    made = assemble(codebook(tmp_path), sheets, plan)
    assert kinds(made.issues) == [
        ("unexpected_item", "9", "a", ""),
        ("unexpected_coder_assignment", "2", "b", ""),
        ("missing_assigned_item", "2", "a", ""),
        ("missing_assigned_item", "3", "b", ""),
        ("missing_assigned_item", "3", "z", ""),
    ]
    assert [item.id for item in made.items] == ["1"]
    assert made.assigned == [[True, True]]


def test_items_that_the_ground_truth_lacks_are_unexpected(tmp_path: Path) -> None:
    known = {name: Item(name, TEXT, {"id": name}) for name in ("2", "1")}
    sheets = [sheet("a", {"1": {}, "2": {}, "x": {}}), sheet("b", {"1": {}})]
    made = assemble(codebook(tmp_path), sheets, None, known)
    assert kinds(made.issues) == [("unexpected_item", "x", "a", "")]
    assert [item.id for item in made.items] == ["2", "1"]


def test_another_text_is_told_and_spans_are_held_against_the_first(tmp_path: Path) -> None:
    sheets = [sheet("a", {"1": {}}), sheet("b", {"1": {}}, text="Other")]
    made = assemble(codebook(tmp_path), sheets)
    assert kinds(made.issues) == [("other_text", "1", "b", "text")]
    assert made.labels["S_Parts"][0][0] == made.labels["S_Parts"][0][1]


def test_texts_may_stand_in_one_file_alone(tmp_path: Path) -> None:
    without = Line(None, dict(sheet("a", {"1": {}}).lines["1"].cells), {"id": "1"})
    made = assemble(
        codebook(tmp_path), [Sheet("a", {"1": without}, frozenset(COLUMNS)), sheet("b", {"1": {}})]
    )
    assert made.items[0].text == TEXT
    assert made.items[0].carried == {"id": "1", "place": "north", "text": TEXT}


def test_spans_need_texts(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file has the column `text`"):
        assemble(codebook(tmp_path), [sheet(name, {"1": {}}, text=None) for name in "ab"])


def test_one_coder_agrees_with_nobody(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two coders or more; found 1"):
        assemble(codebook(tmp_path), [sheet("a", {"1": {}})])


def test_coders_without_a_row_that_counts_are_refused(tmp_path: Path) -> None:
    plan = Assignment({"1": frozenset("c")})
    with pytest.raises(UsageError, match="no coder has a row that counts"):
        assemble(codebook(tmp_path), [sheet(name, {"2": {}}) for name in "ab"], plan)


def test_a_file_is_read_with_its_issues(tmp_path: Path) -> None:
    path = tmp_path / "ann.csv"
    path.write_text("id,text,S_About\n 1 ,t,1\n1,t,0\n,t,1\n", encoding="utf-8")
    issues: list[Issue] = []
    found = read_sheet(codebook(tmp_path), opened(path, "id"), "ann", issues)
    assert found is not None
    assert dict(found.lines["1"].cells) == {"S_About": "1"}
    assert [each.issue_type for each in issues if each.field == ""] == [
        "duplicate_coder_item",
        "blank_item_id",
    ]
    missing = [each.field for each in issues if each.issue_type == "missing_annotation_column"]
    assert missing == list(COLUMNS[1:])


def test_a_file_without_ids_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "ann.csv"
    path.write_text("ID,text,S_About\n1,t,1\n", encoding="utf-8")
    issues: list[Issue] = []
    assert read_sheet(codebook(tmp_path), opened(path, "id"), "ann", issues) is None
    assert kinds(tuple(issues)) == [("missing_id_column", "", "ann", "id")]
    assert "did you mean `ID`?" in issues[0].message


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"id,text\n1\n", r"ann.csv:2: the row has 1 cells"),
        (b"id;text\n1;a\n", "semicolons"),
        ("id,text\n1,\xe4\n".encode("latin-1"), "not UTF-8"),
        (b"", "no header"),
        (None, "No such file"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "ann.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=told):
        units_of(codebook(tmp_path), opened(path, "id"))


def test_coders_in_columns_have_the_rows_in_which_something_is_written(tmp_path: Path) -> None:
    book = codebook(tmp_path)
    (tmp_path / "gold.csv").write_text("id,text,S_About (ben)\n1,t,1\n2,t,\n", encoding="utf-8")
    book = Codebook(Settings("text", "id", coders={"ben": "{column} (ben)"}), book.sections)
    (ben,) = sheets_in(book, units_of(book, opened(tmp_path / "gold.csv", "id")))
    assert (ben.coder, list(ben.lines), ben.columns) == ("ben", ["1"], frozenset(["S_About"]))


@pytest.mark.parametrize(
    "content",
    [
        "id,coder_id\n1,a\n1,b\n2,a\n",
        "id,coder_1,coder_2\n1,a,b\n2,a,\n",
        "id,RA_1,ra_2\n1,b,a\n2,,a\n",
    ],
)
def test_an_assignment_may_be_long_or_wide(tmp_path: Path, content: str) -> None:
    (tmp_path / "plan.csv").write_text(content, encoding="utf-8")
    found = read_assignment(opened(tmp_path / "plan.csv", "id"), "id")
    assert found.coders == {"1": {"a", "b"}, "2": {"a"}}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("item,coder_id\n1,a\n", "no column `id`"),
        ("id,who\n1,a\n", "names no coders"),
        ("id,coder_id\n1\n", "plan.csv:2: the row has 1 cells"),
    ],
)
def test_an_assignment_names_items_and_coders(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "plan.csv").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=told):
        read_assignment(opened(tmp_path / "plan.csv", "id"), "id")
