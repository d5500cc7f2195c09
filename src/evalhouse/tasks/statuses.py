"""What became of a question: an answer, or the reason why there is none."""

from __future__ import annotations

from typing import Literal, get_args

from evalhouse.metrics.labels import Absent
from evalhouse.scoring.cells import Cell

Status = Literal["ok", "repaired", "invalid", "refused", "truncated", "not_applicable", "failed"]
STATUSES: tuple[Status, ...] = get_args(Status)
"""`repaired` is an answer whose spans were found again by the words that it quotes."""

STATUS_SUFFIX = "__status"
"""What follows a field's column in the name of the column that tells the status of its answers."""

_ABSENT = {
    "invalid": Absent.INVALID,
    "refused": Absent.INVALID,
    "truncated": Absent.INVALID,
    "not_applicable": Absent.NOT_APPLICABLE,
    "failed": Absent.FAILED,
}


def cell_of(status: str, cell: str) -> Cell:
    """Return an answer as scores take it: what is written, or the kind of absence.

    Example:
        >>> cell_of("ok", "support"), cell_of("refused", "")
        ('support', <Absent.INVALID: -3>)
    """
    return _ABSENT.get(status, cell)
