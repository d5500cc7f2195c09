"""The command that compares models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from evalhouse.cli.output import (
    Column,
    TableFormat,
    heading,
    print_rows,
    say,
    write_arrow,
)
from evalhouse.cli.session import Session
from evalhouse.cli.text import NOTHING, number, safe
from evalhouse.errors import UsageError

if TYPE_CHECKING:
    from evalhouse.views.contest import Entrant, Measure
    from evalhouse.views.leaderboard import Groups, Leaderboard, Row
    from evalhouse.views.pivot import Pivot

REVISION = Column("revision", is_optional=True)
_DIRECTIONS = {True: "higher is better", False: "lower is better", None: "direction unknown"}


def leaderboard(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="SUITE_OR_TASK", help="Name, or path in the tree.")
    ],
    *,
    metric: Annotated[
        str | None, typer.Option(metavar="M", help="Metric; else the primary one of the task.")
    ] = None,
    group_by: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="Group by a setting, as num_shots; may be repeated."),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Only results with a setting; may be repeated."),
    ] = None,
    pivot: Annotated[
        bool, typer.Option("--pivot", help="Models against the members of the suite.")
    ] = False,
    form: Annotated[
        TableFormat, typer.Option("--format", help="How to print.")
    ] = TableFormat.table,
) -> None:
    """Rank models by a score, each with its standard error and the run it comes from."""
    conditions = _conditions(where or [])
    if pivot and group_by:
        raise UsageError("`--pivot` shows single runs and `--group-by` groups; leave one out")
    board: Leaderboard | Groups | Pivot
    with Session.of(context).read() as house:
        if pivot:
            board = house.pivot(name, metric=metric, where=conditions)
        else:
            keys = group_by or []
            board = house.leaderboard(name, metric=metric, group_by=keys, where=conditions)
    if form is TableFormat.table:
        _print(board)
    else:
        write_arrow(board.to_arrow(), form)


def _conditions(given: Sequence[str]) -> dict[str, list[str]]:
    """Return the values that each key may have."""
    found: dict[str, list[str]] = {}
    for condition in given:
        key, equals, value = condition.partition("=")
        if not (equals and key):
            raise UsageError(f"`--where {condition}` has no `=`; expected KEY=VALUE")
        found.setdefault(key, []).append(value)
    return found


def _print(board: Leaderboard | Groups | Pivot) -> None:
    from evalhouse.views.leaderboard import Groups, Leaderboard  # noqa: PLC0415 - loaded by now

    heading(_title(board.title, board.measure))
    if isinstance(board, Leaderboard):
        _print_rows(board)
    elif isinstance(board, Groups):
        _print_groups(board)
    else:
        _print_pivot(board)
    say(*(f"note: {note}" for note in board.notes))


def _title(name: str, measure: Measure) -> str:
    parts = [measure.metric or "several metrics", measure.unit or "unit unknown"]
    return f"{name}: {', '.join(parts)}, {_DIRECTIONS[measure.higher_is_better]}"


def _print_rows(board: Leaderboard) -> None:
    if not board.rows:
        say("no result has these settings")
        return
    mixed = board.measure.metric is None
    columns = [Column("#", "right"), Column("model", is_name=True), REVISION]
    columns += [Column("value", "right"), Column("stderr", "right"), Column("items", "right")]
    columns += [*([Column("metric")] if mixed else []), Column("origin")]
    columns += [Column("run", is_name=True), Column("label", is_optional=True)]
    print_rows(columns, [_line(place, row, mixed=mixed) for place, row in enumerate(board.rows, 1)])
    for row in board.rows:
        if row.score.value is None:
            say(f"note: {row.entrant.model} in {row.entrant.run} has no value: {row.score.note}")


def _line(place: int, row: Row, *, mixed: bool) -> list[str]:
    who, score = row.entrant, row.score
    cells = [
        str(place) if score.value is not None else NOTHING,
        who.model,
        who.revision or "",
        number(score.value, score.unit),
        number(score.stderr, score.unit),
        f"{score.n_items:,}" if score.n_items is not None else NOTHING,
        *([score.metric or NOTHING] if mixed else []),
        score.origin,
        who.run,
        _label(who),
    ]
    return [safe(cell) for cell in cells]


def _label(who: Entrant) -> str:
    """Return the label without the names that stand beside it."""
    label = who.label or ""
    for name in (who.model, who.revision):
        if name and f"{label} ".startswith(f"{name} "):
            label = label.removeprefix(name).lstrip()
    return label


def _print_groups(board: Groups) -> None:
    if not board.groups:
        say("no result has these settings")
        return
    unit = board.measure.unit
    columns = [Column(key) for key in board.keys]
    columns += [Column("mean", "right"), Column("runs", "right"), Column("best", "right")]
    columns += [Column("best model", is_name=True), Column("its run", is_name=True)]
    rows = []
    for group in board.groups:
        best = group.best
        cells = [value if value is not None else NOTHING for value in group.values]
        cells += [number(group.mean, unit), f"{group.runs:,}"]
        cells += [number(best.score.value if best else None, unit)]
        cells += [best.entrant.model, best.entrant.run] if best else [NOTHING, NOTHING]
        rows.append([safe(cell) for cell in cells])
    print_rows(columns, rows)


def _print_pivot(board: Pivot) -> None:
    columns = [Column("model", is_name=True), REVISION, Column("run", is_name=True)]
    columns += [Column(task, "right") for task in board.tasks]
    rows = []
    for row in board.rows:
        who = row.entrant
        scores = [number(s.value, s.unit) if s else NOTHING for s in row.scores]
        rows.append([safe(cell) for cell in (who.model, who.revision or "", who.run, *scores)])
    if not rows:
        say("no result has these settings")
        return
    print_rows(columns, rows)
