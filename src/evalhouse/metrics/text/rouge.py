"""ROUGE: how much of the gold text's words, word pairs and order a text recalls."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from evalhouse.errors import UnknownNameError
from evalhouse.metrics.text.grams import lengths_of, overlaps, totals
from evalhouse.metrics.text.lcs import lcs_lengths, union_lcs
from evalhouse.metrics.text.pairs import GoldTexts, Pairs, Texts, pair_texts
from evalhouse.metrics.text.porter import stem
from evalhouse.metrics.text.score import TextScore, mean_score
from evalhouse.metrics.text.tokens import Codes, Tokenizer

Floats = NDArray[np.float64]

ROUGES = (*(f"rouge{order}" for order in range(1, 10)), "rougeL", "rougeLsum")
_WORD = re.compile("[a-z0-9]+")


@dataclass(frozen=True, eq=False)
class Rouge:
    """One ROUGE score; each of the three is a mean over units of its own."""

    precision: TextScore
    recall: TextScore
    f: TextScore


def rouge(
    gold: GoldTexts | Pairs,
    model: Texts | None = None,
    *,
    names: Sequence[str] = ("rouge1", "rouge2", "rougeL"),
    is_stemmed: bool = True,
) -> dict[str, Rouge]:
    """Mean ROUGE scores, equal to rouge-score's.

    Precision is hits / units of the answer, recall hits / units of the gold text, and
    F = 2 P R / (P + R). For ROUGE-n the units are n-grams, for ROUGE-L words and the hits are the
    longest common subsequence, for ROUGE-Lsum the union of those between sentences (lines).

    Args:
        gold: (m,) texts, each one or several, of which the one with the largest F counts.
        model: (m,) texts. A unit without one scores 0.
        names: which of "rouge1" to "rouge9", "rougeL", "rougeLsum".
        is_stemmed: whether words longer than three letters are stemmed (Porter).

    Words are runs of the letters a to z and digits, in lower case: text in other scripts has none.

    Range: 0 (nothing is shared) to 1 (everything is). Without a word on either side: 0.
    Undefined: without a gold text.

    Source: Lin 2004, https://aclanthology.org/W04-1013, as rouge-score 0.1.2 computes it.

    Example, from the paper: "police killed the gunman" against "police kill the gunman"
        >>> found = rouge(["police killed the gunman"], ["police kill the gunman"],
        ...               names=["rougeL"], is_stemmed=False)
        >>> found["rougeL"].f.value.value
        0.75
    """
    unknown = [name for name in names if name not in ROUGES]
    if unknown:
        raise UnknownNameError("ROUGE score", unknown[0], ROUGES)
    pairs = pair_texts(gold, model)
    lines = _Lines(pairs, is_stemmed=is_stemmed)
    orders = max((int(name[5:]) for name in names if name[5:].isdigit()), default=0)
    shared = overlaps(lines.codes, [2] * len(pairs.gold), orders) if orders else np.empty(0)
    note = "" if is_stemmed else "without stemming"
    return {
        name: _result(pairs, _hits(name, shared, lines), _order(name), lines, note)
        for name in dict.fromkeys(names)
    }


class _Lines:
    """The words of every answer and reference as codes, in turn, and on request by line."""

    def __init__(self, pairs: Pairs, *, is_stemmed: bool) -> None:
        self.texts = list(chain.from_iterable(zip(pairs.model, pairs.gold, strict=True)))
        self._codes = Codes(Tokenizer(parts=_stems if is_stemmed else _words))
        self.codes = self._codes.encode(self.texts, [2] * len(pairs.gold))
        self.lengths = lengths_of(self.codes)

    def sentences(self, row: int) -> list[list[str]]:
        """Return the lines of an answer and of its reference, as codes."""
        sides = [
            [line for line in self.texts[place].split("\n") if line]
            for place in (2 * row, 2 * row + 1)
        ]
        codes = self._codes.encode(chain(*sides), [len(sides[0]) + len(sides[1])])
        return [codes[: len(sides[0])], codes[len(sides[0]) :]]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _stems(text: str) -> list[str]:
    return [stem(word) if len(word) > 3 else word for word in _words(text)]


def _order(name: str) -> int:
    return int(name[5:]) if name[5:].isdigit() else 1


def _hits(name: str, shared: Floats, lines: _Lines) -> Floats:
    if name in {"rougeL", "rougeLsum"}:
        # One line on each side has its longest common subsequence for a union.
        hits = lcs_lengths(lines.codes[1::2], lines.codes[::2]).astype(np.float64)
        return _with_unions(hits, lines) if name == "rougeLsum" else hits
    return shared[:, _order(name) - 1]


def _with_unions(hits: Floats, lines: _Lines) -> Floats:
    for row in range(len(hits)):
        if "\n" in lines.texts[2 * row] or "\n" in lines.texts[2 * row + 1]:
            answers, references = lines.sentences(row)
            hits[row] = union_lcs(references, answers)
    return hits


def _result(pairs: Pairs, hits: Floats, order: int, lines: _Lines, note: str) -> Rouge:
    counts = totals(lines.lengths, order)[:, order - 1]
    precision = hits / np.maximum(counts[::2], 1)
    recall = hits / np.maximum(counts[1::2], 1)
    both = precision + recall
    f = 2 * precision * recall / np.where(both > 0, both, 1)
    best = pairs.best(f)
    return Rouge(*(mean_score(pairs, values[best], note) for values in (precision, recall, f)))
