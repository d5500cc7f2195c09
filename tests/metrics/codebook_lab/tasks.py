"""Tasks of codebook-lab: a codebook's fields, the cells of files, and a task made up for tests."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path
from typing import Any

from evalhouse.metrics.codebook_lab import Cells, Condition, Field
from evalhouse.metrics.value import Value

Columns = dict[str, list[str]]


def fields_of(codebook: dict[str, Any]) -> list[Field]:
    """Return the fields of a codebook in the order of its sections."""
    sections = {key: part for key, part in codebook.items() if key.startswith("section_")}
    columns = {
        (section, key): f"{part['section_name']}_{annotation['name']}"
        for section, part in sections.items()
        for key, annotation in part["annotations"].items()
    }
    return [
        _field(sections[section]["annotations"][key], column, columns)
        for (section, key), column in columns.items()
    ]


def _field(annotation: dict[str, Any], column: str, columns: dict[tuple[str, str], str]) -> Field:
    condition = annotation.get("condition")
    asked = condition and Condition(
        columns.get((condition["section_key"], condition["annotation_key"])), condition["value"]
    )
    return Field(
        column,
        annotation["type"],
        options=tuple(annotation.get("options", ())),
        label_options=tuple(annotation.get("label_options", ())),
        condition=asked,
    )


def read_cells(path: Path, text: str | None = None) -> Cells:
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    columns = {name: [row[place] for row in rows] for place, name in enumerate(head)}
    return Cells(columns, text=text)


def numbers(found: dict[str, Value]) -> dict[str, float]:
    return {name: value.value for name, value in found.items()}


WORDS = (
    "buses",
    "stop",
    "near",
    "the",
    "old",
    "mill",
    "every",
    "evening",
    "cars",
    "waits",
    "longer",
)
FIELDS = [
    Field("A_Relevant", "checkbox"),
    Field("A_Topic", "dropdown", options=("fares", "safety", "other")),
    Field("A_Why", "textbox"),
    Field("B_Strong", "checkbox", condition=Condition("A_Topic", "Safety")),
    Field("B_Strength", "likert", condition=Condition("A_Relevant", "Yes")),
    Field("B_Tone", "likert"),
    Field("C_Phrase", "span"),
    Field("C_Names", "span", label_options=("person", "place")),
]


def made_task(seed: int = 0, rows: int = 60) -> tuple[Columns, Columns, list[str]]:
    """Make gold answers, a model's that often agree, and texts."""
    chance = random.Random(seed)
    texts = [" ".join(chance.choices(WORDS, k=chance.randint(5, 12))) for _ in range(rows)]
    gold = {field.column: [_answer(chance, field, text) for text in texts] for field in FIELDS}
    model = {
        field.column: [
            cell if chance.random() < 0.7 else _answer(chance, field, text)
            for cell, text in zip(gold[field.column], texts, strict=True)
        ]
        for field in FIELDS
    }
    return gold, model, texts


def _answer(chance: random.Random, field: Field, text: str) -> str:
    if field.type == "checkbox":
        return chance.choice(["1", "1", "0"])
    if field.type == "dropdown":
        return chance.choice([*field.options, ""])
    if field.type == "likert":
        return chance.choice(["1", "2", "2", "4", "5", "10"])
    if field.type == "textbox":
        return " ".join(chance.choices([*WORDS, "Cats", "waiting"], k=chance.randint(0, 7)))
    return _spans(chance, field, text)


def _spans(chance: random.Random, field: Field, text: str) -> str:
    found = []
    for _ in range(chance.randint(0, 2)):
        start = chance.randint(0, len(text) - 1)
        span: dict[str, Any] = {"start": start, "end": start + chance.choice([3, 5, 12])}
        if field.label_options:
            span["label"] = chance.choice([*field.label_options, "thing"])
        found.append(span)
    return json.dumps(found) if found else ""
