"""Cells of a table as answers: what is written is what is meant.

No word stands for absence: `None` and `NA` are text. An empty cell is missing, but for spans,
where it says that there are none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import NoneType
from typing import Any

import msgspec
import numpy as np

from evalhouse.errors import UsageError
from evalhouse.metrics.labels import Absent, Label, Labels, encode, is_missing
from evalhouse.metrics.spans import Span
from evalhouse.scoring.field import Field

Cell = str | Absent | None
_PLAIN = (str, Absent, NoneType)
_TICKED = {"1": True, "true": True, "yes": True, "checked": True}
_TICKED |= {"0": False, "false": False, "no": False, "unchecked": False}
_POINT = re.compile(r"([+-]?\d{1,18})(?:\.0*)?")  # longer ones are no points, and may not fit


def written(field: Field, cells: Iterable[Any]) -> list[Cell]:
    """Return a column as the cells that a file would hold.

    NaN and pandas' NA are missing. Numbers and booleans, which libraries make of cells unasked,
    are written out again.

    Raises:
        UsageError: for what is no column, and for cells that are no text.

    Example:
        >>> written(Field("likes", "likert", scale=(1, 5)), [4.0, "4", float("nan")])
        ['4.0', '4', None]
    """
    if isinstance(cells, str | Mapping) or hasattr(cells, "columns"):
        raise UsageError(
            f"`{field.name}` needs a column of cells; found one `{type(cells).__name__}`"
        )
    listed = cells.to_pylist() if hasattr(cells, "to_pylist") else list(cells)
    return [cell if isinstance(cell, _PLAIN) else _written(field, cell) for cell in listed]


def _written(field: Field, cell: object) -> str | None:
    if is_missing(cell):
        return None
    if not isinstance(cell, bool | np.bool_ | int | float | np.number):
        raise UsageError(
            f"`{field.name}` has a cell of type `{type(cell).__name__}`; expected text as a file "
            "holds it"
        )
    return str(cell)


def read_labels(field: Field, cells: Sequence[Cell]) -> Labels:
    """Read a column of a checkbox (False, True), dropdown (its options) or Likert scale (points).

    What is none of the allowed answers is `Absent.INVALID`. Surrounding space does not count, nor
    does case where an option stays the only one that fits. A checkbox takes 1, true, yes, checked
    and 0, false, no, unchecked; a point of a scale may be written `4.0`.

    Example:
        >>> read_labels(Field("stance", "dropdown", ("for", "against")), ["For", "", "both"])
        Labels(codes=array([ 0, -1, -3]), names=('for', 'against'))
    """
    coded = encode([cell if cell != "" else None for cell in cells])
    reader, names = _READERS[field.kind](field)
    place = {name: position for position, name in enumerate(names)}
    read = [reader(str(text).strip()) for text in coded.names]
    if not names:
        found = {value for value in read if not isinstance(value, Absent)}
        place = {name: position for position, name in enumerate(sorted(found))}
    targets = [int(value) if isinstance(value, Absent) else place[value] for value in read]
    order = np.array([*targets, -4, -3, -2, -1], np.int64)  # negative codes count from the end
    return Labels(order[coded.codes], tuple(place))


def _checkbox(_: Field) -> tuple[Callable[[str], Label | Absent], tuple[Label, ...]]:
    def read(text: str) -> Label | Absent:
        known = _TICKED.get(text.removesuffix(".0").lower(), Absent.INVALID)
        return known if text else Absent.MISSING

    return read, (False, True)


def _dropdown(field: Field) -> tuple[Callable[[str], Label | Absent], tuple[Label, ...]]:
    lowered: dict[str, list[str]] = {}
    for option in field.options:
        lowered.setdefault(option.strip().lower(), []).append(option)

    def read(text: str) -> Label | Absent:
        if not text:
            return Absent.MISSING
        if not field.options or text in field.options:
            return text
        near = lowered.get(text.lower(), [])
        return near[0] if len(near) == 1 else Absent.INVALID

    return read, field.options


def _likert(field: Field) -> tuple[Callable[[str], Label | Absent], tuple[Label, ...]]:
    def read(text: str) -> Label | Absent:
        if not text:
            return Absent.MISSING
        match = _POINT.fullmatch(text)
        if not match:
            return Absent.INVALID
        point = int(match[1])
        return point if not field.scale or point in field.points else Absent.INVALID

    return read, field.points


_READERS: dict[
    str, Callable[[Field], tuple[Callable[[str], Label | Absent], tuple[Label, ...]]]
] = {
    "checkbox": _checkbox,
    "dropdown": _dropdown,
    "likert": _likert,
}


def read_sets(field: Field, cells: Sequence[Cell]) -> list[frozenset[str] | Absent]:
    """Read a column of a multiselect: JSON lists, or options separated by `|`.

    `[]` is nothing selected; an option that is not allowed makes the answer `Absent.INVALID`.

    Example:
        >>> read_sets(Field("topics", "multiselect", ("a", "b")), ['["a"]', "[]", "c", ""])
        [frozenset({'a'}), frozenset(), <Absent.INVALID: -3>, <Absent.MISSING: -1>]
    """
    read, _ = _dropdown(field)

    def one(cell: Cell) -> frozenset[str] | Absent:
        if isinstance(cell, Absent) or not cell or not cell.strip():
            return cell if isinstance(cell, Absent) else Absent.MISSING
        if cell.strip() in field.options:  # which may hold a bar or begin with a bracket
            return frozenset([cell.strip()])
        listed = _json_list(cell) if cell.lstrip().startswith("[") else cell.split("|")
        if isinstance(listed, Absent):
            return listed
        options = [
            read(part.strip()) if isinstance(part, str) else Absent.INVALID for part in listed
        ]
        if any(isinstance(option, Absent) for option in options):
            return Absent.INVALID
        return frozenset(map(str, options))

    return [one(cell) for cell in cells]


def _json_list(text: str) -> list[Any] | Absent:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):  # brackets without end
        return Absent.INVALID
    return found if isinstance(found, list) else Absent.INVALID


def read_spans(cells: Sequence[Cell]) -> list[list[Span] | Absent]:
    """Read a column of spans: a JSON list of objects with `start`, `end` and perhaps `label`.

    An empty cell says that there are none. What is no such list is `Absent.INVALID`.

    Example:
        >>> read_spans(['[{"start": 4, "end": 7, "label": "A"}]', "", "none"])
        [[Span(start=4, end=7, label='A')], [], <Absent.INVALID: -3>]
    """
    return [_spans(cell) for cell in cells]


class _Marked(msgspec.Struct):
    start: int
    end: int
    label: str | None = None


_SPANS = msgspec.json.Decoder(list[_Marked])


def _spans(cell: Cell) -> list[Span] | Absent:
    if isinstance(cell, Absent):
        return cell
    if not cell or not cell.strip():
        return []
    try:
        return [Span(one.start, one.end, one.label) for one in _SPANS.decode(cell)]
    except (msgspec.DecodeError, UnicodeError):
        return Absent.INVALID


def read_texts(cells: Sequence[Cell]) -> list[str | Absent]:
    """Read a column of text; an empty cell is missing."""
    return [cell if isinstance(cell, Absent) else cell or Absent.MISSING for cell in cells]
