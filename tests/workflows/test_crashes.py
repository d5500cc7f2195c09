"""Killing any process at any moment leaves the house as it was, or complete."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from evalhouse.store import Store
from evalhouse.workflows.ingest import ingest
from tests.workflows import crashing
from tests.workflows.conftest import EXAMPLES, content, differences, open_store

SCRIPT = Path(crashing.__file__)
FIRST, *_ = sorted(path.parent for path in EXAMPLES.rglob("metrics-all.jsonl"))
KILLS = int(os.environ.get("EVALHOUSE_KILLS", "3"))


def start(
    house: Path,
    point: str = "",
    *,
    catalog: str = "",
    lake: str = "",
    places: list[Path] | None = None,
) -> subprocess.Popen[str]:
    arguments = [str(house), catalog, lake, point, *map(str, places or [EXAMPLES])]
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, list[str]], ...]:
    """The house with one dump in it, and with all of them."""
    found = []
    for place in (FIRST, EXAMPLES):
        with open_store(tmp_path_factory.mktemp("state") / "house") as store:
            ingest(store, [place])
            found.append(content(store))
    return tuple(found)


def recovers(store: Store, states: tuple[dict[str, list[str]], ...]) -> bool:
    """Tell whether the house was complete; check that it is whole, and completes."""
    before, after = states
    held = content(store)
    is_complete = differences(held, after) == {}
    assert is_complete or differences(held, before) == {}
    store.repair(timedelta(0))
    assert differences(content(store), held) == {}
    ingest(store, [EXAMPLES])
    assert differences(content(store), after) == {}
    return is_complete


@pytest.mark.parametrize("point", crashing.POINTS)
def test_a_process_that_dies_at_a_point_leaves_the_house_whole(
    point: str, store: Store, states: tuple[dict[str, list[str]], ...]
) -> None:
    ingest(store, [FIRST])
    died = start(store.settings.folder, point)
    died.communicate(timeout=60)
    assert died.returncode == 9
    assert recovers(store, states) == (point == "after commit")


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_process_that_is_killed_at_any_moment_leaves_the_house_whole(
    seed: int, store: Store, states: tuple[dict[str, list[str]], ...]
) -> None:
    ingest(store, [FIRST])
    process = start(store.settings.folder)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(random.Random(seed).uniform(0, 0.6))
    process.kill()
    process.communicate(timeout=60)
    recovers(store, states)


def test_a_house_whose_making_is_killed_can_be_made_again(tmp_path: Path) -> None:
    for delay in (0.05, 0.2, 0.4):
        process = start(tmp_path / "house")
        time.sleep(delay)
        process.kill()
        process.communicate(timeout=60)
    with open_store(tmp_path / "house") as store:
        ledger = ingest(store, [EXAMPLES])
        assert ledger.exit_code == 0
