from __future__ import annotations

import numpy as np
import pytest
from nltk.translate.bleu_score import SmoothingFunction
from nltk.translate.bleu_score import sentence_bleu as by_nltk

from evalhouse.errors import UnknownNameError
from evalhouse.metrics.text import sentence_bleu
from evalhouse.metrics.text.sentence_bleu import SENTENCE_SMOOTHINGS, SentenceSmoothing
from tests.metrics.text.samples import references
from tests.metrics.text.test_bleu import CANDIDATES, REFERENCES


def expected(gold: list[list[str]], model: list[str], smoothing: str) -> list[float]:
    method = getattr(SmoothingFunction(), smoothing.replace("none", "method0"))
    return [
        by_nltk([text.split() for text in texts], given.split(), smoothing_function=method)
        for texts, given in zip(gold, model, strict=True)
    ]


@pytest.mark.filterwarnings("ignore:\\nThe hypothesis contains 0 counts:UserWarning")  # by nltk
@pytest.mark.parametrize("smoothing", SENTENCE_SMOOTHINGS)
@pytest.mark.parametrize("count", [1, 3])
def test_it_equals_nltk(smoothing: SentenceSmoothing, count: int) -> None:
    gold, model = references()
    gold = [texts[:count] for texts in gold]
    found = sentence_bleu(gold, model, smoothing=smoothing).scores
    np.testing.assert_allclose(found, expected(gold, model, smoothing), rtol=1e-12, atol=1e-70)


def test_it_gives_what_nltk_documents() -> None:
    found = sentence_bleu([REFERENCES] * 2, CANDIDATES).scores
    assert found.tolist() == pytest.approx([0.50456667, 0.03704], abs=1e-4)


@pytest.mark.parametrize(("text", "score"), [("a", 0.178), ("a b", 0.316), ("a b c", 0.562)])
def test_short_equal_texts_score_below_one(text: str, score: float) -> None:
    assert sentence_bleu([text], [text]).value.value == pytest.approx(score, abs=1e-3)


@pytest.mark.parametrize(("gold", "model"), [("", ""), ("a", ""), ("", "a"), ("a", "b")])
def test_without_a_match_it_is_zero(gold: str, model: str) -> None:
    assert sentence_bleu([gold], [model]).value.value == 0


def test_an_unknown_smoothing_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="no smoothing is called `exp`"):
        sentence_bleu(["a"], ["a"], smoothing="exp")  # type: ignore[arg-type] # what is refused
