"""What the reader of a result must know beyond its file."""

from __future__ import annotations

import msgspec

from evalhouse.formats.bakeoff.prompts import Asked
from evalhouse.formats.bakeoff.recount import Check


class SuiteResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a model came to in a tier: as claimed, else as counted."""

    asked: Asked
    model: str
    metric: str
    value: float | None
    origin: str
    failure: str | None = None
    note: str | None = None
    n_items: int | None = None
    items_failed: int | None = None


class Claim(msgspec.Struct, frozen=True):
    """A number that is stated of a model, or of the run (`model` is None)."""

    tier: str
    metric: str
    value: float
    origin: str
    model: str | None = None
    n: int | None = None
    definition: str = "bakeoff"


class Detail(msgspec.Struct, kw_only=True):
    """What the reader of a result must know beyond its file."""

    models: dict[str, str]  # ids by name in the run
    asked: dict[str, Asked]  # by task, variant and tier, as `key_of` joins them
    suites: dict[str, Asked]  # by tier
    results: list[SuiteResult] = []
    claims: list[Claim] = []
    checks: list[Check] = []
    hardware_id: str | None = None
    software_id: str | None = None
    power_limit_w: float | None = None
    level: str = "L0"
    evidence: str = ""  # hash of what else was looked at: the bundle and its signature


def key_of(task: str, variant: str, tier: str) -> str:
    """Return the key of a cell in `Detail.asked`."""
    return f"{task}\x1f{variant}\x1f{tier}"
