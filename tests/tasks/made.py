"""A small task without faults, and ways to put one in."""

from __future__ import annotations

from pathlib import Path

YAML = """\
text_column: text
id_column: id
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
      - name: Parts
        type: span
        label_options: [who, what]
      - name: Why
        type: textbox
"""
CSV = """\
id,text,S_About,S_Side,S_Force,S_Parts,S_Why
a,First text,1,for,3,,because
b,Second text,0,,4,"[{""start"": 0, ""end"": 6, ""text"": ""Second"", ""label"": ""what""}]",
"""

Edits = tuple[tuple[str, str], ...]


def edited(text: str, edits: Edits) -> str:
    """Return a text with each part replaced by another; a part that is not there is a mistake."""
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def make(folder: Path, files: dict[str, str | bytes | None] | None = None) -> Path:
    """Write a task into a folder: the one above, but for files that are given; None leaves out."""
    wanted: dict[str, str | bytes | None] = {"codebook.yaml": YAML, "ground-truth.csv": CSV}
    for name, content in {**wanted, **(files or {})}.items():
        if content is None:
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def make_edited(folder: Path, *, yaml: Edits = (), table: Edits = ()) -> Path:
    """Write the task above with changes."""
    files: dict[str, str | bytes | None] = {"codebook.yaml": edited(YAML, yaml)}
    return make(folder, {**files, "ground-truth.csv": edited(CSV, table)})
