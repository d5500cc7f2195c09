"""Answers to a task, row by row, wherever they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evalhouse.scoring.cells import Cell


@dataclass(frozen=True)
class Answered:
    """Answers by column, each in the order of `ids`.

    `cells` holds what is written, or the kind of absence; `statuses` the status of each answer
    (`tasks.statuses`), for those columns of which it is known. `repeats` has the cells of every
    repeat where a run asked several times; `cells` is then what they have in common.

    `id_column` is the column that `ids` were read from, where it is known: a task whose rows are
    known by position is then joined by its own column of that name.

    With `is_positional` the rows have no ids of their own, and `ids` count them from 1; `texts`
    are what was asked about, for those who know them, and tell whether rows are the same.
    """

    ids: tuple[str, ...]
    cells: Mapping[str, Sequence[Cell]]
    statuses: Mapping[str, Sequence[str]] = field(default_factory=dict)
    repeats: Sequence[Mapping[str, Sequence[Cell]]] = ()
    texts: Sequence[str] | None = None
    is_positional: bool = False
    id_column: str | None = None
