"""Rows that every catalog begins with, written where the schema is made or migrated."""

from __future__ import annotations

from itertools import groupby

from evalhouse.catalog.database import Session
from evalhouse.catalog.revisions import HEAD, revision_of
from evalhouse.catalog.upserts import upsert
from evalhouse.lookups import seeds


def seed(session: Session) -> None:
    """Write the lookups; rows that are there already learn only what was empty.

    A catalog that is not at the revision of this program is left as it is.
    """
    if revision_of(session) == HEAD:
        for _, rows in groupby(seeds(), key=type):
            upsert(session, list(rows))
