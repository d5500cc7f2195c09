"""The schema revisions that this program knows, oldest first.

A constant, so that opening a catalog does not load the migration tool; a test compares it with the
scripts under `data/migrations`.
"""

from __future__ import annotations

from evalhouse.catalog.database import Session
from evalhouse.errors import OutdatedHouseError

REVISIONS = ("0001", "0002", "0003")
HEAD = REVISIONS[-1]
VERSION_TABLE = "alembic_version"


def require_head(found: str | None) -> None:
    """Refuse a catalog that is not at the revision of this program."""
    if found != HEAD:
        newer = found is not None and found not in REVISIONS
        raise OutdatedHouseError(found, HEAD, newer=newer)


def revision_of(session: Session) -> str | None:
    """Return the revision of the catalog, or `None` where there are no tables of ours."""
    if VERSION_TABLE not in session.tables():
        return None
    found = session.value("SELECT version_num FROM alembic_version")
    return None if found is None else str(found)
