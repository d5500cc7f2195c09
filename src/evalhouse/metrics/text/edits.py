"""How many edits lie between two texts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evalhouse.metrics.text.pairs import GoldTexts, Pairs, Texts, pair_texts
from evalhouse.metrics.text.score import TextScore, mean_score


def levenshtein(
    gold: GoldTexts | Pairs, model: Texts | None = None, *, normalise: str = "none"
) -> TextScore:
    """Mean normalised Levenshtein similarity.

    1 - d(gold, model) / max(|gold|, |model|), where d counts the insertions, deletions and
    substitutions of single characters (code points), each at cost 1

    Args:
        gold: (m,) texts, each one or several, of which the nearest counts.
        model: (m,) texts. A unit without one scores 0.
        normalise: a name of `NORMALISATIONS`, applied to both sides first.

    Range: 0 (no character can stay) to 1 (equal). Two empty texts are equal: 1.
    Undefined: without a gold text.

    Source: Levenshtein 1966, Soviet Physics Doklady 10, 707-710; divided by the longer length.

    Example:
        >>> levenshtein(["kitten"], ["sitting"]).value.value  # three edits in seven characters
        0.5714285714285714
    """
    pairs = pair_texts(gold, model).normalised(normalise)
    values = _similarities(pairs.gold, pairs.model)
    note = "" if normalise == "none" else f"normalised: {normalise}"
    return mean_score(pairs, values[pairs.best(values)], note)


def _similarities(first: list[str], second: list[str]) -> NDArray[np.float64]:
    from rapidfuzz.distance import Levenshtein  # noqa: PLC0415 - loaded where it is needed
    from rapidfuzz.process import cpdist  # noqa: PLC0415 - same

    distances = cpdist(first, second, scorer=Levenshtein.distance, dtype=np.int64, workers=1)
    longest = np.maximum(_lengths(first), _lengths(second))
    return 1 - distances / np.maximum(longest, 1)


def _lengths(texts: list[str]) -> NDArray[np.int64]:
    return np.fromiter(map(len, texts), np.int64, len(texts))
