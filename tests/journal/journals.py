"""A journal as tests write it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evalhouse.errors import DamagedJournalError
from evalhouse.journal import Entry, Journal
from evalhouse.redact import Redactor

REDACTOR = Redactor(b"key of a house")
CONFIGURATION: dict[str, Any] = {"model": {"name": "small", "seed": 1}, "fields": ["a", "b"]}


def open_journal(path: Path, configuration: dict[str, Any] | None = None) -> Journal:
    return Journal(path, configuration or CONFIGURATION, redactor=REDACTOR)


def written(path: Path, payloads: Iterable[Any]) -> list[Entry]:
    """Write a closed journal and return what is in it."""
    entries = [Entry(f"row {number}", payload) for number, payload in enumerate(payloads)]
    with open_journal(path) as journal:
        for entry in entries:
            journal.append_now(entry)
    return entries


@contextmanager
def opened(path: Path) -> Iterator[Journal | DamagedJournalError]:
    """Open a journal, or give what is said about its damage."""
    try:
        journal = open_journal(path)
    except DamagedJournalError as failure:
        yield failure
        return
    with journal:
        yield journal
