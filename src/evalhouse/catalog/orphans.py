"""Identities that nothing refers to any more, after results were replaced.

A dump that comes in parts is known by little at first: a task by the stem of its files, a model by
the name of its folder. When the rest arrives, what was known by little has no result any more.
"""

from __future__ import annotations

from collections.abc import Iterable

from evalhouse.catalog.database import Session
from evalhouse.schema import CATALOG_TABLES

Results = list[tuple[str, str, str]]  # prompt, task and model of each

_PRUNED = ("prompts", "prompt_texts", "tasks", "models", "creators")


def results_of(session: Session, units: Iterable[str]) -> Results:
    """Return what the results of some units refer to."""
    sql = "SELECT prompt_id, task_id, model_id FROM run_model_metrics WHERE unit_id = ?"
    return [
        (str(prompt), str(task), str(model))
        for unit in units
        for prompt, task, model in session.rows(sql, unit)
    ]


def prune(session: Session, results: Results) -> None:
    """Remove what only these former results referred to, and what only that referred to."""
    for prompt, task, model in results:
        text = session.value("SELECT prompt_hash FROM prompts WHERE prompt_id = ?", prompt)
        creator = session.value("SELECT creator_id FROM models WHERE model_id = ?", model)
        _remove(session, "prompts", prompt)
        _remove(session, "prompt_texts", text)
        _remove_tasks(session, task)
        _remove(session, "models", model, "provisional")
        _remove(session, "creators", creator)


def _remove_tasks(session: Session, task: str) -> None:
    """Remove a task, and the nodes above it as long as nothing else hangs on them."""
    above: str | None = task
    while above is not None:
        parent = session.value("SELECT parent_id FROM tasks WHERE task_id = ?", above)
        if not _remove(session, "tasks", above):
            return
        above = None if parent is None else str(parent)


def _remove(session: Session, table: str, key: object, condition: str = "true") -> bool:
    if key is None:
        return False
    (name,) = next(each.keys for each in CATALOG_TABLES if each.name == table)
    unused = " AND ".join(
        f"NOT EXISTS (SELECT 1 FROM {other} WHERE {other}.{column} = ?)"  # noqa: S608 - our own names
        for other, column in _REFERENCES[table]
    )
    sql = f"DELETE FROM {table} WHERE {name} = ? AND {condition} AND {unused}"  # noqa: S608 - our own names
    return session.execute(sql, key, *[key] * len(_REFERENCES[table])) > 0


def _references(table: str) -> list[tuple[str, str]]:
    """Return every column that refers to a table."""
    return [
        (other.name, column.name)
        for other in CATALOG_TABLES
        for column in other.columns
        if column.references.partition(".")[0] == table
    ]


_REFERENCES = {table: _references(table) for table in _PRUNED}
