from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from rouge_score.rouge_scorer import RougeScorer

from evalhouse.errors import UnknownNameError
from evalhouse.metrics.text import rouge
from evalhouse.metrics.text.lcs import union_lcs
from tests.metrics.text.samples import pairs, references

NAMES = ("rouge1", "rouge2", "rouge5", "rougeL", "rougeLsum")


def compared(gold: list[Any], model: list[str], scores: list[Any], *, is_stemmed: bool) -> None:
    found = rouge(gold, model, names=NAMES, is_stemmed=is_stemmed)
    for name in NAMES:
        parts = [getattr(found[name], part).scores for part in ("precision", "recall", "f")]
        expected = np.array([score[name] for score in scores], float)
        np.testing.assert_allclose(np.transpose(parts), expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("is_stemmed", [True, False])
def test_it_equals_rouge_score(is_stemmed: bool) -> None:  # noqa: FBT001 - a case of a table
    scorer = RougeScorer(list(NAMES), use_stemmer=is_stemmed)
    gold, model = pairs()
    scores = [scorer.score(a, b) for a, b in zip(gold, model, strict=True)]
    compared(gold, model, scores, is_stemmed=is_stemmed)


def test_of_several_gold_texts_the_best_counts_as_in_rouge_score() -> None:
    scorer = RougeScorer(list(NAMES), use_stemmer=True)
    gold, model = references()
    scores = [scorer.score_multi(a, b) for a, b in zip(gold, model, strict=True)]
    compared(gold, model, scores, is_stemmed=True)


def test_summaries_of_many_lines_equal_rouge_score() -> None:
    scorer = RougeScorer(list(NAMES), use_stemmer=True)
    chance = np.random.default_rng(0)
    made = [
        "\n".join(" ".join(chance.choice(list("abcdef"), 7)) for _ in range(4)) for _ in range(80)
    ]
    scores = [scorer.score(a, b) for a, b in zip(made[::2], made[1::2], strict=True)]
    compared(made[::2], made[1::2], scores, is_stemmed=True)


# Lin 2004, section 3.1, sentences S2 to S4 against S1.
@pytest.mark.parametrize(
    ("model", "score"),
    [
        ("police kill the gunman", 3 / 4),
        ("the gunman kill police", 2 / 4),
        ("the gunman police killed", 2 / 4),
    ],
)
def test_the_sentences_of_the_paper_score_as_there(model: str, score: float) -> None:
    found = rouge(["police killed the gunman"], [model], names=["rougeL"], is_stemmed=False)
    assert found["rougeL"].f.value.value == score


def test_the_union_of_the_paper_has_four_words() -> None:
    # Section 3.2: r = w1 w2 w3 w4 w5, c1 = w1 w2 w6 w7 w8, c2 = w1 w3 w8 w9 w5.
    assert union_lcs(["12345"], ["12678", "13895"]) == 4


def test_precision_and_recall_change_places_with_the_sides() -> None:
    found, back = rouge(["a b c"], ["a b"]), rouge(["a b"], ["a b c"])
    assert found["rouge1"].precision.value == back["rouge1"].recall.value
    assert found["rouge1"].f.value == back["rouge1"].f.value


def test_an_answer_that_is_not_there_scores_zero() -> None:
    assert rouge(["a", ""], [None, None])["rougeL"].f.scores.tolist() == [0, 0]


def test_an_unknown_score_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="no ROUGE score is called `rougeW`"):
        rouge(["a"], ["a"], names=["rougeW"])
