"""What a run says in the end: of several repeats what they have in common, row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from evalhouse.assessment.answers import Answered
from evalhouse.assessment.majority import majority_cells
from evalhouse.engine.answers import Answer
from evalhouse.engine.interview import Answers, settled
from evalhouse.engine.prompts import Prompts
from evalhouse.engine.run import Outcome
from evalhouse.scoring.cells import Cell
from evalhouse.tasks.statuses import cell_of

UNASKED = Answer("failed", reason="the run was stopped before this row")


@dataclass(frozen=True)
class Results:
    """The final answers of a run by row, and the repeats that they are made from."""

    columns: tuple[str, ...]
    rows: Sequence[Answers]
    repeats: Sequence[Sequence[Answers]]
    texts: Sequence[str]

    def answered(self, ids: Sequence[str]) -> Answered:
        """Return the answers as they are assessed; `ids` are those of the rows."""
        repeats = [_by_column(self.columns, rows) for rows in self.repeats]
        return Answered(
            tuple(ids),
            _by_column(self.columns, self.rows),
            {column: [row[column].status for row in self.rows] for column in self.columns},
            repeats if len(repeats) > 1 else (),
            self.texts,
        )


def results_of(outcome: Outcome, prompts: Prompts, texts: Sequence[str]) -> Results:
    """Return what a run says in the end; `texts` are what it was asked about."""
    nothing = dict.fromkeys(prompts.columns, UNASKED)
    repeats = [[row or nothing for row in rows] for rows in outcome.answers]
    rows = repeats[0] if len(repeats) == 1 else _joined(prompts, repeats, texts)
    return Results(prompts.columns, rows, repeats, texts)


def _joined(
    prompts: Prompts, repeats: Sequence[Sequence[Answers]], texts: Sequence[str]
) -> list[Answers]:
    """Vote on each field; what depends on another field follows the outcome of that vote."""
    by_column = {}
    for annotation in prompts.annotations:
        column = annotation.column
        cells = [[_cell(row[column]) for row in rows] for rows in repeats]
        votes = [[row[column] for row in rows] for rows in repeats]
        found = majority_cells(annotation.field, cells, texts=texts)
        by_column[column] = [
            _verdict(cell, each) for cell, each in zip(found, zip(*votes, strict=True), strict=True)
        ]
    rows = (dict(zip(by_column, row, strict=True)) for row in zip(*by_column.values(), strict=True))
    return [settled(prompts.codebook, prompts.columns, row) for row in rows]


def _verdict(cell: Cell, votes: Sequence[Answer]) -> Answer:
    """Return the answer of a vote: as the first vote for it, or with the usual reason for none."""
    same = next((vote for vote in votes if vote.is_given and vote.cell == cell), None)
    if same is not None:
        return same
    if isinstance(cell, str):
        return Answer("ok", cell)
    given = [vote for vote in votes if cell_of(vote.status, vote.cell) is cell] or list(votes)
    usual = Counter(vote.status for vote in given).most_common(1)[0][0]
    return next(vote for vote in given if vote.status == usual)


def _cell(answer: Answer) -> Cell:
    return cell_of(answer.status, answer.cell)


def _by_column(columns: Sequence[str], rows: Sequence[Answers]) -> dict[str, list[Cell]]:
    return {column: [_cell(row[column]) for row in rows] for column in columns}
