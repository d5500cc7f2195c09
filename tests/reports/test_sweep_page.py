from __future__ import annotations

from evalhouse.reports.document import pictures_of
from evalhouse.reports.markdown import markdown
from evalhouse.reports.sweep_page import sweep_document
from evalhouse.views.annotation.comparisons import compare
from evalhouse.views.annotation.record import RunRecord
from evalhouse.views.annotation.sweep import Compared, sweep_report, yardstick_of
from tests.views.annotation.runs import all_kinds, better, dropdown, record, score


def runs() -> list[RunRecord]:
    """Return two models, one hosted, and a baseline."""
    return [
        record("small", better(0.5), kwh=0.001, run_id="a"),
        record("large", better(0.78), kwh=0.5, run_id="b"),
        record("majority", better(0.3), provider="baseline", run_id="c"),
        record(
            "gpt-4.1",
            better(0.8),
            run_id="d",
            provider="openai",
            base_url="https://api.openai.com/v1",
            energy_scope="client_only",
        ),
    ]


def told(records: list[RunRecord], compared: Compared | None = None) -> str:
    """Return the report of runs as Markdown."""
    known = {yardstick_of(records[0]): compared} if compared else None
    return markdown(sweep_document(sweep_report(records, known)))


def test_runs_stand_beside_their_scores_and_intervals() -> None:
    text = told(runs())
    assert "| 3 gpt-4.1 | **0.800** (0.740 to 0.860) | **0.800** (0.740 to 0.860) |" in text
    assert r"| 2 large | 0.780\* (0.720 to 0.840) |" in text
    assert "| 1 small | 0.500 (0.440 to 0.560) |" in text


def test_no_difference_is_claimed_without_a_comparison() -> None:
    text = told(runs())
    assert "Differences within overlapping intervals may be chance." in text
    assert "adjusted p" not in text


def test_comparisons_tell_what_chance_does_not_explain() -> None:
    marks = {"Tone": {"a": [False] * 40, "b": [True] * 40, "d": [True] * 39 + [False]}}
    text = told(runs(), Compared(compare(marks)))
    assert "adjusted after Holm for all 3 comparisons of these runs. 2 of them differ" in text
    assert "| Tone | 1 small | 2 large | 40 | 0 | 40 | −1.000 |" in text
    assert "<summary>1 comparison without a clear difference</summary>" in text


def test_why_there_is_no_comparison_is_told() -> None:
    text = told(runs(), Compared(why_not="the task is not at `x`"))
    assert "Runs are not compared row by row: the task is not at `x`." in text


def test_quality_stands_against_energy_and_price() -> None:
    document = sweep_document(sweep_report(runs()))
    titles = [picture.title for picture in pictures_of(document.blocks)]
    assert "Quality against energy" in titles
    assert "Quality against price" in titles
    text = markdown(document)
    assert "| Direction | 1 small (5, 0.500); 2 large (2,500, 0.780) |" in text
    assert "Not shown, for nobody knows what they took: runs 3." in text


def test_energy_axes_grow_by_factors_where_amounts_lie_far_apart() -> None:
    pictures = pictures_of(sweep_document(sweep_report(runs())).blocks)
    found = next(each for each in pictures if each.title == "Quality against energy").chart()
    assert '"type": "log"' in str(found).replace("'", '"')


def test_many_fields_are_folded_and_few_are_not() -> None:
    many = tuple(dropdown(f"F{place}") for place in range(6))
    assert "<summary>6 fields, each with all runs</summary>" in told([record(fields=many)] * 2)
    assert "each with all runs" not in told(runs())


def test_settings_that_differ_are_listed() -> None:
    text = told([record("m", better(0.5), seed=1), record("m", better(0.5), seed=2)])
    assert "| seed | `1` | `2` |" in text
    assert "1 m, seed 1" in text


def test_runs_without_any_common_score_are_a_report() -> None:
    bare = dropdown("D", scores=(score("f1_macro", None),))
    assert "| 1 llama3.1:8b | – |" in told([record(fields=(bare,)), record("b", (bare,))])
    assert "# policy-sentiment" in told([record(fields=all_kinds()[5:]), record(fields=())])
