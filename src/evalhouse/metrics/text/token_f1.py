"""How many words a text shares with the gold text, as SQuAD counts them."""

from __future__ import annotations

from itertools import chain

import numpy as np

from evalhouse.metrics.text.grams import lengths_of, overlaps
from evalhouse.metrics.text.normalisation import squad
from evalhouse.metrics.text.pairs import GoldTexts, Pairs, Texts, pair_texts
from evalhouse.metrics.text.score import TextScore, mean_score
from evalhouse.metrics.text.tokens import Tokenizer, encoded


def token_f1(gold: GoldTexts | Pairs, model: Texts | None = None) -> TextScore:
    """Mean F1 of the words of question answers.

    2 · shared words / (words of gold + words of model), words as multisets after `squad`
    normalisation

    Args:
        gold: (m,) texts, each one or several, of which the best counts.
        model: (m,) texts. A unit without one scores 0.

    Range: 0 (no word is shared) to 1 (the same words in any order). Where neither side has a word
    left it is 1, as in SQuAD 2.0; where one has none, 0.
    Undefined: without a gold text.

    Source: Rajpurkar et al. 2016, doi:10.18653/v1/D16-1264, and 2018, doi:10.18653/v1/P18-2124.

    Example:
        >>> token_f1(["the Norman dukes"], ["Norman kings"]).value.value
        0.5
    """
    pairs = pair_texts(gold, model)
    texts = chain.from_iterable(zip(pairs.model, pairs.gold, strict=True))
    sizes = [2] * len(pairs.gold)
    codes = encoded(texts, sizes, Tokenizer(parts=_words))
    words = lengths_of(codes).reshape(-1, 2).sum(axis=1)
    shared = overlaps(codes, sizes, 1)[:, 0]
    values = np.where(words > 0, 2 * shared / np.maximum(words, 1), 1.0)
    return mean_score(pairs, values[pairs.best(values)], "normalised: squad")


def _words(text: str) -> list[str]:
    return squad(text).split()
