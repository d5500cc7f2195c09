from __future__ import annotations

import numpy as np
import pytest

from evalhouse.engine.baselines.sparse import Floats
from evalhouse.engine.baselines.terms import read_terms, weighted
from tests.engine.baselines.made import drawn_texts, full, vectorizer


def in_one_order(table: Floats) -> Floats:
    """Return the columns in an order that does not depend on their names."""
    kept = table[:, (table != 0).any(axis=0)]
    return kept[:, np.lexsort(np.round(kept, 9))]


@pytest.mark.parametrize("seed", range(3))
def test_weights_are_those_of_scikit_learn(seed: int) -> None:
    texts = [*drawn_texts(seed, 60, 20), "", "!", "a"]
    everywhere = np.arange(len(texts))
    ours = full(weighted(read_terms(texts), everywhere))
    theirs = vectorizer().fit_transform(texts).toarray()
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(in_one_order(ours), in_one_order(theirs), rtol=0, atol=1e-12)


def test_weights_are_learned_from_some_texts_alone() -> None:
    texts = drawn_texts(7, 50, 12)
    known = vectorizer().fit(texts[:30])
    ours = full(weighted(read_terms(texts), np.arange(30)))
    theirs = known.transform(texts).toarray()
    np.testing.assert_allclose(in_one_order(ours), in_one_order(theirs), rtol=0, atol=1e-12)


@pytest.mark.parametrize("most", [10, 40, 10_000])
def test_many_terms_are_cut_by_the_texts_they_are_in(most: int) -> None:
    texts = drawn_texts(2, 60, 8)
    terms = read_terms(texts, most)
    tries = (vectorizer().set_params(min_df=least).fit(texts) for least in range(1, 60))
    theirs = next(each for each in tries if len(each.vocabulary_) <= most)
    assert terms.width == len(theirs.vocabulary_)
    np.testing.assert_allclose(
        in_one_order(full(weighted(terms, np.arange(60)))),
        in_one_order(theirs.transform(texts).toarray()),
        rtol=0,
        atol=1e-12,
    )


def test_texts_without_words_have_no_terms() -> None:
    terms = weighted(read_terms(["", "?", "a"]), np.arange(2))
    assert (len(terms), terms.width, len(terms.values)) == (3, 0, 0)
