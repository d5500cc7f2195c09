"""Tasks, prompts and runs as tests of the engine want them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalhouse.engine.asking import Asking
from evalhouse.engine.budget import Budget
from evalhouse.engine.progress import Watch
from evalhouse.engine.prompts import Prompts
from evalhouse.engine.record import FAILED, Record, read_record
from evalhouse.engine.respondents import Asked
from evalhouse.engine.run import Job, Outcome, run
from evalhouse.engine.slots import Limits, Slots
from evalhouse.engine.transport import Persistence, Transport
from evalhouse.journal import Entry, Journal, ResponseCache, read
from evalhouse.providers import Provider, ProviderSettings, open_provider
from evalhouse.redact import Redactor
from evalhouse.tasks.task import Task, open_task
from tests.tasks.made import make

YAML = """\
text_column: text
id_column: id
sections:
  - name: S
    instruction: Read the comment.
    annotations:
      - name: About
        type: checkbox
        tooltip: Whether it is about the plan.
        examples:
          - {text: A fine plan., answer: yes}
      - name: Side
        type: dropdown
        options: [for, against, both]
        condition: {field: About, value: yes}
      - name: Force
        type: likert
        min_value: 1
        max_value: 5
        condition: {field: Side, values: [for, against]}
  - name: T
    annotations:
      - name: Topics
        type: multiselect
        options: [money, noise, trees]
      - name: Parts
        type: span
        label_options: [who, what]
      - name: Why
        type: textbox
        condition: {field: About, value: yes}
"""
COLUMNS = ("S_About", "S_Side", "S_Force", "T_Topics", "T_Parts", "T_Why")
WORDS = ("the", "plan", "costs", "trees", "who", "cares", "naïve", "\N{GRINNING FACE}", "wins")
QUICK = Persistence(retries=6, first_wait=0.001, longest_wait=0.02)


def words_of(number: int) -> str:
    """Return the text of a row, none of which is like another."""
    chosen = (WORDS[(number * step + step) % len(WORDS)] for step in range(1, 8))
    return f"{number} {' '.join(chosen)}"


def made_task(folder: Path, rows: int, codebook: str = YAML) -> Task:
    """Make a task of some rows without answers."""
    lines = [f"r{number},{words_of(number)}" for number in range(1, rows + 1)]
    table = "\n".join(["id,text", *lines, ""])
    return open_task(make(folder, {"codebook.yaml": codebook, "ground-truth.csv": table}))


def prompts_of(task: Task, asking: Asking | None = None) -> Prompts:
    """Return the prompts of a task."""
    examples = {column: task.examples(column) for column in task.codebook.by_column}
    return Prompts(task.codebook, asking or Asking(), examples)


@dataclass(frozen=True)
class Setting:
    """Where a task is asked, and within which limits."""

    url: str = ""
    provider: str = "openai"
    limits: Limits = field(default_factory=lambda: Limits(8))
    persistence: Persistence = QUICK
    budget: Budget = field(default_factory=Budget)
    cache: ResponseCache | None = None
    timeout: float = 0.5
    watch: Watch | None = None

    def open(self) -> Provider:
        """Open the provider."""
        path = "/v1" if self.provider == "openai" else ""
        settings = ProviderSettings(
            self.provider, "the-model", base_url=self.url + path, timeout=self.timeout
        )
        return open_provider(settings, connections=self.limits.concurrency)


def open_journal(path: Path) -> Journal:
    """Open a journal of the tests."""
    return Journal(path, {"model": "the-model"}, redactor=Redactor(b"key of a house"))


def annotated(
    task: Task,
    path: Path,
    setting: Setting,
    asking: Asking | None = None,
    *,
    provider: Provider | None = None,
    rows: int | None = None,
) -> Outcome:
    """Run a task, or go on with it."""
    slots = Slots(setting.limits)
    transport = Transport(
        provider or setting.open(),
        slots,
        setting.persistence,
        setting.budget,
        setting.cache,
        name=setting.provider,
    )
    prompts = prompts_of(task, asking)
    with open_journal(path) as journal:
        job = Job(
            task,
            prompts,
            Asked(transport, "the-model"),
            journal,
            task.report.rows if rows is None else rows,
            slots,
            setting.limits.concurrency,
            setting.watch,
        )
        return run(job)


def table_of(outcome: Outcome) -> list[Any]:
    """Return the answers of a run so that runs can be compared."""
    return [
        [
            row and {column: (a.status, a.cell, a.reason) for column, a in row.items()}
            for row in rows
        ]
        for rows in outcome.answers
    ]


def entries_of(path: Path) -> tuple[dict[str, Entry], dict[str, Entry]]:
    """Return the entries of a journal with a reply, and those of tries without one, by key."""
    entries = list(read(path))
    keys = [entry.key for entry in entries]
    assert len(set(keys)) == len(keys)
    replied = {entry.key: entry for entry in entries if not entry.key.startswith(FAILED)}
    failed = {entry.key: entry for entry in entries if entry.key.startswith(FAILED)}
    return replied, failed


def essence(entries: Mapping[str, Entry]) -> dict[str, Any]:
    """Return what must be the same of the same exchange, however it came about."""
    return {key: _essence(entry, read_record(entry)) for key, entry in entries.items()}


def _essence(entry: Entry, record: Record) -> Any:
    return entry.request, record.rows, record.attempt, record.answers, record.text, record.refusal
