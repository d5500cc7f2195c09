from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhouse.engine.baselines import BASELINES, Labelled, predict
from evalhouse.engine.baselines.gold import fallback
from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.labels import Absent
from evalhouse.scoring.cells import Cell
from evalhouse.scoring.field import Field
from evalhouse.tasks.verdicts import Judge
from tests.engine.baselines.made import ANSWERS, FIELDS, drawn

NAMED = FIELDS[:7]  # those for which the codebook says what may be answered

STRANGE: tuple[list[str], ...] = (
    ["the", "of", "a", "and"],
    ["!!!", "???", "…", "🙂"],
    ["", " ", "\n", "\t"],
    ["今日は雨です", "明日も雨です", "バスが遅い", "料金が高い"],
    ["الحافلة متأخرة", "الأجرة مرتفعة", "शुल्क बहुत अधिक है", "รถเมล์มาสาย"],
    ["same", "same", "same", "same"],
    ["one"],
    [],
)


def other(field: Field, cell: Cell, text: str) -> list[Cell]:
    """Return cells that differ from one: other answers, no answer, and what is none."""
    if field.kind == "span":
        label = f', "label": "{field.labels[-1]}"' if field.labels else ""
        whole: list[Cell] = [f'[{{"start": 0, "end": {len(text)}{label}}}]']
        return [each for each in [*whole, "", Absent.NOT_APPLICABLE] if each != cell]
    answers: list[Cell] = [*ANSWERS[field.name], "something new", Absent.MISSING]
    return [each for each in answers if each != cell]


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize(("seed", "folds"), [(0, 5), (1, 2), (2, 100)])
def test_no_row_is_predicted_from_its_own_answer(name: str, seed: int, folds: int) -> None:
    labelled = drawn(seed, 12)
    before = predict(name, FIELDS, labelled, seed=seed, folds=folds)
    for row in range(0, 12, 4):
        for turn in range(3):
            gold: dict[str, Sequence[Cell]] = {}
            for field in FIELDS:
                cells = list(labelled.gold[field.name])
                choices = other(field, cells[row], labelled.texts[row])
                cells[row] = choices[turn % len(choices)]
                gold[field.name] = cells
            changed = Labelled(labelled.texts, labelled.ids, gold)
            after = predict(name, FIELDS, changed, seed=seed, folds=folds)
            for column, cells_before in before.items():
                assert after[column][row] == cells_before[row], column


@pytest.mark.parametrize("name", BASELINES)
def test_no_row_is_predicted_from_another_with_the_same_text(name: str) -> None:
    texts = ["bus late", "Bus  late", "fare rise", "lift", "night"]
    why = Field("why", "textbox")
    gold = ["hidden", "hidden", "a", "a", "b"]
    found = predict(name, [why], Labelled(texts, texts, {"why": gold}), folds=100)
    assert "hidden" not in found["why"][:2]


@pytest.mark.parametrize("name", BASELINES)
@given(st.integers(0, 10**6), st.integers(0, 20), st.integers(2, 6))
@settings(max_examples=12, deadline=None)
def test_every_cell_is_an_answer_that_its_field_allows(
    name: str, seed: int, n: int, k: int
) -> None:
    labelled = drawn(seed, n)
    found = predict(name, NAMED, labelled, seed=seed, folds=k)
    assert list(found) == [field.name for field in NAMED]
    for field in NAMED:
        judge = Judge(field)
        assert len(found[field.name]) == n
        for cell, text in zip(found[field.name], labelled.texts, strict=True):
            verdict = judge(cell, text)
            is_blank = field.kind in ("span", "textbox") and verdict.is_blank
            assert verdict.is_valid or is_blank
            assert not verdict.findings


@pytest.mark.parametrize("name", BASELINES)
def test_the_same_is_predicted_again(name: str) -> None:
    labelled = drawn(3, 40)
    assert predict(name, FIELDS, labelled, seed=4) == predict(name, FIELDS, labelled, seed=4)


@pytest.mark.parametrize("name", ["majority", "random"])
def test_the_order_of_rows_does_not_matter(name: str) -> None:
    labelled = drawn(5, 30)
    found = predict(name, FIELDS, labelled)
    turned = Labelled(
        labelled.texts[::-1],
        labelled.ids[::-1],
        {column: cells[::-1] for column, cells in labelled.gold.items()},
    )
    again = predict(name, FIELDS, turned)
    assert {column: cells[::-1] for column, cells in again.items()} == found


def test_draws_are_the_same_on_every_machine() -> None:
    texts = [f"text {number}" for number in range(12)]
    gold = {"side": ["for", "neither", "against"] * 4, "force": ["1", "5"] * 6}
    found = predict("random", FIELDS[1:3], Labelled(texts, texts, gold), seed=7)
    assert [name[0] for name in found["side"]] == list("anffnnaannff")
    assert "".join(found["force"]) == "555551551115"


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("texts", STRANGE, ids=lambda texts: (texts or ["none"])[0] or "blank")
def test_strange_texts_are_answered(name: str, texts: list[str]) -> None:
    gold: dict[str, Sequence[Cell]] = {
        column: [cells[row % len(cells)] for row in range(len(texts))]
        for column, cells in ANSWERS.items()
    }
    found = predict(name, FIELDS, Labelled(texts, texts, gold))
    for field in NAMED:
        judge = Judge(field)
        cells = found[field.name]
        assert len(cells) == len(texts)
        assert not any(judge(*pair).findings for pair in zip(cells, texts, strict=True))


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("cell", [None, "", " ", Absent.NOT_APPLICABLE, Absent.FAILED])
def test_where_nobody_answered_fields_fall_back(name: str, cell: Cell) -> None:
    texts = ["bus", "fare", "lift"]
    gold = {field.name: [cell] * 3 for field in FIELDS}
    expected = {field.name: [fallback(field)] * 3 for field in FIELDS}
    assert predict(name, FIELDS, Labelled(texts, texts, gold)) == expected
    assert predict(name, FIELDS, Labelled(texts, texts, {})) == expected


@pytest.mark.parametrize("name", BASELINES)
def test_a_single_text_falls_back_as_nothing_else_can_teach(name: str) -> None:
    gold = {"side": ["against", "against"], "force": ["5", "5"]}
    found = predict(name, FIELDS[1:3], Labelled(["bus", "BUS"], ["1", "2"], gold))
    assert found == {"side": ["for", "for"], "force": ["1", "1"]}


@pytest.mark.parametrize("name", BASELINES)
def test_one_answer_alone_is_given_to_every_row(name: str) -> None:
    texts = ["bus late", "fare rise", "lift", "night"]
    gold = {
        "about": ["1"] * 4,
        "side": ["against"] * 4,
        "force": ["4"] * 4,
        "topics": ['["times"]'] * 4,
        "why": ["so"] * 4,
    }
    assert predict(name, FIELDS[:5], Labelled(texts, texts, gold)) == gold


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="no baseline is called `tf-idf`; did you mean"):
        predict("tf-idf", FIELDS, drawn(0, 3))


def test_columns_belong_to_the_texts() -> None:
    with pytest.raises(UsageError, match="there are 1 ids and 2 texts"):
        Labelled(["a", "b"], ["1"], {})
    labelled = Labelled(["a", "b"], ["1", "2"], {"about": ["1"]})
    with pytest.raises(UsageError, match="there are 1 answers in `about` and 2 texts"):
        predict("majority", FIELDS, labelled)
