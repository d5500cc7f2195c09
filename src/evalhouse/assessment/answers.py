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
    """

    ids: tuple[str, ...]
    cells: Mapping[str, Sequence[Cell]]
    statuses: Mapping[str, Sequence[str]] = field(default_factory=dict)
    repeats: Sequence[Mapping[str, Sequence[Cell]]] = ()
