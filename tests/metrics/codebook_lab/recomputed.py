"""codebook-lab's numbers once more, by the libraries that it takes and by plain loops."""

from __future__ import annotations

import json
import math
import re
import statistics
from collections import Counter
from collections.abc import Callable, Sequence

import krippendorff
import numpy as np
from Levenshtein import distance
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
from rouge_score.rouge_scorer import RougeScorer
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score, precision_recall_fscore_support

Spans = list[tuple[int, int, str | None]]
Rows = Sequence[str]


def choices(gold: Rows, model: Rows) -> dict[str, float]:
    agreement = float(np.mean([one == other for one, other in zip(gold, model, strict=True)]))
    names = sorted({*gold, *model})
    macro = precision_recall_fscore_support(
        gold, model, labels=names, average="macro", zero_division=0
    )
    found = dict(zip(("precision", "recall", "f1"), map(float, macro[:3]), strict=True))
    found |= {"percentage_agreement": agreement, "accuracy": agreement}
    codes = [[1 + names.index(answer) for answer in side] for side in (gold, model)]
    several = len(names) > 1
    return found | {
        "cohen_kappa": cohen_kappa_score(gold, model) if several else math.nan,
        "krippendorff_alpha": krippendorff.alpha(codes) if several else math.nan,
    }


def numbers(gold: Rows, model: Rows) -> dict[str, float]:
    pairs = [(float(one), float(other)) for one, other in zip(gold, model, strict=True)]
    values = sorted({number for pair in pairs for number in pair})
    place = {number: position for position, number in enumerate(values)}
    observed = sum((place[one] - place[other]) ** 2 for one, other in pairs)
    margins = [Counter(place[pair[side]] for pair in pairs) for side in (0, 1)]
    expected = sum(
        (one - other) ** 2 * count * times / len(pairs)
        for one, count in margins[0].items()
        for other, times in margins[1].items()
    )
    return {
        "spearman_corr": float(spearmanr(*zip(*pairs, strict=True)).statistic),
        "quadratic_kappa": 1 - observed / expected,
    }


def texts(gold: Rows, model: Rows) -> dict[str, float]:
    pairs = [
        (one.strip().lower(), other.strip().lower()) for one, other in zip(gold, model, strict=True)
    ]
    both = [pair for pair in pairs if all(pair)]
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    rouges = [scorer.score(*pair) for pair in both]
    smooth = SmoothingFunction().method1
    bleus = [
        sentence_bleu([one.split()], other.split(), smoothing_function=smooth)
        for one, other in both
    ]
    found = {
        "percentage_agreement": statistics.fmean(
            one == other for one, other in zip(gold, model, strict=True)
        ),
        "norm_levenshtein": statistics.fmean(
            1 - distance(*pair) / max(map(len, pair)) for pair in pairs if any(pair)
        ),
        "bleu": statistics.fmean(bleus),
    }
    names = {"rouge1_f": "rouge1", "rouge2_f": "rouge2", "rougeL_f": "rougeL"}
    return found | {
        name: statistics.fmean(rouge[kind].fmeasure for rouge in rouges)
        for name, kind in names.items()
    }


def spans(gold: Rows, model: Rows, held: Rows, *, is_labelled: bool) -> dict[str, float]:
    sides = [[_read(cell) for cell in side] for side in (gold, model)]
    rows = list(zip(*sides, held, strict=True))
    tokens: Counter[tuple[str | None, str]] = Counter()
    exact: Counter[str] = Counter()
    ious = []
    for one, other, text in rows:
        for found in re.finditer(r"\w+|[^\w\s]", text):
            _count(tokens, *(_class(side, *found.span()) for side in (one, other)))
        first, second = (
            {(start, end, label if is_labelled else "") for start, end, label in side}
            for side in (one, other)
        )
        exact.update(tp=len(first & second), fp=len(second - first), fn=len(first - second))
        ious.append(_iou(one, other, text, is_labelled=is_labelled))
    classes = {name for name, _ in tokens}
    return {
        "token_f1": statistics.fmean(_f1(lambda kind, c=name: tokens[c, kind]) for name in classes),  # type: ignore[misc] # the default binds the loop's name
        "exact_match_f1": _f1(lambda kind: exact[kind]),
        "char_iou": statistics.fmean(ious),
    }


def _read(cell: str) -> Spans:
    return [(span["start"], span["end"], span.get("label")) for span in json.loads(cell or "[]")]


def _class(side: Spans, start: int, end: int) -> str:
    return next((f"in {label}" for low, high, label in side if low <= start and end <= high), "")


def _count(tokens: Counter[tuple[str | None, str]], one: str, other: str) -> None:
    if one == other != "":
        tokens[one, "tp"] += 1
    elif one != other:
        tokens.update([(name, kind) for name, kind in ((one, "fn"), (other, "fp")) if name])


def _f1(count: Callable[[str], int]) -> float:
    return 2 * count("tp") / (2 * count("tp") + count("fp") + count("fn"))


def _iou(one: Spans, other: Spans, text: str, *, is_labelled: bool) -> float:
    shared = covered = 0
    for place in range(len(text)):
        labels = [
            [label if is_labelled else "" for start, end, label in side if start <= place < end]
            for side in (one, other)
        ]
        covered += any(labels)
        shared += all(labels) and labels[0][0] == labels[1][0]
    return shared / covered if covered else 1.0
