"""What a terminal shows of runs of annotation: one run with its scores, and a sweep of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from evalhouse.cli.output import Column, heading, print_rows, say
from evalhouse.cli.session import Session
from evalhouse.cli.text import NOTHING, counted, near, number, safe

if TYPE_CHECKING:
    from evalhouse.assessment import Assessment, FieldResult, ScoreLine
    from evalhouse.workflows.annotation.annotate import Annotated
    from evalhouse.workflows.annotation.grid import Planned
    from evalhouse.workflows.annotation.scoring import Scored
    from evalhouse.workflows.annotation.sweep import Swept

_WARNINGS_SHOWN = 8
_RUNS_ACROSS = 5


def tell_run(found: Annotated, session: Session) -> None:
    """Print a run: where it is, what it scored, and what to do next."""
    config = found.folder.config
    heading(f"{config['task_name']}: {config['model']}, run {found.folder.run_id}")
    say(f"in {near(str(found.folder.path))}")
    if found.was_there:
        say("it was complete before, and nothing was asked; `--new` begins another such run")
    if found.outcome:
        say(_amounts(found))
    if found.scored:
        tell_scores(found.scored)
    if not found.is_stopped:
        _tell_next(found, session)


def _amounts(found: Annotated) -> str:
    tally = found.outcome.tally if found.outcome else None
    assert tally is not None
    parts = [
        f"{counted(tally.rows, 'row')} of {tally.rows_total:,}",
        counted(tally.exchanges, "reply", "replies"),
    ]
    for count, what in (
        (tally.replayed_exchanges, "from before"),
        (tally.cached, "from the cache"),
        (tally.invalid, "not usable as they came"),
        (tally.tries_failed, "failed tries"),
        (tally.failures, "questions without a reply"),
    ):
        parts += [f"{count:,} {what}"] if count else []
    return ", ".join(parts)


def tell_scores(scored: Scored) -> None:
    """Print the headline of every field with its interval, and all warnings."""
    assessment = scored.assessment
    columns = [
        Column("field", is_name=True),
        Column("type"),
        Column("rows", "right"),
        Column("metric"),
        Column("value", "right"),
        Column("interval", is_optional=True),
        Column("valid", "right"),
        Column("coders", is_optional=True),
    ]
    say("")
    print_rows(columns, [row for field in assessment.fields for row in _rows(field)])
    level = next((line.level for line in _lines(assessment) if line.level), None)
    if level:
        say(f"intervals of {level:.0%} confidence; coders: the same metric between people")
    _tell_warnings(scored)


def _lines(assessment: Assessment) -> Iterable[ScoreLine]:
    return (line for field in assessment.fields for line in field.scores)


def _rows(field: FieldResult) -> Iterable[tuple[str, ...]]:
    """Yield a row for each metric of the headline; a field of text has its share of valid ones."""
    lines = [line for name in field.headline if (line := field.score(name))]
    for place, line in enumerate(lines or [None]):
        yield (
            safe(field.column) if not place else "",
            field.kind if not place else "",
            f"{line.n if line else field.applicable:,}",
            line.metric if line else NOTHING,
            number(line.value, "proportion") if line else NOTHING,
            _interval(line),
            _valid(field) if not place else "",
            _people(field, line.metric) if line else "",
        )


def _interval(line: ScoreLine | None) -> str:
    if line is None or line.low is None or line.high is None:
        return ""
    return f"{line.low:.2f} to {line.high:.2f}"


def _valid(field: FieldResult) -> str:
    share = field.score("valid_share")
    return NOTHING if share is None or share.value is None else f"{share.value:.0%}"


def _people(field: FieldResult, metric: str) -> str:
    """Return the agreement of people with each other on the same metric."""
    values = [
        line.value
        for pair in field.humans
        if "model" not in (pair.first, pair.second) and "gold" not in (pair.first, pair.second)
        for line in pair.scores
        if line.metric == metric and line.value is not None
    ]
    return f"{sum(values) / len(values):.4f}" if values else ""


def _tell_warnings(scored: Scored) -> None:
    warnings = [*scored.warnings, *scored.assessment.warnings]
    warnings += [
        f"{field.column}: {each}" for field in scored.assessment.fields for each in field.warnings
    ]
    if not warnings:
        return
    heading(counted(len(warnings), "warning"), apart=True)
    for each in warnings[:_WARNINGS_SHOWN]:
        say(f"  {each}")
    if len(warnings) > _WARNINGS_SHOWN:
        say(f"  and {len(warnings) - _WARNINGS_SHOWN:,} more; `scores.json` has all of them")


def _tell_next(found: Annotated, session: Session) -> None:
    folder = near(str(found.folder.path))
    heading("next", apart=True)
    if not found.folder.is_complete:
        say("  the same command again: it asks what has no reply yet")
    say(f"  {session.command('report', folder, '--to', 'report.html')}")
    field = (
        next((each.column for each in found.scored.assessment.fields if each.headline), None)
        if found.scored
        else None
    )
    if field:
        name = f"{found.folder.config['task_name']}/{field}"
        say(f"  {session.command('leaderboard', name)}")


def tell_sweep(planned: Sequence[Planned], done: Sequence[Swept], session: Session) -> None:
    """Print the runs of a sweep, each with how it ended or that it would be run."""
    ended = dict(enumerate(done))
    columns = [
        Column("run", is_name=True, is_optional=True),
        Column("task"),
        Column("model"),
        Column("settings", is_optional=True),
        Column("state"),
    ]
    names = _varying(planned)
    print_rows(columns, [_sweep_row(plan, ended.get(at), names) for at, plan in enumerate(planned)])
    _tell_comparison([each.run for each in done if each.run and each.run.scored])
    for each in done:
        if each.failure:
            say(f"{each.planned.settings.provider.model}: {each.failure}")
    places = dict.fromkeys(
        near(str(each.run.folder.path.parent)) for each in done if each.run is not None
    )
    if places:
        heading("next", apart=True)
        for place in places:
            say(f"  {session.command('report', place, '--to', 'report.html')}")


def _tell_comparison(runs: Sequence[Annotated]) -> None:
    """Print what runs scored: a row a field, or where there are many runs a row a run."""
    lines = {
        field.column: field.headline[0]
        for run in runs
        if run.scored
        for field in run.scored.assessment.fields
        if field.headline
    }
    if not lines:
        return
    heading("scores with their intervals", apart=True)
    names = _names(runs)
    if len(runs) > _RUNS_ACROSS:
        columns = [Column("run", is_name=True), *(Column(name, "right") for name in lines)]
        print_rows(
            columns,
            [
                (name, *(_headline(run, column) for column in lines))
                for name, run in zip(names, runs, strict=True)
            ],
        )
        return
    columns = [Column("field", is_name=True), Column("metric")]
    columns += [Column(name, "right") for name in names]
    print_rows(
        columns,
        [
            (safe(column), metric, *(_headline(run, column) for run in runs))
            for column, metric in lines.items()
        ],
    )


def _names(runs: Sequence[Annotated]) -> list[str]:
    """Return models, or where they are not distinct the ids of runs."""
    models = [safe(str(run.folder.config["model"])) for run in runs]
    return models if len(set(models)) == len(models) else [run.folder.run_id for run in runs]


def _sweep_row(plan: Planned, end: Swept | None, names: Sequence[str]) -> tuple[str, ...]:
    settings = _flat(plan)
    run = end.run if end else None
    return (
        run.folder.run_id if run else "",
        plan.task.name,
        safe(f"{plan.settings.provider.provider} {plan.settings.provider.model}"),
        safe(", ".join(f"{name} {settings[name]}" for name in names)),
        _state(end),
    )


def _state(end: Swept | None) -> str:
    if end is None:
        return "to be run"
    if end.run is None:
        return "failed"
    if end.is_stopped:
        return "stopped"
    if end.run.was_there:
        return "done before"
    return "complete" if end.run.folder.is_complete else "incomplete"


def _headline(run: Annotated | None, column: str) -> str:
    if run is None or run.scored is None:
        return ""
    for field in run.scored.assessment.fields:
        line = field.score(field.headline[0]) if field.headline else None
        if field.column == column and line:
            interval = _interval(line)
            return number(line.value, "proportion") + (f" ({interval})" if interval else "")
    return NOTHING


def _flat(plan: Planned) -> dict[str, Any]:
    """Return the settings by which runs of a sweep may differ, by name."""
    asking, sampling = plan.settings.asking, plan.settings.asking.sampling
    found = {name: getattr(asking, name) for name in vars(asking) if name != "sampling"}
    found |= {name: getattr(sampling, name) for name in sampling.__struct_fields__}
    return found | {"limit": plan.settings.limit}


def _varying(planned: Sequence[Planned]) -> list[str]:
    settings = [_flat(plan) for plan in planned]
    names = settings[0] if settings else {}
    return [name for name in names if len({str(each[name]) for each in settings}) > 1]


def as_data(run: Annotated) -> dict[str, Any]:
    """Return a run as plain data."""
    return {
        "run_id": run.folder.run_id,
        "folder": str(run.folder.path),
        "status": run.folder.config["status"],
        "was_there": run.was_there,
        "is_stopped": run.is_stopped,
        "scores": run.scored.assessment if run.scored else None,
    }


def swept_as_data(swept: Swept) -> dict[str, Any]:
    """Return a run of a sweep as plain data, also one that failed."""
    provider = swept.planned.settings.provider
    named = {
        "task": str(swept.planned.task),
        "provider": provider.provider,
        "model": provider.model,
        "failure": swept.failure or None,
    }
    return {**named, **as_data(swept.run)} if swept.run else named
