"""The command `evalhouse`: what its commands share, and their names."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from evalhouse.cli import (
    aliases,
    annotate,
    compare,
    keys,
    look,
    lora,
    machine,
    maintain,
    models,
    people,
    query,
    report,
    schema,
    score,
    take_in,
    tasks,
)
from evalhouse.cli.errors import told
from evalhouse.cli.output import say
from evalhouse.cli.session import Session
from evalhouse.config import DEFAULT_HOUSE, HOUSE_VARIABLE
from evalhouse.version import __version__


class Commands(TyperGroup):
    """The commands; a failure of any is told in one sentence."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command of a call."""
        with told():
            return super().invoke(ctx)


app = typer.Typer(
    name="evalhouse",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
task = typer.Typer(help="Look at annotation tasks before they are run.", no_args_is_help=True)
signing = typer.Typer(help="Keep the keys that publishers sign with.", no_args_is_help=True)
export = typer.Typer(help="Write runs as other programs read them.", no_args_is_help=True)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        say(f"evalhouse {__version__}")
        raise typer.Exit


@app.callback()
def _shared(
    context: typer.Context,
    *,
    house: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help=f"The house to use; else {HOUSE_VARIABLE}, else {DEFAULT_HOUSE}.",
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Say it.")
    ] = False,
) -> None:
    """Run and take in LLM evaluations, and show only numbers that can be recomputed."""
    _ = version
    context.obj = Session(house)


app.command()(maintain.init)
app.command()(take_in.ingest)
app.command()(annotate.annotate)
app.command()(annotate.sweep)
app.command()(score.score)
app.command()(report.report)
app.command()(people.reliability)
app.command()(people.estimate)
app.command()(compare.leaderboard)
app.command()(query.sql)
app.command()(look.runs)
app.command()(look.show)
app.command()(look.problems)
app.command()(look.tables)
export.command()(maintain.olmes)
export.command()(maintain.codebook_lab)
export.command()(maintain.tidy)
app.add_typer(export, name="export")
task.command()(tasks.check)
signing.command()(keys.register)
signing.command("list")(keys.list_all)
signing.command()(keys.revoke)
app.add_typer(signing, name="keys")
app.add_typer(task, name="task")
app.command()(schema.schema)
app.command()(maintain.migrate)
app.command()(maintain.copy)
app.command()(machine.machine)
app.command()(maintain.repair)
app.add_typer(models.models, name="models")
app.add_typer(aliases.aliases, name="aliases")
app.add_typer(lora.lora, name="lora")


def run() -> None:
    """Run the command that the process was started with."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by who started us
            nowhere = Path(os.devnull).open("r+", encoding="utf-8")  # noqa: SIM115 - for good
            setattr(sys, name, nowhere)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # a test's stream has none
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    app(prog_name="evalhouse")
