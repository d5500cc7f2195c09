from __future__ import annotations

import pytest

from evalhouse.errors import UnknownNameError
from evalhouse.metrics.text import NORMALISATIONS, exact_match
from tests.metrics.text.samples import pairs


@pytest.mark.parametrize("name", NORMALISATIONS)
def test_it_is_equality_after_normalisation(name: str) -> None:
    change = NORMALISATIONS[name]
    found = exact_match(*pairs(), normalise=name).scores
    assert found.tolist() == [change(a) == change(b) for a, b in zip(*pairs(), strict=True)]


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("lower", " Yes\n", "yes"),
        ("casefold", "STRASSE", "straße "),
        ("squad", "The  answer: an (old) Man.", "answer old man"),
    ],
)
def test_each_normalisation_makes_equal_what_it_says(name: str, first: str, second: str) -> None:
    assert exact_match([first], [second], normalise=name).value.value == 1
    assert exact_match([first], [second]).value.value == 0


def test_the_normalisation_is_noted() -> None:
    assert exact_match(["a"], ["A"], normalise="lower").value.note == "normalised: lower"


def test_an_unknown_normalisation_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="no normalisation is called `sqad`"):
        exact_match(["a"], ["a"], normalise="sqad")
