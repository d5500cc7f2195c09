"""Settings of the house as a whole, and the counter that tells caches when to read again."""

from __future__ import annotations

from evalhouse.catalog.database import Session
from evalhouse.catalog.values import stored_text

VERSION = "catalog_version"


def read_setting(session: Session, name: str) -> str | None:
    """Return the value of a setting, or `None` where nobody has set it."""
    found = session.value("SELECT value FROM house_settings WHERE name = ?", stored_text(name))
    return None if found is None else str(found)


def write_setting(session: Session, name: str, value: str) -> None:
    """Set a setting, whatever it was."""
    session.execute(
        "INSERT INTO house_settings (name, value) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        stored_text(name),
        stored_text(value),
    )
    bump_version(session)


def write_setting_once(session: Session, name: str, value: str) -> None:
    """Set a setting unless somebody has."""
    written = session.execute(
        "INSERT INTO house_settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
        stored_text(name),
        stored_text(value),
    )
    if written:
        bump_version(session)


def read_version(session: Session) -> int:
    """Return how often the catalog has changed."""
    return int(read_setting(session, VERSION) or 0)


def bump_version(session: Session) -> None:
    """Count a change of the catalog."""
    session.execute(
        "INSERT INTO house_settings (name, value) VALUES (?, '1') ON CONFLICT (name) DO UPDATE "
        "SET value = CAST(CAST(house_settings.value AS BIGINT) + 1 AS TEXT)",
        VERSION,
    )
