"""Commands about models: register, list, show, and decide what is in conflict."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalhouse.cli.output import Column, heading, print_rows, say, say_aside, write_json
from evalhouse.cli.session import Session
from evalhouse.cli.text import NOTHING, counted, safe, shortened, size

if TYPE_CHECKING:
    from evalhouse.catalog.conflicts import State
    from evalhouse.views.models import ConflictPage, ModelPage
    from evalhouse.workflows.models import ModelShelf, Said

models = typer.Typer(help="Register models, and decide what is in conflict.", no_args_is_help=True)
_OTHERS = 3  # of one name that are named

_LONGEST = 60
_RUNS_SHOWN = 20

Json = Annotated[bool, typer.Option("--json", help="Print as JSON.")]
By = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who decides; else the user here.")
]
_Conflict = Annotated[str, typer.Argument(metavar="ID", help="Conflict: id, or its beginning.")]
_Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why.")]


def _text(name: str, of: str, what: str) -> Any:
    return typer.Option(name, metavar=of, help=what)


@dataclass(frozen=True)
class _Told:
    """What a person says of a model, as typed."""

    name: str | None
    provider: str | None
    version: str | None
    revision: str | None
    creator: str | None
    sha256: str | None
    parameters: str | None
    active_parameters: str | None
    context: str | None
    architecture: str | None
    file_format: str | None
    quantization: str | None
    release_date: str | None
    description: str | None
    source: list[str] | None

    def said(self) -> Said:
        """Return it with figures as numbers."""
        from evalhouse.workflows.models import Place, Said  # noqa: PLC0415 - heavy
        from evalhouse.workflows.models.figures import parameters, tokens  # noqa: PLC0415

        def number(text: str | None, read: Any) -> Any:
            return None if text is None else read(text)

        return Said(
            name=self.name,
            provider=self.provider,
            version=self.version,
            revision=self.revision,
            creator=self.creator,
            model_hash=self.sha256,
            parameter_count=number(self.parameters, parameters),
            active_parameter_count=number(self.active_parameters, parameters),
            context_length=number(self.context, tokens),
            architecture=self.architecture,
            file_format=self.file_format,
            quantization=self.quantization,
            release_date=self.release_date,
            description=self.description,
            places=tuple(Place(url) for url in self.source or ()),
        )


@models.command()
def register(  # noqa: PLR0913 - every field of a model that a person may know
    context: typer.Context,
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="WHAT...",
            help="Descriptor (JSON), file or folder of weights, or name as openai/gpt-4o.",
        ),
    ],
    *,
    name: Annotated[str | None, _text("--as", "NAME", "Name to register it by.")] = None,
    provider: Annotated[str | None, _text("--provider", "P", "Where it is had.")] = None,
    version: Annotated[str | None, _text("--model-version", "V", "Version.")] = None,
    revision: Annotated[
        str | None, _text("--revision", "R", "Branch, tag or commit of the weights.")
    ] = None,
    creator: Annotated[str | None, _text("--creator", "NAME", "Who made it.")] = None,
    sha256: Annotated[
        str | None, _text("--sha256", "HEX", "SHA-256 of weights that are elsewhere.")
    ] = None,
    parameters: Annotated[
        str | None, _text("--parameters", "N", "All parameters, as 8030261248 or 8B.")
    ] = None,
    active_parameters: Annotated[
        str | None, _text("--active-parameters", "N", "Parameters that one token passes through.")
    ] = None,
    context_length: Annotated[
        str | None, _text("--context", "N", "Longest context in tokens, as 131072 or 128K.")
    ] = None,
    architecture: Annotated[
        str | None, _text("--architecture", "NAME", "Dense, MoE, SSM, Hybrid, …")
    ] = None,
    file_format: Annotated[
        str | None, _text("--file-format", "NAME", "GGUF, SafeTensors, …")
    ] = None,
    quantization: Annotated[
        str | None, _text("--quantization", "NAME", "How weights are stored, as q4_k_m.")
    ] = None,
    release_date: Annotated[
        str | None, _text("--release-date", "DAY", "Day of release, as 2025-11-03.")
    ] = None,
    description: Annotated[str | None, _text("--description", "TEXT", "In a sentence.")] = None,
    source: Annotated[
        list[str] | None, _text("--source", "URL", "Where it is had, once each.")
    ] = None,
    no_hash: Annotated[
        bool, typer.Option("--no-hash", help="Do not read weights whole; the model is provisional.")
    ] = False,
    by: By = None,
    json: Json = False,
) -> None:
    """Register models; the same again changes nothing, and nothing is overwritten.

    Options say what a person knows beside what the files say.
    """
    told = _Told(
        name,
        provider,
        version,
        revision,
        creator,
        sha256,
        parameters,
        active_parameters,
        context_length,
        architecture,
        file_format,
        quantization,
        release_date,
        description,
        source,
    )
    if len(what) > 1 and any(value for key, value in vars(told).items() if key != "provider"):
        raise typer.BadParameter("options say things of one model; register it by itself")
    session = Session.of(context)
    said = told.said()
    with session.write() as house:
        shelf = house.models.as_person(by)
        done = [shelf.register(each, said, hashed=not no_hash) for each in what]
    if json:
        write_json(done)
        return
    words = {"new": "registered", "changed": "added to", "known": "nothing new about"}
    for each in done:
        say(f"{words[each.outcome]} {each.model_name} ({each.model_id})")
        for other, identity in each.others[:_OTHERS]:
            added = session.command("models", "register", identity[:8])
            say(f"  another one is there, {safe(other)}: `{added} …` adds to it")
        if each.conflicts:
            waiting = counted(len(each.conflicts), "thing waits", "things wait")
            say(f"  {waiting} for a person: {session.command('models', 'conflicts')}")


@models.command("list")
def list_(context: typer.Context, *, json: Json = False) -> None:
    """List the models."""
    with Session.of(context).read() as house:
        rows = house.models.list().to_arrow().to_pylist()
    if json:
        write_json(rows)
        return
    if not rows:
        say("no models yet; `evalhouse models register WHAT` or an ingest brings some")
        return
    columns = [Column("model", is_name=True), Column("provider"), Column("version")]
    columns += [Column("quantization", is_optional=True), Column("parameters", "right")]
    columns += [Column("context", "right"), Column("weights"), Column("runs", "right")]
    columns += [Column("conflicts", "right", is_optional=True), Column("id", is_name=True)]
    print_rows(
        columns,
        [
            (
                safe(row["model"]),
                safe(row["provider"]),
                safe(row["version"] or row["revision"] or NOTHING),
                row["quantization"] or "",
                _count(row["parameters"]),
                _count(row["context_length"]),
                row["model_hash"][:8] if row["model_hash"] else _unhashed(row),
                f"{row['runs']:,}",
                f"{row['conflicts']:,}" if row["conflicts"] else "",
                row["model_id"][:8],
            )
            for row in rows
        ],
    )


@models.command()
def show(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Model: name, id, alias, or SHA-256 of weights.")
    ],
    *,
    json: Json = False,
) -> None:
    """Show everything that is known of a model."""
    with Session.of(context).read() as house:
        page = house.models.show(name)
    if json:
        write_json(page)
    else:
        _print_model(page)


@models.command()
def conflicts(
    context: typer.Context,
    conflict: Annotated[
        str | None, typer.Argument(metavar="ID", help="One conflict, field by field.")
    ] = None,
    *,
    decided: Annotated[bool, typer.Option("--all", help="Also what was decided.")] = False,
    json: Json = False,
) -> None:
    """List what waits for a person, or show one conflict field by field."""
    session = Session.of(context)
    with session.read() as house:
        if conflict is not None:
            page = house.models.conflict(conflict)
            write_json(page) if json else _print_conflict(page, session)
            return
        lines = house.models.conflicts(decided=decided)
    if json:
        write_json(list(lines))
    elif not lines:
        say("no conflicts wait for a person")
    else:
        titles = [Column("id", is_name=True), Column("kind"), Column("model"), Column("fields")]
        print_rows(
            [*titles, Column("state", is_optional=True), Column("from")],
            [
                (
                    line.conflict_id[:8],
                    line.kind,
                    safe(line.model or line.model_id),
                    ", ".join(line.fields),
                    line.state if decided else "",
                    shortened(line.origin or NOTHING, _LONGEST),
                )
                for line in lines
            ],
        )
        say(f"{session.command('models', 'conflicts')} ID shows the values of one")


@models.command()
def merge(
    context: typer.Context,
    conflict: _Conflict,
    *,
    value: Annotated[
        str | None,
        typer.Option("--as", metavar="NAME", help="Row of the lookup that an unknown text means."),
    ] = None,
    note: Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Why.")] = None,
    by: By = None,
    json: Json = False,
) -> None:
    """See two models as one, or let a field take the value that arrived."""
    with _deciding(context, by) as shelf:
        page = shelf.decide(conflict, "merged", note=note, value=value)
    _tell_decided(page, json=json)


@models.command()
def keep(
    context: typer.Context,
    conflict: _Conflict,
    *,
    note: _Note,
    by: By = None,
    json: Json = False,
) -> None:
    """Leave both as they are: two models, or the stored value."""
    _close(context, conflict, "kept", note, by, json=json)


@models.command()
def reject(
    context: typer.Context,
    conflict: _Conflict,
    *,
    note: _Note,
    by: By = None,
    json: Json = False,
) -> None:
    """Refuse what arrived; a model of which nothing else is known goes."""
    _close(context, conflict, "rejected", note, by, json=json)


@models.command()
def separate(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Merged model: its name or id.")],
    *,
    by: By = None,
    json: Json = False,
) -> None:
    """Undo a merger."""
    with _deciding(context, by) as shelf:
        alias = shelf.separate(name)
    if json:
        write_json(alias)
    else:
        say(f"{alias.alias_name or alias.alias_id} stands for itself again")


@contextmanager
def _deciding(context: typer.Context, by: str | None) -> Iterator[ModelShelf]:
    with Session.of(context).read() as house:
        yield house.models.as_person(by)


def _close(
    context: typer.Context, conflict: str, state: State, note: str, by: str | None, *, json: bool
) -> None:
    with _deciding(context, by) as shelf:
        page = shelf.decide(conflict, state, note=note)
    _tell_decided(page, json=json)


def _tell_decided(page: ConflictPage, *, json: bool) -> None:
    if json:
        write_json(page)
    else:
        say(f"{page.conflict_id[:8]} is {page.state}, by {page.decided_by}")


def _print_model(page: ModelPage) -> None:
    heading(f"{page.facts['provider']}/{page.name}")
    rows = [
        (key, shortened(str(value), 4 * _LONGEST))
        for key, value in page.facts.items()
        if value is not None and not (key.endswith("_id") and key != "model_id")
    ]
    print_rows([Column("field", is_name=True), Column("value")], rows)
    _print_compute(page)
    _print_list("had at", [f"{each.url} ({each.kind})" for each in page.sources])
    _print_list("also known as", [f"{each.name}: {each.reason}" for each in page.aliases])
    open_ = [each for each in page.conflicts if each.state == "open"]
    _print_list(
        "waits for a person",
        [f"{each.conflict_id[:8]} {each.kind}: {', '.join(each.fields)}" for each in open_],
    )
    shown = [
        f"{each.run} {each.label or ''}: {counted(each.results, 'result')}"
        for each in page.runs[:_RUNS_SHOWN]
    ]
    left_out = len(page.runs) - len(shown)
    _print_list("runs", [*shown, *([f"and {left_out:,} more"] if left_out else [])])


def _print_compute(page: ModelPage) -> None:
    compute = page.compute
    lines = []
    if compute.gflops_per_token is not None:
        lines.append(f"{compute.gflops_per_token:,.3f} GFLOP per token, 2 × (active) parameters")
    if compute.weights_memory_bytes is not None:
        lines.append(
            f"{size(compute.weights_memory_bytes)} for its weights at {compute.bits_per_weight} "
            f"bits; the cache of keys and values comes on top, by context and batch"
        )
    _print_list("compute", lines)


def _print_list(title: str, lines: list[str]) -> None:
    if lines:
        heading(title, apart=True)
        say(*(f"  {line}" for line in lines))


def _print_conflict(page: ConflictPage, session: Session) -> None:
    heading(f"{page.conflict_id[:8]} {page.kind}: {page.model or page.model_id}")
    print_rows(
        [
            Column("field", is_name=True),
            Column("stored"),
            Column("arrived"),
            Column("taken", is_optional=True),
        ],
        [
            (
                each.field,
                _value(each.stored),
                _value(each.arrived),
                "" if each.taken is None else _value(each.taken),
            )
            for each in page.differences
        ],
    )
    say(f"from {page.origin or NOTHING}, {page.seen_at:%Y-%m-%d %H:%M} UTC")
    if page.state != "open":
        say(f"{page.state} by {page.decided_by}: {page.note or NOTHING}")
        return
    say_aside(
        f"decide with `{session.command('models', 'merge', page.conflict_id[:8])}`, `keep` or "
        f"`reject`"
    )


def _value(value: Any) -> str:
    return NOTHING if value is None else shortened(str(value), _LONGEST)


def _count(value: int | None) -> str:
    return NOTHING if value is None else f"{value:,}"


def _unhashed(row: dict[str, Any]) -> str:
    return "provisional" if row["provisional"] else NOTHING
