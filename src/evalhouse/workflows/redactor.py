"""The redactor of a house: its key makes equal secrets look equal there, and nowhere else."""

from __future__ import annotations

import secrets

from evalhouse.redact import Redactor
from evalhouse.store import Store


def redaction_key(store: Store | None) -> bytes:
    """Return the key of a house, made when it is first needed; an empty one where there is none."""
    if store is None:
        return b""
    return store.catalog.setting_once("redaction_key", lambda: secrets.token_hex(16)).encode()


def redactor_of(store: Store | None) -> Redactor:
    """Return what replaces secrets, with the key of the house or without one."""
    return Redactor(redaction_key(store))
