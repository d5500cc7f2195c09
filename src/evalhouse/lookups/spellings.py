"""Spellings of what lookup tables hold: the names of their rows, and those of the alias file."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, TypeVar

from evalhouse.errors import HouseError
from evalhouse.lookups.files import read_file
from evalhouse.lookups.rows import named_rows
from evalhouse.records import Architecture, Entity, FileFormat, QuantizationMethod, SourceType

ALIASES = "model_names"
PREFIXES = "quantization_prefixes"
_SPELLED: tuple[type[Entity], ...] = (QuantizationMethod, Architecture, FileFormat, SourceType)
_SEPARATORS = re.compile(r"[\s_-]+")

Record = TypeVar("Record", bound=Entity)


def folded(text: str) -> str:
    """Return a spelling without what makes no difference: case, blanks, `-` and `_`.

    Example:
        >>> folded("Q4_K_M") == folded("q4-k m")
        True
    """
    return _SEPARATORS.sub("", text).casefold()


def found_in(record: type[Record], text: str) -> Record | None:
    """Return the row of a lookup table that a spelling stands for; None where it has none."""
    return _spellings(record).get(folded(text))


def named_prefixes() -> tuple[str, ...]:
    """Return what may stand before the name of a quantization without changing it."""
    return tuple(_aliases()[PREFIXES])


@cache
def spellings(record: type[Entity]) -> tuple[str, ...]:
    """Return every spelling of a lookup table, as the files write them."""
    names = [str(getattr(row, "name", "")) for row in named_rows(record)]
    return (*names, *(text for texts in _aliases()[record.table].values() for text in texts))


@cache
def _spellings(record: type[Record]) -> dict[str, Record]:
    rows = {str(getattr(row, "name", "")): row for row in named_rows(record)}
    found = {folded(name): row for name, row in rows.items()}
    for name, texts in _aliases()[record.table].items():
        if name not in rows:
            raise _fault(f"names `{name}`, which `{record.table}.toml` does not have")
        for text in texts:
            if found.setdefault(folded(text), rows[name]) is not rows[name]:
                raise _fault(f"has `{text}` for two rows of `{record.table}`")
    return found


@cache
def _aliases() -> dict[str, Any]:
    found = read_file(ALIASES)
    tables = {record.table for record in _SPELLED}
    unknown = set(found) - tables - {"source", PREFIXES}
    if unknown:
        raise _fault(f"has the unknown key `{min(unknown)}`")
    for table in tables:
        if not all(_are_texts(texts) for texts in found.setdefault(table, {}).values()):
            raise _fault(f"has spellings under `{table}` that are no lists of texts")
    if not _are_texts(found.setdefault(PREFIXES, [])):
        raise _fault(f"has `{PREFIXES}` that are no list of texts")
    return found


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) and text for text in value)


def _fault(what: str) -> HouseError:
    return HouseError(f"`data/lookups/{ALIASES}.toml` {what}")
