"""Entities of a run, collected once each, and texts of it without secrets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from evalhouse import ids
from evalhouse.records import Entity
from evalhouse.redact import Redactor
from evalhouse.schema import TABLES


@dataclass
class Names:
    """Collects entities; the first of equal keys stands."""

    redactor: Redactor
    found: dict[tuple[str, ...], Entity] = field(default_factory=dict)

    def add(self, entity: Entity) -> None:
        """Take in an entity."""
        keys = [str(getattr(entity, name)) for name in TABLES[entity.table].keys]
        self.found.setdefault((entity.table, *keys), entity)

    def entities(self) -> list[Entity]:
        """Return what was collected."""
        return list(self.found.values())

    def clean(self, text: str) -> str:
        """Return a text without what looks like a secret."""
        data = text.encode("utf-8", "backslashreplace")
        return self.redactor.text(data)[0].decode("utf-8", "replace")

    def address(self, text: str) -> str:
        """Return where something is had, without logins and secret parameters."""
        return self.redactor.address(text)

    def settings(self, value: Any) -> str:
        """Return settings as canonical JSON, without secrets by name, shape and in addresses."""
        known = self.redactor.addresses_in(value)
        data = ids.canonical_json(known).encode("utf-8", "backslashreplace")
        return self.redactor.settings(data)[0].decode("utf-8", "replace")
