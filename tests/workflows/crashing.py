"""Ingest in a process of its own that dies where it is told to.

python crashing.py HOUSE CATALOG LAKE POINT PLACE...
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from evalhouse import config
from evalhouse.catalog import Catalog
from evalhouse.lake import Lake, TableWriter
from evalhouse.store import Blobs, Store
from evalhouse.workflows.ingest import ingest

POINTS: dict[str, tuple[type, str, int, bool]] = {
    # name: where, which call, the how many-th, before it (or after)
    "first rows": (TableWriter, "write", 1, True),
    "many rows": (TableWriter, "write", 40, False),
    "first file": (TableWriter, "close", 1, False),
    "blob": (Blobs, "put_stream", 1, False),
    "first append": (Lake, "append", 1, True),
    "some appends": (Lake, "append", 4, False),
    "before commit": (Catalog, "commit_batch", 1, True),
    "after commit": (Catalog, "commit_batch", 1, False),
}


def die_at(point: str) -> None:
    """Replace a method so that the process is gone at a certain call of it."""
    owner, name, count, before = POINTS[point]
    original: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def deadly(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if before and calls == count:
            os._exit(9)
        result = original(*args, **kwargs)
        if calls == count:
            os._exit(9)
        return result

    setattr(owner, name, deadly)


def main() -> None:
    """Do it."""
    house, catalog, lake, point, *places = sys.argv[1:]
    if point in POINTS:
        die_at(point)
    settings = config.load(house, catalog=catalog or None, lake=lake or None)
    with Store.open(settings, create=True) as store:
        print("ready", flush=True)  # noqa: T201 - the parent waits for it
        ingest(store, places)


if __name__ == "__main__":
    main()
