"""Whatever goes wrong on the way, over real HTTP: the answers are those of an undisturbed run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from evalhouse.engine.asking import Asking
from evalhouse.engine.record import read_record
from evalhouse.engine.transport import Persistence
from tests.engine.model import (
    EVERYTHING_IN_THE_MODEL,
    EVERYTHING_ON_THE_WAY,
    ON_THE_WAY,
    Model,
    Troubles,
)
from tests.engine.runs import Setting, annotated, entries_of, essence, made_task, table_of
from tests.providers.server import Answer, serving

WAYS = {
    "text": (Asking(repeats=2), 40),
    "field": (Asking(request_unit="field"), 15),
    "continuous": (Asking(request_unit="field", chat_mode="continuous", history_window=3), 10),
    "batch": (Asking(request_unit="batch", batch_size=3), 60),
    "thinking": (Asking(prompt_type="CoT"), 40),
}
KINDS = {
    "slow": "TimedOut",
    "busy": "Busy",
    "busy_for_milliseconds": "Busy",
    "unavailable": "Busy",
    "broken": "ServerFault",
    "dropped_before": "BrokenConnection",
    "dropped_inside": "BrokenConnection",
    "malformed": "MalformedReply",
    "no_reply": "MalformedReply",
}


@pytest.mark.parametrize("provider", ["openai", "ollama"])
@pytest.mark.parametrize("name", WAYS)
def test_a_run_under_all_faults_at_once_ends_with_the_answers_of_an_undisturbed_one(
    name: str, provider: str, tmp_path: Path
) -> None:
    asking, rows = WAYS[name]
    task = made_task(tmp_path / "task", rows)
    results: list[Any] = []
    for kind in (Troubles(), EVERYTHING_ON_THE_WAY):
        troubles = Troubles(
            **{**vars(EVERYTHING_IN_THE_MODEL), "filtered": 0.0, **_on_the_way(kind)}
        )
        model, path = Model(troubles), tmp_path / f"{len(results)}.jsonl"
        with serving(model) as server:
            setting = Setting(server.url, provider, timeout=0.5)
            outcome = annotated(task, path, setting, asking)
        assert outcome.is_complete
        replied, failed = entries_of(path)
        results.append((table_of(outcome), essence(replied)))
        assert len(failed) == outcome.tally.tries_failed >= sum(model.met[n] for n in ON_THE_WAY)
        assert outcome.tally.exchanges == len(replied) == len(server.requests) - len(failed)
    assert failed
    assert results[0] == results[1]


def _on_the_way(troubles: Troubles) -> dict[str, float]:
    return {name: getattr(troubles, name) for name in ON_THE_WAY}


@pytest.mark.parametrize("provider", ["openai", "ollama"])
@pytest.mark.parametrize("trouble", ON_THE_WAY)
def test_each_fault_on_the_way_is_recorded_as_what_it_is_and_asked_again(
    trouble: str, provider: str, tmp_path: Path
) -> None:
    model = Model(Troubles(**{trouble: 1.0}))
    with serving(model) as server:
        setting = Setting(server.url, provider, timeout=0.5)
        outcome = annotated(made_task(tmp_path / "task", 4), tmp_path / "a.jsonl", setting)
    replied, failed = entries_of(tmp_path / "a.jsonl")
    kinds = {
        record.failure.kind for each in failed.values() if (record := read_record(each)).failure
    }
    assert outcome.is_complete
    assert KINDS[trouble] in kinds <= {KINDS[trouble], "TimedOut"}
    assert len(failed) >= model.met[trouble] == len(replied)
    assert {key.split("/", 1)[1].rpartition("/")[0] for key in failed} <= set(replied)


@pytest.mark.parametrize("provider", ["openai", "ollama"])
def test_what_a_model_does_wrong_is_told_by_the_status_of_its_answers(
    provider: str, tmp_path: Path
) -> None:
    expected = {
        "truncated": {"truncated"},
        "refused": {"refused"},
        "refused_in_words": {"refused"},
        "filtered": {"refused"},
        "thinking": {"ok", "not_applicable"},
        "not_allowed": {"ok", "not_applicable"},
        "wrong_offsets": {"ok", "not_applicable", "repaired"},
    }
    task, found = made_task(tmp_path / "task", 6), {}
    for trouble in expected:
        with serving(Model(Troubles(**{trouble: 1.0}))) as server:
            setting = Setting(server.url, provider)
            outcome = annotated(task, tmp_path / f"{trouble}.jsonl", setting)
        statuses = Counter(a.status for row in outcome.answers[0] if row for a in row.values())
        found[trouble] = set(statuses)
        assert outcome.is_complete
    assert found == expected


def test_a_server_that_never_gets_well_leaves_failed_answers_that_are_asked_again_later(
    tmp_path: Path,
) -> None:
    task, path = made_task(tmp_path / "task", 5), tmp_path / "a.jsonl"
    model = Model()
    with serving(model) as server:
        server.next(*[Answer(500, {"error": "down"})] * 9)
        once = Persistence(retries=1, first_wait=0.001)
        outcome = annotated(task, path, Setting(server.url, persistence=once))
        statuses = [{a.status for a in row.values()} for row in outcome.answers[0] if row]
        assert not outcome.is_complete
        assert {"failed"} in statuses
        again = annotated(task, path, Setting(server.url))
    assert again.is_complete
    assert again.tally.replayed_exchanges == outcome.tally.exchanges > 0
