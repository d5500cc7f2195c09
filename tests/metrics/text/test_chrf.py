from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sacrebleu.metrics.chrf import CHRF

from evalhouse.errors import UsageError
from evalhouse.metrics.text import CHRF_PLUS_PLUS, ChrfSettings, chrf, chrf_of_sums
from tests.metrics.text.samples import pairs, references

SETTINGS = (
    ChrfSettings(),
    CHRF_PLUS_PLUS,
    ChrfSettings(lowercase=True, whitespace=True),
    ChrfSettings(char_order=2, word_order=1, beta=3),
)


def theirs(settings: ChrfSettings) -> Any:
    return CHRF(
        char_order=settings.char_order,
        word_order=settings.word_order,
        beta=int(settings.beta),
        lowercase=settings.lowercase,
        whitespace=settings.whitespace,
    )


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_corpus_scores_as_in_sacrebleu(settings: ChrfSettings) -> None:
    gold, model = pairs()
    other = theirs(settings)
    expected = other.corpus_score(model, [gold])
    found = chrf(gold, model, settings=settings).value
    assert found.value == pytest.approx(expected.score / 100, rel=1e-12)
    assert f"{found.note}|version:" in f"{expected.name}|{other.get_signature()}"


@pytest.mark.parametrize("settings", SETTINGS)
def test_several_references_score_as_in_sacrebleu(settings: ChrfSettings) -> None:
    gold, model = references()
    other = theirs(settings)
    found = chrf(gold, model, settings=settings)
    whole = other.corpus_score(model, list(zip(*gold, strict=True))).score / 100
    single = [other.sentence_score(b, a).score / 100 for a, b in zip(gold, model, strict=True)]
    assert found.value.value == pytest.approx(whole, rel=1e-12)
    np.testing.assert_allclose(found.scores, single, rtol=1e-12, atol=1e-15)


def test_resampled_sums_give_the_score_of_the_resampled_corpus() -> None:
    gold, model = (np.array(side, object) for side in pairs(300))
    found = chrf(gold, model, settings=CHRF_PLUS_PLUS)
    draws = np.random.default_rng(0).integers(0, len(gold), (5, len(gold)))
    scores = found.kernel(found.rows[draws].sum(axis=1))
    again = [chrf(gold[d], model[d], settings=CHRF_PLUS_PLUS).value.value for d in draws]
    np.testing.assert_allclose(scores, again, rtol=1e-12)


def test_the_kernel_takes_any_leading_axes() -> None:
    rows = chrf(*pairs()).rows[:24].reshape(2, 3, 4, -1)
    assert chrf_of_sums(rows).shape == (2, 3, 4)


def test_its_ends() -> None:
    assert chrf(["abc"], ["abc"]).value.value == 1
    assert chrf(["abc"], ["xyz"]).value.value == 0
    assert chrf([""], [""]).value.value == 0


def test_an_answer_that_is_not_there_lowers_the_recall() -> None:
    gold = ["the cat", "the dog"]
    assert chrf(gold, ["the cat", None]).value == chrf(gold, ["the cat", ""]).value


@pytest.mark.parametrize("wrong", [{"char_order": 0}, {"word_order": -1}, {"beta": 0}])
def test_orders_that_count_nothing_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="a character order from 1"):
        ChrfSettings(**wrong)
