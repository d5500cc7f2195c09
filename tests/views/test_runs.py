from __future__ import annotations

import pytest

from evalhouse.errors import UnknownNameError
from evalhouse.house import House
from evalhouse.store import Store
from evalhouse.views.runs import RunPage, TaskPage, run_page, runs, task_page
from tests.views.houses import Draft

LLAMA = "meta-llama/Llama-3.1-8B main 2025-11-03_posttrain"
TASK = "boolq:rc::olmes"


def _page(house: House) -> RunPage:
    with house.store.reader() as reader:
        return run_page(reader, LLAMA)


def _task(house: House) -> TaskPage:
    with house.store.reader() as reader:
        return task_page(reader, LLAMA, TASK, items=2)


def test_every_run_is_listed_with_what_it_holds(examples: House) -> None:
    with examples.store.reader() as reader:
        rows = {row["label"]: row for row in runs(reader).to_arrow().to_pylist()}
    assert len(rows) == 4
    llama = rows[LLAMA]
    assert (llama["tasks"], llama["items"], llama["origin"]) == (13, 42, "reported")


def test_a_run_without_results_is_listed(store: Store) -> None:
    draft = Draft()
    draft.run("r")
    with draft.commit(store).reader() as reader:
        assert runs(reader).to_arrow().to_pylist()[0]["tasks"] == 0


def test_a_run_shows_settings_sources_checks_and_results(examples: House) -> None:
    page = _page(examples)
    assert page.settings["model_config.model"] == "meta-llama/Llama-3.1-8B"
    assert [source.format for source in page.sources] == ["olmes"]
    assert page.checks["choices", "match"] > 0
    assert page.problems == {}
    assert [result.is_suite for result in page.results] == [True] * 6 + [False] * 7


def test_a_run_shows_the_scores_of_a_leaderboard(examples: House) -> None:
    board = examples.leaderboard("core_3mcqa::olmes")
    stated = [row["stderr"] for row in board.to_arrow().to_pylist() if row["label"] == LLAMA]
    page = [each.score for each in _page(examples).results if each.task == "core_3mcqa::olmes"]
    assert [score.stderr for score in page] == stated != [None]


def test_a_run_turns_into_plain_data(examples: House) -> None:
    plain = _page(examples).as_dict()
    assert plain["results"][0].keys() >= {"task", "value", "stderr", "origin"}
    assert plain["checks"][0].keys() == {"scope", "status", "n"}


def test_a_task_of_a_run_shows_metrics_and_first_items(examples: House) -> None:
    page = _task(examples)
    assert (page.items, len(page.first_items)) == (6, 2)
    assert {"acc_raw", "primary_score"} <= {line.metric for line in page.metrics}
    assert page.as_dict()["first_items"][0]["doc_id"] == 0


def test_an_unknown_task_of_a_run_gets_close_ones(examples: House) -> None:
    with (
        examples.store.reader() as reader,
        pytest.raises(UnknownNameError, match="did you mean `boolq:rc::olmes`"),
    ):
        task_page(reader, LLAMA, "boolq:rc:olmes")
