"""The F-score of character n-grams, and of words with them, as sacrebleu defines it."""

from __future__ import annotations

import string
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from evalhouse.errors import UsageError
from evalhouse.metrics.text.bleu import references_said
from evalhouse.metrics.text.grams import lengths_of, overlaps, totals
from evalhouse.metrics.text.pairs import GoldTexts, Pairs, Texts, pair_texts
from evalhouse.metrics.text.score import TextScore, corpus_score
from evalhouse.metrics.text.tokens import Tokenizer, encoded

Floats = NDArray[np.float64]

_MARKS = frozenset(string.punctuation)


@dataclass(frozen=True)
class ChrfSettings:
    """What chrF depends on beside the texts; the defaults are sacrebleu's.

    `char_order` and `word_order` are the longest n-grams of characters and of words (2 words make
    it chrF++), `beta` how much more recall counts than precision.
    """

    char_order: int = 6
    word_order: int = 0
    beta: float = 2.0
    lowercase: bool = False
    whitespace: bool = False

    def __post_init__(self) -> None:
        """Refuse orders that count nothing."""
        if self.char_order < 1 or self.word_order < 0 or self.beta <= 0:
            raise UsageError(
                "chrF needs a character order from 1, a word order from 0 and a positive beta; "
                f"found {self.char_order}, {self.word_order} and {self.beta}"
            )

    @property
    def orders(self) -> int:
        """All orders, of characters and of words."""
        return self.char_order + self.word_order

    def signature(self, pairs: Pairs) -> str:
        """Write the settings as sacrebleu does, without the version of a program."""
        case, space = "lc" if self.lowercase else "mixed", "yes" if self.whitespace else "no"
        name = f"chrF{self.beta:g}{'+' * self.word_order}"
        return (
            f"{name}|nrefs:{references_said(pairs.sizes)}|case:{case}|eff:yes"
            f"|nc:{self.char_order}|nw:{self.word_order}|space:{space}"
        )


CHRF = ChrfSettings()
CHRF_PLUS_PLUS = ChrfSettings(word_order=2)


def chrf(
    gold: GoldTexts | Pairs, model: Texts | None = None, *, settings: ChrfSettings = CHRF
) -> TextScore:
    """Character n-gram F-score of a corpus, equal to sacrebleu's chrF, or chrF++ by settings.

    (1 + β²) P R / (β² P + R), where P and R are the means over n of Σ matches / Σ n-grams of the
    answers and of the references, over those n for which both sides have n-grams

    Args:
        gold: (m,) texts, each one or several references, of which the best for the unit counts.
        model: (m,) texts. A unit without one is an answer without characters.
        settings: orders of characters and words, β, case, white space; `CHRF_PLUS_PLUS` for chrF++.

    Range: 0 (no character matches) to 1 (all n-grams match); sacrebleu prints percent. `scores`
    holds each unit's own chrF.
    Undefined: without a gold text. Texts without characters match nothing: 0.

    Source: Popović 2015, doi:10.18653/v1/W15-3049, and 2017, doi:10.18653/v1/W17-4770, with
    the effective order of sacrebleu 2.

    Example: P = (2/2 + 1/1) / 2 and R = (2/3 + 1/2) / 2, so 5 P R / (4 P + R) = 7/11
        >>> found = chrf(["abc"], ["ab"], settings=ChrfSettings(char_order=2))
        >>> round(found.value.value, 12), found.value.note
        (0.636363636364, 'chrF2|nrefs:1|case:mixed|eff:yes|nc:2|nw:0|space:no')
    """
    pairs = pair_texts(gold, model)
    return chrf_of_counts(pairs, chrf_counts(pairs, settings), settings)


def chrf_counts(pairs: Pairs, settings: ChrfSettings) -> Floats:
    """Count n-grams of answer, reference and both, for each reference (f, 3, orders)."""
    texts = list(chain.from_iterable(zip(pairs.model, pairs.gold, strict=True)))
    if settings.lowercase:
        texts = [text.lower() for text in texts]
    solid = texts if settings.whitespace else ["".join(text.split()) for text in texts]
    parts = [_counted(solid, settings.char_order)]
    if settings.word_order:
        words = encoded(texts, [2] * len(pairs.gold), Tokenizer(parts=_apart))
        parts.append(_counted(words, settings.word_order))
    return np.concatenate(parts, axis=-1)


def chrf_of_counts(pairs: Pairs, counts: Floats, settings: ChrfSettings) -> TextScore:
    """Make the result of counts of at least as many orders as the settings have."""
    statistics = counts[:, :, : settings.orders].reshape(len(counts), 3 * settings.orders)
    values = chrf_of_sums(statistics, settings.beta)
    best = pairs.best(values)
    kernel = partial(chrf_of_sums, beta=settings.beta)
    note = settings.signature(pairs)
    return corpus_score(pairs, statistics[best], kernel, values[best], note)


def chrf_of_sums(sums: Floats, beta: float = 2.0) -> Floats:
    """Compute chrF from sums over units (..., 3 * orders).

    These are the n-grams of the answers, of the references, and those that match, by order.
    """
    answers, references, matches = np.split(sums, 3, axis=-1)
    both = (answers > 0) & (references > 0)
    orders = np.maximum(both.sum(axis=-1), 1)
    precision = (matches / np.where(both, answers, 1) * both).sum(axis=-1) / orders
    recall = (matches / np.where(both, references, 1) * both).sum(axis=-1) / orders
    weighted = beta**2 * precision + recall
    score = (1 + beta**2) * precision * recall / np.where(weighted > 0, weighted, 1)
    return np.asarray(score, np.float64)


def _counted(codes: list[str], orders: int) -> Floats:
    counts = totals(lengths_of(codes), orders)
    answers, references = counts[::2], counts[1::2]
    # An order that the reference has no n-gram of does not count against the answer.
    answers = np.where(references > 0, answers, 0)
    matches = overlaps(codes, [2] * len(answers), orders)
    return np.stack([answers, references, matches], axis=1)


def _apart(word: str) -> tuple[str, ...]:
    # One mark is set apart, the last before the first; so sacrebleu does, and chrF++.py.
    if len(word) > 1 and word[-1] in _MARKS:
        return word[:-1], word[-1]
    if len(word) > 1 and word[0] in _MARKS:
        return word[0], word[1:]
    return (word,)
