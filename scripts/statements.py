"""Write the statements that make a new SQLite catalog, or say that they are stale.

python -m scripts.statements            write src/evalhouse/data/catalog_sqlite.sql
python -m scripts.statements --check    fail if it would change
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from pathlib import Path

from evalhouse.catalog.creation import create
from evalhouse.catalog.sqlite import SqliteDatabase
from evalhouse.catalog.statements import END

FILE = Path(__file__).resolve().parent.parent / "src/evalhouse/data/catalog_sqlite.sql"


def statements() -> str:
    """Return the statements of a catalog that SQLAlchemy has made from the declared tables."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalog.db"
        create(SqliteDatabase(f"sqlite:///{path}", busy_seconds=5))
        connection = sqlite3.connect(path)
        found = connection.execute(
            # Tables as they were made; indexes by name, since they were made in any order.
            "SELECT sql FROM sqlite_master WHERE sql NOT NULL "
            "ORDER BY type = 'index', iif(type = 'index', name, NULL), rowid"
        )
        text = "".join(f"{sql}{END}" for (sql,) in found)
        connection.close()
    return text


def main(arguments: list[str]) -> int:
    """Write, or check with `--check`."""
    text = statements()
    if "--check" in arguments:
        if not FILE.exists() or FILE.read_text("utf-8") != text:
            print(f"{FILE.name} is stale; run `make docs`")
            return 1
        return 0
    FILE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
