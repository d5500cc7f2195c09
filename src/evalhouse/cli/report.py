"""The command that writes reports of annotation runs."""

from __future__ import annotations

from typing import Annotated

import typer

from evalhouse.cli.output import say
from evalhouse.cli.text import counted, near, size


def report(
    places: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN…",
            help="Folders or ids of runs, or the folder of a task's runs: several are compared.",
        ),
    ],
    *,
    to: Annotated[
        str,
        typer.Option("--to", metavar="FILE", help="The report: a name with .html or .md."),
    ] = "report.html",
    task: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="The task, to show rows with other answers than the gold. Texts are then in the "
            "report.",
        ),
    ] = None,
) -> None:
    """Write a report of a run, or of several side by side, in one file that needs no other."""
    from evalhouse.workflows.report import report as write  # noqa: PLC0415 - heavy, not for help

    written = write(places, to, task=task)
    for folder in written.left_out:
        say(f"{near(str(folder))} has no scores and is left out")
    path = near(str(written.path))
    say(f"{path}: {counted(written.runs, 'run')}, {size(written.bytes)}")
