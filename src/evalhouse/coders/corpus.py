"""A corpus: model labels of all rows, and people's labels of some of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalhouse.coders.sheet import units_of
from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.labels import Absent
from evalhouse.tasks.answers import Answer, Answers
from evalhouse.tasks.codebook import Annotation, Codebook
from evalhouse.tasks.conditions import Applies
from evalhouse.tasks.faults import listed, shortened
from evalhouse.tasks.rows import Unit
from evalhouse.tasks.statuses import STATUS_SUFFIX, cell_of
from evalhouse.tasks.table import Table

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Source:
    """Answers to one field by id, with all cells that are no labels.

    An answer is `Absent.NOT_APPLICABLE` where the question does not arise.
    """

    file: str
    answers: Mapping[str, Answer]
    carried: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Corpus:
    """The rows of a model's table: its answers, and those of people as far as there are any.

    A row that people did not label is `Absent.MISSING` in `human`. `strangers` counts their labels
    of rows that the model's table lacks.
    """

    annotation: Annotation
    ids: tuple[str, ...]
    model: tuple[Answer, ...]
    human: tuple[Answer, ...]
    cells: tuple[Mapping[str, str], ...]
    strangers: int = 0

    def column(self, name: str) -> list[str]:
        """Return a column that holds no labels.

        Raises:
            UnknownNameError: where no row has it.
            UsageError: where only some have it.
        """
        known = dict.fromkeys(column for cells in self.cells for column in cells)
        if name not in known:
            raise UnknownNameError("column beside the labels", name, known)
        lacking = [
            row for row, cells in zip(self.ids, self.cells, strict=True) if name not in cells
        ]
        if lacking:
            raise UsageError(
                f"{len(lacking):,} rows have no column `{name}`, such as {listed(lacking, 2)}; it "
                "has to stand in the table with the model's labels, or for all rows in the other"
            )
        return [cells[name] for cells in self.cells]

    def numbers(self, name: str) -> Floats:
        """Return a column as numbers.

        Raises:
            UsageError: for a cell that is none.
        """
        return np.array(
            [
                _number(name, row, cell)
                for row, cell in zip(self.ids, self.column(name), strict=True)
            ]
        )

    def answered(self) -> Corpus:
        """Return the rows to which the model gave an answer, or said that none is asked for."""
        kept = [_is_there(answer) for answer in self.model]
        return self.where(np.array(kept, bool))

    def where(self, kept: Bools) -> Corpus:
        """Return some of the rows."""
        places = np.flatnonzero(kept).tolist()
        return Corpus(
            self.annotation,
            tuple(self.ids[at] for at in places),
            tuple(self.model[at] for at in places),
            tuple(self.human[at] for at in places),
            tuple(self.cells[at] for at in places),
            self.strangers,
        )

    @property
    def unanswered(self) -> dict[str, int]:
        """Count the rows without an answer of the model, by kind of absence."""
        kinds = Counter(
            each.name.lower()
            for each in self.model
            if isinstance(each, Absent) and not _is_there(each)
        )
        return dict(kinds.most_common())

    @property
    def has_human(self) -> Bools:
        """Which rows people labelled (n,)."""
        return np.array([_is_there(answer) for answer in self.human], bool)

    def marks(self, label: str) -> tuple[Floats, Floats]:
        """Return whether people, and the model, give a label (n,): 1 or 0, NaN without answer."""

        def mark(answer: Answer) -> float:
            return float(label in (answer if isinstance(answer, frozenset) else {answer}))

        return _values(self.human, mark), _values(self.model, mark)

    def points(self) -> tuple[Floats, Floats]:
        """Return the points of a scale by people and the model (n,).

        NaN without answer; where the question does not arise it is 0.
        """

        def point(answer: Answer) -> float:
            return float(answer) if isinstance(answer, str) else 0.0

        return _values(self.human, point), _values(self.model, point)

    def asked(self) -> tuple[Floats, Floats]:
        """Return whether the question arises by people and the model (n,), NaN if unknown."""

        def ask(answer: Answer) -> float:
            return float(answer is not Absent.NOT_APPLICABLE)

        return _values(self.human, ask), _values(self.model, ask)


def _is_there(answer: Answer) -> bool:
    return not isinstance(answer, Absent) or answer is Absent.NOT_APPLICABLE


def _values(answers: Sequence[Answer], value: Callable[[Answer], float]) -> Floats:
    return np.array([value(answer) if _is_there(answer) else math.nan for answer in answers])


def _number(name: str, row: str, cell: str) -> float:
    try:
        found = float(cell)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise UsageError(
            f"`{name}` is `{shortened(cell)}` in row `{shortened(row)}`; expected a number in "
            "every row; complete the column, or name another"
        )
    return found


def read_source(codebook: Codebook, column: str, table: Table, *, is_human: bool) -> Source:
    """Read the answers to a field of a table; with a column of statuses these tell of absence.

    Raises:
        UsageError: without the column of ids or of answers, for ids that are blank or stand twice,
            and for an answer of people that is not allowed.
    """
    ids = codebook.settings.id_column
    for wanted, what in ((ids, "ids"), (column, "answers")):
        if wanted is not None and wanted not in table.header:
            raise UsageError(
                f"`{table.file}` has no column `{wanted}` with {what} beside "
                f"{listed(table.header, 6)}"
            )
    known = Answers(codebook.by_column[column].field)
    answers: dict[str, Answer] = {}
    carried: dict[str, Mapping[str, str]] = {}
    for unit in units_of(codebook, table):
        name = unit.row.id.strip()
        if not name or name in answers:
            what = "stands twice" if name else "is blank"
            raise UsageError(
                f"`{table.file}:{unit.line}`: the id `{shortened(name)}` {what}; expected an id of "
                "its own for every row"
            )
        answers[name] = answer = _answer(codebook, column, unit, known)
        carried[name] = unit.carried
        if is_human and answer is Absent.INVALID:
            raise UsageError(
                f"`{table.file}:{unit.line}`: row `{shortened(name)}`, `{column}`: "
                f"`{shortened(unit.cells[column])}` is not allowed; correct the cell, or leave it "
                "empty"
            )
    return Source(table.file, answers, carried)


def _answer(codebook: Codebook, column: str, unit: Unit, known: Answers) -> Answer:
    status = unit.carried.get(column + STATUS_SUFFIX)
    if status:
        return known[cell_of(status, unit.cells[column])]
    if codebook.by_column[column].condition is not None:
        state = codebook.applicability(unit.cells)[column]
        if state is Applies.NO:
            return Absent.NOT_APPLICABLE
    return known[unit.cells[column]]


def joined(annotation: Annotation, model: Source, human: Source, other: Source) -> Corpus:
    """Put both sides together by id; `other` has cells that the model's table may lack.

    Raises:
        UsageError: where no row has labels of both.
    """
    has_label = [name for name, answer in human.answers.items() if _is_there(answer)]
    shared = [name for name in has_label if name in model.answers]
    if not shared:
        raise UsageError(
            f"no row of `{model.file}` has a gold label of `{annotation.column}` in "
            f"`{human.file}`: {len(model.answers):,} and {len(has_label):,} rows, none in common; "
            "compare the ids"
        )
    return Corpus(
        annotation,
        tuple(model.answers),
        tuple(model.answers.values()),
        tuple(human.answers.get(name, Absent.MISSING) for name in model.answers),
        tuple(
            dict(_cells(name, (other, human, model), annotation.column)) for name in model.answers
        ),
        len(has_label) - len(shared),
    )


def _cells(name: str, sources: Sequence[Source], column: str) -> Iterator[tuple[str, str]]:
    """Yield cells of a row; of a column that several have, the last source's counts."""
    for source in sources:
        for title, cell in source.carried.get(name, {}).items():
            if title != column + STATUS_SUFFIX:
                yield title, cell
