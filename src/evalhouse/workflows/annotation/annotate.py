"""Annotating a task: ask, write the run folder, score, and take everything into the house."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from evalhouse.engine.progress import Progress
from evalhouse.engine.prompts import Prompts
from evalhouse.engine.run import Job, Outcome, run
from evalhouse.errors import JournalError
from evalhouse.journal import Journal
from evalhouse.machine.countries import check_country
from evalhouse.machine.detection import find_machine
from evalhouse.machine.environment import describe_environment
from evalhouse.machine.meter import Meter, open_meter
from evalhouse.machine.order import METERS
from evalhouse.providers import Endpoint
from evalhouse.redact import Redactor
from evalhouse.store import Store
from evalhouse.tasks.task import Task, open_task
from evalhouse.workflows.annotation.answering import budget_of, find_endpoint, open_answering
from evalhouse.workflows.annotation.configuration import configuration, identity_of
from evalhouse.workflows.annotation.exchanges import (
    Spent,
    add_up,
    clocks,
    earlier,
    has_replies,
    write_totals,
)
from evalhouse.workflows.annotation.outcomes import results_of
from evalhouse.workflows.annotation.rescoring import Rescoring, rescore
from evalhouse.workflows.annotation.run_folder import (
    RunFolder,
    begin_run,
    find_run,
    now,
    require_name,
    write_json,
)
from evalhouse.workflows.annotation.scoring import Scored, kept_scores, score_run
from evalhouse.workflows.annotation.settings import RunSettings
from evalhouse.workflows.annotation.table import OUTPUT, write_table
from evalhouse.workflows.ingest import ingest
from evalhouse.workflows.redactor import redactor_of

Watch = Callable[[Progress], None]
ENVIRONMENT = "environment.json"


@dataclass(frozen=True)
class Annotated:
    """A run: where it is, what it scored, and how it ended.

    `was_there` says that it had been complete before. A run that `is_stopped` has no scores.
    """

    folder: RunFolder
    scored: Scored | None = None
    outcome: Outcome | None = None
    was_there: bool = False
    is_resumed: bool = False

    @property
    def is_stopped(self) -> bool:
        """Whether it was interrupted."""
        return self.outcome is not None and self.outcome.is_stopped


@dataclass(frozen=True)
class _Plan:
    """A run before it begins."""

    task: Task
    prompts: Prompts
    settings: RunSettings
    endpoint: Endpoint
    config: Mapping[str, Any]
    redactor: Redactor = field(default_factory=lambda: Redactor(b""))


def annotate(
    place: str | Path,
    settings: RunSettings,
    store: Store | Callable[[], Store] | None = None,
    watch: Watch | None = None,
) -> Annotated:
    """Annotate a task, or go on with a run of the same configuration that is not complete.

    A complete run is not asked again; it is scored again where the gold has changed since.

    Args:
        place: the task's folder.
        settings: which model, and how it is asked.
        store: the house that takes in the run, or what opens it when all is ready; None for none.
        watch: is told how far the run is.

    Raises:
        UsageError: for a task or settings that cannot be used.
        EvalhouseError: for a server that cannot be asked; what is answered is kept.
    """
    plan = _planned(place, settings)
    house = store() if callable(store) else store
    plan = replace(plan, redactor=redactor_of(house))
    outputs = settings.outputs / plan.task.name
    found = None if settings.is_new else find_run(outputs, plan.config["config_hash"])
    if found and found.is_complete:
        return Annotated(found, _scored_before(plan, found, house), was_there=True)
    folder = found or begin_run(outputs, plan.config, plan.redactor)
    try:
        outcome = _asked(plan, folder, watch)
    except BaseException:
        if not found and not has_replies(folder.journal):
            shutil.rmtree(folder.path, ignore_errors=True)  # nothing came of it
        raise
    scored = None if outcome.is_stopped else _finished(plan, folder, outcome, house)
    return Annotated(folder, scored, outcome, is_resumed=found is not None)


def _planned(place: str | Path, settings: RunSettings) -> _Plan:
    if settings.is_metered:
        check_country(settings.country)
    task = open_task(place)
    require_name(task.name)
    examples = {column: task.examples(column) for column in task.codebook.by_column}
    prompts = Prompts(task.codebook, settings.asking, examples)
    endpoint = find_endpoint(task, prompts, settings)
    budget_of(settings, endpoint)  # so that what it refuses is told before there is a folder
    config = configuration(task, prompts, settings, endpoint)
    return _Plan(task, prompts, settings, endpoint, config)


def _scored_before(plan: _Plan, folder: RunFolder, store: Store | None) -> Scored | None:
    """Return the scores of a complete run, made anew where the gold or the level is another."""
    kept = kept_scores(folder)
    gold = plan.task.files.ground_truth_sha256
    if kept is None or not kept.is_by(gold, plan.settings.scoring.level):
        how = Rescoring(task=plan.task.folder, scoring=plan.settings.scoring)
        return rescore(folder.path, how, store)[1]
    if store is not None:
        ingest(store, [folder.path])  # does nothing where the house has it
    return kept


def _asked(plan: _Plan, folder: RunFolder, watch: Watch | None) -> Outcome:
    """Ask what is not answered yet; energy is measured as long as that takes."""
    started, before = clocks(), earlier(folder.path)
    try:
        # The journal comes first: its lock keeps two commands from one run.
        with (
            Journal(folder.journal, identity_of(folder.config), redactor=plan.redactor) as journal,
            _metered(plan, folder),
        ):
            environment = describe_environment(Path.cwd()) | {"host": find_machine()}
            write_json(folder.path / ENVIRONMENT, environment, plan.redactor)
            folder.save(plan.redactor, **plan.config, energy_scope=_scope(plan))
            return _answered(plan, journal, watch)
    finally:
        _count(plan, folder, clocks().since(started).and_before(before))


def _answered(plan: _Plan, journal: Journal, watch: Watch | None) -> Outcome:
    answering = open_answering(plan.task, plan.prompts, plan.settings, plan.endpoint, plan.redactor)
    job = Job(
        plan.task,
        plan.prompts,
        answering.respondent,
        journal,
        _rows(plan),
        answering.slots,
        plan.settings.limits.concurrency,
        watch,
    )
    try:
        return run(job)
    finally:
        answering.close()


def _count(plan: _Plan, folder: RunFolder, spent: Spent) -> None:
    """Write what the run has taken so far, however its session ended."""
    with suppress(JournalError):  # what kept it from being written is told already
        totals = add_up(folder.journal, plan.task.codebook, plan.settings.asking.chat_mode)
        write_totals(folder.path, totals, spent, plan.redactor)
        folder.config["served_model"] = totals.served_model


def _rows(plan: _Plan) -> int:
    return sum(1 for _ in islice(plan.task.rows(), plan.settings.limit))


def _scope(plan: _Plan) -> str:
    if not plan.settings.is_metered:
        return "none"
    return "local" if plan.endpoint.is_local else "client_only"


def _metered(plan: _Plan, folder: RunFolder) -> Meter:
    config: dict[str, Any] = folder.config
    return open_meter(
        folder.path,
        project=f"{config['model']}_{config['prompt_type']}",
        country=plan.settings.country,
        scope="local" if plan.endpoint.is_local else "client_only",
        meters=METERS if plan.settings.is_metered else (),
    )


def _finished(plan: _Plan, folder: RunFolder, outcome: Outcome, store: Store | None) -> Scored:
    """Write the table and the scores of a run, and take it into the house."""
    rows = list(islice(plan.task.rows(), plan.settings.limit))
    results = results_of(outcome, plan.prompts, [row.text for row in rows])
    write_table(folder.path / OUTPUT, plan.task, results, plan.redactor)
    folder.save(
        plan.redactor,
        finished_at=now(),
        status="complete" if outcome.is_complete else "incomplete",
        rows=len(rows),
    )
    answered = results.answered([row.id for row in rows])
    return score_run(folder, plan.task, answered, plan.settings.scoring, store)
