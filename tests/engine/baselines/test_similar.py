from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from evalhouse.engine.baselines import similar
from evalhouse.engine.baselines.similar import nearest
from evalhouse.engine.baselines.terms import read_terms, weighted
from tests.engine.baselines.made import drawn_texts, full


@pytest.mark.parametrize("block", [3, 256])
@pytest.mark.parametrize("common", [0.5, 8, 1000])
def test_the_nearest_text_has_the_largest_cosine(
    block: int, common: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(similar, "_BLOCK", block)
    monkeypatch.setattr(similar, "_COMMON", common)
    texts = weighted(read_terms(drawn_texts(4, 60, 12)), np.arange(40))
    known, asked = texts.taken(np.arange(40)), texts.taken(np.arange(40, 60))
    cosines = cosine_similarity(full(asked), full(known)).round(12)
    np.testing.assert_array_equal(nearest(asked, known), cosines.argmax(axis=1))


def test_nothing_is_near_a_text_without_known_words() -> None:
    texts = weighted(read_terms(["bus late", "fare", "night lift", ""]), np.arange(2))
    found = nearest(texts.taken(np.array([2, 3, 0])), texts.taken(np.arange(2)))
    np.testing.assert_array_equal(found, [-1, -1, 0])
