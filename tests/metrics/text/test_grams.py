from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

from evalhouse.metrics.text import grams
from evalhouse.metrics.text.grams import overlaps, totals
from tests.metrics.text.samples import pairs, references

Unit = tuple[str, list[str]]


def counted(unit: Unit, order: int) -> int:
    answer, gold = unit
    most = Counter[str]()
    for text in gold:
        most |= counts(text, order)
    return (counts(answer, order) & most).total()


def counts(text: str, order: int) -> Counter[str]:
    return Counter(text[place : place + order] for place in range(len(text) - order + 1))


def compared(units: list[Unit], orders: int) -> None:
    texts = [text for answer, gold in units for text in (answer, *gold)]
    found = overlaps(texts, [1 + len(gold) for _, gold in units], orders)
    expected = [[counted(unit, order + 1) for order in range(orders)] for unit in units]
    assert found.tolist() == expected


@pytest.mark.parametrize("block", [1, 100, 1 << 16])
def test_overlaps_are_those_of_counters(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grams, "_BLOCK", block)
    gold, model = pairs()
    compared([(b, [a]) for a, b in zip(gold, model, strict=True)], 6)


def test_of_several_references_the_largest_count_limits() -> None:
    gold, model = references()
    chance = random.Random(0)
    compared([(b, a[: chance.randint(1, 3)]) for a, b in zip(gold, model, strict=True)], 4)


def test_many_distinct_tokens_and_long_grams_stay_exact() -> None:
    chance = np.random.default_rng(0)
    texts = ["".join(map(chr, chance.integers(0x4E00, 0x9FFF, 3000))) for _ in range(8)]
    compared([(text, [text[:1500] + text[1400:]]) for text in texts], 9)


def test_totals_are_none_where_texts_are_shorter() -> None:
    assert totals(np.array([0, 1, 5]), 3).tolist() == [[0, 0, 0], [1, 0, 0], [5, 4, 3]]


def test_no_units_have_no_overlaps() -> None:
    assert overlaps([], [], 4).shape == (0, 4)
