from __future__ import annotations

import re
import string
from collections import Counter

import numpy as np
import pytest

from evalhouse.metrics.text import token_f1
from tests.metrics.text.samples import pairs


def words(text: str) -> list[str]:
    bare = "".join(sign for sign in text.lower() if sign not in set(string.punctuation))
    return re.sub(r"\b(a|an|the)\b", " ", bare).split()


def expected(gold: str, model: str) -> float:
    right, given = words(gold), words(model)
    if not right or not given:
        return float(right == given)
    shared = (Counter(right) & Counter(given)).total()
    precision, recall = shared / len(given), shared / len(right)
    return 2 * precision * recall / (precision + recall) if shared else 0


def test_it_follows_the_rules_of_squad() -> None:
    scores = [expected(a, b) for a, b in zip(*pairs(), strict=True)]
    np.testing.assert_allclose(token_f1(*pairs()).scores, scores, rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("gold", "model", "score"), [("", "", 1), ("the", "", 1), ("", "cat", 0), ("a cat", "Cat!", 1)]
)
def test_texts_without_words(gold: str, model: str, score: float) -> None:
    assert token_f1([gold], [model]).value.value == score


def test_of_several_gold_texts_the_best_counts() -> None:
    assert token_f1([["dog", "black cat"]], ["cat"]).value.value == pytest.approx(2 / 3)
