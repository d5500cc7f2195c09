"""Killing a run at any moment loses no answer, asks none twice, and changes none."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from evalhouse.engine.asking import Asking
from evalhouse.engine.slots import Limits
from evalhouse.journal import verify
from evalhouse.providers import Sampling
from tests.engine.crashing import started
from tests.engine.model import Model, Troubles
from tests.engine.runs import Setting, annotated, entries_of, essence, made_task, table_of
from tests.providers.server import Server, serving

KILLS = int(os.environ.get("EVALHOUSE_KILLS", "20"))
IN_A_ROW = 4
WIDTH = 4
AT_ONCE = 2 * WIDTH  # interviews: so many replies may be on their way to us or to the disk
TROUBLES = Troubles(truncated=0.03, refused=0.03, thinking=0.1, wrong_offsets=0.2, not_allowed=0.1)
SEEDED = Sampling(temperature=0.7, seed=1)


@dataclass(frozen=True)
class Way:
    """A way of asking, with as many rows and as slow a model as make it take half a second."""

    provider: str
    asking: Asking
    rows: int
    wait: float


WAYS = {
    "text": Way("openai", Asking(repeats=2, sampling=SEEDED), 40, 0.012),
    "field": Way("ollama", Asking(request_unit="field"), 30, 0.008),
    "continuous": Way(
        "openai",
        Asking(request_unit="field", chat_mode="continuous", history_window=4, repeats=2,
               sampling=SEEDED),
        14, 0.004,
    ),
    "batch": Way("ollama", Asking(request_unit="batch", batch_size=3, repeats=2, retries=2,
                                  sampling=SEEDED), 60, 0.025),
    "thinking": Way("openai", Asking(request_unit="field", prompt_type="CoT"), 30, 0.008),
}  # fmt: skip


@contextmanager
def served(way: Way) -> Iterator[Server]:
    with serving(Model(TROUBLES, way.wait)) as server:
        yield server


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the runs end with when nobody kills them."""
    found = {}
    for name, way in WAYS.items():
        folder = tmp_path_factory.mktemp(name)
        with served(way) as server:
            setting = Setting(server.url, way.provider, Limits(WIDTH), timeout=30.0)
            task = made_task(folder / "task", way.rows)
            outcome = annotated(task, folder / "answers.jsonl", setting, way.asking)
        assert outcome.is_complete
        replied, failed = entries_of(folder / "answers.jsonl")
        assert not failed
        found[name] = table_of(outcome), essence(replied)
    return found


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("seed", range(max(KILLS // (IN_A_ROW * len(WAYS)), 1)))
def test_a_run_that_is_killed_at_any_moment_ends_as_if_nothing_had_happened(
    seed: int, name: str, tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    way, path = WAYS[name], tmp_path / "answers.jsonl"
    task = made_task(tmp_path / "task", way.rows)
    chance = random.Random(f"{name} {seed}")
    with served(way) as server:
        for _ in range(IN_A_ROW):
            process = started(tmp_path, server.url, way.provider, way.asking, WIDTH)
            _wait_for_request(server, process)
            time.sleep(chance.uniform(0, 0.15))
            process.kill()
            process.join(60)
        setting = Setting(server.url, way.provider, Limits(WIDTH), timeout=30.0)
        outcome = annotated(task, path, setting, way.asking)
        asked = len(server.requests)
    replied, failed = entries_of(path)
    assert (table_of(outcome), essence(replied), failed) == (*undisturbed[name], {})
    report = verify(path)
    assert (report.is_sound, report.is_closed, report.torn) == (True, True, ())
    assert asked - len(replied) <= IN_A_ROW * AT_ONCE


def _wait_for_request(server: Server, process: BaseProcess) -> None:
    """Wait until a process has begun to ask, or found that there is nothing left."""
    before = len(server.requests)
    while len(server.requests) == before and process.is_alive():
        time.sleep(0.002)
