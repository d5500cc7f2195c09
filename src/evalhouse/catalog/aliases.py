"""Other ids of models, tasks and creators: a row says that one id stands for another.

Nothing that was written changes; readers see both as one, and no more once the row is removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from evalhouse.catalog.database import Session
from evalhouse.catalog.settings import bump_version
from evalhouse.catalog.values import stored_text
from evalhouse.errors import UnknownNameError, UsageError

Folds = Mapping[str, Mapping[str, str]]
"""By table of identities: the ids of rows that stand for another, and what they stand for."""


@dataclass(frozen=True)
class AliasKind:
    """What can have other ids."""

    name: str
    table: str
    of: str  # table of the identities
    key: str
    title: str  # its column with a name for people


@dataclass(frozen=True)
class Alias:
    """A row of an alias table."""

    kind: str
    alias_id: str
    stands_for: str
    alias_name: str | None
    reason: str
    decided_by: str
    decided_at: datetime


KINDS = {
    kind.name: kind
    for kind in (
        AliasKind("model", "model_aliases", "models", "model_id", "model_name"),
        AliasKind("task", "task_aliases", "tasks", "task_id", "task_name"),
        AliasKind("creator", "creator_aliases", "creators", "creator_id", "name"),
    )
}


def kind_of(name: str) -> AliasKind:
    """Return the kind of that name; UnknownNameError where there is none."""
    if name not in KINDS:
        raise UnknownNameError("kind of alias", name, KINDS)
    return KINDS[name]


def read_folds(session: Session) -> Folds:
    """Return the rows that readers see as another row; ids that no row has need no folding."""
    return {kind.of: folds for kind in KINDS.values() if (folds := _folds(session, kind))}


def resolved(session: Session, kind: AliasKind, identity: str) -> str:
    """Return what an id stands for in the end; itself where it stands for nothing else."""
    sql = f"SELECT {kind.key} FROM {kind.table} WHERE alias_id = ?"  # noqa: S608 - names of our own
    seen = {identity}
    while (further := session.value(sql, identity)) is not None and str(further) not in seen:
        identity = str(further)
        seen.add(identity)
    return identity


def add_alias(session: Session, alias: Alias) -> bool:
    """Write an alias; return whether it is new. It may stand for an alias in turn.

    Raises UsageError where the id stands for something else already, or for itself in the end.
    """
    kind = kind_of(alias.kind)
    root = resolved(session, kind, alias.stands_for)
    if root == alias.alias_id:
        raise UsageError(
            f"`{alias.stands_for}` stands for `{alias.alias_id}` already; remove that alias first "
            f"to turn it around"
        )
    _refuse_kin(session, alias, root)
    sql = f"SELECT {kind.key} FROM {kind.table} WHERE alias_id = ?"  # noqa: S608 - names of our own
    known = session.value(sql, alias.alias_id)
    if known is not None:
        if resolved(session, kind, str(known)) == root:
            return False
        raise UsageError(
            f"the {kind.name} `{alias.alias_name or alias.alias_id}` stands for `{known}` already; "
            f"remove that alias first"
        )
    write_aliases(session, kind, [alias])
    bump_version(session)
    return True


def _refuse_kin(session: Session, alias: Alias, root: str) -> None:
    """Refuse a task that would stand for a node above or below it: the tree would be a ring."""
    if alias.kind != "task":
        return
    for first, second in ((alias.alias_id, root), (root, alias.alias_id)):
        above: object = first
        while above is not None:
            above = session.value("SELECT parent_id FROM tasks WHERE task_id = ?", str(above))
            if above is not None and str(above) == second:
                raise UsageError(
                    f"the task `{alias.alias_name or alias.alias_id}` stands on the way between "
                    f"the root and the other one, so that both cannot be one"
                )


def write_aliases(session: Session, kind: AliasKind, aliases: Iterable[Alias]) -> None:
    """Write aliases as they are; those whose id stands for something already are left out."""
    session.many(
        f"INSERT INTO {kind.table} "  # noqa: S608 - names of our own
        f"(alias_id, {kind.key}, alias_name, reason, decided_by, decided_at) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (alias_id) DO NOTHING",
        [
            (
                alias.alias_id,
                alias.stands_for,
                None if alias.alias_name is None else stored_text(alias.alias_name),
                stored_text(alias.reason),
                stored_text(alias.decided_by),
                session.time(alias.decided_at),
            )
            for alias in aliases
        ],
    )


def remove_alias(session: Session, kind: AliasKind, alias_id: str) -> bool:
    """Remove an alias, so that both are seen apart again; return whether there was one."""
    sql = f"DELETE FROM {kind.table} WHERE alias_id = ?"  # noqa: S608 - names of our own
    if not session.execute(sql, alias_id):
        return False
    bump_version(session)
    return True


def read_aliases(session: Session, kind: AliasKind) -> list[Alias]:
    """Return every alias of a kind, by name."""
    rows = session.rows(
        f"SELECT alias_id, {kind.key}, alias_name, reason, decided_by, decided_at "  # noqa: S608 - names of our own
        f"FROM {kind.table} ORDER BY alias_name, alias_id"
    )
    return [
        Alias(kind.name, str(alias), str(target), name, reason, person, _moment(when))
        for alias, target, name, reason, person, when in rows
    ]


def _folds(session: Session, kind: AliasKind) -> dict[str, str]:
    rows = session.rows(
        f"SELECT alias.alias_id, alias.{kind.key} FROM {kind.table} alias "  # noqa: S608 - names of our own
        f"JOIN {kind.of} there ON there.{kind.key} = alias.alias_id"
    )
    step = {str(alias): str(target) for alias, target in rows}
    return {alias: _end(step, alias) for alias in step}


def _end(step: Mapping[str, str], identity: str) -> str:
    seen: set[str] = set()
    while identity in step and identity not in seen:
        seen.add(identity)
        identity = step[identity]
    return identity


def _moment(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment.astimezone(UTC)
