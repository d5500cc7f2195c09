"""A task of ten fields and 50,000 rows: the work that codebook-lab publishes 34 s for.

python -m benchmarks.fields [ROWS]
"""

from __future__ import annotations

import json
import platform
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.peers import peak, timed, versions
from evalhouse.metrics import codebook_lab
from evalhouse.metrics.value import Value
from evalhouse.scoring import Field, FieldScore, Scoring, score_field

ROWS = 50_000
ROUNDS = 5
PUBLISHED = "33.7 s wall and 26 s CPU for codebook-lab 1.4.0 on two such cores, not measured here"
WORDS = ("the", "harbour", "plan", "is", "late", "and", "costs", "too", "much", "for", "us", "all")
TASK = (
    Field("Relevant", "checkbox"),
    Field("Angry", "checkbox"),
    Field("Proposes", "checkbox"),
    Field("Direction", "dropdown", ("support", "oppose", "mixed")),
    Field("Topic", "dropdown", ("cost", "noise", "jobs", "frequency", "safety", "other")),
    Field("Strength", "likert", scale=(1, 5)),
    Field("Civility", "likert", scale=(1, 7)),
    Field("Summary", "textbox"),
    Field("Key span", "span"),
    Field("Mentions", "span", labels=("person", "place")),
)


@dataclass(frozen=True)
class Columns:
    """Texts, and the cells of both sides by field."""

    texts: list[str]
    gold: dict[str, list[str]]
    model: dict[str, list[str]]


def columns(rows: int) -> Columns:
    """Make a task in which the model is right in about four of five cells."""
    chance = np.random.default_rng(1)
    texts = [" ".join(chance.choice(WORDS, 30)) for _ in range(rows)]
    gold = {field.name: _cells(field, rows, chance) for field in TASK}
    model = {}
    for field in TASK:
        other, keeps = _cells(field, rows, chance), chance.random(rows) < 0.8
        pairs = zip(gold[field.name], other, keeps.tolist(), strict=True)
        model[field.name] = [one if kept else two for one, two, kept in pairs]
    return Columns(texts, gold, model)


def _cells(field: Field, rows: int, chance: np.random.Generator) -> list[str]:
    if field.kind == "textbox":
        return [" ".join(chance.choice(WORDS, 8)) for _ in range(rows)]
    if field.kind == "span":
        return [_spans(field, chance) for _ in range(rows)]
    cells = {
        "checkbox": ["0", "1"],
        "dropdown": list(field.options),
        "likert": [str(point) for point in field.points],
    }[field.kind]
    return [str(cell) for cell in chance.choice(cells, rows)]


def _spans(field: Field, chance: np.random.Generator) -> str:
    starts = np.sort(chance.integers(0, 100, int(chance.integers(0, 3)))).tolist()
    labels = chance.choice(field.labels, len(starts)).tolist() if field.labels else ()
    found = [dict(zip(("start", "end"), (start, start + 12), strict=True)) for start in starts]
    for span, label in zip(found, labels, strict=False):
        span["label"] = label
    return json.dumps(found) if found else ""


def scores(held: Columns, options: Scoring) -> list[FieldScore]:
    """Score all fields."""
    return [
        score
        for field in TASK
        for score in score_field(
            field,
            held.gold[field.name],
            held.model[field.name],
            texts=held.texts,
            options=options,
        )
    ]


def as_codebook_lab(held: Columns) -> list[Value]:
    """Score the task as codebook-lab does."""
    fields = [
        codebook_lab.Field(field.name, field.kind, field.options, field.labels) for field in TASK
    ]
    gold = codebook_lab.Cells({**held.gold, "text": held.texts}, text="text")
    found = codebook_lab.codebook_lab_metrics(fields, gold, codebook_lab.Cells(held.model))
    return [value for values in found.values() for value in values.values()]


def main() -> int:
    """Time each way of scoring and print a table."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    held = columns(rows)
    print(f"## Ten fields of {rows:,} rows\n")
    print(f"Python {platform.python_version()}, {platform.machine()}, {versions('numpy')}.")
    print(f"Published: {PUBLISHED}.\n")
    print("| what | s | values | peak, MB |\n|---|---|---|---|")
    jobs: dict[str, Callable[[], Sequence[object]]] = {
        "every metric": partial(scores, held, Scoring(has_intervals=False)),
        "every metric with its interval": partial(scores, held, Scoring()),
        "the metrics of codebook-lab 1.4.0 by its definitions": partial(as_codebook_lab, held),
    }
    for name, job in jobs.items():
        count = len(job())
        times = [timed(job)[0] for _ in range(ROUNDS)]
        shown = f"{statistics.median(times):.2f} ({min(times):.2f} to {max(times):.2f})"
        print(f"| {name} | {shown} | {count} | {peak(job) / 1e6:.0f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
