from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.engine.baselines.folds import divided
from evalhouse.errors import UsageError

WIDE_C = "\uff43"
TEXTS = st.lists(st.sampled_from(["a", "A", " a", "b", "c", WIDE_C, "d e", "d  E", "f", "g"]))


@given(TEXTS, st.integers(0, 99), st.integers(2, 12))
def test_every_row_is_predicted_once_from_all_other_folds(
    texts: list[str], seed: int, count: int
) -> None:
    folds = divided(texts, seed=seed, count=count)
    tested = np.concatenate([np.empty(0, np.int64), *(fold.test for fold in folds)])
    assert sorted(tested.tolist()) == list(range(len(texts)))
    for fold in folds:
        assert sorted([*fold.train.tolist(), *fold.test.tolist()]) == list(range(len(texts)))
        assert len(fold.test)


@given(TEXTS, st.integers(0, 99))
def test_rows_with_the_same_text_but_for_case_and_spacing_stay_together(
    texts: list[str], seed: int
) -> None:
    keys = ["".join(text.lower().replace(WIDE_C, "c").split()) for text in texts]
    for fold in divided(texts, seed=seed, count=3):
        taught = {keys[row] for row in fold.train}
        assert taught.isdisjoint(keys[row] for row in fold.test)


def test_folds_have_as_many_distinct_texts_and_follow_the_seed() -> None:
    texts = [f"text {number}" for number in range(23)]
    folds = divided(texts, seed=1)
    assert sorted(len(fold.test) for fold in folds) == [4, 4, 5, 5, 5]
    assert [fold.test.tolist() for fold in folds] != [
        fold.test.tolist() for fold in divided(texts, seed=2)
    ]


def test_of_fewer_texts_than_folds_each_is_alone() -> None:
    assert sorted(fold.test.tolist() for fold in divided(["a", "b", "c"], count=5)) == [
        [0],
        [1],
        [2],
    ]


def test_one_fold_is_refused() -> None:
    with pytest.raises(UsageError, match="`folds` is 1"):
        divided(["a"], count=1)
