from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from evalhouse.assessment.results import ScoreLine
from evalhouse.reports.document import Code, Plain, words
from evalhouse.reports.wording import NOTHING, amount, bar, duration, number, safe


@given(st.text())
def test_what_is_safe_can_be_seen_and_written(text: str) -> None:
    found = safe(text)
    found.encode()
    assert "\n" not in found
    assert safe(found) == found or len(found) > 120


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_bar_has_one_point_and_a_fixed_width(value: float, low: float, high: float) -> None:
    found = bar(ScoreLine(metric="a", value=value, n=1, low=low, high=high), 0.0, 1.0)
    assert len(found) == 20
    assert found.count("●") == 1


def test_what_is_off_the_scale_has_no_bar() -> None:
    assert bar(ScoreLine(metric="a", value=-0.1, n=1), 0.0, 1.0) == ""


@given(st.floats())
def test_no_amount_is_written_as_a_float_that_is_none(value: float) -> None:
    for found in (amount(value), number(value), duration(abs(value))):
        assert found
        assert "nan" not in found
        assert "inf" not in found
    assert math.isfinite(value) or amount(value) == NOTHING


def test_a_backtick_without_a_partner_is_text() -> None:
    assert words("a ` b") == (Plain("a ` b"),)
    assert words("`a` b") == (Code("a"), Plain(" b"))
