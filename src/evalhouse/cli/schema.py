"""The command that shows how the tables of the catalog are made: schema."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from evalhouse.cli.output import Column, heading, print_rows, say, write_json
from evalhouse.cli.text import counted
from evalhouse.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from evalhouse.schema import Table
    from evalhouse.schema.relations import Reference


class Database(StrEnum):
    """Whose dialect the statements are in."""

    sqlite = "sqlite"
    postgresql = "postgresql"


def schema(
    name: Annotated[
        str | None, typer.Argument(metavar="TABLE", help="One table, with all that holds of it.")
    ] = None,
    *,
    sql: Annotated[
        Database | None, typer.Option("--sql", help="As statements for this database.")
    ] = None,
    diagram: Annotated[
        bool, typer.Option("--diagram", help="As a Mermaid diagram of keys and references.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show the tables of the catalog: keys, references, checks; no house is needed."""
    if sum((sql is not None, diagram, json)) > 1:
        raise UsageError("`--sql`, `--diagram` and `--json` exclude each other; give one")
    chosen = _chosen(name)
    if sql is not None:
        from evalhouse.catalog.ddl import definition  # noqa: PLC0415 - loads SQLAlchemy

        say(*definition(sql.value, *(table.name for table in chosen)).splitlines())
    elif diagram:
        from evalhouse.schema import diagram as drawing  # noqa: PLC0415 - as the next ones

        say(*drawing.diagram(name).splitlines())
    elif json:
        from evalhouse.schema.relations import described  # noqa: PLC0415 - as the next ones

        write_json([described(table) for table in chosen])
    elif name is None:
        _print_tables(chosen)
    else:
        _print_table(chosen[0])


def _chosen(name: str | None) -> tuple[Table, ...]:
    """Return the table of that name, or all of the catalog."""
    from evalhouse.schema import CATALOG_TABLES, TABLES  # noqa: PLC0415 - not needed for help

    if name is None:
        return CATALOG_TABLES
    if name in TABLES and TABLES[name].place == "lake":
        raise UsageError(
            f"`{name}` is a table of the lake, which has no keys and no references; "
            f"`evalhouse tables {name}` shows its columns"
        )
    known = {table.name: table for table in CATALOG_TABLES}
    if name not in known:
        raise UnknownNameError("table of the catalog", name, known)
    return (known[name],)


def _print_tables(tables: tuple[Table, ...]) -> None:
    from evalhouse.schema.relations import references_of  # noqa: PLC0415 - not needed for help

    rows = []
    for table in tables:
        targets = dict.fromkeys(each.target for each in references_of(table))
        row = (table.name, ", ".join(table.keys), ", ".join(targets), f"one row per {table.row}")
        rows.append(row)
    titles = [Column("table", is_name=True), *map(Column, ("key", "refers to", "row"))]
    print_rows(titles, rows)
    say(
        f"{counted(len(rows), 'table')}; `evalhouse schema TABLE` shows one, `--sql sqlite` and "
        f"`--sql postgresql` how it is made, `--diagram` how they hang together"
    )


def _print_table(table: Table) -> None:
    from evalhouse.schema.relations import (  # noqa: PLC0415 - not needed for help
        checks_of,
        references_of,
        references_to,
        uniques_of,
    )

    heading(f"{table.name}: one row per {table.row}")
    checks = checks_of(table)
    rows = [
        (
            column.name,
            column.kind,
            column.unit,
            "key" if column.key else "required" if column.required else "",
            checks.get(column.name, ""),
            column.meaning,
        )
        for column in table.columns
    ]
    titles = [
        Column("column", is_name=True),
        Column("type", is_name=True),
        *(Column(title, is_optional=True) for title in ("unit", "need", "check")),
        Column("meaning"),
    ]
    print_rows(titles, rows)
    _print_lines("unique", [", ".join(names) for names in uniques_of(table)])
    _print_lines("indexes", [", ".join(names) for names in table.indexes])
    _print_lines("refers to", [_to(each) for each in references_of(table)])
    _print_lines("referred to by", [_from(each) for each in references_to(table.name)])


def _print_lines(title: str, lines: list[str]) -> None:
    if lines:
        say(f"{title}:", *(f"  {line}" for line in lines))


def _to(reference: Reference) -> str:
    there = ", ".join(reference.target_columns)
    return f"{', '.join(reference.columns)} → {reference.target} ({there})"


def _from(reference: Reference) -> str:
    return f"{reference.table} ({', '.join(reference.columns)})"
