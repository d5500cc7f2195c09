"""Descriptors of models: JSON files in bakeoff's words or in those of the catalog."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeGuard

import msgspec

from evalhouse import ids
from evalhouse.errors import UsageError
from evalhouse.lookups import models as lookups
from evalhouse.lookups.model_sizes import BOUNDS, bound, contradiction_words
from evalhouse.workflows.models.said import Place, Said

SCHEMA_VERSION = 1
_NAMED_PLACES = ("huggingface", "ollama")  # kinds of sources that are also providers
_BILLION = 1_000_000_000
_CONTEXT_PARTS = {
    "default": "context_length",
    "min": "context_length_min",
    "max": "context_length_max",
}
_KEYS: dict[str, str] = {
    "name": "name",
    "model_name": "name",
    "provider": "provider",
    "version": "version",
    "model_version": "version",
    "revision": "revision",
    "model_family": "family",
    "model_hash": "model_hash",
    "architecture": "architecture",
    "file_format": "file_format",
    "quantization": "quantization",
    "release_date": "release_date",
    "description": "description",
    "predecessor_model_id": "predecessor",
    "predecessor_uuid": "predecessor",
}
_COUNTS: dict[str, tuple[str, int]] = {
    "parameter_count": ("parameter_count", 1),
    "active_parameter_count": ("active_parameter_count", 1),
    "parameter_count_b": ("parameter_count", _BILLION),
    "active_parameter_count_b": ("active_parameter_count", _BILLION),
    "context_length_default": ("context_length", 1),
    "context_length_min": ("context_length_min", 1),
    "context_length_max": ("context_length_max", 1),
    "model_source_size": ("weights_bytes", 1),
    "weights_bytes": ("weights_bytes", 1),
}


def is_descriptor(path: Path) -> bool:
    """Return whether a file is meant as a descriptor: JSON that is no part of a model's folder."""
    return path.is_file() and path.suffix.lower() == ".json"


def read_descriptor(path: Path) -> Said:
    """Return what a descriptor says.

    Raises UsageError with everything that is wrong with it, in one sentence.
    """
    try:
        found = msgspec.json.decode(path.read_bytes())
    except RecursionError as failure:
        raise UsageError(
            f"the descriptor `{path}` cannot be read: it is nested too deeply; expected one JSON "
            f"object with the fields of a model"
        ) from failure
    except (OSError, UnicodeError, msgspec.DecodeError) as failure:
        raise UsageError(
            f"the descriptor `{path}` cannot be read: {failure}; expected one JSON object with the "
            f"`name` of a model"
        ) from failure
    if not isinstance(found, dict):
        raise UsageError(f"the descriptor `{path}` is no JSON object; expected one model a file")
    reader = _Reader(found)
    said = reader.said()
    if reader.faults:
        raise UsageError(f"the descriptor `{path}` cannot be used: {'; '.join(reader.faults)}")
    return said


class _Reader:
    """Reads one descriptor and collects what is wrong with it."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.found = found
        self.faults: list[str] = []

    def said(self) -> Said:
        version = self.found.get("schema_version")
        if version != SCHEMA_VERSION or isinstance(version, bool):
            self.faults.append(f"`schema_version` is {_shown(version)}, expected 1")
            return Said()
        sizes = {**self._counts(), **self._context()}
        self.faults += contradiction_words(sizes)
        values = {**self._texts(), **sizes, **self._creator()}
        if (before := values.get("predecessor")) and not _is_uuid(before):
            self.faults.append(f"`predecessor_model_id` is {_shown(before)}, expected a UUID")
        places = tuple(self._places())
        if "name" not in values and places and self.found.get("stub"):
            values["name"] = places[0].url
        if "name" not in values:
            self.faults.append("`name` is missing")
        if not values.get("provider"):
            values["provider"] = self._provider(str(values.get("name")), places)
        others = {} if self.faults else dict(self._other_ids())  # no number is endless then
        return Said(**values, places=places, other_ids=others, stated=self._rest())

    def _texts(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, field in _KEYS.items():
            value = self.found.get(key)
            if value is not None and not isinstance(value, str):
                self.faults.append(f"`{key}` is {_shown(value)}, expected text")
            elif value:
                found.setdefault(field, value)
        return found

    def _counts(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for key, (field, factor) in _COUNTS.items():
            count = self._count(key, self.found.get(key), field, factor)
            if count is not None:
                found.setdefault(field, count)
        return found

    def _count(self, key: str, value: Any, field: str, factor: int = 1) -> int | None:
        if value is None:
            return None
        whole = _is_number(value) and 0 <= value * factor < BOUNDS[field]
        if not whole or (factor == 1 and value != int(value)):
            self.faults.append(f"`{key}` is {_shown(value)}, {_expected(field, factor)}")
            return None
        return round(float(value) * factor) if factor > 1 else int(value)

    def _context(self) -> dict[str, int]:
        value = self.found.get("context_length")
        parts = value if isinstance(value, dict) else {"default": value}
        found = {}
        for part, field in _CONTEXT_PARTS.items():
            count = self._count(f"context_length.{part}", parts.get(part), field)
            if count is not None:
                found[field] = count
        return found

    def _creator(self) -> dict[str, Any]:
        value = self.found.get("creator")
        if value is None or isinstance(value, str):
            return {"creator": value} if value else {}
        if not isinstance(value, dict) or not isinstance(value.get("name"), str):
            self.faults.append("`creator` has no `name`")
            return {}
        homepage, shown = _text(value.get("homepage")), _text(value.get("display_name"))
        identifiers = value.get("service_identifiers")
        made_of = homepage or shown
        return {
            "creator": value["name"],
            "creator_display_name": shown,
            "creator_homepage": homepage,
            "creator_identifiers": identifiers if isinstance(identifiers, dict) else None,
            "creator_ids": {_uuid5(ids.BAKEOFF_CREATORS, made_of): made_of} if made_of else {},
        }

    def _places(self) -> Iterator[Place]:
        listed = self.found.get("sources")
        stub = _text(self.found.get("source_url"))
        if listed is None and stub:
            listed = [{"url": stub, "source_type": None}]
        if listed is None:
            return
        if not isinstance(listed, list):
            self.faults.append("`sources` is no list")
            return
        for number, each in enumerate(listed):
            yield from self._place(number, each if isinstance(each, dict) else {})

    def _place(self, number: int, each: Mapping[str, Any]) -> Iterator[Place]:
        url, kind = _text(each.get("url")), _text(each.get("source_type"))
        if url is None:
            self.faults.append(f"`sources[{number}]` has no `url`")
            return
        if kind is not None and lookups.source_type(kind) is None:
            self.faults.append(f"`sources[{number}].source_type` is `{kind}`, which no lookup has")
            return
        metadata = each.get("source_metadata")
        yield Place(
            url,
            kind,
            metadata if isinstance(metadata, dict) else {},
            self._moment(f"sources[{number}].updated", each.get("updated")),
        )

    def _moment(self, key: str, value: Any) -> datetime | None:
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            self.faults.append(f"`{key}` is {_shown(value)}, expected a time as 2025-11-03T12:00Z")
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def _provider(self, name: str, places: tuple[Place, ...]) -> str | None:
        """Return where the model is had: what its name tells, else the kind of its first source."""
        if lookups.parse_name(name).provider is not None:
            return None
        kinds = [lookups.source_type(place.kind) for place in places if place.kind]
        first = kinds[0].name if kinds and kinds[0] else "local_file"
        return first if first in _NAMED_PLACES else "local"

    def _other_ids(self) -> Iterator[tuple[str, str]]:
        """Yield the ids that bakeoff gives, as far as they are not made of the weights' hash."""
        for key in ("uuid", "model_id"):
            value = _text(self.found.get(key))
            if value is not None and _is_uuid(value):
                yield value.lower(), value
        url = next((each.get("url") for each in self._listed()), None)
        billions, size = self.found.get("parameter_count_b"), self.found.get("model_source_size")
        if url and _is_number(billions) and _is_number(size):
            for spelling in dict.fromkeys((str(float(billions)), str(billions))):
                text = f"{url}|{spelling}|{size}"
                yield _uuid5(ids.BAKEOFF_MODELS, text), text

    def _listed(self) -> list[dict[str, Any]]:
        listed = self.found.get("sources")
        return (
            [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        )

    def _rest(self) -> dict[str, Any]:
        """Return every word that the source has beside its places and its creator."""
        left_out = {"schema_version", "sources", "creator"}
        return {key: value for key, value in self.found.items() if key not in left_out}


def _expected(field: str, factor: int) -> str:
    expected = "a whole number" if factor == 1 else "a number of billions"
    most = bound(field) if factor == 1 else f"{BOUNDS[field] // factor:,}"
    return f"expected {expected} from 0 and below {most}"


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _shown(value: Any) -> str:
    return "missing" if value is None else f"`{ids.canonical_json(value)[:60]}`"


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _uuid5(namespace: uuid.UUID, text: str) -> str:
    return str(uuid.uuid5(namespace, text))


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
