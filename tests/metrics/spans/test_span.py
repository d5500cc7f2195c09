from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from evalhouse.errors import UsageError
from evalhouse.metrics.spans import Span, span_metrics

ONE, TWO = [Span(0, 3)], [Span(2, 5)]


def test_a_column_is_read_by_position_whatever_its_index() -> None:
    gold = pd.Series([ONE, TWO], index=[1, 0])
    texts = pd.Series(["abc", "abcde"], index=[7, 3])
    found = span_metrics(gold, [ONE, TWO], texts).overall
    assert found["strict_f1"].value.value == 1
    assert found["char_iou"].value.value == 1


@pytest.mark.parametrize("blank", [math.nan, pd.NA, None])
def test_blanks_of_any_library_are_missing(blank: Any) -> None:
    assert span_metrics([ONE, blank], [ONE, ONE]).share_valid.n == 1
    assert span_metrics([ONE, TWO], [ONE, blank]).share_valid.value == 0.5


@pytest.mark.parametrize("unit", ["abc", Span(0, 1), 3, [(0, 1)], [{"start": 0}], [Span(0, 1, 3)]])  # type: ignore[arg-type]  # what is tested
def test_a_unit_that_is_no_list_of_spans_is_refused(unit: Any) -> None:
    with pytest.raises(UsageError, match="span"):
        span_metrics([unit], [ONE])


@pytest.mark.parametrize("texts", [[None], [math.nan], "a"])
def test_texts_of_spans_are_strings(texts: Any) -> None:
    with pytest.raises(UsageError, match="texts are a list of strings"):
        span_metrics([ONE], [ONE], texts)


@pytest.mark.parametrize("labels", ["AB", ["A", "A"]])
def test_labels_of_spans_are_named_once_each(labels: Any) -> None:
    with pytest.raises(UsageError, match="names each once"):
        span_metrics([ONE], [ONE], labels=labels)
