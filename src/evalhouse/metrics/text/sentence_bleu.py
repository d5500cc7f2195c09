"""BLEU of one sentence at a time, averaged, as NLTK defines it."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evalhouse.errors import UnknownNameError
from evalhouse.metrics.text.bleu import (
    ORDERS,
    bleu_statistics,
    brevity_penalty,
    mean_of_logarithms,
)
from evalhouse.metrics.text.pairs import GoldTexts, Pairs, Texts, pair_texts
from evalhouse.metrics.text.score import TextScore, mean_score
from evalhouse.metrics.text.tokens import Tokenizer

Floats = NDArray[np.float64]
SentenceSmoothing = Literal["none", "method1", "method2", "method3"]
SENTENCE_SMOOTHINGS: tuple[SentenceSmoothing, ...] = ("none", "method1", "method2", "method3")

_EPSILON = 0.1


def sentence_bleu(
    gold: GoldTexts | Pairs,
    model: Texts | None = None,
    *,
    smoothing: SentenceSmoothing = "method1",
) -> TextScore:
    """Mean BLEU of single sentences, equal to NLTK's `sentence_bleu`.

    mean over units of BP · exp(1/4 Σ_n log p_n), n = 1 to 4, tokens set apart by white space,
    p_n = matches / max(1, n-grams of the answer), and BP as in `corpus_bleu`

    Args:
        gold: (m,) texts, each one or several references.
        model: (m,) texts. A unit without one scores 0.
        smoothing: for orders without a match: "method1" counts 0.1 of one, "method2" adds 1 to
            matches and n-grams from the second order on, "method3" counts 1/2, 1/4, ... of one,
            "none" gives 0 (where NLTK gives up to about 1e-77).

    Range: 0 (no word matches) to 1 (equal, with four words or more). With "method1" equal answers
    of one, two and three words score 0.178, 0.316 and 0.562. Without a word on either side: 0.
    Undefined: without a gold text.

    Source: Papineni et al. 2002, doi:10.3115/1073083.1073135; smoothing: Chen and Cherry 2014,
    doi:10.3115/v1/W14-3346, with the numbers of NLTK 3.9.

    Example, from NLTK's documentation:
        >>> gold = ("It is a guide to action that ensures that the military will forever heed "
        ...         "Party commands")
        >>> model = ("It is a guide to action which ensures that the military always obeys the "
        ...          "commands of the party")
        >>> round(sentence_bleu([gold], [model]).value.value, 4)
        0.4118
    """
    if smoothing not in SENTENCE_SMOOTHINGS:
        raise UnknownNameError("smoothing", smoothing, SENTENCE_SMOOTHINGS)
    pairs = pair_texts(gold, model)
    values = _bleu(bleu_statistics(pairs, Tokenizer()), smoothing)
    return mean_score(pairs, values, f"smoothing: {smoothing}")


def _bleu(counts: Floats, smoothing: SentenceSmoothing) -> Floats:
    matches, grams = counts[:, 2 : 2 + ORDERS], np.maximum(counts[:, 2 + ORDERS :], 1)
    precisions = _smoothed(matches, grams, smoothing)
    mean = mean_of_logarithms(precisions, np.ones(precisions.shape, bool))
    score = brevity_penalty(counts[:, 0], counts[:, 1]) * np.exp(mean)
    return np.where(matches[:, 0] > 0, score, 0.0)


def _smoothed(matches: Floats, grams: Floats, smoothing: SentenceSmoothing) -> Floats:
    zeros = matches == 0
    if smoothing == "method1":
        return np.where(zeros, _EPSILON, matches) / grams
    if smoothing == "method2":
        later = np.arange(ORDERS) > 0
        return (matches + later) / (grams + later)
    if smoothing == "method3":
        return np.where(zeros, 0.5 ** np.cumsum(zeros, axis=1), matches) / grams
    return matches / grams
