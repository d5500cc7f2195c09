"""Runs of annotation as tests want them: a small task with gold, the stub model, a store."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from evalhouse import config
from evalhouse.engine.transport import Persistence
from evalhouse.store import Store
from evalhouse.workflows.annotation.annotate import Annotated, annotate
from evalhouse.workflows.annotation.options import settings_of
from evalhouse.workflows.annotation.settings import RunSettings
from tests.engine.runs import COLUMNS, YAML, words_of
from tests.tasks.made import make

QUICK = Persistence(retries=6, first_wait=0.001, longest_wait=0.02)


def gold_row(number: int) -> dict[str, str]:
    """Return answers to a row that the codebook allows."""
    about = number % 4 != 0
    side = ("for", "against", "both")[number % 3] if about else ""
    word = words_of(number).split()[1]
    start = words_of(number).index(word)
    span = [{"start": start, "end": start + len(word), "text": word, "label": "what"}]
    return {
        "S_About": str(int(about)),
        "S_Side": side,
        "S_Force": str(number % 5 + 1) if side in ("for", "against") else "",
        "T_Topics": json.dumps(["money", "noise"][: number % 3]),
        "T_Parts": json.dumps(span) if number % 2 else "",
        "T_Why": f"because of {word}" if about else "",
    }


def task_folder(folder: Path, rows: int = 20, **codebook: str) -> Path:
    """Make a task's folder with gold."""
    table = folder / "table.csv"
    folder.mkdir(parents=True, exist_ok=True)
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "place", "text", *COLUMNS])
        for number in range(1, rows + 1):
            gold = gold_row(number)
            cells = [gold[column] for column in COLUMNS]
            writer.writerow([f"r{number}", f"town {number % 3}", words_of(number), *cells])
    text = table.read_text("utf-8")
    table.unlink()
    return make(folder / "town", {"codebook.yaml": YAML, "ground-truth.csv": text, **codebook})


def settings(url: str, outputs: Path, **values: Any) -> RunSettings:
    """Return settings for the stub model, by their names."""
    given: Mapping[str, Any] = {
        "provider": "openai",
        "model": "the-model",
        "base_url": f"{url}/v1",
        "outputs": str(outputs),
        "energy": False,
        "concurrency": 8,
        "resamples": 50,
        **values,
    }
    return settings_of(given)


def baseline(outputs: Path, model: str = "majority", **values: Any) -> RunSettings:
    """Return settings for a baseline."""
    given: dict[str, Any] = {
        "provider": "baseline",
        "model": model,
        "outputs": str(outputs),
        "energy": False,
    }
    given["resamples"] = 50
    return settings_of({**given, **values})


def annotated(
    task: Path, how: RunSettings, store: Store | None = None, **changes: Any
) -> Annotated:
    """Annotate without long waits."""
    return annotate(task, replace(how, persistence=QUICK, **changes), store)


def open_store(folder: Path) -> Store:
    return Store.open(config.load(folder), create=True)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))
