"""The command that scores answers: those of a run, or of any table."""

from __future__ import annotations

from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalhouse.cli.annotation_pages import tell_scores
from evalhouse.cli.output import heading, say, write_json
from evalhouse.cli.session import Session
from evalhouse.cli.text import counted, near

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from evalhouse.workflows.annotation.rescoring import Rescoring


class Definition(StrEnum):
    """Whose metrics are computed."""

    evalhouse = "evalhouse"
    codebook_lab = "codebook-lab"


class AbsentRule(StrEnum):
    """What a row is that has a gold answer and none from the model."""

    wrong = "wrong"
    exclude = "exclude"


def score(  # noqa: PLR0913 - each parameter is an option of the command
    context: typer.Context,
    where: Annotated[
        str, typer.Argument(metavar="RUN", help="A run's folder or id, or a CSV file of answers.")
    ],
    *,
    task: Annotated[
        str | None, typer.Option(metavar="TASK", help="The task's folder; else the run's own.")
    ] = None,
    definition: Annotated[
        Definition, typer.Option(help="Whose numbers: ours, or those of codebook-lab 1.4.0.")
    ] = Definition.evalhouse,
    absent: Annotated[
        AbsentRule, typer.Option(help="Whether a missing answer is wrong, or left out.")
    ] = AbsentRule.wrong,
    level: Annotated[float, typer.Option(help="Confidence of the intervals.")] = 0.95,
    resamples: Annotated[
        int | None, typer.Option(min=1, help="Of each bootstrap.", metavar="N")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstraps.", metavar="N")] = 0,
    id_column: Annotated[
        str | None, typer.Option("--id", metavar="COLUMN", help="The column with ids of rows.")
    ] = None,
    clusters: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="What makes rows alike, as a document.")
    ] = None,
    to: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Write the scores there instead.")
    ] = None,
    no_house: Annotated[
        bool, typer.Option("--no-house", help="Take nothing into the house.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the scores as JSON.")] = False,
) -> None:
    """Score answers against a task's gold; scores of a run take the place of earlier ones."""
    from evalhouse.workflows.annotation.rescoring import (  # noqa: PLC0415 - heavy
        Rescoring,
        find_place,
        rescore,
    )

    chosen = {"resamples": resamples} if resamples else {}
    how = Rescoring(
        task=Path(task) if task else None,
        scoring=_scoring(definition, absent, level=level, seed=seed, **chosen),
        id_column=id_column,
        clusters=clusters,
        to=Path(to) if to else None,
    )
    is_kept = find_place(where).is_ours and to is None and definition is Definition.evalhouse
    opened: AbstractContextManager[Any] = (
        Session.of(context).write() if is_kept and not no_house else nullcontext()
    )
    with opened as house:
        place, scored = rescore(where, how, house.store if house else None)
    if json:
        write_json(scored.assessment)
        return
    assessment = scored.assessment
    heading(f"{assessment.task}: {near(str(place.table))}, {counted(assessment.matched, 'row')}")
    tell_scores(scored)
    _tell_kept(how, is_kept=is_kept)


def _scoring(definition: Definition, absent: AbsentRule, **others: Any) -> Any:
    from evalhouse.scoring import Scoring  # noqa: PLC0415 - heavy

    return Scoring(definition=definition.value, absent=absent.value, **others)


def _tell_kept(how: Rescoring, *, is_kept: bool) -> None:
    if how.to is not None:
        say(f"written to {near(str(how.to))}")
    elif not is_kept:
        say("nothing was written; `--to FOLDER` keeps the scores")
