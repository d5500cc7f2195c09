from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalhouse.engine.asking import Asking
from evalhouse.engine.preflight import (
    CHARACTERS_PER_TOKEN,
    MissingModelError,
    UnreadyServerError,
    check_endpoint,
    check_room,
)
from evalhouse.errors import UsageError
from evalhouse.providers import Endpoint, Sampling
from evalhouse.tasks.rows import Row
from evalhouse.tasks.task import Task
from tests.engine.runs import made_task, prompts_of

HERE = Endpoint("openai", "http://127.0.0.1:1/v1", "small", reachable=True, model_present=True)


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    return made_task(tmp_path_factory.mktemp("task"), 1)


def test_a_server_that_is_well_is_asked() -> None:
    check_endpoint(HERE)
    check_endpoint(replace(HERE, model_present=None))  # it does not tell


def test_a_server_that_is_away_is_not_asked() -> None:
    away = replace(HERE, reachable=False, fault="nobody answers")
    with pytest.raises(UnreadyServerError, match="cannot be asked: nobody answers; start it, or"):
        check_endpoint(away)


@pytest.mark.parametrize(
    ("models", "hint"),
    [(("smaller", "large"), "did you mean `smaller`"), ((), "known: "), (None, "")],
)
def test_a_model_that_is_missing_is_said_with_those_that_are_there(models: Any, hint: str) -> None:
    missing = replace(HERE, model_present=False, models=models)
    with pytest.raises(MissingModelError, match=r"no model at http.* is called `small`") as failure:
        check_endpoint(missing)
    assert hint in str(failure.value)


@pytest.mark.parametrize(
    ("asking", "lengths", "in_prompt"),
    [
        (Asking(), [10, 5000, 20], 5000),
        (Asking("field"), [10, 5000, 20], 5000),
        (Asking("batch", batch_size=2), [10, 20, 3000, 2500], 5500),
        # The longest text does not come with others as long.
        (Asking("batch", batch_size=2), [10, 20, 5000, 30], 5030),
        (Asking(sampling=Sampling(max_tokens=100)), [5000], 5000 + 100 * CHARACTERS_PER_TOKEN),
    ],
)
def test_a_context_is_refused_if_and_only_if_the_longest_prompt_surely_does_not_fit(
    asking: Asking, lengths: list[int], in_prompt: int, task: Task
) -> None:
    prompts = prompts_of(task, asking)
    rows = [Row(f"r{n}", "x" * length, {}) for n, length in enumerate(lengths, 1)]
    served = in_prompt // CHARACTERS_PER_TOKEN
    with pytest.raises(UsageError, match=r"needs at least \d.*, and small is served with"):
        check_room(replace(HERE, context_length=served), prompts, rows)
    enough = served + 5000 // CHARACTERS_PER_TOKEN  # more than what stands around the texts
    check_room(replace(HERE, context_length=enough), prompts, rows)
    check_room(replace(HERE, context_length=None), prompts, rows)
    check_room(replace(HERE, context_length=1), prompts, [])


def test_the_row_that_does_not_fit_is_named(tmp_path: Path, task: Task) -> None:
    rows = [Row("a", "x" * 50, {}), Row("b", "x" * 9000, {})]
    with pytest.raises(UsageError, match="the row `b` needs at least 2,"):
        check_room(replace(HERE, context_length=1000), prompts_of(task), rows)
