"""Small labelled texts of every type of field."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from evalhouse.engine.baselines import Labelled
from evalhouse.engine.baselines.sparse import Floats, SparseRows
from evalhouse.metrics.labels import Absent
from evalhouse.scoring.cells import Cell
from evalhouse.scoring.field import Field

WORDS = [*("the", "bus", "fare", "late", "ramp", "night", "council", "rise", "lift"), "не"]
WORDS += ["cheap", "wait", "good", "bad", "street", "you", "рад"]
FIELDS = (
    Field("about", "checkbox"),
    Field("side", "dropdown", ("for", "neither", "against")),
    Field("force", "likert", scale=(1, 5)),
    Field("topics", "multiselect", ("fares", "access", "times")),
    Field("why", "textbox"),
    Field("parts", "span"),
    Field("names", "span", labels=("who", "what")),
    Field("open", "dropdown"),
    Field("points", "likert"),
    Field("tags", "multiselect"),
)
COLUMNS = tuple(field.name for field in FIELDS)
ANSWERS: dict[str, Sequence[Cell]] = {
    "about": ("1", "0", "yes"),
    "side": ("for", "against", "Neither"),
    "force": ("1", "3", "4", "5.0"),
    "topics": ("[]", '["fares"]', "times|access", '["fares", "times"]'),
    "why": ("because", "no reason", "it is late"),
    "open": ("left", "right"),
    "points": ("10", "-2", "7"),
    "tags": ('["x", "y"]', "z", "[]"),
}


def span(text: str, words: str, label: str | None = None) -> dict[str, object]:
    """Return the span of some words where they first stand."""
    start = text.index(words)
    found = {"start": start, "end": start + len(words), "text": words}
    return found if label is None else found | {"label": label}


def drawn_texts(seed: int, count: int, size: int = 8) -> list[str]:
    """Return texts of random words, some of them alike."""
    chance = np.random.default_rng(seed)
    return [" ".join(chance.choice(WORDS, size=chance.integers(1, size))) for _ in range(count)]


def drawn(seed: int, count: int) -> Labelled:
    """Return texts with random answers, a tenth of which are absent."""
    chance = np.random.default_rng(seed)
    texts = drawn_texts(seed, count)

    def cell(field: Field, text: str) -> Cell:
        if chance.random() < 0.1:
            return Absent.NOT_APPLICABLE
        if field.kind != "span":
            return str(chance.choice([str(answer) for answer in ANSWERS[field.name]]))
        words = chance.choice(text.split(), size=int(chance.integers(0, 3)))
        label = str(chance.choice(field.labels)) if field.labels else None
        return json.dumps([span(text, str(word), label) for word in words])

    gold = {field.name: [cell(field, text) for text in texts] for field in FIELDS}
    return Labelled(texts, [f"r{row}" for row in range(count)], gold)


def vectorizer() -> TfidfVectorizer:
    """Return scikit-learn's vectorizer with the settings that baselines have."""
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)


def full(rows: SparseRows) -> Floats:
    """Return a sparse table as a full one."""
    table = np.zeros((len(rows), rows.width))
    table[rows.rows, rows.places] = rows.values
    return table
