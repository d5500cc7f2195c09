"""Sweeps: the runs of a grid one after the other; what is done is skipped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalhouse.engine.progress import Progress
from evalhouse.errors import EvalhouseError
from evalhouse.store import Store
from evalhouse.workflows.annotation.annotate import Annotated, annotate
from evalhouse.workflows.annotation.grid import Planned, read_grid


@dataclass(frozen=True)
class Swept:
    """One run of a sweep, and how it ended."""

    planned: Planned
    run: Annotated | None = None
    failure: str = ""

    @property
    def is_stopped(self) -> bool:
        """Whether it was interrupted."""
        return self.run is not None and self.run.is_stopped


def plan_sweep(grid: str | Path, common: Mapping[str, Any] | None = None) -> list[Planned]:
    """Return the runs of a grid in the order in which they are run."""
    return read_grid(Path(grid), common)


def run_sweep(
    planned: Sequence[Planned],
    store: Store | Callable[[], Store] | None = None,
    watch: Callable[[Progress], None] | None = None,
    each: Callable[[int, Planned], None] | None = None,
) -> list[Swept]:
    """Run what is planned.

    A run that fails leaves the others alone; one that is interrupted ends the sweep.

    Args:
        planned: the runs.
        store: the house that takes them in; None for none.
        watch: is told how far the run at hand is.
        each: is told of every run before it begins, with its number from 1.
    """
    done: list[Swept] = []
    for number, plan in enumerate(planned, 1):
        if each:
            each(number, plan)
        done.append(_swept(plan, store, watch))
        if done[-1].is_stopped:
            break
    return done


def _swept(
    plan: Planned,
    store: Store | Callable[[], Store] | None,
    watch: Callable[[Progress], None] | None,
) -> Swept:
    try:
        return Swept(plan, annotate(plan.task, plan.settings, store, watch))
    except EvalhouseError as failure:
        return Swept(plan, failure=str(failure))
