"""Small cases that were run through codebook-lab 1.4.0 itself."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from evalhouse.metrics.codebook_lab import Cells, Field, codebook_lab_metrics
from tests.metrics.codebook_lab.tasks import numbers

CAT = "The cat sat on the mat."
LIKERT = Field("X", "likert", min_value=1, max_value=5)


def scores(
    field: Field, gold: list[str], model: list[str], texts: list[str] | None = None
) -> dict[str, float]:
    held = texts or [CAT] * len(gold)
    cells = Cells({"X": gold, "text": held}, text="text"), Cells({"X": model})
    return numbers(codebook_lab_metrics([field], *cells)["X"])


def check(found: dict[str, float], expected: dict[str, float]) -> None:
    assert {name: found[name] for name in expected} == pytest.approx(
        expected, abs=5e-5, nan_ok=True
    )


def span(start: Any, end: Any, label: Any = None) -> dict[str, Any]:
    return {"start": start, "end": end} | ({} if label is None else {"label": label})


def cells(*rows: list[dict[str, Any]]) -> list[str]:
    return [json.dumps(row) if row else "" for row in rows]


def test_a_checkbox() -> None:
    found = scores(Field("X", "checkbox"), ["1", "1", "1", "0"], ["1", "1", "0", "0"])
    check(found, {"accuracy": 0.75, "precision": 0.75, "recall": 0.8333, "f1": 0.7333})
    check(found, {"cohen_kappa": 0.5, "krippendorff_alpha": 0.5333})


def test_one_blank_makes_a_whole_checkbox_unticked() -> None:
    found = scores(Field("X", "checkbox"), ["1", "1", "1", "0"], ["1", "1", "", "0"])
    check(found, {"accuracy": 0.25, "f1": 0.2, "krippendorff_alpha": -0.4})


def test_alpha_depends_on_how_labels_are_spelt() -> None:
    gold, model = "aabbcc", "aabcca"
    swap = str.maketrans("bc", "cb")
    found = scores(Field("X"), list(gold), list(model))
    check(found, {"f1": 0.6556, "cohen_kappa": 0.5, "krippendorff_alpha": 0.486})
    swapped = scores(Field("X"), list(gold.translate(swap)), list(model.translate(swap)))
    check(swapped, {"cohen_kappa": 0.5, "krippendorff_alpha": 0.7609})


def test_a_likert_scale_is_sorted_as_text_for_alpha() -> None:
    found = scores(LIKERT, ["1", "2", "3", "9", "10", "10"], ["1", "2", "3", "10", "10", "9"])
    check(found, {"krippendorff_alpha": 0.2385, "spearman_corr": 0.8676, "quadratic_kappa": 0.925})


def test_gaps_in_a_scale_are_one_step() -> None:
    found = scores(LIKERT, ["1", "1", "5", "5"], ["1", "5", "5", "5"])
    check(found, {"quadratic_kappa": 0.5, "spearman_corr": 0.5774})


def test_labels_that_look_like_nothing_are_nothing() -> None:
    found = scores(Field("X"), ["None", "NA", "yes", "None"], ["NA", "None", "yes", ""])
    check(found, {"accuracy": 1.0})


@pytest.mark.parametrize(
    ("gold", "model", "expected"),
    [
        ([span(4, 7)], [span(4, 6)], (0, 0, 0.8889)),
        ([span(4, 7), span(8, 11)], [span(4, 11)], (1, 0, 0.9524)),
    ],
)
def test_spans_in_one_of_three_rows(gold: Any, model: Any, expected: tuple[float, ...]) -> None:
    found = scores(Field("X", "span"), cells(gold, [], []), cells(model, [], []))
    check(found, dict(zip(("token_f1", "exact_match_f1", "char_iou"), expected, strict=True)))


def test_labelled_spans() -> None:
    gold = cells([span(4, 7, "A"), span(8, 11, "B")], [], [])
    model = cells([span(4, 7, "B"), span(8, 11, "B")], [span(0, 4)], [])
    field = Field("X", "span", label_options=("A", "B"))
    found = scores(field, gold, model, [CAT, "Dogs bark.", "x"])
    check(found, {"token_f1": 0.2222, "exact_match_f1": 0.4, "char_iou": 0.5})


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (json.dumps([span("4", "7")]), (1, 1, 1)),
        (json.dumps([span(4.9, 7.9)]), (1, 1, 1)),
        (json.dumps([span("4.0", "7.0")]), (0, 0, 0)),
        (json.dumps([1, span(4, 7)]), (1, 1, 1)),
        (json.dumps([span(None, 7), span(4, 7)]), (1, 1, 1)),
        (json.dumps([span([4], 7), span(4, 7)]), (1, 1, 1)),
        (json.dumps([span(True, 7)]), (1, 0, 0.5)),
        (json.dumps(span(4, 7)), (0, 0, 0)),
        ("[{'start': 4, 'end': 7}]", (0, 0, 0)),
        (json.dumps([span(-3, 7)]), (2 / 3, 0, 3 / 7)),
        (json.dumps([span(7, 4)]), (0, 0, 0)),
        (json.dumps([span(4, 700)]), (0.2857, 0, 0.1579)),
        (json.dumps([span(4, int("9" * 50))]), (0.2857, 0, 0.1579)),
        (json.dumps([span(4, 7), span(4, 7)]), (1, 1, 1)),
        ('[{"start": NaN, "end": 7}]', (0, 0, 0)),
    ],
)
def test_what_counts_as_a_span(cell: str, expected: tuple[float, ...]) -> None:
    found = scores(Field("X", "span"), cells([span(4, 7)]), [cell])
    check(found, dict(zip(("token_f1", "exact_match_f1", "char_iou"), expected, strict=True)))


LABELLED = Field("X", "span", label_options=("A", "B"))


@pytest.mark.parametrize(
    ("field", "gold", "model", "expected"),
    [
        # Where labels do not matter they still are classes of tokens.
        (Field("X", "span"), span(4, 7, "A"), span(4, 7, "B"), (0, 1, 1)),
        (LABELLED, span(4, 7, "A"), span(4, 7, " A "), (0, 0, 0)),
        (LABELLED, span(4, 7, ""), span(4, 7), (1, 1, 1)),
        (LABELLED, span(4, 7, 0), span(4, 7, False), (1, 1, 1)),
        (LABELLED, span(4, 7, True), span(4, 7, "True"), (1, 1, 1)),
        (LABELLED, span(4, 7, ["A"]), span(4, 7, "['A']"), (1, 1, 1)),
        # The name of what is outside is no class.
        (LABELLED, span(4, 7, "O"), span(4, 7, "O"), (math.nan, 1, 1)),
        (LABELLED, span(40, 44), span(50, 54), (math.nan, 0, 1)),
    ],
)
def test_labels_of_spans(field: Field, gold: Any, model: Any, expected: tuple[float, ...]) -> None:
    found = scores(field, cells([gold]), cells([model]))
    check(found, dict(zip(("token_f1", "exact_match_f1", "char_iou"), expected, strict=True)))


def test_the_first_span_of_a_list_is_on_top() -> None:
    gold, model = [span(0, 11, "A"), span(4, 7, "B")], [span(4, 7, "B"), span(0, 11, "A")]
    found = scores(LABELLED, cells(gold), cells(model))
    check(found, {"token_f1": 0.4, "exact_match_f1": 1.0, "char_iou": 0.7273})


@pytest.mark.parametrize(
    ("gold", "model", "iou"),
    [
        (cells([span(0, 3)]), cells([span(0, 3)]), 0.0),
        (cells([span(0, 0)]), [""], 0.0),
        ([""], cells([span(None, 30)]), 0.0),
        (["[1]"], ["x"], 1.0),
    ],
)
def test_an_empty_text_agrees_only_where_no_list_has_an_entry(
    gold: list[str], model: list[str], iou: float
) -> None:
    assert scores(Field("X", "span"), gold, model, ["NA"])["char_iou"] == iou


def test_texts_are_read_like_any_column() -> None:
    found = scores(
        Field("X", "span"),
        cells([span(0, 3)], [span(0, 3)]),
        cells([span(0, 3)], []),
        ["007", "123"],
    )
    check(found, {"token_f1": 0.6667, "exact_match_f1": 0.6667, "char_iou": 0.5})
