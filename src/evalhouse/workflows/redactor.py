"""The redactor of a house: its key makes equal secrets look equal there, and nowhere else."""

from __future__ import annotations

import secrets

from evalhouse.redact import Redactor
from evalhouse.store import Store


def redactor_of(store: Store) -> Redactor:
    """Return the redactor of a house, whose key is made when it is first needed."""
    key = store.catalog.setting_once("redaction_key", lambda: secrets.token_hex(16))
    return Redactor(key.encode())
