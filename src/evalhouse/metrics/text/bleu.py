"""BLEU of a corpus, as sacrebleu defines it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evalhouse.errors import UnknownNameError
from evalhouse.metrics.text.grams import lengths_of, overlaps, totals
from evalhouse.metrics.text.pairs import GoldTexts, Pairs, Texts, pair_texts
from evalhouse.metrics.text.score import TextScore, corpus_score
from evalhouse.metrics.text.tokens import Tokenizer, encoded, tokenizer_named

Floats = NDArray[np.float64]
Smoothing = Literal["exp", "floor", "add-k", "none"]
SMOOTHING_VALUES: dict[str, float] = {"exp": 0.0, "floor": 0.1, "add-k": 1.0, "none": 0.0}
"""The kinds of smoothing, with the values that they take by default."""

ORDERS = 4


@dataclass(frozen=True)
class BleuSettings:
    """What BLEU depends on beside the texts; the defaults are sacrebleu's.

    `tokenize` is a name of `TOKENIZERS`. `smooth` says what an order without a match counts:
    "exp" 1/2, 1/4, ... of a match, "floor" `smooth_value` of a match, "none" nothing; "add-k" adds
    `smooth_value` to matches and totals of all orders but the first. With `effective_order`, orders
    longer than the answers are left out.
    """

    tokenize: str = "13a"
    smooth: Smoothing = "exp"
    smooth_value: float | None = None
    lowercase: bool = False
    effective_order: bool = False

    @property
    def added(self) -> float:
        """The value of the smoothing.

        Raises:
            UnknownNameError: for a smoothing that is not known.
        """
        if self.smooth not in SMOOTHING_VALUES:
            raise UnknownNameError("smoothing", self.smooth, SMOOTHING_VALUES)
        default = SMOOTHING_VALUES[self.smooth]
        return default if self.smooth_value is None else self.smooth_value

    def signature(self, sizes: Sequence[int]) -> str:
        """Write the settings as sacrebleu does, without the version of a program."""
        smooth = f"{self.smooth}[{self.added:.2f}]" if self.added else self.smooth
        return "|".join(
            (
                f"nrefs:{references_said(sizes)}",
                f"case:{'lc' if self.lowercase else 'mixed'}",
                f"eff:{'yes' if self.effective_order else 'no'}",
                f"tok:{self.tokenize}",
                f"smooth:{smooth}",
            )
        )


DEFAULT = BleuSettings()


def corpus_bleu(
    gold: GoldTexts | Pairs, model: Texts | None = None, *, settings: BleuSettings = DEFAULT
) -> TextScore:
    """BLEU of a whole corpus, equal to sacrebleu's.

    BP · exp(1/4 Σ_n log p_n), where p_n = Σ matches / Σ n-grams of the answers for n = 1 to 4, a
    match counts at most as often as in one reference, and BP = min(1, exp(1 - r / c)) with c tokens
    in the answers and r in the references nearest to them in length

    Args:
        gold: (m,) texts, each one or several references.
        model: (m,) texts. A unit without one is an answer without tokens.
        settings: tokenizer, smoothing, case, effective order.

    Range: 0 (nothing matches) to 1 (every answer is its reference); sacrebleu prints percent.
    `scores` holds each unit's own BLEU with effective order, as sacrebleu's `sentence_bleu`.
    Undefined: without a gold text. Texts without tokens match nothing: 0.

    Source: Papineni et al. 2002, doi:10.3115/1073083.1073135; Post 2018,
    doi:10.18653/v1/W18-6319; smoothing: Chen and Cherry 2014, doi:10.3115/v1/W14-3346.

    Example, from the paper: "the" counts twice of seven times (p_1 = 2/7)
        >>> found = corpus_bleu([["the cat is on the mat", "there is a cat on the mat"]],
        ...                     ["the the the the the the the"])
        >>> found.rows[0, [2, 6]]
        array([2., 7.])
        >>> found.value.note
        'nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp'
    """
    pairs = pair_texts(gold, model)
    kernel = partial(bleu_of_sums, settings=settings)
    alone = BleuSettings(
        settings.tokenize, settings.smooth, settings.smooth_value, effective_order=True
    )
    texts = _texts(pairs)
    lower = map(str.lower, texts) if settings.lowercase else texts
    statistics = bleu_statistics(pairs, tokenizer_named(settings.tokenize), lower)
    values = bleu_of_sums(statistics, alone)
    return corpus_score(pairs, statistics, kernel, values, settings.signature(pairs.sizes))


def bleu_of_sums(sums: Floats, settings: BleuSettings = DEFAULT) -> Floats:
    """Compute BLEU from sums over units (..., 10).

    These are the tokens of the answers, those of the references nearest in length, the matches of
    orders 1 to 4, and the n-grams of orders 1 to 4 in the answers.
    """
    matches, grams = sums[..., 2 : 2 + ORDERS], sums[..., 2 + ORDERS :]
    found = matches.any(axis=-1)
    if settings.smooth == "add-k":
        later = settings.added * (np.arange(ORDERS) > 0)
        matches, grams = matches + later, grams + later
    reached = np.logical_and.accumulate(grams > 0, axis=-1)
    zeros = reached & (matches == 0)
    if settings.smooth == "exp":
        matches = np.where(zeros, 0.5 ** np.cumsum(zeros, axis=-1), matches)
    elif settings.smooth == "floor":
        matches = np.where(zeros, settings.added, matches)
    precisions = np.where(reached, matches / np.where(reached, grams, 1), 0)
    orders = reached if settings.effective_order else np.ones_like(reached)
    mean = mean_of_logarithms(precisions, orders)
    return np.where(found, brevity_penalty(sums[..., 0], sums[..., 1]) * np.exp(mean), 0.0)


def mean_of_logarithms(values: Floats, used: NDArray[np.bool_]) -> Floats:
    """Average the logarithms of those values (..., o) that are used; minus infinity for a 0."""
    is_zero = used & (values <= 0)
    logarithms = np.log(np.where(used & ~is_zero, values, 1.0))
    means = logarithms.sum(axis=-1) / np.maximum(used.sum(axis=-1), 1)
    return np.where(is_zero.any(axis=-1), -np.inf, means)


def brevity_penalty(answers: Floats, references: Floats) -> Floats:
    """Compute BLEU's penalty from tokens of answers and references; 0 without a token."""
    penalty = np.exp(np.minimum(1 - references / np.where(answers > 0, answers, 1), 0.0))
    return np.where(answers > 0, penalty, 0.0)


def bleu_statistics(
    pairs: Pairs, tokenizer: Tokenizer, texts: Iterable[str] | None = None
) -> Floats:
    """Count what BLEU is made of for each unit (u, 10).

    `texts` are those of the pairs, changed: the answer of each unit and then its references.
    """
    sizes = [size + 1 for size in pairs.sizes]
    texts = _texts(pairs) if texts is None else texts
    codes = encoded(texts, sizes, tokenizer)
    lengths = lengths_of(codes)
    first = np.cumsum(sizes, dtype=np.int64) - np.array(sizes, np.int64)
    answers = lengths[first]
    references = np.delete(lengths, first)
    # The nearest in length, and of two that are as near the shorter.
    distance = np.abs(references - answers[pairs.owner])
    nearest = references[pairs.best(-(distance * (lengths.max(initial=0) + 1.0) + references))]
    return np.column_stack(
        [
            answers,
            nearest,
            overlaps(codes, sizes, ORDERS),
            totals(answers, ORDERS),
        ]
    )


def _texts(pairs: Pairs) -> list[str]:
    units = zip(pairs.answers, pairs.references, strict=True)
    return [text for given, right in units for text in (given, *right)]


def references_said(sizes: Sequence[int]) -> str:
    """Say how many references units have, as a signature does."""
    return str(sizes[0]) if len(set(sizes)) == 1 else "var"
