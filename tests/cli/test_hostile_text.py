from __future__ import annotations

from pathlib import Path

import pytest

import evalhouse
from tests.cli.conftest import Evalhouse
from tests.views.houses import Draft

EVIL = "[bold red]m[/bold red]\x1b[2J\r\u202e"
TOLD = r"[bold red]m[/bold red]\x1b[2J\r\u202e"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Give the place of a house in which every name wants to control the terminal."""
    draft = Draft()
    run, model, task = draft.run("r", EVIL, key=EVIL), draft.model(EVIL, EVIL), draft.task(EVIL)
    draft.score(run, model, task, 0.5, metric=EVIL, config={"name": EVIL})
    draft.score(run, draft.model("other"), task, None, value_note=EVIL)
    unit = draft.unit(run, EVIL)
    place = {"run_id": run, "task": EVIL, "unit_id": unit, "doc_id": 0, "attempt": 0}
    output = '{"a": "' + EVIL + '"}'
    draft.rows["responses"].append({**place, "answer": EVIL, "label": EVIL, "model_output": output})
    problem = {"path": EVIL, "kind": EVIL, "severity": "damage", "message": EVIL, "excerpt": EVIL}
    draft.rows["problems"].append({"run_id": run, "unit_id": unit, **problem})
    with evalhouse.open(tmp_path / "house") as house:
        draft.commit(house.store)
    return tmp_path / "house"


@pytest.mark.parametrize(
    "words",
    [
        ["runs"],
        ["show", EVIL],
        ["show", EVIL, "--task", EVIL],
        ["show", EVIL, "--task", EVIL, "--doc", "0"],
        ["problems"],
        ["leaderboard", EVIL],
        ["leaderboard", EVIL, "--group-by", "model"],
        ["leaderboard", EVIL, "--pivot"],
        ["sql", "select label from runs"],
    ],
)
def test_names_from_dumps_are_shown_as_they_are(
    call: Evalhouse, place: Path, words: list[str]
) -> None:
    done = call("--house", place, *words)
    assert (done.code, done.err) == (0, "")
    assert TOLD in done.out
    assert not {"\x1b", "\r", "\u202e"} & set(done.out)
