"""What a run wants metered, as it is told to the process that meters."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from evalhouse.machine.energy import Scope

MeterName = Literal["codecarbon", "nvml", "rapl"]
METERS: tuple[MeterName, ...] = get_args(MeterName)


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One session to be metered.

    Attributes:
        session: A random id of the session.
        started_at: When it began (ISO 8601, UTC).
        folder: The folder of the run.
        project: What CodeCarbon calls it.
        country: A code of three letters.
        scope: Where the model runs.
        meters: Which meters to use.
        run: The process of the run.
    """

    session: str
    started_at: str
    folder: str
    project: str
    country: str
    scope: Scope
    meters: tuple[MeterName, ...]
    run: int
