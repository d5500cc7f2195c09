"""Every table of the catalog has rows after commands that a person may type."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from evalhouse.catalog import Catalog
from evalhouse.schema import CATALOG_TABLES
from tests.journey import COMMANDS, walk


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Return the number of rows in each table, after all commands."""
    folder: Path = tmp_path_factory.mktemp("day")
    walk(folder, folder / "house", COMMANDS)
    with closing(Catalog(f"sqlite:///{folder / 'house' / 'catalog.db'}")) as catalog:
        return catalog.counts()


@pytest.mark.parametrize("table", CATALOG_TABLES, ids=lambda table: table.name)
def test_every_table_has_rows(counts: dict[str, int], table: object) -> None:
    assert counts[getattr(table, "name", "")] > 0
