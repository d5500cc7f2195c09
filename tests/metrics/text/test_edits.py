from __future__ import annotations

import Levenshtein
import numpy as np
import pytest
from nltk.metrics.distance import edit_distance

from evalhouse.metrics.text import levenshtein
from tests.metrics.text.samples import pairs


def test_it_equals_the_package_levenshtein() -> None:
    found = levenshtein(*pairs()).scores
    expected = [
        1 - Levenshtein.distance(a, b) / max(len(a), len(b), 1)
        for a, b in zip(*pairs(), strict=True)
    ]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-15)


def test_it_equals_nltk() -> None:
    gold, model = (side[-60:] for side in pairs())
    expected = [
        1 - edit_distance(a, b) / max(len(a), len(b), 1) for a, b in zip(gold, model, strict=True)
    ]
    np.testing.assert_allclose(levenshtein(gold, model).scores, expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("first", "second", "similarity"),
    [("", "", 1), ("", "a", 0), ("abc", "abc", 1), ("abc", "xyz", 0), ("😀", "😀😀", 0.5)],
)
def test_its_ends(first: str, second: str, similarity: float) -> None:
    assert levenshtein([first], [second]).value.value == similarity


def test_texts_can_be_normalised_first() -> None:
    assert levenshtein(["Yes "], ["yes"], normalise="lower").value.value == 1


def test_of_several_gold_texts_the_nearest_counts() -> None:
    assert levenshtein([["abcd", "xbcd"]], ["xbcd"]).value.value == 1
