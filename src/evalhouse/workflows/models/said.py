"""What a source or a person says of a model, in their own spellings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from evalhouse.errors import UsageError
from evalhouse.lookups import models as lookups
from evalhouse.redact import Redactor

_LOOKUPS = {
    "architecture": lookups.architecture,
    "file_format": lookups.file_format,
    "quantization": lookups.quantization,
}
_OPTIONS = {
    "parameter_count": "--parameters",
    "active_parameter_count": "--active-parameters",
    "context_length": "--context",
    "model_hash": "--sha256",
}
_GATHERED = frozenset({"places", "other_ids", "creator_ids", "stated", "name", "named"})


@dataclass(frozen=True)
class Place:
    """Where a model is had; `kind` is a name of `source_types`, told by the address where None."""

    url: str
    kind: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    updated: datetime | None = None


@dataclass(frozen=True)
class Said:
    """Whatever is not said is None. Counts are parameters and tokens, sizes bytes.

    `named` says that `name` was given to tell this model from others; the name that a file of
    weights has in its header was not. `stated` are words of the source that have no field here.
    """

    name: str | None = None
    named: bool = True
    provider: str | None = None
    version: str | None = None
    revision: str | None = None
    family: str | None = None
    creator: str | None = None
    creator_display_name: str | None = None
    creator_homepage: str | None = None
    creator_identifiers: Mapping[str, Any] | None = None
    model_hash: str | None = None
    adapter_hash: str | None = None
    base_model: str | None = None
    parameter_count: int | None = None
    active_parameter_count: int | None = None
    context_length: int | None = None
    context_length_min: int | None = None
    context_length_max: int | None = None
    architecture: str | None = None
    file_format: str | None = None
    quantization: str | None = None
    weights_bytes: int | None = None
    release_date: str | None = None
    description: str | None = None
    predecessor: str | None = None
    places: tuple[Place, ...] = ()
    other_ids: Mapping[str, str] = field(default_factory=dict)  # id -> what it is made of
    creator_ids: Mapping[str, str] = field(default_factory=dict)
    stated: Mapping[str, Any] = field(default_factory=dict)


def with_person(source: Said, person: Said) -> Said:
    """Add what a person says to what a source says.

    Raises UsageError where both say different things of the weights.
    """
    values: dict[str, Any] = {}
    for each in fields(Said):
        told, ours = getattr(person, each.name), getattr(source, each.name)
        if each.name in _GATHERED or told is None:
            continue
        if ours is not None and _contradicts(each.name, ours, told):
            option = _OPTIONS.get(each.name, "--" + each.name.replace("_", "-"))
            raise UsageError(
                f"the source says `{ours}` and {option} says `{told}`; leave the option out, or "
                f"register the other value from its own source, so that a conflict shows both"
            )
        values[each.name] = told
    if person.name is not None:
        values |= {"name": person.name, "named": True}
        if person.provider is None and lookups.parse_name(person.name).provider is not None:
            values["provider"] = None  # the name itself says where it is had
    return replace(source, **values, places=(*source.places, *person.places))


def cleaned(said: Said, redactor: Redactor) -> Said:
    """Return the same without secrets: in its texts, its addresses and what it quotes."""
    values = {
        each.name: redactor.addresses_in(getattr(said, each.name))
        for each in fields(Said)
        if each.name != "places"
    }
    return Said(**values, places=tuple(_clean_place(place, redactor) for place in said.places))


def _clean_place(place: Place, redactor: Redactor) -> Place:
    metadata = redactor.addresses_in(place.metadata)
    return replace(place, url=redactor.address(place.url), metadata=metadata)


def _contradicts(name: str, ours: Any, told: Any) -> bool:
    if name in _LOOKUPS:
        first, second = _LOOKUPS[name](ours), _LOOKUPS[name](told)
        return first is not None and first != second
    return name in _OPTIONS and ours != told
