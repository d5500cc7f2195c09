from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhouse.coders.adjudication import read_decisions
from evalhouse.coders.consensus import settle
from evalhouse.coders.findings import Findings, examine
from evalhouse.coders.panel import Panel, assemble
from evalhouse.coders.sheet import opened
from evalhouse.coders.summary import summary
from evalhouse.coders.tables import tables
from evalhouse.errors import UsageError
from evalhouse.tasks.check import check_task
from tests.coders.made import FULL, TEXT, YAML, Answers, codebook, panel, sheet

BOTH = '[{"start": 0, "end": 10, "label": "who"}, {"start": 22, "end": 33, "label": "what"}]'


def found(panel: Panel, decisions: str | None = None, folder: Path | None = None) -> Findings:
    if decisions is None or folder is None:
        return examine(panel)
    (folder / "decided.csv").write_text(decisions, encoding="utf-8")
    return examine(panel, adjudications=opened(folder / "decided.csv", "id"))


def rows(findings: Findings, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(tables(findings)[name])))


def test_more_than_half_decide(tmp_path: Path) -> None:
    coders: list[Answers] = [{"1": {"S_Force": label}} for label in ("4", "4", "2")]
    made = settle(panel(tmp_path, *coders), {})
    assert made.cells[0]["S_Force"] == "4"
    assert made.queue == []


def test_half_do_not_decide(tmp_path: Path) -> None:
    made = settle(panel(tmp_path, {"1": {"S_Force": "4"}}, {"1": {"S_Force": "2"}}), {})
    assert made.cells[0]["S_Force"] == ""
    assert made.undecided == (("S_Force",),)
    assert (made.counts["S_Force"], made.counts["S_About"]) == (1, 0)


def test_what_nobody_answers_is_undecided(tmp_path: Path) -> None:
    made = settle(panel(tmp_path, {"1": {"S_Force": "9"}}, {"1": {"S_Force": ""}}), {})
    assert made.undecided == (("S_Force",),)


def test_conditions_follow_the_consensus(tmp_path: Path) -> None:
    no = {"S_About": "0", "S_Side": ""}
    made = settle(panel(tmp_path, {"1": {}}, {"1": no}, {"1": no}), {})
    assert made.cells[0]["S_About"] == "0"
    assert made.cells[0]["S_Side"] == ""  # though one coder says what side
    assert made.queue == []


def test_what_depends_on_an_undecided_field_waits(tmp_path: Path) -> None:
    made = settle(panel(tmp_path, {"1": {}}, {"1": {"S_About": "0", "S_Side": ""}}), {})
    assert made.undecided == (("S_About",),)


def test_each_option_needs_more_than_half_of_the_sets(tmp_path: Path) -> None:
    topics = ("fares|noise", "fares|safety", "fares|safety")
    coders: list[Answers] = [{"1": {"S_Topics": label}} for label in topics]
    assert settle(panel(tmp_path, *coders), {}).cells[0]["S_Topics"] == '["fares", "safety"]'
    assert settle(panel(tmp_path, *coders[:2]), {}).undecided == (("S_Topics",),)


def test_nothing_selected_by_most_is_an_answer(tmp_path: Path) -> None:
    coders: list[Answers] = [{"1": {"S_Topics": label}} for label in ("[]", "fares", "noise")]
    made = settle(panel(tmp_path, *coders), {})
    assert (made.cells[0]["S_Topics"], made.queue) == ("[]", [])


def test_spans_are_what_most_mark_character_by_character(tmp_path: Path) -> None:
    wide = '[{"start": 0, "end": 16, "label": "who"}]'
    short = '[{"start": 0, "end": 4, "label": "who"}]'
    coders: list[Answers] = [{"1": {"S_Parts": cell}} for cell in (FULL["S_Parts"], wide, short)]
    made = settle(panel(tmp_path, *coders), {})
    assert made.cells[0]["S_Parts"] == FULL["S_Parts"]
    assert made.queue == []


def test_what_half_mark_is_queued_with_its_words_and_not_in_the_ground_truth(
    tmp_path: Path,
) -> None:
    findings = found(panel(tmp_path, {"1": {"S_Parts": BOTH}}, {"1": {}}))
    (truth,), (queued,) = (
        rows(findings, "ground-truth.csv"),
        rows(findings, "adjudication_queue.csv"),
    )
    assert truth["S_Parts"] == FULL["S_Parts"]
    assert queued["undecided"] == "S_Parts"
    assert queued["undecided_parts"] == "S_Parts 22-33: night buses"
    assert queued["S_Parts (b)"] == FULL["S_Parts"]
    assert '"night buses"' in queued["S_Parts (a)"]


def test_disagreements_show_who_said_what(tmp_path: Path) -> None:
    findings = found(panel(tmp_path, {"1": {"S_Parts": ""}}, {"1": {}}, {"1": {"S_Why": ""}}))
    (row,) = rows(findings, "disagreements.csv")
    assert row == {
        "id": "1",
        "place": "north",
        "text": TEXT,
        "field": "S_Parts",
        "n_labels": "3",
        "labels_observed": f"[] | {FULL['S_Parts']}",
        "a": "[]",
        "b": FULL["S_Parts"],
        "c": FULL["S_Parts"],
    }


def test_decisions_by_hand_win(tmp_path: Path) -> None:
    made = panel(tmp_path, {"1": {"S_Force": "4"}}, {"1": {"S_Force": "2"}})
    findings = found(made, "id,S_Force,S_Why,S_Parts\n1,3.0,Fewer,[]\n", tmp_path)
    (truth,) = rows(findings, "ground-truth.csv")
    assert (truth["S_Force"], truth["S_Why"], truth["S_Parts"]) == ("3", "Fewer", "")
    assert findings.consensus.queue == []
    assert findings.consensus.decided == 3


def test_a_decision_on_a_parent_lets_its_child_arise(tmp_path: Path) -> None:
    made = panel(tmp_path, {"1": {}}, {"1": {"S_About": "0", "S_Side": ""}})
    findings = found(made, "id,S_About\n1,yes\n", tmp_path)
    (truth,) = rows(findings, "ground-truth.csv")
    assert (truth["S_About"], truth["S_Side"]) == ("1", "for")


def test_a_decision_where_the_question_does_not_arise_is_an_issue(tmp_path: Path) -> None:
    no = {"S_About": "0", "S_Side": ""}
    findings = found(panel(tmp_path, {"1": no}, {"1": no}), "id,S_Side\n1,for\n", tmp_path)
    (issue,) = findings.issues
    assert (issue.issue_type, issue.item_id, issue.value) == ("forbidden_child_value", "1", "for")
    assert findings.consensus.decided == 0


def test_the_queue_can_be_filled_in_and_given_back(tmp_path: Path) -> None:
    made = panel(tmp_path, {"1": {"S_Force": "4"}, "2": {}}, {"1": {"S_Force": "2"}, "2": {}})
    queue = tables(found(made))["adjudication_queue.csv"]
    (tmp_path / "queue.csv").write_text(queue.replace(",for,,", ",for,5,"), encoding="utf-8")
    decided = read_decisions(made, opened(tmp_path / "queue.csv", "id"))
    after = settle(made, decided)
    assert after.cells[0]["S_Force"] == "5"
    assert after.queue == []


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("id,S_Force\n1,7\n", r"item `1`, `S_Force`: the answer is `7`; expected a whole number"),
        ("id,S_Force\n9,3\n", "the item `9` is none that a coder has"),
        ("id,S_Force\n1,3\n1,3\n", "the item `1` stands twice"),
        ("name,S_Force\n1,3\n", "no column `id`"),
        ("id,Force\n1,3\n", "no column of a field"),
    ],
)
def test_wrong_decisions_are_refused(tmp_path: Path, table: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        found(panel(tmp_path, {"1": {}}, {"1": {}}), table, tmp_path)


def test_issues_and_numbers_have_the_headers_of_codebook_lab_first(tmp_path: Path) -> None:
    made = tables(found(panel(tmp_path, {"1": {}}, {"1": {}})))
    first = {name: text.splitlines()[0] for name, text in made.items()}
    assert first["validation_issues.csv"] == "issue_type,item_id,coder_id,field,value,message"
    assert first["pairwise_icr.csv"].startswith(
        "field,coder_a,coder_b,n_compared,percentage_agreement,cohen_kappa,"
    )
    assert first["multirater_icr.csv"].startswith(
        "field,n_applicable_items,n_items,n_coders_assigned,krippendorff_alpha,fleiss_kappa,"
        "unanimity_rate,majority_agreement_rate,"
    )
    assert first["disagreements.csv"] == "id,place,text,field,n_labels,labels_observed,a,b"
    assert all(len(row) == len(first[name].split(",")) for name, row in _rows(made))


def _rows(made: dict[str, str]) -> list[tuple[str, list[str]]]:
    return [(name, row) for name, text in made.items() for row in csv.reader(io.StringIO(text))]


def test_the_summary_says_what_to_do_next(tmp_path: Path) -> None:
    findings = found(panel(tmp_path, {"1": {"S_Parts": BOTH}}, {"1": {}}))
    page = summary(findings, ["summary.md"])
    assert "| S_Parts | span | 1 of 1 |" in page
    assert "decide 1 item of `adjudication_queue.csv`" in page
    assert "what only half of the coders mark is not in `ground-truth.csv`" in page
    settled = found(panel(tmp_path, {"1": {}}, {"1": {}}))
    assert "every label is settled" in summary(settled, [])


CELLS = {
    "S_About": ["1", "0", ""],
    "S_Side": ["for", "against", "", "no"],
    "S_Force": ["1", "3", "5", "", "9"],
    "S_Topics": ["fares", "fares|safety", "[]", ""],
    "S_Parts": [FULL["S_Parts"], BOTH, "", '[{"start": 3, "end": 8, "label": "what"}]'],
    "S_Why": ["a", "b, c", "  ", 'say "no"\nnow'],
}
ROW = st.fixed_dictionaries({column: st.sampled_from(cells) for column, cells in CELLS.items()})


@settings(max_examples=25)
@given(st.lists(st.lists(ROW, min_size=2, max_size=2), min_size=2, max_size=4))
def test_the_ground_truth_stands_beside_its_codebook_without_an_error(
    tmp_path_factory: pytest.TempPathFactory, coders: list[list[dict[str, str]]]
) -> None:
    folder = tmp_path_factory.mktemp("task")
    answers = [dict(zip(("x 1", "2"), row, strict=True)) for row in coders]
    sheets = [sheet(f"c{place}", each) for place, each in enumerate(answers)]
    made = assemble(codebook(folder), sheets)
    findings = Findings(made, (), settle(made, {}), 0.95)
    (folder / "ground-truth.csv").write_text(tables(findings)["ground-truth.csv"], encoding="utf-8")
    assert (folder / "codebook.yaml").read_text(encoding="utf-8") == YAML
    report = check_task(folder)
    assert report.errors == 0, report.faults
    turned = settle(assemble(codebook(folder), sheets[::-1]), {})
    assert turned.cells == findings.consensus.cells
