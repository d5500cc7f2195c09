"""Commands that show what a house holds: runs, show, problems, tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from evalhouse.cli.output import (
    Column,
    PageFormat,
    TableFormat,
    heading,
    print_arrow,
    print_rows,
    say,
    write_arrow,
    write_json,
)
from evalhouse.cli.pages import print_item, print_run, print_task
from evalhouse.cli.session import Session
from evalhouse.cli.text import NOTHING, counted, near, safe, shortened

if TYPE_CHECKING:
    import pyarrow as pa

    from evalhouse.views.tables import TablePage

PROBLEMS_SHOWN = 50
_LONGEST = 300

Run = Annotated[str, typer.Argument(help="Run: id, short id, beginning of it, or label.")]
Form = Annotated[TableFormat, typer.Option("--format", help="How to print.")]


def runs(context: typer.Context, *, form: Form = TableFormat.table) -> None:
    """List the runs, the newest first."""
    with Session.of(context).read() as house:
        rows = house.runs().to_arrow()
    if form is not TableFormat.table:
        write_arrow(rows, form)
    elif not rows.num_rows:
        say("no runs yet; `evalhouse ingest PATH` takes dumps in")
    else:
        _print_runs(rows)


def _print_runs(rows: pa.Table) -> None:
    columns = [
        Column("run", is_name=True),
        Column("label"),
        Column("status"),
        Column("started", is_name=True),
    ]
    columns += [Column(title, "right") for title in ("tasks", "items")] + [Column("origin")]
    print_rows(
        columns,
        [
            (
                row["run"],
                safe(row["label"] or row["models"] or NOTHING),
                row["status"],
                row["started_at"].strftime("%Y-%m-%d") if row["started_at"] else NOTHING,
                f"{row['tasks']:,}",
                f"{row['items']:,}",
                row["origin"] or NOTHING,
            )
            for row in rows.to_pylist()
        ],
    )


def show(
    context: typer.Context,
    run: Run,
    *,
    task: Annotated[str | None, typer.Option(metavar="T", help="One task of the run.")] = None,
    doc: Annotated[
        str | None, typer.Option(metavar="D", help="One item of it: number, or id in its data set.")
    ] = None,
    form: Annotated[PageFormat, typer.Option("--format", help="How to print.")] = PageFormat.table,
) -> None:
    """Show a run, one of its tasks, or one item whole."""
    from evalhouse.views.items import Item  # noqa: PLC0415 - heavy, and not needed for help
    from evalhouse.views.runs import RunPage  # noqa: PLC0415 - as above

    session = Session.of(context)
    with session.read() as house:
        page = house.show(run, task, doc)
    if form is PageFormat.json:
        write_json(page.as_dict())
    elif isinstance(page, RunPage):
        print_run(page, session)
    elif isinstance(page, Item):
        print_item(page)
    else:
        print_task(page, session)


def problems(
    context: typer.Context,
    *,
    run: Annotated[str | None, typer.Option(metavar="R", help="Of one run.")] = None,
    kind: Annotated[str | None, typer.Option(metavar="K", help="Of one kind.")] = None,
    severity: Annotated[
        str | None, typer.Option(metavar="S", help="damage, conflict or notice.")
    ] = None,
    form: Form = TableFormat.table,
) -> None:
    """List what could not be read, what contradicts, and what deserves a look."""
    with Session.of(context).read() as house:
        found = house.problems(run=run, kind=kind, severity=severity)
    rows = found.to_arrow()
    if form is not TableFormat.table:
        write_arrow(rows, form)
        return
    if not rows.num_rows:
        say("no problems")
        return
    for (level, what), count in found.counts.items():
        say(f"{level}: {what}, {count:,}")
    say("")
    _print_problems(rows)


def _print_problems(rows: pa.Table) -> None:
    for row in rows.slice(0, PROBLEMS_SHOWN).to_pylist():
        path = near(row["path"])
        place = path if row["line"] is None else f"{path}:{row['line']}"
        offset = f" (byte {row['byte_offset']:,})" if row["byte_offset"] is not None else ""
        say(f"{place}{offset}", f"  {row['severity']}, {row['kind']}: {row['message']}")
        if row["excerpt"]:
            say(f"  {shortened(row['excerpt'], _LONGEST)}")
    left_out = rows.num_rows - PROBLEMS_SHOWN
    if left_out > 0:
        say(f"and {left_out:,} more; `--format csv` or `--format json` gives all of them")


def tables(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="One table or view, with its columns.")
    ] = None,
    *,
    form: Form = TableFormat.table,
) -> None:
    """List tables and views, or the columns of one with their meaning."""
    from evalhouse.views.tables import TablePage, table, tables  # noqa: PLC0415 - heavy

    page = tables() if name is None else table(name)
    if form is not TableFormat.table:
        write_arrow(page.to_arrow(), form)
    elif isinstance(page, TablePage):
        _print_columns(page)
    else:
        print_arrow(page.to_arrow())
        say("`evalhouse tables NAME` shows the columns of one")


def _print_columns(page: TablePage) -> None:
    heading(f"{page.name}: {page.row}")
    rows = []
    for column in page.columns:
        marks = [
            mark for mark, holds in (("key", column.key), ("required", column.required)) if holds
        ]
        parts = [column.meaning]
        parts += [f"one of {', '.join(column.values)}"] if column.values else []
        parts += [f"→ {column.references}"] if column.references else []
        parts += marks[:1]
        rows.append((column.name, column.kind, column.unit, "; ".join(parts)))
    names = [Column("column", is_name=True), Column("type", is_name=True)]
    print_rows([*names, Column("unit", is_optional=True), Column("meaning")], rows)
    say(f"{counted(len(rows), 'column')}, {page.place}")
