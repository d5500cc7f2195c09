"""What becomes of a model that meets what the catalog knows of it: nothing is overwritten.

What is empty is filled, and a count of parameters gives way to the exact one that it rounds.
Where a hard field holds another value, or the weights belong to another
model, what is stored stays and a conflict waits for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from evalhouse import ids
from evalhouse.catalog.aliases import KINDS, Alias, resolved, write_aliases
from evalhouse.catalog.compute import refresh_flops
from evalhouse.catalog.database import Session
from evalhouse.catalog.upserts import upsert
from evalhouse.catalog.values import stored_rows, stored_text
from evalhouse.records import Model, ModelConflict

LOOKUPS = {
    "architecture_id": "model_architectures",
    "file_format_id": "model_file_formats",
    "quantization_id": "quantization_methods",
}
"""Fields of a model that refer to a lookup, and its table."""

HARD_FIELDS = (
    "model_hash",
    "adapter_hash",
    "parameter_count",
    "active_parameter_count",
    "context_length",
    "context_length_min",
    "context_length_max",
    *LOOKUPS,
)
"""Fields whose values are facts of the weights: two different ones cannot both be true."""

SYSTEM = "evalhouse"
BY_WEIGHTS = "the same weights: the id by their SHA-256"

_COUNTS = frozenset({"parameter_count", "active_parameter_count"})
_ROUNDED = 4  # digits of a count that is taken as rounded, as 8.03 billion

_CHUNK = 500  # ids in one query; databases limit the parameters of a statement
_FIELDS = Model.__struct_fields__
_BESIDE = frozenset({"model_id", "stated", "provisional", "provider", "model_name"})


@dataclass(frozen=True)
class Occasion:
    """What brings models: where from, on whose word, when."""

    origin: str | None = None
    by: str = SYSTEM
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass
class Meeting:
    """What came of it."""

    new: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    conflicts: dict[str, ModelConflict] = field(default_factory=dict)
    raised: list[str] = field(default_factory=list)  # conflicts that had not been there


def meet(session: Session, incoming: Sequence[Model], occasion: Occasion) -> Meeting:
    """Write models as far as they agree with what is there; the session must be alone."""
    known = models_of(session, {model.model_id for model in incoming})
    incoming = [_clean(model) for model in incoming]
    hashes = {model.model_hash for model in incoming if model.model_hash}
    owners = {
        str(model_hash): str(model_id)
        for model_hash in sorted(hashes)
        for (model_id,) in session.rows(
            "SELECT model_id FROM models WHERE model_hash = ?", model_hash
        )
    }
    round_ = _Round(session, occasion, dict(known), owners)
    for model in incoming:
        round_.take(model)
    after = {model_id: round_.known[model_id] for model_id in round_.touched}
    write_models(session, [model for model_id, model in after.items() if model_id not in known])
    for model_id, model in after.items():
        if model_id in known:
            rewrite(session, model)
    _name_weights(session, after.values(), known, occasion)
    refresh_flops(
        session,
        [
            each
            for each, model in known.items()
            if each in after and _size(model) != _size(after[each])
        ],
    )
    found = round_.meeting
    found.raised = write_conflicts(session, found.conflicts.values())
    return found


def models_of(session: Session, model_ids: Iterable[str]) -> dict[str, Model]:
    """Return the models of these ids that are there."""
    listed = sorted(set(model_ids))
    found: dict[str, Model] = {}
    for start in range(0, len(listed), _CHUNK):
        chunk = listed[start : start + _CHUNK]
        marks = ", ".join("?" * len(chunk))
        rows = session.rows(
            f"SELECT {', '.join(_FIELDS)} FROM models WHERE model_id IN ({marks})",  # noqa: S608 - names of our own
            *chunk,
        )
        found |= {model.model_id: model for model in map(_model, rows)}
    return found


def write_models(session: Session, models: Sequence[Model]) -> None:
    """Write models that are new."""
    upsert(session, models)


def rewrite(session: Session, model: Model) -> None:
    """Write a model as it is now over what it was."""
    fields = [name for name in _FIELDS if name != "model_id"]
    [row] = stored_rows([model], session.dialect)
    values = dict(zip(_FIELDS, row, strict=True))
    settings = ", ".join(f"{name} = ?" for name in fields)
    session.execute(
        f"UPDATE models SET {settings} WHERE model_id = ?",  # noqa: S608 - names of our own
        *(values[name] for name in fields),
        model.model_id,
    )


def write_conflicts(session: Session, conflicts: Iterable[ModelConflict]) -> list[str]:
    """Write conflicts that are not there yet, decided or open; return their ids."""
    raised = []
    for conflict in conflicts:
        sql = "SELECT state FROM model_conflicts WHERE conflict_id = ?"
        if session.value(sql, conflict.conflict_id) is None:
            upsert(session, [conflict])
            raised.append(conflict.conflict_id)
    return raised


def shown_value(name: str, value: Any, names: Mapping[str, str]) -> Any:
    """Return a field's value as people know it: names instead of ids of lookups."""
    return names.get(value, value) if name in LOOKUPS else value


def lookup_names(session: Session) -> dict[str, str]:
    """Return the name of every row of the lookups of models, by its id."""
    return {
        str(identity): str(name)
        for column, table in LOOKUPS.items()
        for identity, name in session.rows(f"SELECT {column}, name FROM {table}")  # noqa: S608 - names of our own
    }


def conflict_id(kind: str, model_id: str, name: str, arrived: Any) -> str:
    """Return the id of a conflict: the same thing in conflict again is the same conflict."""
    return ids.derive("model_conflicts", kind, model_id, name, str(arrived))


class _Round:
    """The state of one meeting."""

    def __init__(
        self,
        session: Session,
        occasion: Occasion,
        known: dict[str, Model],
        owners: dict[str, str],
    ) -> None:
        self.session = session
        self.occasion = occasion
        self.known = known
        self.owners = owners
        self.touched: set[str] = set()
        self.meeting = Meeting()
        self._names: dict[str, str] | None = None

    def take(self, model: Model) -> None:
        stored = self.known.get(model.model_id)
        model = self._without_foreign_hash(model, stored)
        if stored is None:
            self._keep(model)
            self.meeting.new.add(model.model_id)
            return
        after = replace(stored, **self._learnt(stored, model))
        if after != stored:
            self._keep(after)
            self.meeting.changed.add(model.model_id)

    def _keep(self, model: Model) -> None:
        model = replace(model, provisional=model.provisional and model.model_hash is None)
        self.known[model.model_id] = model
        self.touched.add(model.model_id)
        if model.model_hash:
            self.owners[model.model_hash] = model.model_id

    def _without_foreign_hash(self, model: Model, stored: Model | None) -> Model:
        """Leave out weights that another model has; that waits for a person."""
        owner = self.owners.get(model.model_hash or "", model.model_id)
        if owner == model.model_id:
            return model
        kind = KINDS["model"]
        ends = {resolved(self.session, kind, each) for each in (owner, model.model_id)}
        if len(ends) == 2:
            self._same_weights(owner, model, stored)
        return replace(model, model_hash=None)

    def _same_weights(self, owner: str, model: Model, stored: Model | None) -> None:
        if owner not in self.known:
            self.known |= models_of(self.session, [owner])
        first = self.known[owner]
        second = model if stored is None else replace(stored, model_hash=model.model_hash)
        names = self._lookups()
        difference = {
            name: {
                "stored": shown_value(name, getattr(first, name), names),
                "arrived": shown_value(name, getattr(second, name), names),
            }
            for name in _FIELDS
            if name == "model_hash" or getattr(first, name) != getattr(second, name)
        }
        self._raise(
            "same_weights", owner, model.model_id, difference, other_model_id=model.model_id
        )

    def _learnt(self, stored: Model, model: Model) -> dict[str, Any]:
        learnt: dict[str, Any] = {
            "provisional": stored.provisional and model.provisional,
            "stated": _joined(stored.stated, model.stated),
        }
        for name in _FIELDS:
            mine, theirs = getattr(stored, name), getattr(model, name)
            if name in _BESIDE or theirs is None or theirs == mine:
                continue
            if mine is None or _rounds(name, mine, theirs):
                learnt[name] = theirs
            elif _rounds(name, theirs, mine):
                continue
            elif name in HARD_FIELDS:
                names = self._lookups()
                both = {
                    "stored": shown_value(name, mine, names),
                    "arrived": shown_value(name, theirs, names),
                }
                self._raise("different_value", stored.model_id, f"{name}={theirs}", {name: both})
        return learnt

    def _raise(
        self, kind: Any, model_id: str, what: str, difference: dict[str, Any], **more: Any
    ) -> None:
        identity = conflict_id(kind, model_id, what, "")
        self.meeting.conflicts[identity] = ModelConflict(
            conflict_id=identity,
            kind=kind,
            model_id=model_id,
            difference=ids.canonical_json(difference),
            seen_at=self.occasion.at,
            origin=self.occasion.origin,
            **more,
        )

    def _lookups(self) -> dict[str, str]:
        if self._names is None:
            self._names = lookup_names(self.session)
        return self._names


def _name_weights(
    session: Session, models: Iterable[Model], before: Mapping[str, Model], occasion: Occasion
) -> None:
    """Write the ids that newly known weights give as aliases, but those that are models."""
    aliases = []
    for model in models:
        former = before.get(model.model_id)
        if model.model_hash is None or (former and former.model_hash == model.model_hash):
            continue
        names = dict(ids.weights_ids(model.model_hash))
        rows = {model.model_id, *models_of(session, names)}
        aliases += [
            Alias("model", alias_id, model.model_id, text, BY_WEIGHTS, occasion.by, occasion.at)
            for alias_id, text in names.items()
            if alias_id not in rows
        ]
    write_aliases(session, KINDS["model"], aliases)


def _clean(model: Model) -> Model:
    """Return a model with text as it is stored, so that what is equal there is equal here."""
    texts = {
        name: stored_text(value)
        for name in _FIELDS
        if isinstance(value := getattr(model, name), str)
    }
    if model.model_hash is not None:
        texts["model_hash"] = ids.bare_sha256(model.model_hash)
    return replace(model, **texts)


def _model(row: Sequence[Any]) -> Model:
    values: dict[str, Any] = dict(zip(_FIELDS, row, strict=True))
    return msgspec.convert(values | {"provisional": bool(values["provisional"])}, Model)


def _rounds(name: str, short: Any, exact: Any) -> bool:
    """Return whether a count of parameters is another one, rounded to its leading digits."""
    if name not in _COUNTS or not short:
        return False
    digits = len(str(short).rstrip("0"))
    return (
        digits <= _ROUNDED
        and digits < len(str(exact).rstrip("0"))
        and (int(float(f"{exact:.{digits - 1}e}")) == short)
    )


def _size(model: Model) -> tuple[int | None, int | None]:
    return model.parameter_count, model.active_parameter_count


def _joined(stored: str | None, arrived: str | None) -> str | None:
    """Return what sources state, the first word on each thing."""
    if stored is None or arrived is None or stored == arrived:
        return stored if arrived is None else (stored or arrived)
    first, second = _object(stored), _object(arrived)
    if set(second) <= set(first):
        return stored
    return ids.canonical_json({**second, **first})


def _object(text: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
