"""The catalog: identities, relations and batches in SQLite or PostgreSQL."""

from __future__ import annotations

from evalhouse.catalog.batches import BatchOutcome
from evalhouse.catalog.catalog import Catalog
from evalhouse.catalog.copying import Contents
from evalhouse.catalog.plans import MigrationPlan
from evalhouse.catalog.reads import KnownFile, LiveUnit, Snapshot
from evalhouse.catalog.revisions import HEAD
from evalhouse.catalog.values import stored_text

__all__ = [
    "HEAD",
    "BatchOutcome",
    "Catalog",
    "Contents",
    "KnownFile",
    "LiveUnit",
    "MigrationPlan",
    "Snapshot",
    "stored_text",
]
