from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from evalhouse import ids
from evalhouse.records import Cell, Entity, Model, Prompt, PromptText, Task
from evalhouse.schema import TABLES
from evalhouse.store import VIEWS, Store
from evalhouse.store.views import mentioned, ordered, relations
from tests.store.rows import RUN, RUN_ID, response, unit, values, write

DOC = '{"question": "why?"}'
SHA = ids.sha256_hex(DOC)


def one(store: Store, query: str) -> dict[str, Any]:
    with store.reader() as reader:
        [row] = reader.sql(query).to_pylist()
    return dict(row)


def request(doc_id: int, idx: int, **values: Any) -> dict[str, Any]:
    base = response("arc", doc_id, idx=idx, request_type="loglikelihood", request=f'{{"c": {idx}}}')
    return {**base, "unconditioned": False, "item_sha256": SHA, **values}


def cells() -> list[Entity]:
    suite, task = ids.task_id("suite"), ids.task_id("suite/arc")
    prompt_hash = ids.sha256_hex("{}")
    prompt = ids.prompt_id(task, prompt_hash)
    model = ids.model_id("local", "tiny", "step10")
    return [
        Model(model_id=model, provider="local", model_name="tiny", revision="step10"),
        made_task(suite, "suite", None),
        made_task(task, "suite/arc", suite),
        PromptText(prompt_hash=prompt_hash, prompt_text="{}"),
        Prompt(prompt_id=prompt, task_id=task, kind="task_config", prompt_hash=prompt_hash),
        RUN,
        Cell(
            run_id=RUN_ID,
            prompt_id=prompt,
            model_id=model,
            task_id=task,
            score=0.5,
            primary_metric="acc",
            primary_value=50.0,
            unit="percent",
            n_items=9,
        ),
    ]


def made_task(task_id: str, path: str, parent: str | None) -> Task:
    return Task(
        task_id=task_id,
        task_name=path.rpartition("/")[2],
        task_path=path,
        natural_key_hash=ids.task_key_hash(path),
        kind="benchmark",
        is_suite=parent is None,
        parent_id=parent,
    )


@pytest.mark.parametrize("name", list(VIEWS))
def test_every_view_says_what_a_row_is_and_reads_only_what_is_there(
    store: Store, name: str
) -> None:
    assert VIEWS[name].row.startswith("one row per ")
    assert VIEWS[name].needs
    assert one(store, f"SELECT count(*) AS n FROM {name}")["n"] == 0


def test_everything_a_view_needs_is_made_before_it() -> None:
    order = ordered(["items", "task_scores", "requests"])
    assert order.index("lake.documents") < order.index("requests")
    assert order.index("lake.choices") < order.index("items")
    before = set(order[: order.index("task_scores")])
    assert {"runs", "catalog.tasks", "catalog.models"} <= before


def test_a_query_makes_only_what_it_names() -> None:
    assert mentioned('select * from Runs join "responses" using (run_id)') == ["responses", "runs"]
    assert mentioned("from lake.choices") == ["lake.choices"]
    assert mentioned('from lake."choices"') == ["choices", "lake.choices"]
    assert mentioned("from Catalog.models join tasks using (x)") == ["tasks", "catalog.models"]
    assert mentioned("show tables") == relations()
    assert set(relations()) == {*TABLES, *VIEWS}


def test_all_tables_and_views_are_listed(store: Store) -> None:
    assert set(relations()) <= set(values(store, "SHOW TABLES"))


def test_task_scores_show_names_instead_of_ids(store: Store) -> None:
    write(store, {}, entities=cells())
    row = one(store, "SELECT * FROM task_scores")
    expected = {
        "model": "tiny", "revision": "step10", "provider": "local", "task": "arc",
        "task_path": "suite/arc", "parent_path": "suite", "is_suite": False, "score": 0.5,
        "primary_metric": "acc", "primary_value": 50.0, "unit": "percent", "n_items": 9,
        "run": RUN_ID[:8], "run_id": RUN_ID, "run_status": "complete", "origin": "reported",
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected


def test_run_settings_flatten_the_configuration(store: Store) -> None:
    write(store, {})
    with store.reader() as reader:
        rows = reader.sql("SELECT key, value FROM run_settings ORDER BY key").to_pylist()
    assert [(row["key"], row["value"]) for row in rows] == [
        ("empty", "{}"),
        ("model.name", "m"),
        ("model.seed", "3"),
        ("note", None),
        ("tags", '["a","b"]'),
    ]


def test_requests_and_inputs_show_their_document(store: Store) -> None:
    rows = {
        "requests": [request(0, 0), request(1, 0, item_sha256=None)],
        "inputs": [response("arc", 0, requests="[]", item_sha256=SHA)],
        "documents": [{"unit_id": unit("arc").unit_id, "item_sha256": SHA, "doc": DOC}],
    }
    write(store, rows, unit("arc"))
    assert values(store, "SELECT doc FROM requests ORDER BY doc_id") == [DOC, None]
    assert values(store, "SELECT doc FROM inputs") == [DOC]


def test_an_item_holds_response_requests_input_and_document(store: Store) -> None:
    rows = {
        "responses": [response("arc", 0, score=1.0, answer="A")],
        "requests": [request(0, 1), request(0, 0), request(0, 0, unconditioned=True)],
        "inputs": [response("arc", 0, requests='[{"context": "c"}]')],
        "documents": [{"unit_id": unit("arc").unit_id, "item_sha256": SHA, "doc": DOC}],
    }
    write(store, rows, unit("arc"))
    item = one(store, "SELECT * FROM items")
    assert (item["answer"], item["doc"], item["item_sha256"]) == ("A", DOC, SHA)
    assert item["inputs"] == '[{"context": "c"}]'
    assert item["requests"] == (
        '[{"idx": 0, "request_type": "loglikelihood", "request": {"c": 0}, "unconditioned": false}'
        ', {"idx": 1, "request_type": "loglikelihood", "request": {"c": 1}, "unconditioned": false}'
        ', {"idx": 0, "request_type": "loglikelihood", "request": {"c": 0}, "unconditioned": true}]'
    )
    json.loads(item["requests"])


def test_items_keep_the_last_attempt_of_a_document(store: Store) -> None:
    attempts = [response("arc", 0, attempt=n, answer=str(n), line=9 - n) for n in range(3)]
    write(
        store,
        {"responses": attempts, "requests": [request(0, 5), request(0, 6, attempt=1)]},
        unit("arc"),
    )
    item = one(store, "SELECT answer, requests FROM items")
    assert item["answer"] == "2"
    assert [each["idx"] for each in json.loads(item["requests"])] == [6]
    assert values(store, "SELECT answer FROM answers ORDER BY attempt") == ["0", "1", "2"]


def test_what_was_asked_but_never_answered_is_an_item_too(store: Store) -> None:
    rows = {
        "responses": [response("arc", 0)],
        "requests": [request(0, 0), request(1, 0), request(1, 1)],
        "inputs": [response("arc", 1, requests="[1]"), response("arc", 2, requests="[2]")],
    }
    write(store, rows, unit("arc"))
    assert values(store, "SELECT doc_id FROM items ORDER BY doc_id") == [0, 1, 2]
    assert one(store, "SELECT * FROM items WHERE doc_id = 1")["unit_id"] == unit("arc").unit_id
    assert values(store, "SELECT inputs FROM items ORDER BY doc_id") == [None, "[1]", "[2]"]


def test_documents_are_one_row_each(store: Store) -> None:
    row = {"unit_id": unit("arc").unit_id, "item_sha256": SHA, "doc": DOC, "item_key": "k"}
    write(store, {"documents": [row, row]}, unit("arc"))
    found = one(store, "SELECT * FROM documents")
    assert (found["item_sha256"], found["item_key"], found["doc"]) == (SHA, "k", DOC)


def test_times_of_runs_are_shown_with_scores(store: Store) -> None:
    write(store, {}, entities=cells())
    assert one(store, "SELECT run_label, started_at FROM task_scores") == {
        "run_label": None,
        "started_at": None,
    }
    assert RUN.submitted_at == datetime(2025, 11, 3, tzinfo=UTC)
