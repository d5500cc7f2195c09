"""Whether a text is the gold text."""

from __future__ import annotations

import operator

import numpy as np

from evalhouse.metrics.text.pairs import GoldTexts, Pairs, Texts, pair_texts
from evalhouse.metrics.text.score import TextScore, mean_score


def exact_match(
    gold: GoldTexts | Pairs, model: Texts | None = None, *, normalise: str = "none"
) -> TextScore:
    """Share of units whose text equals a gold text.

    mean over units of 1[normalise(gold) = normalise(model)]

    Args:
        gold: (m,) texts, each one or several that are equally right.
        model: (m,) texts. A unit without one scores 0.
        normalise: a name of `NORMALISATIONS`: "none" (every character counts), "lower",
            "casefold" or "squad".

    Range: 0 (none is equal) to 1 (all are). Two empty texts are equal.
    Undefined: without a gold text.

    Source: Rajpurkar et al. 2016, doi:10.18653/v1/D16-1264, for "squad".

    Example:
        >>> exact_match(["the cat", "a dog"], ["The Cat!", None], normalise="squad").value
        Value(value=0.5, n=2, note='normalised: squad')
    """
    pairs = pair_texts(gold, model).normalised(normalise)
    equal = np.fromiter(map(operator.eq, pairs.gold, pairs.model), float, len(pairs.gold))
    note = "" if normalise == "none" else f"normalised: {normalise}"
    return mean_score(pairs, equal[pairs.best(equal)], note)
