"""The command that takes in dumps, and its progress."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from evalhouse.cli.ledger import as_data, tell
from evalhouse.cli.output import stderr, write_json
from evalhouse.cli.session import Session
from evalhouse.cli.text import size
from evalhouse.errors import UsageError

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from evalhouse.workflows.ingest import IngestOptions, Progress

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_STAGES = {"looking": "looking for dumps", "reading": "reading", "storing": "storing"}


def ingest(  # noqa: PLR0913 - each parameter is an option of the command
    context: typer.Context,
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH…", help="Folders or files; dumps at any depth.")
    ],
    *,
    processes: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Processes; else one a processor.")
    ] = None,
    rehash: Annotated[
        bool, typer.Option("--rehash", help="Read content even where size and time are known.")
    ] = False,
    snapshot: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Name the snapshot, where no path does.")
    ] = None,
    longest_line: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Longest line to read, as 64MB.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the ledger as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print problems alone.")] = False,
) -> None:
    """Take in evaluation dumps; a second time changes nothing."""
    session = Session.of(context)
    options = _options(processes, snapshot, longest_line, rehash=rehash)
    shows = sys.stderr.isatty() and not (json or quiet)
    with session.write() as house, _watch(shows=shows) as watch:
        ledger = house.ingest(*paths, options=options, watch=watch)
        suggestion = house.suggestion() if not (json or quiet) else None
    if json:
        write_json(as_data(ledger))
    else:
        tell(ledger, session, suggestion, quiet=quiet)
    raise typer.Exit(ledger.exit_code)


def parse_size(text: str) -> int:
    """Return bytes; `k`, `M`, `G` are powers of 1000, `Ki`, `Mi`, `Gi` of 1024.

    Example:
        >>> parse_size("64MiB"), parse_size("1.5 kB")
        (67108864, 1500)
    """
    match = _SIZE.fullmatch(text.strip().replace("_", ""))
    if match is None:
        raise UsageError(f"`{text}` is no size; expected bytes, or a number such as `64MB`")
    base = 1024 if match[3] else 1000
    found = int(float(match[1]) * base ** _POWERS[match[2].lower()])
    if found < 1:
        raise UsageError(f"`{text}` leaves no line to read; expected at least one byte")
    return found


def _options(
    processes: int | None, snapshot: str | None, longest_line: str | None, *, rehash: bool
) -> IngestOptions:
    from evalhouse.workflows.ingest import IngestOptions  # noqa: PLC0415 - heavy, not for help

    if longest_line is None:
        return IngestOptions(processes, rehash, snapshot)
    return IngestOptions(processes, rehash, snapshot, parse_size(longest_line))


@contextmanager
def _watch(*, shows: bool) -> Iterator[Callable[[Progress], None] | None]:
    """Show a bar with rows, bytes and rate on stderr, which is gone when the work is done."""
    if not shows:
        yield None
        return
    with _bar() as bar:
        task = bar.add_task("looking", total=None, rows=0, done="", rate="")

        def watch(progress: Progress) -> None:
            done, total = progress.bytes_done, progress.bytes_total
            shown = bar.tasks[0]
            bar.update(
                task,
                description=_STAGES.get(progress.stage, progress.stage),
                completed=done,
                total=total or None,
                rows=max(progress.rows, shown.fields["rows"]),
                done=f"{size(done)} of {size(total)}" if total else "",
                rate=f"{size(done / shown.elapsed)}/s" if done and shown.elapsed else "",
            )

        yield watch


def _bar() -> Bar:
    from rich.progress import (  # noqa: PLC0415 - only where a terminal watches
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[rows]:,} rows", markup=False),
        TextColumn("{task.fields[done]}", markup=False),
        TextColumn("{task.fields[rate]}", markup=False),
        TimeElapsedColumn(),
        console=stderr(),
        transient=True,
    )
