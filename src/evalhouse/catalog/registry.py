"""Models on a person's word: register them, and decide what is in conflict."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from msgspec.structs import replace

from evalhouse import ids
from evalhouse.catalog import conflicts
from evalhouse.catalog.aliases import (
    KINDS,
    Alias,
    AliasKind,
    add_alias,
    read_aliases,
    remove_alias,
    resolved,
    write_aliases,
)
from evalhouse.catalog.compute import refresh_flops
from evalhouse.catalog.conflicts import Decision
from evalhouse.catalog.database import Database, Session
from evalhouse.catalog.meeting import (
    LOOKUPS,
    Meeting,
    Occasion,
    conflict_id,
    lookup_names,
    meet,
    models_of,
    shown_value,
    write_conflicts,
)
from evalhouse.catalog.settings import bump_version
from evalhouse.catalog.upserts import upsert
from evalhouse.catalog.values import stored_text
from evalhouse.errors import UsageError
from evalhouse.records import Creator, Model, ModelConflict, ModelSource

Outcome = Literal["new", "changed", "known"]
Value = TypeVar("Value")


@dataclass(frozen=True)
class Claim:
    """What is said of a model.

    `named` says that its id is made of a name that somebody gave; weights without one are known
    by their hash, else by the places where they are had.
    """

    model: Model
    named: bool = True
    creator: Creator | None = None
    sources: tuple[ModelSource, ...] = ()  # their model ids are filled in
    spellings: Mapping[str, str] = field(default_factory=dict)  # id -> the name, spelt otherwise
    other_ids: Mapping[str, str] = field(default_factory=dict)  # id -> what it is made of
    creator_ids: Mapping[str, str] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)  # field -> text that no lookup has
    base: Model | None = None  # the model that an adapter is on, by what little is known of it


@dataclass(frozen=True)
class Registered:
    """What became of a claim."""

    model_id: str
    model_name: str
    outcome: Outcome
    conflicts: tuple[str, ...]  # ids of those that it raised
    others: tuple[tuple[str, str], ...] = ()  # models of that name: what tells them apart, id


class Registry:
    """The models of a catalog; each method is one transaction that runs alone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(self, claim: Claim, occasion: Occasion) -> Registered:
        """Write what a claim adds; the same claim again changes nothing.

        Raises UsageError where a person has rejected these weights under this name, or the
        predecessor is not there.
        """
        return self._alone(lambda session: register(session, claim, occasion))

    def decide(self, conflict: str, decision: Decision) -> None:
        """Close a conflict as decided; UsageError where it is closed, or cannot be so decided."""
        self._alone(lambda session: conflicts.decide(session, conflict, decision))

    def add_alias(self, alias: Alias) -> bool:
        """Say that an id stands for another; return whether that is new."""

        def change(session: Session) -> bool:
            added = add_alias(session, alias)
            if added and alias.kind == "model":
                refresh_flops(session, [alias.alias_id])
            return added

        return self._alone(change)

    def remove_alias(self, kind: AliasKind, alias_id: str) -> bool:
        """See both apart again; return whether there was such an alias."""

        def change(session: Session) -> bool:
            removed = remove_alias(session, kind, alias_id)
            if removed and kind.name == "model":
                conflicts.reopen_merged(session, alias_id)
                refresh_flops(session, [alias_id])
            return removed

        return self._alone(change)

    def aliases(self, kind: AliasKind) -> list[Alias]:
        """Return every alias of a kind."""
        with self._database.read() as session:
            return read_aliases(session, kind)

    def _alone(self, change: Callable[[Session], Value]) -> Value:
        with self._database.write(alone=True) as session:
            return change(session)


def register(session: Session, claim: Claim, occasion: Occasion) -> Registered:
    """Write what a claim adds."""
    model, former = _placed(session, claim)
    _refuse_rejected(session, model)
    _write_creator(session, claim, occasion)
    model = replace(
        model,
        predecessor_model_id=_predecessor(session, model) or former,
        base_model_id=_base(session, claim, occasion),
    )
    met = meet(session, [model], occasion)
    changed = _write_sources(session, model.model_id, claim.sources, occasion)
    changed |= _write_ids(session, model.model_id, claim, occasion)
    raised = [*met.raised, *_unknown(session, model.model_id, claim, occasion)]
    outcome = _outcome(model.model_id, met, changed=changed or bool(raised))
    if outcome != "known":
        bump_version(session)
    stored = models_of(session, [model.model_id])[model.model_id]
    others = _others(session, stored) if outcome == "new" else ()
    return Registered(model.model_id, stored.model_name, outcome, tuple(raised), others)


def _others(session: Session, model: Model) -> tuple[tuple[str, str], ...]:
    """Return models that a person may have meant: of the same name, without its owner or with."""
    bare = model.model_name.rpartition("/")[2]
    rows = session.rows(
        "SELECT provider, model_name, COALESCE(revision, model_version), model_id FROM models "
        "WHERE model_id <> ? AND (model_name = ? OR model_name LIKE ? ESCAPE '!') ORDER BY 4",
        *(model.model_id, bare, "%/" + re.sub("([!%_])", r"!\1", bare)),
    )
    return tuple(
        (" ".join(filter(None, (name, version, f"of {provider}"))), str(other))
        for provider, name, version, other in rows
    )


def _placed(session: Session, claim: Claim) -> tuple[Model, str | None]:
    """Return the claim's model with the id it has here, and the model it follows at its place."""
    model = claim.model
    if claim.named:
        spelt = (model.model_id, *claim.spellings)
        there = next((found for each in spelt if (found := _there(session, each))), None)
        return replace(model, model_id=there or model.model_id), None
    owner = _owner(session, model.model_hash)
    if owner is not None:
        return replace(model, model_id=owner), None
    for source in claim.sources:
        for had in _had_at(session, source.url):
            if had.model_hash is None or model.model_hash is None:
                return replace(model, model_id=had.model_id), None
            return model, had.model_id  # the place has other weights now: another model
    return model, None


def _there(session: Session, model_id: str | None) -> str | None:
    """Return the model that is there under an id; None where there is none."""
    if model_id is None:
        return None
    end = resolved(session, KINDS["model"], model_id)
    return end if models_of(session, [end]) else None


def _predecessor(session: Session, model: Model) -> str | None:
    """Return the model that a claim says was before it."""
    stated = model.predecessor_model_id
    found = _there(session, stated)
    if stated is not None and found is None:
        raise UsageError(
            f"`predecessor_model_id` of `{model.model_name}` is `{stated}`, which no model has; "
            f"register that model first, or leave it out"
        )
    if found is not None and found == model.model_id:
        raise UsageError(
            f"`predecessor_model_id` of `{model.model_name}` is the model itself; give the id of "
            f"the one before it, or leave it out"
        )
    return found


def _base(session: Session, claim: Claim, occasion: Occasion) -> str | None:
    """Return the model that an adapter is on; it is written where it was not known yet."""
    if claim.base is None:
        return None
    there = _there(session, claim.base.model_id)
    if there is None:
        meet(session, [claim.base], occasion)
    return there or claim.base.model_id


def _owner(session: Session, model_hash: str | None) -> str | None:
    if model_hash is None:
        return None
    found = session.value("SELECT model_id FROM models WHERE model_hash = ?", model_hash)
    return None if found is None else resolved(session, KINDS["model"], str(found))


def _had_at(session: Session, url: str) -> list[Model]:
    """Return the models that are had at a place, those that no other follows there first."""
    rows = session.rows("SELECT model_id FROM model_sources WHERE url = ?", stored_text(url))
    found = models_of(session, [str(model_id) for (model_id,) in rows])
    followed = {model.predecessor_model_id for model in found.values()}
    return sorted(found.values(), key=lambda model: (model.model_id in followed, model.model_id))


def _refuse_rejected(session: Session, model: Model) -> None:
    owner = _owner(session, model.model_hash)
    if owner is None or owner == model.model_id:
        return
    identity = conflict_id("same_weights", owner, model.model_id, "")
    rows = session.rows(
        "SELECT decided_by, note FROM model_conflicts WHERE conflict_id = ? AND state = 'rejected'",
        identity,
    )
    if rows:
        by, note = rows[0]
        stored = models_of(session, [owner])[owner]
        raise UsageError(
            f"`{model.model_name}` with the weights of `{stored.model_name}` was rejected by {by}: "
            f"{note}; register it without that hash, or use `{stored.model_name}`"
        )


def _write_creator(session: Session, claim: Claim, occasion: Occasion) -> None:
    if claim.creator is None:
        return
    upsert(session, [claim.creator])
    kind = KINDS["creator"]
    reason = "the id that bakeoff gives it"
    write_aliases(
        session,
        kind,
        [
            Alias("creator", other, claim.creator.creator_id, made_of, reason, *_who(occasion))
            for other, made_of in claim.creator_ids.items()
            if other != claim.creator.creator_id
        ],
    )


def _write_sources(
    session: Session, model_id: str, sources: Sequence[ModelSource], occasion: Occasion
) -> bool:
    """Write places; one that is there takes newer statements about it, and keeps its time else."""
    changed = False
    for source in sources:
        key = ids.derive("model_sources", model_id, source.url)
        metadata = None if source.source_metadata is None else stored_text(source.source_metadata)
        rows = session.rows(
            "SELECT source_metadata FROM model_sources WHERE model_source_id = ?", key
        )
        told = rows[0][0] if rows else None
        if rows and (metadata is None or metadata == told):
            continue
        session.execute("DELETE FROM model_sources WHERE model_source_id = ?", key)
        updated = source.updated or occasion.at
        upsert(
            session,
            [replace(source, model_source_id=key, model_id=model_id, updated=updated)],
        )
        changed = True
    return changed


def _write_ids(session: Session, model_id: str, claim: Claim, occasion: Occasion) -> bool:
    """Write other ids of the model that are no models, and stand for nothing yet."""
    found = {
        **dict.fromkeys(claim.spellings, "the same name, spelt otherwise"),
        **dict.fromkeys(claim.other_ids, "another id of its source"),
    }
    made_of = {**claim.spellings, **claim.other_ids}
    rows = {model_id, *models_of(session, found)}
    new = [
        Alias("model", other, model_id, made_of[other], reason, *_who(occasion))
        for other, reason in found.items()
        if other not in rows and resolved(session, KINDS["model"], other) == other
    ]
    write_aliases(session, KINDS["model"], new)
    return bool(new)


def _unknown(session: Session, model_id: str, claim: Claim, occasion: Occasion) -> list[str]:
    """Let values wait that no lookup has."""
    stored = models_of(session, [model_id])[model_id]
    names = lookup_names(session) if claim.unknown else {}
    raised = [
        ModelConflict(
            conflict_id=conflict_id("unknown_value", model_id, f"{column}={text}", ""),
            kind="unknown_value",
            model_id=model_id,
            difference=ids.canonical_json(
                {
                    column: {
                        "stored": shown_value(column, getattr(stored, column), names),
                        "arrived": text,
                    }
                }
            ),
            seen_at=occasion.at,
            origin=occasion.origin,
        )
        for column, text in claim.unknown.items()
        if column in LOOKUPS
    ]
    return write_conflicts(session, raised)


def _outcome(model_id: str, met: Meeting, *, changed: bool) -> Outcome:
    if model_id in met.new:
        return "new"
    return "changed" if changed or model_id in met.changed else "known"


def _who(occasion: Occasion) -> tuple[Any, Any]:
    return occasion.by, occasion.at
