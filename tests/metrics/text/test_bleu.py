from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from sacrebleu.metrics.bleu import BLEU

from evalhouse.errors import UnknownNameError
from evalhouse.metrics.text import BleuSettings, bleu_of_sums, corpus_bleu
from evalhouse.metrics.text.bleu import SMOOTHING_VALUES
from tests.metrics.text.samples import pairs, references

# Papineni et al. 2002, examples 1 and 2, section 2.1.
REFERENCES = [
    "It is a guide to action that ensures that the military will forever heed Party commands",
    (
        "It is the guiding principle which guarantees the military forces always being under the "
        "command of the Party"
    ),
    "It is the practical guide for the army always to heed the directions of the party",
]
CANDIDATES = (
    (
        "It is a guide to action which ensures that the military always obeys the commands of the "
        "party"
    ),
    "It is to insure the troops forever hearing the activity guidebook that party direct",
)


def theirs(settings: BleuSettings) -> Any:
    return BLEU(
        lowercase=settings.lowercase,
        tokenize=settings.tokenize,
        smooth_method=settings.smooth,
        smooth_value=settings.smooth_value,
        effective_order=settings.effective_order,
        force=True,
    )


@pytest.mark.parametrize(
    ("tokenize", "smooth", "effective"),
    list(product(("13a", "none", "char", "intl"), SMOOTHING_VALUES, (False, True))),
)
def test_a_corpus_scores_as_in_sacrebleu(tokenize: str, smooth: Any, effective: bool) -> None:  # noqa: FBT001 - a case of a table
    settings = BleuSettings(tokenize, smooth, effective_order=effective)
    other = theirs(settings)
    gold, model = pairs()
    found = corpus_bleu(gold, model, settings=settings).value
    assert found.value == pytest.approx(other.corpus_score(model, [gold]).score / 100, rel=1e-12)
    assert f"{found.note}|version:" in f"{other.get_signature()}"


@pytest.mark.parametrize("smooth", SMOOTHING_VALUES)
def test_single_units_score_as_in_sacrebleu(smooth: Any) -> None:
    settings = BleuSettings(smooth=smooth, effective_order=True)
    other = theirs(settings)
    gold, model = pairs()
    expected = [other.sentence_score(b, [a]).score / 100 for a, b in zip(gold, model, strict=True)]
    found = corpus_bleu(gold, model, settings=settings).scores
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("settings", [BleuSettings(), BleuSettings("none", lowercase=True)])
def test_several_references_score_as_in_sacrebleu(settings: BleuSettings) -> None:
    gold, model = references()
    other = theirs(settings).corpus_score(model, list(zip(*gold, strict=True))).score
    assert corpus_bleu(gold, model, settings=settings).value.value == pytest.approx(
        other / 100, rel=1e-12
    )


def test_the_number_of_references_may_vary() -> None:
    gold, model = references()
    some = [texts[: 1 + row % 3] for row, texts in enumerate(gold)]
    streams: list[Any] = [
        [texts[place] if place < len(texts) else None for texts in some] for place in range(3)
    ]
    found = corpus_bleu(some, model).value
    assert found.value == pytest.approx(BLEU().corpus_score(model, streams).score / 100, rel=1e-12)
    assert found.note.startswith("nrefs:var|")


@pytest.mark.parametrize(("smooth", "value"), [("floor", 0.3), ("add-k", 2.0)])
def test_the_value_of_the_smoothing_can_be_given(smooth: Any, value: float) -> None:
    settings = BleuSettings(smooth=smooth, smooth_value=value)
    found = corpus_bleu(["a b c d e"], ["a b x d e"], settings=settings).value
    expected = theirs(settings).corpus_score(["a b x d e"], [["a b c d e"]]).score
    assert found.value == pytest.approx(expected / 100, rel=1e-12)
    assert f"smooth:{smooth}[{value:.2f}]" in found.note


def test_the_precisions_are_those_of_the_paper() -> None:
    found = corpus_bleu([REFERENCES] * 2, CANDIDATES, settings=BleuSettings("none")).rows
    assert found[:, [2, 6]].tolist() == [[17, 18], [8, 14]]
    assert found[:, [3, 7]].tolist() == [[10, 17], [1, 13]]


def test_an_answer_that_is_not_there_is_one_without_tokens() -> None:
    gold = ["the cat sat on the mat"] * 2
    absent, empty = (corpus_bleu(gold, [gold[0], given]) for given in (None, ""))
    assert absent.value == empty.value
    assert absent.value.value == pytest.approx(np.exp(1 - 12 / 6))


def test_equal_texts_score_one_and_unlike_ones_zero() -> None:
    gold = ["the cat sat on the mat"]
    assert corpus_bleu(gold, gold).value.value == pytest.approx(1)
    assert corpus_bleu(gold, ["dogs"]).value.value == 0


def test_texts_without_tokens_score_zero() -> None:
    assert corpus_bleu([""], [""]).value.value == 0


def test_resampled_sums_give_the_score_of_the_resampled_corpus() -> None:
    gold, model = (np.array(side, object) for side in pairs(300))
    found = corpus_bleu(gold, model)
    draws = np.random.default_rng(0).integers(0, len(gold), (5, len(gold)))
    scores = found.kernel(found.rows[draws].sum(axis=1))
    again = [corpus_bleu(gold[draw], model[draw]).value.value for draw in draws]
    np.testing.assert_allclose(scores, again, rtol=1e-12)


def test_the_kernel_takes_any_leading_axes() -> None:
    rows = corpus_bleu(*pairs()).rows[:24].reshape(2, 3, 4, -1)
    assert bleu_of_sums(rows).shape == (2, 3, 4)
    assert bleu_of_sums(rows)[1, 2, 3] == bleu_of_sums(rows[1, 2, 3])


def test_an_unknown_smoothing_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="no smoothing is called `method1`"):
        corpus_bleu(["a"], ["a"], settings=BleuSettings(smooth="method1"))  # type: ignore[arg-type] # what is refused
