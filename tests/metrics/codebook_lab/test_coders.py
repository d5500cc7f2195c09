"""Three coders of eight items; the numbers are those that codebook-lab 1.4.0 gives for them."""

from __future__ import annotations

import math

import pytest

from evalhouse.errors import UsageError
from evalhouse.metrics.codebook_lab import (
    Cells,
    CoderReliability,
    Condition,
    Field,
    coder_reliability,
)

SPAN = '[{"start": 1, "end": 4}]'
TURNED = '[{"end": 4, "start": 1}]'
FIELDS = [
    Field("A_Open", "checkbox"),
    Field("A_Topic", "dropdown", options=("fares", "Safety", "other")),
    Field("A_Force", "likert", min_value=1, max_value=5, condition=Condition("A_Topic", "safety")),
    Field("B_Tone", "likert", min_value=1, max_value=5),
    Field("B_Note", "textbox"),
    Field("B_Words", "span"),
]
CODERS = {
    "ana": Cells({
        "sample_id": ["1", "2", "3", "4", "5", "6", "7", "8"],
        "A_Open": ["1", "0", "yes", "no", "1", "0", "1", ""],
        "A_Topic": ["fares", "safety", "SAFETY", "other", "Safety", "Safety", "NA", "fares"],
        "A_Force": ["", "2", "4", "5", "3", "3", "", "1"],
        "B_Tone": ["1.0", "2.0", "3.5", "4.0", "5.0", "1.0", "2.0", "9.0"],
        "B_Note": ["a", "b", "None", "", " c ", "d", "e", "f"],
        "B_Words": [SPAN, "x", "", "[]", SPAN, SPAN, SPAN, "[]"],
    }),
    "ben": Cells({
        "sample_id": ["1", "2", "2", "3", "4", "5", "6", ""],
        "A_Open": ["True", "0", "1", "1", "1", "1", "2", "1"],
        "A_Topic": ["fares", "`Safety`", "other", "Safety", "fares", "Safety", "other", "other"],
        "A_Force": ["", "2", "1", "5", "", "3", "3", "1"],
        "B_Tone": ["1", "2", "5", "3", "", "4.0", "2", "2"],
        "B_Note": ["a", "c", "b", "None", "x", "c", "D", "z"],
        "B_Words": [TURNED, "[]", SPAN, "x", "[1]", SPAN, "[]", SPAN],
    }),
    "cleo": Cells({
        "sample_id": ["8", "6", "5", "4", "3", "2", "1"],
        "A_Open": ["1", "0", "1", "1", "0", "0", "1"],
        "A_Topic": ["fares", "Safety", "safety", "other", "other", "Safety", "fares"],
        "A_Force": ["1", "4", "3", "2", "5", "2", "1"],
        "B_Tone": ["5", "1", "5", "4", "3", "2", "2"],
        "B_Note": ["f", "d", "c", "", "None", "b", "a"],
        "B_Words": ["x", SPAN, SPAN, SPAN, "", "[]", SPAN],
    }),
}  # fmt: skip


@pytest.fixture(scope="module")
def found() -> dict[str, CoderReliability]:
    return coder_reliability(FIELDS, CODERS)


TOGETHER: dict[str, tuple[float, ...]] = {
    "A_Open": (8, 6, 0.5428571428571429, math.nan, 0.6666666666666666, 1.0),
    "A_Topic": (8, 7, 0.5403225806451614, math.nan, 0.5714285714285714, 1.0),
    "A_Force": (4, 4, 0.48571428571428565, math.nan, 0.5, 0.5),
    "B_Tone": (8, 6, 0.696969696969697, math.nan, 0.6666666666666666, 1.0),
    "B_Note": (8, 6, 0.7355371900826446, math.nan, 0.6666666666666666, 1.0),
    "B_Words": (8, 6, 0.4, math.nan, 0.5, 1.0),
}
PAIRS: dict[str, tuple[tuple[float, ...], ...]] = {
    "A_Open": (
        (5, 0.8, 0.5454545454545454),
        (6, 0.6666666666666666, 0.33333333333333337),
        (5, 0.8, 0.5454545454545454),
    ),
    "A_Topic": (
        (6, 0.6666666666666666, 0.4285714285714285),
        (7, 0.8571428571428571, 0.7741935483870968),
        (6, 0.5, 0.21739130434782605),
    ),
    "A_Force": (
        (3, 0.6666666666666666, 0.5714285714285714),
        (3, 0.6666666666666666, 0.5),
        (2, 1.0, 1.0),
    ),
    "B_Tone": (
        (4, 0.75, 0.6363636363636364),
        (6, 0.8333333333333334, 0.7931034482758621),
        (4, 0.5, 0.19999999999999996),
    ),
    "B_Note": ((5, 0.6, 0.5238095238095238), (6, 1.0, 1.0), (5, 0.6, 0.5238095238095238)),
    "B_Words": (
        (5, 0.6, 0.375),
        (6, 0.8333333333333334, 0.6666666666666667),
        (5, 0.4, 0.16666666666666674),
    ),
}


@pytest.mark.parametrize("column", [field.column for field in FIELDS])
def test_all_coders_together(found: dict[str, CoderReliability], column: str) -> None:
    values = found[column].together.values()
    entering = next(iter(values)).n
    ours = (found[column].n_applicable, entering, *(value.value for value in values))
    assert ours == pytest.approx(TOGETHER[column], abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("column", [field.column for field in FIELDS])
def test_two_coders_at_a_time(found: dict[str, CoderReliability], column: str) -> None:
    pairs = found[column].pairs
    for (first, second), expected in zip(((0, 1), (0, 2), (1, 2)), PAIRS[column], strict=True):
        ours = (matrix[first, second] for matrix in (pairs.n, pairs.agreement, pairs.kappa))
        assert tuple(ours) == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_a_column_that_nobody_has_is_not_compared() -> None:
    missing = coder_reliability([Field("Z")], CODERS)["Z"]
    assert missing.n_applicable == 8
    assert math.isnan(missing.together["unanimity_rate"].value)


def test_a_file_without_items_is_refused() -> None:
    with pytest.raises(UsageError, match="the file of `ana` has no column `comment_id`"):
        coder_reliability(FIELDS, CODERS, item_column="comment_id")
