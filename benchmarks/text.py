"""Metrics of texts beside the packages that define them: `python -m benchmarks.text`."""

from __future__ import annotations

import os
import platform
import random
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from benchmarks.peers import Contest, table, versions
from evalhouse.metrics.text import (
    CHRF_PLUS_PLUS,
    chrf,
    corpus_bleu,
    levenshtein,
    rouge,
    sentence_bleu,
    stem,
)

PAIRS = 10_000
VOCABULARY = 20_000
ROUGES = ("rouge1", "rouge2", "rougeL")
ENDINGS = ("", "", "", "s", "ed", "ing", "ation", "ness", "ly", "er")
Texts = tuple[list[str], list[str]]
Job = Callable[[], object]


@cache
def texts() -> Texts:
    """Make gold texts of 5 to 35 words, and answers in which three words of ten are others."""
    chance = random.Random(0)
    words = [
        "".join(chance.choices("etaoinshrdlucmfw", k=chance.randint(2, 7))) + chance.choice(ENDINGS)
        for _ in range(VOCABULARY)
    ]
    frequencies = [1 / rank for rank in range(1, VOCABULARY + 1)]
    gold, model = list[str](), list[str]()
    for _ in range(PAIRS):
        right = chance.choices(words, frequencies, k=chance.randint(5, 35))
        given = [word if chance.random() < 0.7 else chance.choice(words) for word in right]
        gold.append(_sentences(right))
        model.append(_sentences(given))
    return gold, model


@cache
def short_texts() -> Texts:
    """Make answers as a list of choices has them: few that come again and again."""
    chance = random.Random(1)
    choices = [text[:60] for text in texts()[0][:40]]
    return chance.choices(choices, k=PAIRS), chance.choices(choices, k=PAIRS)


def _sentences(words: list[str]) -> str:
    marked = [f"{word}," if place % 9 == 8 else word for place, word in enumerate(words)]
    return " ".join(marked).capitalize() + "."


def our_rouge(held: Texts) -> Job:
    """Score with ours, without the stems of an earlier round."""

    def job() -> object:
        stem.cache_clear()
        found = rouge(*held, names=ROUGES)
        return np.array([[found[name].f.scores for name in ROUGES]])

    return job


def their_rouge(held: Texts) -> Job:
    """Score with rouge-score."""
    from rouge_score.rouge_scorer import RougeScorer

    def job() -> object:
        scorer = RougeScorer(list(ROUGES), use_stemmer=True)
        scores = [scorer.score(*pair) for pair in zip(*held, strict=True)]
        return np.array([[[score[name].fmeasure for score in scores] for name in ROUGES]])

    return job


def their_levenshtein(held: Texts) -> Job:
    """Score with Levenshtein, a call for each pair."""
    from Levenshtein import distance

    def job() -> object:
        pairs = zip(*held, strict=True)
        return np.array([1 - distance(*pair) / max(map(len, pair)) for pair in pairs])

    return job


def nltk_levenshtein(held: Texts) -> Job:
    """Score the first pairs with NLTK, which works in Python."""
    from nltk.metrics.distance import edit_distance

    def job() -> object:
        pairs = zip(*(side[:200] for side in held), strict=True)
        return np.array([1 - edit_distance(*pair) / max(map(len, pair)) for pair in pairs])

    return job


def nltk_bleu(held: Texts) -> Job:
    """Score with NLTK."""
    from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

    def job() -> object:
        smoothing = SmoothingFunction().method1
        pairs = zip(*held, strict=True)
        return np.array(
            [
                sentence_bleu([gold.split()], model.split(), smoothing_function=smoothing)
                for gold, model in pairs
            ]
        )

    return job


def sacrebleu(held: Texts, name: str) -> Job:
    """Score with sacrebleu; a new object has no tokens of an earlier round."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a
    from sacrebleu.tokenizers.tokenizer_re import TokenizerRegexp

    metrics: dict[str, Callable[[], Any]] = {
        "BLEU": BLEU,
        "chrF": CHRF,
        "chrF++": lambda: CHRF(word_order=2),
    }

    def job() -> object:
        for tokenizer in (Tokenizer13a, TokenizerRegexp):
            tokenizer.__call__.cache_clear()
        return metrics[name]().corpus_score(held[1], [held[0]]).score / 100

    return job


def difference(ours: object, theirs: object) -> str:
    """Say how far two results lie apart at most."""
    largest = np.max(np.abs(np.asarray(ours) - np.asarray(theirs)))
    return f"to {largest:.1g}"


def contests() -> list[Contest]:
    """Return what is compared."""
    held, short = texts(), short_texts()
    few = held[0][:200], held[1][:200]
    return [
        Contest("ROUGE-1/2/L, rouge-score", our_rouge(held), their_rouge(held), difference),
        Contest(
            "the same, 40 texts again and again", our_rouge(short), their_rouge(short), difference
        ),
        Contest(
            "Levenshtein, Levenshtein",
            lambda: levenshtein(*held).scores,
            their_levenshtein(held),
            difference,
        ),
        Contest(
            "Levenshtein of 200 pairs, nltk",
            lambda: levenshtein(*few).scores,
            nltk_levenshtein(held),
            difference,
        ),
        Contest(
            "sentence BLEU, nltk", lambda: sentence_bleu(*held).scores, nltk_bleu(held), difference
        ),
        Contest(
            "corpus BLEU 13a, sacrebleu",
            lambda: corpus_bleu(*held).value.value,
            sacrebleu(held, "BLEU"),
            difference,
        ),
        Contest(
            "chrF, sacrebleu", lambda: chrf(*held).value.value, sacrebleu(held, "chrF"), difference
        ),
        Contest(
            "chrF++, sacrebleu",
            lambda: chrf(*held, settings=CHRF_PLUS_PLUS).value.value,
            sacrebleu(held, "chrF++"),
            difference,
        ),
    ]


def main() -> int:
    """Race ours against theirs and print the table."""
    gold, _ = texts()
    length = sum(map(len, gold)) / PAIRS
    machine = f"{os.cpu_count()} cores, {platform.platform()}"
    print(f"{PAIRS:,} pairs of texts of {length:.0f} characters; {machine}")
    print(versions("numpy", "rapidfuzz", "rouge-score", "nltk", "sacrebleu", "Levenshtein"))
    for line in table(contests()):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
