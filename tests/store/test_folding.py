from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from evalhouse import ids
from evalhouse.catalog.aliases import Alias, kind_of
from evalhouse.errors import UsageError
from evalhouse.records import (
    Cell,
    Creator,
    Entity,
    Model,
    ModelSource,
    Prompt,
    PromptText,
    Task,
    TaskMember,
)
from evalhouse.store import Store
from tests.store.rows import RUN, RUN_ID, response, unit, values, write

NOW = datetime(2026, 1, 2, tzinfo=UTC)
FIRST, SECOND = (ids.model_id("local", name) for name in ("first", "second"))
OURS, THEIRS = (ids.creator_id(name) for name in ("ours", "theirs"))
SUITE, TASK, TWIN = (ids.task_id(path) for path in ("s", "s/a", "s/b"))


def task(path: str, parent: str | None = None) -> Task:
    return Task(
        task_id=ids.task_id(path),
        task_name=path,
        task_path=path,
        natural_key_hash=ids.task_key_hash(path),
        kind="benchmark",
        is_suite=parent is None,
        parent_id=parent,
    )


def entities() -> list[Entity]:
    prompt_hash = ids.sha256_hex("{}")
    prompts = {each: ids.prompt_id(each, prompt_hash) for each in (TASK, TWIN)}
    found: list[Entity] = [
        Creator(creator_id=OURS, name="ours"),
        Creator(creator_id=THEIRS, name="theirs"),
        Model(model_id=FIRST, provider="local", model_name="first", creator_id=OURS),
        Model(model_id=SECOND, provider="local", model_name="second", creator_id=THEIRS),
        ModelSource(
            model_source_id=ids.random_id(),
            model_id=SECOND,
            source_type_id=ids.lookup_id("source_types", "local_file"),
            url="/second",
        ),
        task("s"),
        task("s/a", SUITE),
        task("s/b", SUITE),
        *(
            TaskMember(suite_id=SUITE, member_id=m, sort_order=0, rule="macro")
            for m in (TASK, TWIN)
        ),
        PromptText(prompt_hash=prompt_hash, prompt_text="{}"),
        *(
            Prompt(prompt_id=prompt, task_id=each, kind="task_config", prompt_hash=prompt_hash)
            for each, prompt in prompts.items()
        ),
        RUN,
    ]
    cells = [(FIRST, TASK, 0.25), (SECOND, TASK, 0.5), (SECOND, TWIN, 0.75)]
    return [
        *found,
        *(
            Cell(
                run_id=RUN_ID,
                prompt_id=prompts[of],
                model_id=model,
                task_id=of,
                primary_value=value,
                score=value,
            )
            for model, of, value in cells
        ),
    ]


@pytest.fixture
def filled(store: Store) -> Store:
    answers = [response("a", 0, model_id=SECOND), response("a", 1, model_id=FIRST)]
    write(store, {"responses": answers}, unit("a"), entities=entities())
    return store


def stand(store: Store, kind: str, other: str, target: str) -> bool:
    alias = Alias(kind, other, target, None, "the same", "anna", NOW)
    return store.catalog.registry.add_alias(alias)


def separate(store: Store, kind: str, other: str) -> None:
    assert store.catalog.registry.remove_alias(kind_of(kind), other)


def both(store: Store) -> dict[str, list[Any]]:
    asked = {
        "models": "SELECT model_name FROM models ORDER BY 1",
        "cells": "SELECT DISTINCT model_id FROM run_model_metrics ORDER BY 1",
        "sources": "SELECT model_id FROM model_sources",
        "scores": "SELECT DISTINCT model FROM task_scores ORDER BY 1",
        "answers": "SELECT DISTINCT model_id FROM responses ORDER BY 1",
        "items": "SELECT DISTINCT model_id FROM items ORDER BY 1",
    }
    return {name: values(store, query) for name, query in asked.items()}


def test_results_of_a_merged_model_are_seen_under_the_other(filled: Store) -> None:
    apart = both(filled)
    assert apart["models"] == ["first", "second"]
    assert apart["answers"] == apart["cells"] == sorted([FIRST, SECOND])
    assert stand(filled, "model", SECOND, FIRST)
    assert both(filled) == {
        "models": ["first"],
        "cells": [FIRST],
        "sources": [FIRST],
        "scores": ["first"],
        "answers": [FIRST],
        "items": [FIRST],
    }
    assert values(filled, "SELECT count(*) FROM run_model_metrics") == [3]
    separate(filled, "model", SECOND)
    assert both(filled) == apart


def test_an_alias_of_an_alias_leads_to_its_end(filled: Store) -> None:
    third = ids.model_id("local", "third")
    write(filled, {}, entities=[Model(model_id=third, provider="local", model_name="third")])
    stand(filled, "model", SECOND, FIRST)
    stand(filled, "model", FIRST, third)
    assert values(filled, "SELECT DISTINCT model_id FROM run_model_metrics") == [third]
    with pytest.raises(UsageError, match="to turn it around"):
        stand(filled, "model", third, SECOND)
    with pytest.raises(UsageError, match=r"stands for .* already"):
        stand(filled, "model", SECOND, ids.model_id("local", "fourth"))


def test_conflicts_and_aliases_are_seen_as_they_were_written(filled: Store) -> None:
    stand(filled, "model", SECOND, FIRST)
    assert values(filled, "SELECT alias_id FROM model_aliases") == [SECOND]


def test_a_task_that_stands_for_another_brings_its_results(filled: Store) -> None:
    stand(filled, "task", TWIN, TASK)
    assert values(filled, "SELECT task_name FROM tasks ORDER BY 1") == ["s", "s/a"]
    assert values(filled, "SELECT DISTINCT task_id FROM run_model_metrics") == [TASK]
    assert values(filled, "SELECT DISTINCT task_id FROM prompts") == [TASK]
    assert values(filled, "SELECT member_id FROM task_members") == [TASK]


@pytest.mark.parametrize(("other", "target"), [(SUITE, TASK), (TASK, SUITE)])
def test_a_task_cannot_stand_for_a_node_above_or_below_it(
    filled: Store, other: str, target: str
) -> None:
    with pytest.raises(UsageError, match="both cannot be one"):
        stand(filled, "task", other, target)


def test_a_creator_that_stands_for_another_lends_its_models(filled: Store) -> None:
    stand(filled, "creator", THEIRS, OURS)
    assert values(filled, "SELECT creator FROM models") == ["ours", "ours"]
    assert values(filled, "SELECT name FROM creators") == ["ours"]


def test_ids_that_no_row_has_fold_nothing(filled: Store) -> None:
    stand(filled, "model", ids.random_id(), FIRST)
    assert filled.catalog.snapshot().folds == {}


def test_lookups_and_texts_stand_beside_ids(store: Store) -> None:
    quantization = ids.lookup_id("quantization_methods", "q8_0")
    rows = [
        replace(each, quantization_id=quantization, parameter_count=8_000_000_000)
        if isinstance(each, Model)
        else each
        for each in entities()
    ]
    category = ids.lookup_id("task_categories", "reasoning")
    rows = [
        replace(each, category_id=category) if isinstance(each, Task) else each for each in rows
    ]
    write(store, {}, entities=rows)
    assert values(store, "SELECT DISTINCT quantization FROM models") == ["q8_0"]
    assert values(store, "SELECT DISTINCT task_category FROM tasks") == ["reasoning"]
    assert values(store, "SELECT DISTINCT prompt_text FROM prompts") == ["{}"]
    assert values(store, "SELECT DISTINCT content_sha256 FROM bakeoff_prompts") == [
        ids.sha256_hex("{}")
    ]
    assert values(store, "SELECT DISTINCT parameter_count_b FROM bakeoff_models") == [8.0]
    assert values(store, "SELECT DISTINCT gflops_per_token FROM bakeoff_run_model_metrics") == [
        16.0
    ]
    assert values(store, "SELECT DISTINCT gflops_per_token FROM model_compute") == [16.0]
    bits = values(store, "SELECT bits_per_weight FROM quantization_methods WHERE name = 'q8_0'")[0]
    memory = values(store, "SELECT DISTINCT weights_memory_bytes FROM model_compute")
    assert memory == [int(8_000_000_000 * bits / 8)]
