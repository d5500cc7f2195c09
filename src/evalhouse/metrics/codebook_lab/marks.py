"""What codebook-lab makes of a cell with spans."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

_DECODER = json.JSONDecoder()


class Mark(NamedTuple):
    """One span that can be scored."""

    start: int
    end: int
    label: str | None


class UnreadableMarksError(Exception):
    """A cell over which codebook-lab gives up the whole field."""


def entries(cell: str) -> list[dict[str, Any]]:
    """Return the objects in a cell that holds a list; any other cell has none.

    Raises:
        UnreadableMarksError: for lists that are nested too deeply.
    """
    if not cell:
        return []
    try:
        found = _DECODER.decode(cell)
    except ValueError:
        return []
    except RecursionError as failure:
        raise UnreadableMarksError("a cell is nested too deeply") from failure
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def parsed(cell: str) -> tuple[Mark, ...] | None:
    """Return the spans in a cell: what has whole numbers, or text of such, as offsets.

    `None` says that there is no object at all, not even one that is no span.

    Raises:
        UnreadableMarksError: for endless offsets, and as `entries` does.
    """
    held = entries(cell)
    if not held:
        return None
    return tuple([mark for mark in map(_mark, held) if mark is not None])


def _mark(entry: dict[str, Any]) -> Mark | None:
    start, end, label = entry.get("start"), entry.get("end"), entry.get("label")
    if start is None or end is None:
        return None
    try:
        return Mark(int(start), int(end), str(label) if label else None)
    except (TypeError, ValueError):
        return None
    except OverflowError as failure:
        raise UnreadableMarksError("an offset is infinite") from failure
