"""Bringing the catalog of a house to another revision of its schema."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from evalhouse import config
from evalhouse.catalog import Catalog, MigrationPlan
from evalhouse.errors import NoHouseError

Place = str | os.PathLike[str]


def plan_migration(place: Place, revision: str = "head") -> MigrationPlan:
    """Return what a migration would do; nothing is done."""
    with _catalog(place) as catalog:
        return catalog.plan(revision)


def migrate(place: Place, revision: str = "head", *, lose_rows: bool = False) -> MigrationPlan:
    """Migrate a catalog up or down, write the lookups anew, and return what was done.

    Raises:
        UsageError: Rows would be lost, and `lose_rows` is false.
    """
    with _catalog(place) as catalog:
        return catalog.move(revision, lose_rows=lose_rows)


@contextmanager
def _catalog(place: Place) -> Iterator[Catalog]:
    settings = config.load(place)
    catalog = Catalog(settings.catalog)
    try:
        if catalog.revision() is None:
            raise NoHouseError(str(settings.folder))
        yield catalog
    finally:
        catalog.close()
