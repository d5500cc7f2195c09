"""A task with every type of field, made up in a folder, and answers to it."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evalhouse.assessment import Answered
from evalhouse.assessment.matching import FieldRows
from evalhouse.scoring import Field
from evalhouse.scoring.cells import Cell
from evalhouse.tasks.task import Task, open_task

Columns = dict[str, list[str]]
WORDS = ("buses", "stop", "near", "the", "old", "mill", "every", "evening")
CODEBOOK = """\
text_column: text
id_column: id
sections:
  - name: S
    annotations:
      - {name: About, type: checkbox}
      - name: Side
        type: dropdown
        options: [for, against, None]
        condition: {field: About, value: 1}
      - {name: Force, type: likert, min_value: 1, max_value: 5}
      - {name: Topics, type: multiselect, options: [cost, noise, jobs]}
      - {name: Why, type: textbox}
      - {name: Phrase, type: span}
      - {name: Names, type: span, label_options: [who, what]}
"""
COLUMNS = ("S_About", "S_Side", "S_Force", "S_Topics", "S_Why", "S_Phrase", "S_Names")


def write_table(path: Path, ids: Sequence[str], columns: Mapping[str, Sequence[str]]) -> Path:
    """Write a CSV file with ids."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", *columns])
        writer.writerows(zip(ids, *columns.values(), strict=True))
    return path


def cells(seed: int, texts: Sequence[str]) -> Columns:
    """Draw answers to every field; those that do not apply are empty."""
    chance = random.Random(seed)
    about = [chance.choice("110") for _ in texts]
    return {
        "S_About": about,
        "S_Side": [
            chance.choice(["for", "for", "against", "None"]) if one == "1" else "" for one in about
        ],
        "S_Force": [chance.choice("12455") for _ in texts],
        "S_Topics": [
            json.dumps(chance.sample(["cost", "noise", "jobs"], chance.randint(0, 2)))
            for _ in texts
        ],
        "S_Why": [" ".join(chance.choices(WORDS, k=4)) for _ in texts],
        "S_Phrase": [_spans(chance, text, ()) for text in texts],
        "S_Names": [_spans(chance, text, ("who", "what")) for text in texts],
    }


def _spans(chance: random.Random, text: str, labels: tuple[str, ...]) -> str:
    found: list[dict[str, Any]] = []
    for _ in range(chance.randint(0, 2)):
        start = chance.randint(0, len(text) - 6)
        span: dict[str, Any] = {"start": start, "end": start + chance.choice([3, 5])}
        found.append(span | ({"label": chance.choice(labels)} if labels else {}))
    return json.dumps(found) if found else ""


def mixed(seed: int, first: Columns, second: Columns, share: float = 0.7) -> Columns:
    """Take each row from one of two sides."""
    chance = random.Random(seed)
    rows = [chance.random() < share for _ in next(iter(first.values()))]
    return {
        column: [
            one if is_first else other
            for one, other, is_first in zip(
                first[column], second.get(column, first[column]), rows, strict=True
            )
        ]
        for column in first
    }


def texts_of(rows: int) -> list[str]:
    """Make texts that differ."""
    chance = random.Random(5)
    return [f"{row} " + " ".join(chance.choices(WORDS, k=9)) for row in range(rows)]


def make_task(folder: Path, rows: int = 40, coders: int = 0, **changes: Sequence[str]) -> Task:
    """Write and open a task; `changes` are columns of its gold, by name."""
    texts = texts_of(rows)
    ids = [f"r{row}" for row in range(rows)]
    gold = cells(0, texts) | {name: list(column) for name, column in changes.items()}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    write_table(folder / "ground-truth.csv", ids, {"text": texts, **gold})
    for coder in range(coders):
        own = mixed(coder, gold, cells(50 + coder, texts), 0.8)
        write_table(folder / "coders" / f"c{coder}.csv", ids, {"text": texts, **own})
    return open_task(folder)


def answers_to(task: Task, seed: int = 9, share: float = 0.7) -> Answered:
    """Answer a task as somebody who is often right, row by row."""
    gold = task.gold()
    known = {name: list(column) for name, column in gold.cells.items()}
    texts = [row.text for row in task.rows()]
    return Answered(gold.ids, mixed(seed, known, cells(seed, texts), share))


def field_rows(
    field: Field,
    gold: Sequence[Cell],
    model: Sequence[Cell],
    *,
    repeats: Sequence[Sequence[Cell]] = (),
    coders: Mapping[str, Sequence[Cell]] | None = None,
    texts: Sequence[str] = (),
) -> FieldRows:
    """Put the cells of one field together."""
    held = list(texts) or ["0123456789"] * len(gold)
    return FieldRows(field, gold, model, None, tuple(repeats), coders or {}, held, None)
