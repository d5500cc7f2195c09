from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evalhouse.catalog import Catalog


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'catalog.db'}"
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture
def catalog(url: str) -> Iterator[Catalog]:
    """Give a catalog that is ready to use, on each kind of database."""
    opened = Catalog(url, busy_seconds=20)
    opened.prepare()
    yield opened
    opened.close()
