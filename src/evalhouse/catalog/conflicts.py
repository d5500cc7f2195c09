"""Conflicts about models, and what becomes of them when a person decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from evalhouse import ids
from evalhouse.catalog.aliases import Alias, add_alias
from evalhouse.catalog.compute import refresh_flops
from evalhouse.catalog.database import Session
from evalhouse.catalog.meeting import LOOKUPS, models_of, rewrite
from evalhouse.catalog.settings import bump_version
from evalhouse.catalog.values import stored_text
from evalhouse.errors import UnknownNameError, UsageError

State = Literal["merged", "kept", "rejected"]
_MERGED = "merged as the same weights"


@dataclass(frozen=True)
class Decision:
    """What a person decided; `value` names the row of a lookup that an unknown text means."""

    state: State
    by: str
    at: datetime
    note: str | None = None
    value: str | None = None


def decide(session: Session, conflict_id: str, decision: Decision) -> None:
    """Close an open conflict.

    Merged: two models become one alias row, a field takes what arrived, an unknown text the row
    of the lookup named. Kept: everything stays, with the note. Rejected: what arrived is refused;
    a model of which nothing else is known goes.
    """
    row = _open(session, conflict_id)
    if decision.state == "merged":
        _merge(session, row, decision)
    elif decision.value is not None:
        raise UsageError("a name of a lookup is given where an unknown value is merged")
    _close(session, conflict_id, decision)
    if decision.state == "rejected" and row["kind"] == "same_weights":
        _drop(session, row)
    bump_version(session)


def reopen_merged(session: Session, alias_id: str) -> None:
    """Open the conflict again whose merger was undone."""
    session.execute(
        "UPDATE model_conflicts SET state = 'open', note = NULL, decided_by = NULL, "
        "decided_at = NULL WHERE other_model_id = ? AND kind = 'same_weights' AND state = 'merged'",
        alias_id,
    )


def _open(session: Session, conflict_id: str) -> dict[str, Any]:
    rows = session.rows(
        "SELECT kind, model_id, other_model_id, difference, state, decided_by "
        "FROM model_conflicts WHERE conflict_id = ?",
        conflict_id,
    )
    if not rows:
        raise UsageError(
            f"there is no conflict `{conflict_id}`; `evalhouse models conflicts --all`"
        )
    kind, model_id, other, difference, state, decided_by = rows[0]
    if state != "open":
        raise UsageError(
            f"the conflict `{conflict_id[:8]}` was decided by {decided_by} already: {state}"
        )
    return {
        "conflict_id": conflict_id,
        "kind": kind,
        "model_id": str(model_id),
        "other": None if other is None else str(other),
        "difference": msgspec.json.decode(difference),
    }


def _merge(session: Session, row: dict[str, Any], decision: Decision) -> None:
    if row["kind"] == "same_weights":
        _merge_models(session, row, decision)
        return
    [(column, both)] = row["difference"].items()
    if row["kind"] == "unknown_value":
        if decision.value is None:
            raise UsageError(
                f"`{both['arrived']}` is in no lookup, so that it must be said which row it means; "
                f"name one with `--as`"
            )
        value: Any = _lookup(session, column, decision.value)
        told = {column: {**both, "taken": decision.value}}
        session.execute(
            "UPDATE model_conflicts SET difference = ? WHERE conflict_id = ?",
            stored_text(ids.canonical_json(told)),
            row["conflict_id"],
        )
    else:
        if decision.value is not None:
            raise UsageError("a name of a lookup is given where an unknown value is merged")
        value = _lookup(session, column, both["arrived"]) if column in LOOKUPS else both["arrived"]
    _take(session, row["model_id"], column, value)


def _merge_models(session: Session, row: dict[str, Any], decision: Decision) -> None:
    if decision.value is not None:
        raise UsageError("a name of a lookup is given where an unknown value is merged")
    other = models_of(session, [row["other"]])[row["other"]]
    reason = decision.note or _MERGED
    add_alias(
        session,
        Alias(
            "model",
            other.model_id,
            row["model_id"],
            other.model_name,
            reason,
            decision.by,
            decision.at,
        ),
    )
    refresh_flops(session, [row["model_id"]])


def _take(session: Session, model_id: str, column: str, value: Any) -> None:
    model = models_of(session, [model_id])[model_id]
    if column == "model_hash":
        owner = session.value("SELECT model_id FROM models WHERE model_hash = ?", value)
        if owner is not None and str(owner) != model_id:
            raise UsageError(
                f"the model `{owner}` has these weights by now; merge the two models instead"
            )
    rewrite(session, replace(model, **{column: value}))
    refresh_flops(session, [model_id])


def _lookup(session: Session, column: str, name: str) -> str:
    table = LOOKUPS[column]
    known = [str(each) for (each,) in session.rows(f"SELECT name FROM {table}")]  # noqa: S608 - our own name
    if name not in known:
        raise UnknownNameError(column.removesuffix("_id").replace("_", " "), name, known)
    return ids.lookup_id(table, name)


def _close(session: Session, conflict_id: str, decision: Decision) -> None:
    session.execute(
        "UPDATE model_conflicts SET state = ?, note = ?, decided_by = ?, decided_at = ? "
        "WHERE conflict_id = ?",
        decision.state,
        None if decision.note is None else stored_text(decision.note),
        stored_text(decision.by),
        session.time(decision.at),
        conflict_id,
    )


def _drop(session: Session, row: dict[str, Any]) -> None:
    """Remove the rejected model where nothing but the conflict refers to it."""
    other = row["other"]
    references = (
        "SELECT 1 FROM run_model_metrics WHERE model_id = ?",
        "SELECT 1 FROM run_hardware_metrics WHERE model_id = ?",
        "SELECT 1 FROM model_aliases WHERE model_id = ?",
        "SELECT 1 FROM models WHERE predecessor_model_id = ?",
        "SELECT 1 FROM models WHERE base_model_id = ?",
        "SELECT 1 FROM models WHERE quantized_from_id = ?",
        "SELECT 1 FROM model_conflicts WHERE model_id = ? AND state <> 'open'",
    )
    if any(session.value(sql, other) is not None for sql in references):
        return
    session.execute(
        "UPDATE model_conflicts SET other_model_id = NULL WHERE other_model_id = ?", other
    )
    session.execute("DELETE FROM model_conflicts WHERE model_id = ?", other)
    session.execute("DELETE FROM model_sources WHERE model_id = ?", other)
    session.execute("DELETE FROM models WHERE model_id = ?", other)
