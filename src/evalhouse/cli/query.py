"""The command that asks with SQL."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from evalhouse.cli.output import print_arrow, say
from evalhouse.cli.session import Session
from evalhouse.cli.text import counted
from evalhouse.errors import UsageError

if TYPE_CHECKING:
    from evalhouse.house import House
    from evalhouse.store.output import Format


class QueryFormat(StrEnum):
    """How the result of a query is written."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"
    arrow = "arrow"


_SUFFIXES = {f".{form.value}": form for form in QueryFormat if form is not QueryFormat.table}
_BINARY = (QueryFormat.parquet, QueryFormat.arrow)


def sql(
    context: typer.Context,
    query: Annotated[
        str | None, typer.Argument(metavar="QUERY", help="One SELECT; else a prompt, or stdin.")
    ] = None,
    *,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Read the query from a file.")
    ] = None,
    form: Annotated[
        QueryFormat | None,
        typer.Option("--format", help="How to write the result; else by the name of --output."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the result to a file.")
    ] = None,
) -> None:
    """Ask with SQL over all tables and views; without a query, at a prompt."""
    text = _text(query, file)
    chosen = _format(form, output)
    with Session.of(context).read() as house:
        if text is None:
            from evalhouse.cli.prompt import ask  # noqa: PLC0415 - only where a person types

            ask(house)
        elif output is not None:
            _write(house, text, output, chosen)
        elif chosen is QueryFormat.table:
            print_arrow(house.sql(text))
        else:
            house.write_sql(text, sys.stdout.buffer, _data(chosen))
            sys.stdout.buffer.flush()


def _text(query: str | None, file: Path | None) -> str | None:
    """Return the query; None where a person will type it."""
    if query is not None and file is not None:
        raise UsageError("give a query or `--file`, not both")
    if query == "-" or (query is None and file is None and not sys.stdin.isatty()):
        return sys.stdin.read()
    if file is None:
        return query
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        raise UsageError(f"the query in `{file}` cannot be read: {failure}") from failure


def _format(form: QueryFormat | None, output: Path | None) -> QueryFormat:
    if form is None:
        form = _SUFFIXES.get(output.suffix.lower()) if output else QueryFormat.table
    if form is None or (output is not None and form is QueryFormat.table):
        known = ", ".join(_SUFFIXES)
        raise UsageError(f"`{output}` does not say how to write; name `--format` or end in {known}")
    if output is None and form in _BINARY and sys.stdout.isatty():
        raise UsageError(f"{form.value} is not for a terminal; add `--output FILE`")
    return form


def _write(house: House, query: str, path: Path, form: QueryFormat) -> None:
    from evalhouse.store.output import replaced  # noqa: PLC0415 - loaded by now

    with replaced(path) as sink:
        rows = house.write_sql(query, sink, _data(form))
    say(f"wrote {counted(rows, 'row')} to {path}")


def _data(form: QueryFormat) -> Format:
    return cast("Format", form.value)
