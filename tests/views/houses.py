"""A small house for tests of views: models, a task tree, runs, scores, as few words as possible."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from evalhouse import ids
from evalhouse.records import (
    BatchUnit,
    Cell,
    Entity,
    Model,
    Prompt,
    PromptText,
    Run,
    Task,
    TaskMember,
)
from evalhouse.store import Store

START = datetime(2025, 11, 3, tzinfo=UTC)


class Draft:
    """What a house shall hold; `commit` writes it in one batch."""

    def __init__(self) -> None:
        self.entities: list[Entity] = []
        self.rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.units: dict[str, BatchUnit] = {}

    def model(self, name: str, revision: str | None = "main", **values: Any) -> str:
        model_id = ids.model_id("hub", name, revision)
        values = {"provider": "hub", "model_name": name, "revision": revision, **values}
        self.entities.append(Model(model_id=model_id, **values))
        return model_id

    def task(self, path: str, *, is_suite: bool = False) -> str:
        above, _, name = path.rpartition("/")
        parent = self.task(above) if above and not is_suite else None
        key = ids.task_key_hash(path)
        task = Task(
            task_id=ids.task_id(path),
            task_name=name,
            task_path=path,
            natural_key_hash=key,
            kind="benchmark",
            is_suite=is_suite,
            parent_id=parent,
        )
        self.entities.append(task)
        return task.task_id

    def suite(self, name: str, rule: str, *members: str) -> str:
        suite_id = self.task(f"suite/{name}", is_suite=True)
        for place, member in enumerate(members):
            self.entities.append(
                TaskMember(suite_id=suite_id, member_id=member, sort_order=place, rule=rule)
            )
        return suite_id

    def run(self, name: str, label: str | None = None, **settings: Any) -> str:
        run_id = ids.run_id("test", name)
        self.entities.append(
            Run(
                run_id=run_id,
                short_id=run_id[:8],
                config_hash="0" * 64,
                submitted_at=START,
                started_at=START,
                status="complete",
                label=label or name,
                config=json.dumps(settings),
            )
        )
        return run_id

    def prompt(self, task: str, settings: dict[str, Any]) -> str:
        text = json.dumps(settings)
        prompt_hash = ids.sha256_hex(text)
        prompt_id = ids.prompt_id(task, prompt_hash)
        self.entities.append(PromptText(prompt_hash=prompt_hash, prompt_text=text))
        self.entities.append(
            Prompt(prompt_id=prompt_id, task_id=task, kind="task_config", prompt_hash=prompt_hash)
        )
        return prompt_id

    def score(self, run: str, model: str, task: str, value: float | None, **values: Any) -> str:
        """Add a cell; `config` are the settings of its task. Returns the id of its prompt."""
        prompt = self.prompt(task, values.pop("config", {}))
        unit = self.unit(run, f"{task} {prompt}")
        known = {"unit": "proportion", "higher_is_better": True, "primary_metric": "acc"}
        names = {"stderr": "primary_stderr", "metric": "primary_metric"}
        given = {names.get(name, name): each for name, each in values.items()}
        self.entities.append(
            Cell(
                run_id=run,
                prompt_id=prompt,
                model_id=model,
                task_id=task,
                unit_id=unit,
                primary_value=value,
                **{**known, "n_items": 10, **given},
            )
        )
        return prompt

    def metric(self, run: str, model: str, prompt: str, name: str, value: float) -> None:
        unit = self.unit(run, f"metrics {prompt}")
        keys = {"run_id": run, "model_id": model, "prompt_id": prompt, "unit_id": unit}
        row = {"scope": "", "scope_type": "task", "metric": name, "value": value, "n": 10}
        self.rows["metrics"].append({**keys, **row, "origin": "reported"})

    def unit(self, run: str, part: str) -> str:
        unit_id = ids.unit_id(run, part)
        self.units[unit_id] = BatchUnit(unit_id=unit_id, run_id=run, part=part, fingerprint="aa")
        return unit_id

    def commit(self, store: Store) -> Store:
        with store.begin() as batch:
            for table, rows in self.rows.items():
                writer = store.lake.writer(table, batch_id=batch.batch_id, name="w0")
                writer.write(pa.Table.from_pylist(rows))
                batch.add(writer.close())
            batch.commit(entities=self.entities, units=list(self.units.values()))
        return store
