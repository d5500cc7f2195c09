"""What a cell says: the normal form of an answer, whatever the spelling."""

from __future__ import annotations

from evalhouse.metrics.labels import Absent
from evalhouse.scoring.cells import Cell, read_labels, read_sets
from evalhouse.scoring.field import Field

Answer = str | frozenset[str] | Absent
_MOST_KEPT = 10_000


def normal(field: Field, cell: Cell) -> Answer:
    """Return what a cell says: equal for equal answers, and the reason where there is none.

    A checkbox gives `1` or `0`, a dropdown the codebook's spelling, a Likert scale its point, a
    multiselect a set; text and spans stay as they are, without surrounding space.

    Example:
        >>> normal(Field("relevant", "checkbox"), "Yes")
        '1'
        >>> normal(Field("stance", "dropdown", ("for", "against")), "both")
        <Absent.INVALID: -3>
    """
    if isinstance(cell, Absent):
        return cell
    if field.kind in ("textbox", "span"):
        return (cell or "").strip() or Absent.MISSING
    if field.kind == "multiselect":
        return read_sets(field, [cell])[0]
    labels = read_labels(field, [cell])
    code = int(labels.codes[0])
    if code < 0:
        return Absent(code)
    name = labels.names[code]
    return name if isinstance(name, str) else str(int(name))


class Answers(dict[Cell, Answer]):
    """The normal answers of one field by cell, each worked out once."""

    def __init__(self, field: Field) -> None:
        super().__init__()
        self._field = field

    def __missing__(self, cell: Cell) -> Answer:
        """Work out what a new cell says."""
        answer = normal(self._field, cell)
        if len(self) < _MOST_KEPT:
            self[cell] = answer
        return answer
