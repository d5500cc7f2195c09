"""Who is to answer a run: a provider that is ready, or a baseline that has answered already."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import islice

from evalhouse.engine.baselines import BASELINES, Labelled, predict
from evalhouse.engine.budget import Budget
from evalhouse.engine.preflight import check_endpoint, check_room
from evalhouse.engine.prompts import Prompts
from evalhouse.engine.respondents import Asked, Baseline, Respondent
from evalhouse.engine.slots import Slots
from evalhouse.engine.transport import Transport
from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.journal import ResponseCache
from evalhouse.providers import PROVIDERS, Endpoint, Provider, Recorder, open_provider
from evalhouse.providers.prices import price_of
from evalhouse.redact import Redactor
from evalhouse.tasks.task import Task
from evalhouse.version import __version__
from evalhouse.workflows.annotation.settings import BASELINE, RunSettings


@dataclass
class Answering:
    """Who answers, and what is held open for it."""

    respondent: Respondent
    slots: Slots | None = None
    cache: ResponseCache | None = None

    def close(self) -> None:
        """Let go of the cache."""
        if self.cache:
            self.cache.close()


def find_endpoint(task: Task, prompts: Prompts, settings: RunSettings) -> Endpoint:
    """Return what is known of who is asked, after making sure that it can be asked.

    Raises:
        UsageError: for a provider or baseline that is none, and a prompt that is too long.
        EvalhouseError: for a server that is away, or lacks the model.
    """
    provider = settings.provider
    if settings.is_baseline:
        return _baseline(settings)
    if provider.provider not in PROVIDERS:
        raise UnknownNameError("provider", provider.provider, [*PROVIDERS, BASELINE])
    endpoint = asyncio.run(_described(settings))
    check_endpoint(endpoint)
    check_room(endpoint, prompts, islice(task.rows(), settings.limit))
    return endpoint


async def _described(settings: RunSettings) -> Endpoint:
    provider = open_provider(settings.provider)
    try:
        return await provider.describe()
    finally:
        await provider.close()


def _baseline(settings: RunSettings) -> Endpoint:
    name, asking = settings.provider.model, settings.asking
    if name not in BASELINES:
        raise UnknownNameError("baseline", name, BASELINES)
    if asking.request_unit == "batch":
        raise UsageError("a baseline answers text by text; ask it with the request unit `text`")
    return Endpoint(
        BASELINE,
        "",
        name,
        reachable=True,
        is_local=True,
        models=BASELINES,
        model_present=True,
        revision=__version__,
        server="evalhouse",
        version=__version__,
    )


def budget_of(settings: RunSettings, endpoint: Endpoint) -> Budget:
    """Return what a session may spend.

    Raises:
        UsageError: for a limit in money on a model whose price is not known.
    """
    spending = settings.spending
    return Budget(
        spending.max_requests,
        spending.max_tokens,
        spending.max_cost,
        price_of(endpoint.base_url, endpoint.model),
    )


def open_answering(
    task: Task, prompts: Prompts, settings: RunSettings, endpoint: Endpoint, redactor: Redactor
) -> Answering:
    """Open who answers."""
    if settings.is_baseline:
        return Answering(_predicted(task, prompts, settings))
    slots = Slots(settings.limits)
    cache = ResponseCache(settings.cache, redactor=redactor) if settings.cache else None
    transport = Transport(
        _opened(settings),
        slots,
        settings.persistence,
        budget_of(settings, endpoint),
        cache,
        endpoint.revision or settings.provider.revision,
        settings.provider.provider,
    )
    return Answering(Asked(transport, settings.provider.model), slots, cache)


def _opened(settings: RunSettings) -> Provider:
    provider = open_provider(settings.provider, connections=settings.limits.concurrency)
    if settings.record is None:
        return provider
    try:
        settings.record.parent.mkdir(parents=True, exist_ok=True)
        return Recorder(provider, settings.record)
    except OSError as failure:
        raise UsageError(
            f"nothing can be recorded in `{settings.record}`: {failure.strerror}; name another file"
        ) from None


def _predicted(task: Task, prompts: Prompts, settings: RunSettings) -> Baseline:
    """Let a baseline learn from the gold of other rows, and answer all rows."""
    rows = list(task.rows())
    gold = task.gold()
    if not any(cell.strip() for cells in gold.cells.values() for cell in cells):
        raise UsageError(
            f"the task `{task.name}` has no answers, and a baseline learns from them; add them to "
            f"`{task.files.ground_truth}`, or ask a model"
        )
    labelled = Labelled(
        texts=[row.text for row in rows],
        ids=[row.id for row in rows],
        gold=gold.resolved(task.codebook),
    )
    fields = [each.field for each in prompts.annotations]
    seed = settings.asking.sampling.seed or 0
    cells = [
        predict(settings.provider.model, fields, labelled, seed=seed + repeat)
        for repeat in range(settings.asking.repeats)
    ]
    return Baseline(settings.provider.model, task.codebook, cells)
