from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evalhouse import config
from evalhouse.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give a new house in a temporary folder."""
    with Store.open(config.load(tmp_path / "house"), create=True) as opened:
        yield opened
