"""Values as both databases hold them alike: text without U+0000, finite numbers, times in UTC."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal

import msgspec

from evalhouse.errors import HouseError
from evalhouse.records import Cell, Entity
from evalhouse.schema import TABLES

Dialect = Literal["sqlite", "postgresql"]

_CHUNK = 20_000  # rows converted at once, so that a large commit is never held twice
_LARGEST = 2**63 - 1  # whole numbers have 64 bits on both databases
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def stored_text(text: str) -> str:
    r"""Return `text` as the catalog holds it: U+0000 and lone surrogates as JSON escapes.

    >>> stored_text("a\x00b")
    'a\\u0000b'
    """
    if text.isascii() and "\x00" not in text:
        return text
    return _UNSTORABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def stored_time(moment: datetime, dialect: Dialect) -> datetime | str:
    """Return an aware time as the database takes it: SQLite holds ISO 8601 text in UTC."""
    if moment.tzinfo is None:
        raise ValueError(f"the time {moment} has no time zone")
    in_utc = moment.astimezone(UTC)
    return in_utc if dialect == "postgresql" else in_utc.isoformat(timespec="microseconds")


def stored_rows(entities: Sequence[Entity], dialect: Dialect) -> Iterator[tuple[Any, ...]]:
    """Yield the values of entities of one type, in the order of the fields of that type.

    Raises HouseError where a whole number does not fit its column.
    """
    if not entities:
        return
    record = type(entities[0])
    converters = _converters(record, dialect)
    floats = [record.__struct_fields__.index(name) for name in _of_kind(record.table, "float")]
    whole = [record.__struct_fields__.index(name) for name in _of_kind(record.table, "integer")]
    for start in range(0, len(entities), _CHUNK):
        chunk = entities[start : start + _CHUNK]
        columns = _columns(chunk)
        if any(_holds_odd(columns[place]) for place in floats):
            columns = _columns([_finite(entity) for entity in chunk])
        for place in whole:
            _require_storable(record, record.__struct_fields__[place], columns[place])
        yield from zip(
            *(
                column if convert is None else [v if v is None else convert(v) for v in column]
                for column, convert in zip(columns, converters, strict=True)
            ),
            strict=True,
        )


def _columns(entities: Sequence[Entity]) -> list[tuple[Any, ...]]:
    return list(zip(*map(msgspec.structs.astuple, entities), strict=True))


def _holds_odd(values: Sequence[float | None]) -> bool:
    """Return whether a value may not be finite: a sum tells that of all at once."""
    return not math.isfinite(sum(value for value in values if value is not None))


def _require_storable(record: type[Entity], name: str, values: Sequence[int | None]) -> None:
    odd = next((v for v in values if v is not None and not -_LARGEST <= v <= _LARGEST), None)
    if odd is not None:
        raise HouseError(
            f"`{record.table}.{name}` cannot hold a number of {odd.bit_length()} bits; expected a "
            f"whole number between -2^63 and 2^63; correct it in the source"
        )


def _converters(record: type[Entity], dialect: Dialect) -> list[Callable[[Any], Any] | None]:
    kinds = TABLES[record.table].by_name
    by_kind: dict[str, Callable[[Any], Any]] = {
        "text": stored_text,
        "json": stored_text,
        "timestamp": lambda moment: stored_time(moment, dialect),
    }
    return [by_kind.get(kinds[name].kind) for name in record.__struct_fields__]


def _finite(entity: Entity) -> Entity:
    """Empty what is not a finite number; a cell says so where a reader of the value looks."""
    odd = {
        name: value
        for name in _of_kind(entity.table, "float")
        if (value := getattr(entity, name)) is not None and not math.isfinite(value)
    }
    if not odd:
        return entity
    emptied: dict[str, Any] = dict.fromkeys(odd)
    if isinstance(entity, Cell):
        told = "; ".join(f"{name} was {value}" for name, value in odd.items())
        emptied["value_note"] = entity.value_note or told
    return msgspec.structs.replace(entity, **emptied)


@cache
def _of_kind(table: str, kind: str) -> tuple[str, ...]:
    return tuple(column.name for column in TABLES[table].columns if column.kind == kind)
