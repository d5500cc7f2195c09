"""The tables of the catalog and how they refer to each other, as a Mermaid diagram.

The notation: https://mermaid.js.org/syntax/entityRelationshipDiagram.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from evalhouse.errors import UnknownNameError
from evalhouse.schema.catalog import CATALOG_TABLES
from evalhouse.schema.columns import Column, Table
from evalhouse.schema.relations import Reference, neighbours, references_of

_NAMES = {table.name: table for table in CATALOG_TABLES}


def diagram(name: str | None = None) -> str:
    """Return the diagram of all tables with their keys, or of one with all its columns.

    One table is shown among those that it refers to or that refer to it.
    """
    if name is None:
        return _drawn(list(_NAMES), whole=())
    if name not in _NAMES:
        raise UnknownNameError("table of the catalog", name, _NAMES)
    near = {name, *neighbours(name)}
    return _drawn([each for each in _NAMES if each in near], whole=(name,), about=name)


def _drawn(names: Collection[str], *, whole: Collection[str], about: str | None = None) -> str:
    lines = ["erDiagram"]
    for name in names:
        table = _NAMES[name]
        lines += [f"    {name} {{", *_attributes(table, whole=name in whole), "    }"]
    for name in names:
        for reference in references_of(_NAMES[name]):
            if about is None or about in {reference.table, reference.target}:
                lines.append(f"    {_relation(reference)}")
    return "\n".join(lines) + "\n"


def _attributes(table: Table, *, whole: bool) -> Iterator[str]:
    refers = {name for each in references_of(table) for name in each.columns}
    for column in table.columns:
        if whole or column.key or column.name in refers:
            yield "        " + _attribute(column, refers=column.name in refers, told=whole)


def _attribute(column: Column, *, refers: bool, told: bool) -> str:
    marks = [
        mark for mark, holds in (("PK", column.key), ("FK", refers), ("UK", column.unique)) if holds
    ]
    words = [column.kind, column.name, *([", ".join(marks)] if marks else [])]
    if told:
        unit = f", in {column.unit}" if column.unit else ""
        words.append(f'"{column.meaning.replace(chr(34), chr(39))}{unit}"')
    return " ".join(words)


def _relation(reference: Reference) -> str:
    """Draw many rows that refer to one, or to one or none."""
    one = "||" if reference.required else "o|"
    label = ", ".join(reference.columns)
    return f'{reference.table} }}o--{one} {reference.target} : "{label}"'
