"""Commands that make, mend, move and empty a house's shelves: init, copy, migrate, export, …."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evalhouse.cli.output import PageFormat, say, say_aside, write_json
from evalhouse.cli.session import Session
from evalhouse.cli.text import counted, size

if TYPE_CHECKING:
    from evalhouse.catalog import MigrationPlan
    from evalhouse.workflows.export import ExportReport

_LISTED = 20

_Run = Annotated[str, typer.Argument(help="Run: id, short id, beginning of it, or label.")]
_To = Annotated[Path, typer.Option(metavar="DIR", help="Folder to write to, new or empty.")]
_Form = Annotated[PageFormat, typer.Option("--format", help="How to report.")]
_Catalog = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Catalog elsewhere, as postgresql://user@host/name."),
]
_Lake = Annotated[
    str | None,
    typer.Option(metavar="URI", help="Lake elsewhere: a folder, or s3://bucket/prefix."),
]


def init(
    context: typer.Context,
    *,
    catalog: _Catalog = None,
    lake: _Lake = None,
) -> None:
    """Make a house."""
    from evalhouse.house import prepare_house  # noqa: PLC0415 - heavy, and not needed for help

    session = Session.of(context)
    settings = prepare_house(session.place, catalog=catalog, lake=lake)
    say(
        f"the house at {settings.folder} is ready",
        f"  catalog  {settings.catalog}",
        f"  lake     {settings.lake}",
        f"  blobs    {settings.blobs}",
        f"next: {session.command('ingest')} PATH",
    )


def migrate(
    context: typer.Context,
    *,
    to: Annotated[
        str, typer.Option(metavar="REVISION", help="Revision to reach: 0001, …, head, or base.")
    ] = "head",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Lose the rows that it would lose.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
) -> None:
    """Bring the catalog to another revision of its schema, and write its lookups anew."""
    from evalhouse.workflows import migration  # noqa: PLC0415 - heavy, and not needed for help

    place = Session.of(context).place
    if dry_run:
        plan = migration.plan_migration(place, to)
    else:
        plan = migration.migrate(place, to, lose_rows=yes)
    if json:
        write_json(plan)
        return
    _print_plan(plan)
    say("nothing was changed" if dry_run else f"the catalog is at revision {plan.wanted}")


def copy(
    source: Annotated[str, typer.Argument(metavar="SRC", help="Place of the house to copy.")],
    destination: Annotated[str, typer.Argument(metavar="DST", help="Place of the copy, empty.")],
    *,
    catalog: _Catalog = None,
    lake: _Lake = None,
    json: Annotated[bool, typer.Option("--json", help="Print what was copied as JSON.")] = False,
) -> None:
    """Copy a house to another folder, database or bucket, with the same ids.

    The copy is the house as it is at one moment, whoever writes meanwhile. Interrupted, the same
    command goes on; the copy is a house once all of it is there.
    """
    from evalhouse.workflows.copy import copy_house  # noqa: PLC0415 - heavy, and not for help

    report = copy_house(source, destination, catalog=catalog, lake=lake, watch=say_aside)
    if json:
        write_json(report)
        return
    rows = sum(report.catalog.values())
    say(
        f"copied the house {report.source} to {report.destination}",
        f"  catalog  {counted(rows, 'row')} in {counted(len(report.catalog), 'table')}",
        f"  lake     {counted(sum(report.lake.values()), 'row')} in "
        f"{counted(len(report.lake), 'table')}",
        f"  files    {counted(report.files.copied, 'file')} copied, {size(report.files.bytes)}",
    )
    if report.files.present:
        say(f"  an earlier try had copied {counted(report.files.present, 'file')} already")
    if report.unfinished:
        say(
            f"  {counted(report.unfinished, 'batch', 'batches')} being written meanwhile will not "
            f"be seen in the copy"
        )


def _print_plan(plan: MigrationPlan) -> None:
    say(f"catalog {plan.place}")
    if plan.direction == "none":
        say(f"  is at revision {plan.found}: no table changes, missing lookups are written")
        return
    say(f"  {plan.direction} from revision {plan.found} to {plan.wanted}")
    undone = "undone: " if plan.direction == "down" else ""
    say(*(f"  {step.revision}  {undone}{step.what}" for step in plan.steps))
    for what, names in (
        ("new tables", plan.new_tables),
        ("new columns", plan.new_columns),
        ("dropped tables", plan.dropped_tables),
        ("dropped columns", plan.dropped_columns),
    ):
        if names:
            say(f"  {what}: {', '.join(names)}")
    for loss in plan.losses:
        where = loss.table if loss.column is None else f"{loss.table}.{loss.column}"
        noun = "row" if loss.column is None else "value"
        say(f"  lost with {where}: {counted(loss.rows, noun)}")
    if plan.direction == "down":
        say(
            "  it is for an older evalhouse then: this one needs the newest revision, to which it "
            "brings a SQLite file by itself at the next use"
        )


def repair(context: typer.Context) -> None:
    """Close the batches of processes that are gone."""
    with Session.of(context).read() as house:
        closed = house.repair()
    if not closed:
        say(
            "nothing to repair: every open batch gave a sign of life within 15 minutes; one that "
            "gives none is closed after that, and nothing of it is seen meanwhile"
        )
        return
    say(f"closed {counted(len(closed), 'batch', 'batches')}; nothing of them was or will be seen:")
    say(*(f"  {batch_id}" for batch_id in closed))


def olmes(
    context: typer.Context,
    run: _Run,
    *,
    to: _To,
    form: _Form = PageFormat.table,
) -> None:
    """Write the files of a run as OLMES wrote them, also those that its dump never shipped."""
    with Session.of(context).read() as house:
        report = house.export_olmes(run, to)
    _report(report, to, form)


def codebook_lab(
    context: typer.Context,
    run: _Run,
    *,
    to: _To,
    form: _Form = PageFormat.table,
) -> None:
    """Write the folder of an annotation run as it was, as `<DIR>/<task>/<run_id>/`."""
    with Session.of(context).read() as house:
        report = house.export_codebook_lab(run, to)
    _report(report, to, form)


def tidy(
    context: typer.Context,
    task: Annotated[str, typer.Argument(help="Task whose annotation runs are wanted.")],
    *,
    to: _To,
    form: _Form = PageFormat.table,
) -> None:
    """Write the tables of all annotation runs of a task: a row a value, a run, a class."""
    with Session.of(context).read() as house:
        report = house.export_tidy(task, to)
    if form is PageFormat.json:
        write_json(report)
        return
    say(f"wrote the tables of {counted(report.runs, 'run')} to {to}")
    say(*(f"  {file.path}  {counted(file.rows, 'row')}" for file in report.files))


def _report(report: ExportReport, to: Path, form: PageFormat) -> None:
    if form is PageFormat.json:
        write_json(report)
    else:
        _tell(report, to)


def _tell(report: ExportReport, to: Path) -> None:
    total = sum(file.bytes for file in report.files)
    same = len(report.shipped) - len(report.different)
    say(f"wrote {counted(len(report.files), 'file')}, {size(total)}, to {to}")
    say(f"  {same:,} are byte for byte those of the source")
    _list("differ", [f"{f.path}: {f.difference}" for f in report.different])
    _list("were never shipped, and say what records say", [f.path for f in report.regenerated])
    _list("of the source are not written", [f"{f.path}: {f.reason}" for f in report.omitted])
    _list("aggregates have no files of their own", list(report.aggregates))
    _list("tasks have rows and no record; their numbers are recomputed", list(report.unrecorded))


def _list(what: str, entries: list[str]) -> None:
    if entries:
        say(f"  {len(entries):,} {what}:")
        say(*(f"    {entry}" for entry in entries[:_LISTED]))
        if len(entries) > _LISTED:
            say(f"    and {len(entries) - _LISTED:,} more; `--format json` lists all")
