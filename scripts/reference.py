"""Write the reference of tables, metrics and statistics from the code, or say that it is stale.

python -m scripts.reference            write the pages of docs/reference
python -m scripts.reference --check    fail if one would change
"""

from __future__ import annotations

import sys
from pathlib import Path

from evalhouse.schema import TABLES, Column, Table
from evalhouse.schema.diagram import diagram
from evalhouse.schema.relations import references_to
from scripts.metrics_page import metrics_page
from scripts.statistics_page import statistics_page

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"

HEAD = """# Tables

<!-- Written by `make docs` from evalhouse.schema; edit there. -->

A query sees these tables by name, wherever they are kept. Types: `id` is 36 lower-case characters,
`hash` is hexadecimal text, `json` is text that holds JSON, `integer` and `float` have 64 bits,
`timestamp` is in UTC with microseconds. A column marked *key* identifies the row, one marked
*required* is never empty; in any other, empty means not known or not applicable, never zero.
"""

DIAGRAM = """Keys, and what refers to what. `evalhouse schema --diagram` prints this, `--sql sqlite`
and `--sql postgresql` the statements, `evalhouse schema TABLE` all that holds of one table.

```mermaid
{}```
"""

PLACES = {
    "catalog": "who, what, where, when. Identities and relations, in a relational database.",
    "lake": "what came out. Rows of evidence, in Delta tables of Parquet.",
}


def page() -> str:
    """Return the whole reference page."""
    parts = [HEAD]
    for place, sentence in PLACES.items():
        tables = [table for table in TABLES.values() if table.place == place]
        links = ", ".join(f"[`{table.name}`](#{table.name})" for table in tables)
        parts.append(f"## The {place}\n\nThe {place} holds {sentence}\n\n{links}\n")
        if place == "catalog":
            parts.append(DIAGRAM.format(diagram()))
        parts.extend(section(table) for table in tables)
    return "\n".join(parts)


def section(table: Table) -> str:
    """Return the section of one table."""
    lines = [
        f"### {table.name}",
        "",
        f"One row per {table.row}.",
        "",
        "| column | type | unit | meaning |",
        "|---|---|---|---|",
        *(row(column) for column in table.columns),
        "",
    ]
    for columns in table.unique:
        lines += [f"Unique together: {_names(columns)}.", ""]
    for columns, other, _ in table.references:
        lines += [f"Together, {_names(columns)} refer to [`{other}`](#{other}).", ""]
    if table.indexes:
        lines += [f"Indexed by: {'; '.join(_names(columns) for columns in table.indexes)}.", ""]
    if referring := references_to(table.name):
        tables = ", ".join(
            f"[`{each.table}`](#{each.table}) ({_names(each.columns)})" for each in referring
        )
        lines += [f"Referred to by {tables}.", ""]
    return "\n".join(lines)


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in columns)


def row(column: Column) -> str:
    """Return the line of one column."""
    mark = "key" if column.key else "required" if column.required else ""
    meaning = [column.meaning]
    if column.references:
        table = column.references.partition(".")[0]
        meaning.append(f"→ [`{column.references}`](#{table})")
    if column.values:
        meaning.append("one of " + ", ".join(f"`{value}`" for value in column.values))
    if column.minimum is not None:
        most = "" if column.maximum is None else f" and at most {column.maximum}"
        meaning.append(f"at least {column.minimum}{most}")
    if column.unique:
        meaning.append("unique")
    if mark:
        meaning.append(f"*{mark}*")
    cells = (f"`{column.name}`", column.kind, column.unit, "; ".join(meaning))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


PAGES = {"tables.md": page, "metrics.md": metrics_page, "statistics.md": statistics_page}


def main(arguments: list[str]) -> int:
    """Write the pages, or compare them with `--check`."""
    stale = []
    for name, write in PAGES.items():
        text, place = write(), FOLDER / name
        if "--check" not in arguments:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        elif not place.exists() or place.read_text(encoding="utf-8") != text:
            stale.append(name)
    for name in stale:
        print(f"docs/reference/{name} differs from the code; run `make docs`")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
