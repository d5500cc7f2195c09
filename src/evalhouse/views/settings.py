"""Configuration keys of results: of their model, their run, and their task.

`models.revision` and `runs.status` are columns, `model_config.max_length` and `path.snapshot` are
settings of the run, `task_config.num_shots` one of the task. The last part alone is enough where
it means one thing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.store import Reader
from evalhouse.views.entries import Bools, Ints

_MODEL = "models.model_name"
_SHORTHAND = {"model": _MODEL, "run": "runs.short_id"}
_RUN_COLUMNS = """
    short_id, label, started_at, finished_at, runner, runner_version, prompt_git_hash, seed, status
"""
_TASK = "task_config"


class Result(NamedTuple):
    """What a result belongs to."""

    run_id: str
    model_id: str
    prompt_id: str | None


@dataclass(frozen=True)
class Results:
    """Results in columns: of each field of `Result` the distinct ids, and which each one has."""

    ids: tuple[Sequence[str | None], ...]
    codes: tuple[Ints, ...]

    @classmethod
    def of(cls, results: Sequence[Result]) -> Results:
        """Turn results into columns."""
        fields = list(zip(*results, strict=True)) or [()] * len(Result._fields)
        ids = tuple(list(dict.fromkeys(field)) for field in fields)
        places = [{each: place for place, each in enumerate(known)} for known in ids]
        codes = tuple(
            np.array([known[each] for each in field], dtype=np.int64)
            for known, field in zip(places, fields, strict=True)
        )
        return cls(ids, codes)


class Settings:
    """The value of every key in each of some results; None where it is empty or not there."""

    def __init__(self, results: Results) -> None:
        self._results = results
        self._values: dict[str, tuple[int, dict[str, str | None]]] = {}

    @classmethod
    def of(cls, reader: Reader, results: Sequence[Result] | Results) -> Settings:
        """Read the settings of results."""
        settings = cls(results if isinstance(results, Results) else Results.of(results))
        for field, rows in (
            (1, _columns(reader, "models", "model_id", "* EXCLUDE model_id", settings._ids(1))),
            (0, _columns(reader, "runs", "run_id", _RUN_COLUMNS, settings._ids(0))),
            (0, _run_settings(reader, settings._ids(0))),
            (2, _task_settings(reader, settings._ids(2))),
        ):
            settings._take(field, rows)
        return settings

    def value(self, key: str, result: Result) -> str | None:
        """Return the value of a whole key in a result."""
        field, values = self._values[key]
        return values.get(result[field] or "")

    def resolve(self, name: str) -> str:
        """Return the whole key that a name means.

        Raises UnknownNameError, or UsageError where keys of that last part differ in a result.
        """
        if name in self._values:
            return name
        if _SHORTHAND.get(name) in self._values:
            return _SHORTHAND[name]
        found = [key for key in self._values if key.endswith(f".{name}")]
        if not found:
            last = {key.rpartition(".")[2] for key in self._values}
            raise UnknownNameError("setting", name, {*self._values, *last})
        told = [key for key in found if any(self._told(key))] or found
        if any(self._differ(key, told[0]) for key in told):
            keys = ", ".join(f"`{key}`" for key in told)
            raise UsageError(f"`{name}` may be {keys}, which differ here; give the whole key")
        return told[0]

    def matching(self, where: Mapping[str, Iterable[str]]) -> Bools:
        """Return in which results each key has one of its values; "" stands for empty."""
        kept = np.ones(len(self._results.codes[0]), dtype=bool)
        for name, wanted in where.items():
            key, values = self.resolve(name), list(wanted)
            fits = [any(_equal(told, value) for value in values) for told in self._told(key)]
            kept &= np.array(fits, dtype=bool)[self._codes(key)]
        return kept

    def _ids(self, field: int) -> list[str]:
        return sorted(each for each in self._results.ids[field] if each)

    def _codes(self, key: str) -> Ints:
        return self._results.codes[self._values[key][0]]

    def _told(self, key: str) -> list[str | None]:
        """Return the value of a key for each id of its field."""
        field, values = self._values[key]
        return [values.get(each or "") for each in self._results.ids[field]]

    def _differ(self, key: str, other: str) -> bool:
        """Return whether two keys have different values in any result."""
        if self._values[key][0] == self._values[other][0]:
            return self._told(key) != self._told(other)
        columns = (
            np.array(self._told(each), dtype=object)[self._codes(each)] for each in (key, other)
        )
        first, second = columns
        return bool((first != second).any())

    def _take(self, field: int, rows: Iterable[tuple[str, str, Any]]) -> None:
        for owner, key, value in rows:
            _, values = self._values.setdefault(key, (field, {}))
            values[owner] = _text(value)


def _columns(
    reader: Reader, table: str, key: str, columns: str, ids: list[str]
) -> Iterator[tuple[str, str, Any]]:
    rows = reader.sql(
        f"SELECT {key} AS owner, {columns} FROM {table} "  # noqa: S608 - names of our own
        f"WHERE {key} IN (SELECT unnest($ids::VARCHAR[]))",
        {"ids": ids},
    )
    for row in rows.to_pylist():
        owner = row.pop("owner")
        yield from ((owner, f"{table}.{name}", value) for name, value in row.items())


def _run_settings(reader: Reader, ids: list[str]) -> Iterator[tuple[str, str, Any]]:
    rows = reader.sql(
        "SELECT run_id, key, value FROM run_settings "
        "WHERE run_id IN (SELECT unnest($ids::VARCHAR[])) ORDER BY key",
        {"ids": ids},
    )
    yield from zip(*(column.to_pylist() for column in rows.columns), strict=True)


def _task_settings(reader: Reader, ids: list[str]) -> Iterator[tuple[str, str, Any]]:
    rows = reader.sql(
        "SELECT prompt_hash, list(prompt_id) AS owners, any_value(prompt_text) AS config "
        "FROM catalog.prompts JOIN prompt_texts USING (prompt_hash) "
        "WHERE kind = 'task_config' AND prompt_id IN (SELECT unnest($ids::VARCHAR[])) "
        "GROUP BY prompt_hash",
        {"ids": ids},
    )
    for row in rows.to_pylist():
        flat = dict(_flat(_TASK, _parsed(row["config"])))
        for owner in row["owners"]:
            yield from ((owner, key, value) for key, value in flat.items())


def _parsed(config: str) -> dict[str, Any]:
    try:
        value = json.loads(config)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _flat(above: str, settings: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            yield from _flat(f"{above}.{name}", value)
        else:
            yield f"{above}.{name}", value


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    return json.dumps(value)


def _equal(value: str | None, wanted: str) -> bool:
    if value is None or value == wanted:
        return (value or "") == wanted
    try:
        return float(value) == float(wanted)
    except ValueError:
        return False


def grouped(keys: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Gather (key, value) pairs: several values of one key are alternatives."""
    found: dict[str, list[str]] = defaultdict(list)
    for key, value in keys:
        found[key].append(value)
    return dict(found)
