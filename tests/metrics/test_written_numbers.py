from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.labels import Absent
from evalhouse.metrics.written_numbers import numeric_match, parse_number

WRITTEN = [
    ("42", 42),
    (" 42. ", 42),
    ("-7", -7),
    ("+7", 7),
    ("−7", -7),
    ("1,234.50", 1234.5),
    ("1,234,567", 1234567),
    ("1234567", 1234567),
    (".5", 0.5),
    ("$3", 3),
    ("-$3.20", -3.2),
    ("$-3.20", -3.2),
    ("€ 1,000", 1000),
    ("50%", 0.5),
    ("12.5 %", 0.125),
    ("3/4", 0.75),
    ("-3 / 4", -0.75),
    ("1 1/2", 1.5),
    ("-1 1/2", -1.5),
    ("1e3", 1000),
    ("1.5E-2", 0.015),
    ("1.5 x 10^3", 1500),
    ("1.5×10**-3", 0.0015),
    (r"2 \times 10^{4}", 20000),
    (r"\frac{3}{4}", 0.75),
    (r"-\dfrac{1}{8}", -0.125),
    (r"1\frac{1}{2}", 1.5),
    (r"\boxed{12{,}000}", 12000),
    (r"\$5", 5),
    (r"25\%", 0.25),
    ("$7$", 7),
    (r"\(7\)", 7),
    (3, 3),
    (2.5, 2.5),
    (np.int64(4), 4),
    ("9" * 40, float("9" * 40)),
]
NOT_WRITTEN = [
    "",
    "seven",
    "7 apples",
    "1.234,50",
    "1,23",
    "12,34,567",
    "3/0",
    "1e999",
    "9" * 400,
    "1.2.3",
    "--3",
    "3/4/5",
    "0x10",
    "inf",
    "nan",
    "$",
    "%",
    "-",
    float("inf"),
]
REPLIES = [
    ("First 3, then 4, so 12.", 12),
    ("3 + 4 = 7\n#### 7", 7),
    ("#### 1,200 dollars, of which 5 remain", 1200),
    ("The answer is $18. There were 9 ducks.", 18),
    ("Answer: -3", -3),
    ("The answer is 3. Wait. The answer is 4, not 3.", 4),
    (r"Thus \boxed{\frac{1}{2}}, as 3 shows.", 0.5),
    (r"$x = \boxed{10}$", 10),
    ("5-3", 3),
    ("between 50%-60%", 0.6),
    ("the answer is clear: see above. 9", 9),
    ("he has 1,2,3", 3),
    ("about 42 km", 42),
    ("x4 and 7th", 7),
]


@pytest.mark.parametrize(("text", "number"), WRITTEN)
def test_numbers_are_read_as_they_are_written(text: Any, number: float) -> None:
    assert parse_number(text) == pytest.approx(number, rel=1e-15)


@pytest.mark.parametrize("text", NOT_WRITTEN)
def test_what_is_no_number_is_invalid(text: Any) -> None:
    assert parse_number(text) is Absent.INVALID


@pytest.mark.parametrize(("reply", "number"), REPLIES)
def test_replies_end_in_a_number(reply: str, number: float) -> None:
    assert parse_number(reply, "last") == number


def test_replies_without_a_number_are_invalid() -> None:
    assert parse_number("I do not know.", "last") is Absent.INVALID


@pytest.mark.parametrize(
    ("value", "kind"),
    [(None, Absent.MISSING), (float("nan"), Absent.MISSING), (Absent.FAILED, Absent.FAILED)],
)
def test_absence_stays_what_it_is(value: Any, kind: Absent) -> None:
    assert parse_number(value) is kind
    assert parse_number(value, "last") is kind


def test_long_hostile_texts_are_read_in_time() -> None:
    for text in ("1" * 100_000, "1," * 50_000, "1 " * 50_000, "$" * 50_000, "1/" * 50_000):
        assert parse_number(text) is Absent.INVALID
        assert parse_number(text + "x", "last") is not None


def test_roundings_of_one_number_are_equal_and_others_are_not() -> None:
    found = numeric_match([0.3, 1 / 3, 0, 1e12], [0.1 + 0.2, "0.33", 1e-300, "1e12"])
    assert found.scores.tolist() == [1.0, 0.0, 0.0, 1.0]


def test_tolerances_are_absolute_or_a_share_of_gold() -> None:
    gold, model = [100, 100, 0], ["101", "99", "0.5"]
    assert numeric_match(gold, model, relative=0.01).scores.tolist() == [1.0, 1.0, 0.0]
    assert numeric_match(gold, model, absolute=0.5).scores.tolist() == [0.0, 0.0, 1.0]


def test_answers_without_a_number_score_zero_and_are_counted() -> None:
    found = numeric_match([1, 2, 3], ["1", "two", Absent.FAILED]).value
    assert (found.value, found.n, found.note) == (1 / 3, 3, "2 of 3 answers are no numbers")


def test_items_without_gold_do_not_enter() -> None:
    found = numeric_match(np.array([1.0, np.nan]), ["1", "two"])
    assert (found.value.value, found.value.n, found.value.note) == (1.0, 1, "")
    assert np.isnan(found.scores).tolist() == [False, True]


def test_no_gold_number_leaves_no_mean() -> None:
    assert numeric_match([], []).value.note == "no item has a gold number"
    assert not numeric_match([None], ["1"]).value.is_defined


def test_a_reply_may_be_read_to_its_end() -> None:
    assert numeric_match([42], ["So it is 42 apples."], reading="last").value.value == 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gold": ["seven"], "model": ["7"]}, "`seven` in the gold answers is no number"),
        ({"gold": [1, 2], "model": ["7"]}, "gold has 2 answers and the model 1"),
        ({"gold": [1], "model": [1], "absolute": -1.0}, "found -1.0"),
        ({"gold": [1], "model": [[1]]}, "found `list`"),
        ({"gold": [1], "model": [1], "reading": "all"}, "no reading of numbers"),
    ],
)
def test_requests_that_make_no_sense_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        numeric_match(**options)


def test_an_unknown_reading_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean `last`"):
        parse_number("1", "lasts")  # type: ignore[arg-type] # the point
