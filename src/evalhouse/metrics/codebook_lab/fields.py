"""The fields of a codebook, and to which rows each applies."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evalhouse.metrics.codebook_lab.columns import Column
from evalhouse.metrics.codebook_lab.marks import entries

FieldType = Literal["checkbox", "dropdown", "likert", "textbox", "span"]
Rows = NDArray[np.bool_]


@dataclass(frozen=True)
class Condition:
    """A field is asked only where the answer in the column `parent` is `value`.

    With a `parent` that is no field of the codebook, or `None`, it is asked everywhere.
    """

    parent: str | None
    value: Any


@dataclass(frozen=True)
class Field:
    """One annotation of a codebook, as far as its scores depend on it.

    `column` is "<section name>_<name>". A field without a type is a dropdown, and of a type that
    codebook-lab does not know only the agreement is scored. Only the functions for several coders
    look at `options`, `min_value` and `max_value`.
    """

    column: str
    type: FieldType | str = "dropdown"
    options: tuple[str, ...] = ()
    label_options: tuple[str, ...] = ()
    min_value: int | None = None
    max_value: int | None = None
    condition: Condition | None = None


def applicable(fields: Sequence[Field], gold: Mapping[str, Column], length: int) -> dict[str, Rows]:
    """Say for each column which of `length` rows its field applies to, by the gold answers."""
    by_column = {field.column: field for field in fields}
    return {name: _applies(field, by_column, gold, length) for name, field in by_column.items()}


def _applies(
    field: Field, fields: Mapping[str, Field], gold: Mapping[str, Column], length: int
) -> Rows:
    rows = np.ones(length, bool)
    seen: set[str] = set()
    # A ring of conditions ends where it closes: what it asks so far still holds.
    while field.condition is not None and field.column not in seen:
        seen.add(field.column)
        parent = fields.get(field.condition.parent or "")
        if parent is None:
            break
        rows &= _matches(gold.get(parent.column), parent, field.condition.value)
        field = parent
    return rows


def _matches(answers: Column | None, parent: Field, value: Any) -> Rows | bool:
    normalise = _NORMALISERS.get(parent.type, _plain)
    wanted = normalise(value)
    if parent.type == "dropdown" and parent.options:
        # Only the condition is put into the spelling of the options; the answers are not.
        options = {option.lower(): option for option in reversed(parent.options)}
        wanted = options.get(str(wanted).lower())
    if answers is None:
        return wanted is not None and normalise(None) == wanted
    return answers.where(lambda text: wanted is not None and normalise(text) == wanted)


def _checkbox(value: Any) -> object:
    if isinstance(value, str):
        return TICKS.get(value.strip().lower(), value)
    return int(value) if value in (0, 1) else None


def _likert(value: Any) -> object:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return value if isinstance(value, str) else None


def _dropdown(value: Any) -> object:
    if value is None or isinstance(value, (list, dict)):
        return None
    return str(value).strip().strip("`").strip() or None


def _textbox(value: Any) -> object:
    return _plain(value) or None


def _span(value: Any) -> object:
    return entries(value if isinstance(value, str) else json.dumps(value))


def _plain(value: Any) -> object:
    return None if value is None else str(value).strip()


TICKS = {"1": 1, "true": 1, "yes": 1, "0": 0, "false": 0, "no": 0}
_NORMALISERS: dict[str, Callable[[Any], object]] = {
    "checkbox": _checkbox,
    "likert": _likert,
    "dropdown": _dropdown,
    "textbox": _textbox,
    "span": _span,
}
