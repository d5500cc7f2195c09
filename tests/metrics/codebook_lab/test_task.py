from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from evalhouse.errors import UsageError
from evalhouse.metrics.codebook_lab import (
    METRICS_BY_TYPE,
    Cells,
    Condition,
    Field,
    Processing,
    codebook_lab_metrics,
)
from tests.metrics.codebook_lab import recomputed
from tests.metrics.codebook_lab.tasks import FIELDS, Columns, made_task, numbers

SEEDS = range(6)


def scored(seed: int) -> dict[str, dict[str, float]]:
    gold, model, texts = made_task(seed)
    found = codebook_lab_metrics(
        FIELDS, Cells({**gold, "comment": texts}, text="comment"), Cells(model)
    )
    return {column: numbers(values) for column, values in found.items()}


def kept(seed: int, column: str, rows: Sequence[bool] | None = None) -> tuple[list[str], list[str]]:
    gold, model, _ = made_task(seed)
    chosen = rows or [True] * len(gold[column])
    first, second = (
        [cell for cell, is_kept in zip(side[column], chosen, strict=True) if is_kept]
        for side in (gold, model)
    )
    return first, second


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("column", ["A_Relevant", "A_Topic"])
def test_choices_are_what_the_libraries_give(seed: int, column: str) -> None:
    expected = recomputed.choices(*kept(seed, column))
    assert scored(seed)[column] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_condition_keeps_the_rows_where_the_gold_answer_meets_it(seed: int) -> None:
    topics, _ = kept(seed, "A_Topic")
    expected = recomputed.choices(*kept(seed, "B_Strong", [topic == "safety" for topic in topics]))
    assert scored(seed)["B_Strong"] == pytest.approx(expected, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("column", ["B_Strength", "B_Tone"])
def test_likert_scales_are_what_the_libraries_give(seed: int, column: str) -> None:
    ticks, _ = kept(seed, "A_Relevant")
    rows = [tick == "1" for tick in ticks] if column == "B_Strength" else None
    sides = kept(seed, column, rows)
    expected = recomputed.choices(*sides) | recomputed.numbers(*sides)
    assert scored(seed)[column] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_texts_are_what_the_libraries_give(seed: int) -> None:
    found = scored(seed)["A_Why"]
    expected = recomputed.texts(*kept(seed, "A_Why"))
    empty = {name: found.pop(name) for name in METRICS_BY_TYPE["textbox"][6:]}
    assert found == pytest.approx(expected, abs=1e-12)
    assert all(map(math.isnan, empty.values()))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("column", ["C_Phrase", "C_Names"])
def test_spans_are_what_plain_loops_give(seed: int, column: str) -> None:
    _, _, texts = made_task(seed)
    expected = recomputed.spans(*kept(seed, column), texts, is_labelled=column == "C_Names")
    assert scored(seed)[column] == pytest.approx(expected, abs=1e-12)


def test_every_metric_stands_in_the_order_of_the_table() -> None:
    found = scored(0)
    assert list(found) == [field.column for field in FIELDS]
    for field in FIELDS:
        assert tuple(found[field.column]) == METRICS_BY_TYPE[field.type]


def one(field: Field, gold: list[str], model: list[str]) -> dict[str, float]:
    columns: Columns = {field.column: gold, "text": ["some text"] * len(gold)}
    cells = Cells(columns, text="text"), Cells({field.column: model})
    return numbers(codebook_lab_metrics([field], *cells)[field.column])


def notes(field: Field, gold: Cells, model: Cells, processing: Processing | None = None) -> str:
    found = codebook_lab_metrics([field], gold, model, processing=processing)[field.column]
    assert all(math.isnan(value.value) for value in found.values())
    (note,) = {value.note for value in found.values()}
    return note


ONE = {"X": ["a", "b"], "text": ["t", "t"]}


@pytest.mark.parametrize(
    ("field", "gold", "model", "processing", "note"),
    [
        (Field("X"), Cells({}), Cells(ONE), None, "the column is missing"),
        (Field("X"), Cells(ONE), Cells({}), None, "the column is missing"),
        (Field("X", "span"), Cells(ONE), Cells(ONE), None, "the texts are missing"),
        (Field("X"), Cells({"X": []}), Cells({"X": []}), None, "the field applies to no row"),
        (
            Field("X", "textbox"), Cells(ONE), Cells(ONE), Processing(textbox=False),
            "textboxes are not processed",
        ),
        (
            Field("X", "span"), Cells(ONE, text="text"), Cells(ONE), Processing(span=False),
            "spans are not processed",
        ),
        (
            Field("X", "likert"), Cells({"X": ["1", "inf"]}), Cells({"X": ["1", "2"]}), None,
            "codebook-lab stops with an error at infinite numbers",
        ),
        (
            Field("X", "span"), Cells(ONE, text="text"),
            Cells({"X": ['[{"start": 0, "end": Infinity}]', ""]}), None,
            "codebook-lab gives up the field: an offset is infinite",
        ),
        (
            Field("X", "span"), Cells(ONE, text="text"), Cells({"X": ["[" * 100_000, ""]}), None,
            "codebook-lab gives up the field: a cell is nested too deeply",
        ),
    ],
)  # fmt: skip
def test_what_is_not_scored_is_there_and_says_why(
    field: Field, gold: Cells, model: Cells, processing: Processing | None, note: str
) -> None:
    assert notes(field, gold, model, processing) == note


def test_a_type_that_is_not_known_has_its_agreement_scored() -> None:
    assert one(Field("X", "slider"), ["a", "b"], ["a", "c"]) == {"percentage_agreement": 0.5}


def test_the_shorter_file_is_filled_up_with_empty_cells() -> None:
    found = one(Field("X", "checkbox"), ["1", "1", "0"], ["1", "1"])
    # The model's ticks became decimals, which are no ticks.
    assert found["accuracy"] == pytest.approx(1 / 3)
    assert one(Field("X"), ["a", "b"], ["a", "b", "a"])["accuracy"] == pytest.approx(2 / 3)


def test_columns_of_one_file_are_equally_long() -> None:
    with pytest.raises(UsageError, match="columns of one file are equally long; found 1 and 2"):
        codebook_lab_metrics([], Cells({"a": [""], "b": ["", ""]}), Cells({}))


def test_a_number_that_is_a_sign_for_text_is_taken_for_text() -> None:
    found = one(Field("X", "likert"), ["1", "2", "-9999"], ["1", "2", "x"])
    assert found["accuracy"] == 1.0


def test_decimals_are_cut_for_classes_and_kept_for_correlations() -> None:
    found = one(Field("X", "likert"), ["1.7", "2.2", "3.9", "1e30"], ["1", "2.7", "4", "1e30"])
    assert found["accuracy"] == 0.75
    assert found["spearman_corr"] == pytest.approx(1.0)


def test_two_columns_of_one_name_are_one_field() -> None:
    fields = [Field("X", "dropdown"), Field("X", "slider", condition=Condition(None, 1))]
    found = codebook_lab_metrics(fields, Cells(ONE), Cells(ONE))
    assert list(found) == ["X"]


def test_a_million_different_labels_make_no_table_of_pairs() -> None:
    rows = [f"label {row}" for row in range(20_000)]
    assert one(Field("X"), rows, rows[::-1])["accuracy"] == 0.0
