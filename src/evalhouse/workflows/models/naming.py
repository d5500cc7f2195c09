"""Identities by what people call them, for aliases: of models, tasks and creators."""

from __future__ import annotations

from evalhouse import ids
from evalhouse.catalog.aliases import AliasKind
from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.store import Reader
from evalhouse.views.models import find_model, is_id
from evalhouse.workflows.models.claims import named_id


def known_id(reader: Reader, kind: AliasKind, text: str) -> str:
    """Return the id of what is there under a name or id.

    Raises UnknownNameError where there is nothing, UsageError where there are several.
    """
    if kind.name == "model":
        return find_model(reader, text)
    path = ", task_path" if kind.name == "task" else ""
    rows = reader.sql(
        f"SELECT {kind.key} AS id, {kind.title} AS title {path} FROM catalog.{kind.of}"  # noqa: S608 - names of our own
    ).to_pylist()
    found = [row for row in rows if text in {row["id"], row.get("task_path")}]
    found = found or [row for row in rows if row["title"] == text]
    if not found:
        raise UnknownNameError(kind.name, text, [row["title"] for row in rows])
    if len(found) > 1:
        listed = ", ".join(f"`{row.get('task_path') or row['id']}`" for row in found)
        raise UsageError(f"`{text}` means {len(found)} {kind.of}: {listed}; give one of these")
    return str(found[0]["id"])


def other_id(reader: Reader, kind: AliasKind, text: str) -> tuple[str, str]:
    """Return an id that need not be there yet, and the text that it is made of."""
    if is_id(text):
        return text.lower(), text
    try:
        return known_id(reader, kind, text), text
    except UnknownNameError:
        return _made_of(kind, text), text


def _made_of(kind: AliasKind, text: str) -> str:
    if kind.name == "creator":
        return ids.creator_id(text)
    return ids.task_id(text) if kind.name == "task" else named_id(text)
