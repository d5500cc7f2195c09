"""Commands about aliases: one model, task or creator that stands for another."""

from __future__ import annotations

from typing import Annotated

import typer

from evalhouse.cli.models import By, Json
from evalhouse.cli.output import Column, print_rows, say, write_json
from evalhouse.cli.session import Session
from evalhouse.cli.text import safe

aliases = typer.Typer(
    help="See one model, task or creator as another, reversibly.", no_args_is_help=True
)

_Kind = Annotated[str, typer.Argument(metavar="KIND", help="model, task or creator.")]
_Other = Annotated[str, typer.Argument(metavar="OTHER", help="Name or id that stands for another.")]


@aliases.command()
def add(
    context: typer.Context,
    kind: _Kind,
    other: _Other,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it stands for.")],
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why they are one.")],
    by: By = None,
    json: Json = False,
) -> None:
    """Say that one stands for another; results of both are seen under the latter."""
    with Session.of(context).read() as house:
        alias = house.models.as_person(by).add_alias(kind, other, name, reason)
    if json:
        write_json(alias)
    else:
        say(f"{other} stands for {name}")


@aliases.command("list")
def list_(context: typer.Context, kind: _Kind, *, json: Json = False) -> None:
    """List the aliases of models, tasks or creators."""
    with Session.of(context).read() as house:
        found = house.models.aliases(kind)
    if json:
        write_json(list(found))
    elif not found:
        say(f"no {kind} stands for another")
    else:
        titles = ["name", "id", "stands for", "reason", "by", "when"]
        print_rows(
            [Column(title, is_name=title == "id") for title in titles],
            [
                (
                    safe(each.alias_name or ""),
                    each.alias_id,
                    each.stands_for,
                    safe(each.reason),
                    safe(each.decided_by),
                    f"{each.decided_at:%Y-%m-%d}",
                )
                for each in found
            ],
        )


@aliases.command()
def remove(
    context: typer.Context, kind: _Kind, other: _Other, *, by: By = None, json: Json = False
) -> None:
    """Remove an alias: both are seen apart again."""
    with Session.of(context).read() as house:
        alias = house.models.as_person(by).remove_alias(kind, other)
    if json:
        write_json(alias)
    else:
        say(f"{alias.alias_name or alias.alias_id} stands for itself again")
