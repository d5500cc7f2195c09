"""A codebook with every type of field, and coders who answer it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from evalhouse.coders.panel import Panel, assemble
from evalhouse.coders.sheet import Line, Sheet
from evalhouse.tasks.codebook import Codebook
from evalhouse.tasks.faults import Faults
from evalhouse.tasks.reading import read_codebook

YAML = """\
text_column: text
id_column: id
metadata_columns: [place]
sections:
  - name: S
    annotations:
      - name: About
        type: checkbox
      - name: Side
        type: dropdown
        options: [for, against]
        condition: {field: About, value: yes}
      - name: Force
        type: likert
        min_value: 1
        max_value: 5
      - name: Topics
        type: multiselect
        options: [fares, safety, noise]
      - name: Parts
        type: span
        label_options: [who, what]
      - name: Why
        type: textbox
"""
TEXT = "Ines Vogel wants more night buses."
COLUMNS = ("S_About", "S_Side", "S_Force", "S_Topics", "S_Parts", "S_Why")
WHO = '[{"start": 0, "end": 10, "text": "Ines Vogel", "label": "who"}]'
FULL = {
    "S_About": "1",
    "S_Side": "for",
    "S_Force": "4",
    "S_Topics": "fares|noise",
    "S_Parts": WHO,
    "S_Why": "more buses",
}
Answers = Mapping[str, Mapping[str, str]]


def codebook(folder: Path) -> Codebook:
    """Write the codebook into a folder and read it."""
    path = folder / "codebook.yaml"
    path.write_text(YAML, encoding="utf-8")
    faults = Faults()
    read = read_codebook(path, "codebook.yaml", faults)
    assert read, faults.kept
    assert not faults.kept
    return read[0]


def sheet(coder: str, answers: Answers, *, text: str | None = TEXT) -> Sheet:
    """Return a coder's answers by item; fields that are not named are answered as in `FULL`."""
    lines = {
        item: Line(text, {**FULL, **cells}, {"id": item, "place": "north", "text": text or ""})
        for item, cells in answers.items()
    }
    return Sheet(coder, lines, frozenset(COLUMNS))


def panel(folder: Path, *coders: Answers) -> Panel:
    """Put coders a, b, c, ... side by side."""
    sheets = [sheet(chr(ord("a") + place), answers) for place, answers in enumerate(coders)]
    return assemble(codebook(folder), sheets)
