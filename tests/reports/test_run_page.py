from __future__ import annotations

from evalhouse.assessment.results import Confusion, FieldResult
from evalhouse.reports.document import Folded, Section, Table, pictures_of
from evalhouse.reports.markdown import markdown
from evalhouse.reports.run_page import run_document
from evalhouse.views.annotation.examples import Example
from evalhouse.views.annotation.record import RunRecord
from evalhouse.views.annotation.run import run_report
from tests.views.annotation.runs import all_kinds, assessment, dropdown, record, score


def told(run: RunRecord, *examples: Example) -> str:
    """Return the report of a run as Markdown."""
    return markdown(run_document(run_report(run, examples)))


def test_a_report_begins_with_what_must_be_known() -> None:
    document = run_document(run_report(record()))
    assert [section.anchor for section in document.sections] == [
        "cautions",
        "asked",
        "scores",
        "people",
        "validity",
        "fields",
        "repeats",
        "costs",
        "sources",
        "words",
    ]


def test_parts_without_content_are_not_there() -> None:
    bare = (FieldResult(column="E", kind="span", rows=1, applicable=1, headline=(), scores=()),)
    anchors = [part.anchor for part in run_document(run_report(record(fields=bare))).sections]
    assert not {"people", "validity", "repeats", "examples", "words"} & set(anchors)


def test_a_score_that_is_not_defined_says_why() -> None:
    text = told(record())
    assert "| Spearman correlation | – | – |  | 140 | one side is constant |" in text


def test_scores_without_intervals_are_no_less_honest() -> None:
    bare = dropdown("D", scores=(score("f1_macro", 0.5, low=None, high=None, level=None),))
    text = told(record(fields=(bare,)))
    assert "These scores have no intervals" in text


def test_intervals_are_explained_with_their_method() -> None:
    assert "Intervals are 95% confidence intervals" in told(record())
    assert "Methods: BCa bootstrap." in told(record())


def test_labels_are_open_where_some_are_rare() -> None:
    text = told(record(fields=(dropdown("D", is_imbalanced=True), dropdown("E"))))
    assert "<details open>\n<summary>Precision and recall of 3 labels (some labels" in text
    assert "<details>\n<summary>Precision and recall of 3 labels</summary>" in text


def test_text_has_diagnostics() -> None:
    text = told(record(fields=all_kinds()[5:]))
    assert "see its diagnostics" in text
    assert "<details open>\n<summary>Diagnostics</summary>" in text


def test_a_run_of_one_row_or_none_is_a_report() -> None:
    one = dropdown(
        "D",
        ("a",),
        rows=1,
        applicable=1,
        statuses={"missing": 1},
        confusion=Confusion(("a",), ("missing",), ((0, 1),)),
        scores=(score("f1_macro", None, note="no valid answer"),),
        classes=(),
    )
    document = run_document(run_report(record(fields=(one,), rows=1)))
    assert [len(picture.chart()) > 0 for picture in pictures_of(document.blocks)] == [True] * 3
    assert "No field was scored." in told(record(fields=()))


def test_an_empty_confusion_is_no_picture() -> None:
    none = dropdown("D", confusion=Confusion((), (), ()), classes=())
    titles = [p.title for p in pictures_of(run_document(run_report(record(fields=(none,)))).blocks)]
    assert not [title for title in titles if title.startswith("Confusions")]


def test_costs_say_whose_energy_and_which_prices() -> None:
    text = told(record("gpt-4.1", provider="openai", base_url="https://api.openai.com/v1"))
    assert r"| price by list | \$1.20 |" in text
    assert r"| price for 1,000 texts | \$6.00 |" in text
    assert "computed from the tokens when this report is made" in text
    assert "as of 2026-" in text
    client = told(record(energy_scope="client_only"))
    assert "energy (client only)" in client
    assert "Energy was not measured." in told(record(kwh=None))


def test_a_result_can_be_made_again() -> None:
    text = told(record())
    assert "`evalhouse score outputs/policy-sentiment/0a1b2c3d` computes them again" in text
    assert "`evalhouse annotate 'tasks/policy sentiment' --model llama3.1:8b" in text
    assert "ab" * 32 in text


def test_rows_to_look_at_are_there_where_they_are_given() -> None:
    example = Example("Tone", "c07", "Stop it now. " * 60, "oppose", "", "refused")
    text = told(record(), example)
    assert "## Rows to look at" in text
    assert "| c07 | Stop it now." in text
    assert "more characters)" in text
    assert "| oppose | – | refused |" in text


def test_every_picture_has_a_table_beside_it() -> None:
    document = run_document(run_report(record()))
    for section in document.sections:
        if any(pictures_of(section.blocks)):
            assert _has_table(section)


def _has_table(part: Section | Folded) -> bool:
    return any(
        isinstance(block, Table) or (isinstance(block, Section | Folded) and _has_table(block))
        for block in part.blocks
    )


def test_old_runs_with_few_settings_are_shown() -> None:
    old = RunRecord({"run_id": "x", "model": "m"}, assessment())
    text = told(old)
    assert "# m on policy-sentiment" in text
    assert "Energy was not measured." in text
