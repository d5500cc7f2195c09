from __future__ import annotations

import pytest

from evalhouse.assessment.results import ScoreLine
from evalhouse.assessment.stability import repeat_lines
from evalhouse.metrics.labels import Absent
from evalhouse.metrics.raters import pair_agreement
from evalhouse.scoring import Field, Scoring
from evalhouse.scoring.cells import Cell
from tests.assessment.made import field_rows

STANCE = Field("stance", "dropdown", ("for", "against"))
REPEATS: list[list[Cell]] = [
    ["for", "for", "against", Absent.INVALID],
    ["for", "against", "against", Absent.INVALID],
    ["for", "for", Absent.FAILED, "for"],
    ["for", "for", "for", Absent.INVALID],
]
FINAL: list[Cell] = ["for", "for", "against", "for"]


def lines(
    field: Field,
    final: list[Cell],
    repeats: list[list[Cell]],
    *,
    gold: list[Cell] | None = None,
    has_intervals: bool = True,
) -> dict[str, ScoreLine]:
    rows = field_rows(field, gold or final, final, repeats=repeats)
    found = repeat_lines(rows, Scoring(has_intervals=has_intervals))
    return {each.metric: each for each in found}


def test_stability_is_the_mean_share_of_repeats_that_give_the_final_answer() -> None:
    found = lines(STANCE, FINAL, REPEATS)["stability"]
    assert found.value == pytest.approx((1 + 3 / 4 + 2 / 4 + 1 / 4) / 4)
    assert found.n == 4
    assert (found.low or 0.0) < 0.625 < (found.high or 0.0)
    assert (found.unit, found.method) == ("proportion", "t")


def test_agreement_of_repeats_is_that_of_coders() -> None:
    found = lines(STANCE, FINAL, REPEATS)["repeat_agreement"]
    table = [
        [None if isinstance(one, Absent) else one for one in row]
        for row in zip(*REPEATS, strict=True)
    ]
    assert found.value == pytest.approx(pair_agreement(table).value)
    assert found.n == 3


def test_the_headline_of_each_repeat_has_a_mean_and_a_deviation() -> None:
    gold: list[Cell] = ["for", "for", "against", "for"]
    found = lines(STANCE, FINAL, [gold, gold[::-1]], gold=gold)
    mean, deviation = found["f1_macro_repeat_mean"], found["f1_macro_repeat_deviation"]
    second = (2 / 3 + 0) / 2
    assert mean.value == pytest.approx((1 + second) / 2)
    assert mean.n == 2
    assert deviation.value == pytest.approx((1 - second) / 2**0.5)
    assert (mean.higher_is_better, deviation.higher_is_better) == (True, False)


def test_rows_that_the_field_does_not_apply_to_and_rows_without_an_answer_do_not_enter() -> None:
    gold: list[Cell] = ["for", Absent.NOT_APPLICABLE, "against", "for"]
    final: list[Cell] = ["for", "for", "against", Absent.INVALID]
    assert lines(STANCE, final, REPEATS, gold=gold)["stability"].n == 2


def test_one_repeat_says_nothing() -> None:
    assert lines(STANCE, FINAL, REPEATS[:1]) == {}


def test_without_a_valid_answer_nothing_is_defined() -> None:
    invalid: list[Cell] = [Absent.INVALID] * 2
    found = lines(STANCE, invalid, [invalid, invalid], gold=["for", "for"])
    assert found["stability"].value is None
    assert found["stability"].note == "no row has valid answers to compare"


def test_intervals_are_left_out_where_nobody_wants_them() -> None:
    found = lines(STANCE, FINAL, REPEATS, has_intervals=False)
    assert {(each.low, each.level) for each in found.values()} == {(None, None)}
    assert found["stability"].value == lines(STANCE, FINAL, REPEATS)["stability"].value


def test_spans_are_as_stable_as_they_overlap() -> None:
    final: list[Cell] = ['[{"start": 0, "end": 4}]', ""]
    repeats: list[list[Cell]] = [final, ['[{"start": 0, "end": 2}]', ""]]
    found = lines(Field("x", "span"), final, repeats)
    assert found["stability"].value == pytest.approx((0.75 + 1) / 2)
    assert found["repeat_agreement"].value == pytest.approx((0.5 + 1) / 2)


def test_endless_offsets_end_with_the_text() -> None:
    final: list[Cell] = [f'[{{"start": 0, "end": {2**62}}}]'] * 2
    assert lines(Field("x", "span"), final, [final, final])["stability"].value == 1.0


@pytest.mark.parametrize(
    ("field", "repeats", "stability", "agreement"),
    [
        (Field("x", "multiselect", ("a", "b")), [["a|b"], ["a"], ["a|b"]], 2 / 3, 2 / 3),
        (Field("x", "textbox"), [["abcd"], ["abcx"], ["abcd"]], 2 / 3, 2.5 / 3),
        (Field("x", "likert", scale=(1, 5)), [["4"], ["4.0"], ["5"]], 2 / 3, 1 / 3),
        (Field("x", "checkbox"), [["1"], ["yes"], ["0"]], 2 / 3, 1 / 3),
    ],
)
def test_every_type_has_its_own_agreement(
    field: Field, repeats: list[list[Cell]], stability: float, agreement: float
) -> None:
    found = lines(field, repeats[0], repeats, has_intervals=False)
    assert found["stability"].value == pytest.approx(stability)
    assert found["repeat_agreement"].value == pytest.approx(agreement)
