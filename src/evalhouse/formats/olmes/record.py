"""The record: twelve keys that say what one task, or one aggregate of tasks, came to."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from evalhouse.formats.olmes.hashes import settings_hash
from evalhouse.formats.slices import members, object_text

NESTED = ("model_config", "task_config", "compute_config", "beaker_info", "metrics")
RULES = ("macro", "micro", "mc_or_rc")


class Record:
    """One record, from its text; nested values stay slices of it."""

    def __init__(self, text: str, *, path: str = "", line: int | None = None) -> None:
        self.text = text
        self.path = path
        self.line = line
        self.slices = members(text)

    @cached_property
    def value(self) -> dict[str, Any]:
        """Return the parsed record."""
        parsed: dict[str, Any] = json.loads(self.text)
        return parsed

    def part(self, name: str) -> dict[str, Any]:
        """Return a nested object; empty where it is absent or not an object."""
        found = self.value.get(name)
        return found if isinstance(found, dict) else {}

    def slice(self, name: str) -> str | None:
        """Return the text of a member; None where it is absent."""
        return self.slices.get(name)

    @property
    def is_rebuilt(self) -> bool:
        """Tell whether the members, spaced as the writer does, give the text again."""
        return object_text(self.slices) == self.text

    @property
    def metadata(self) -> dict[str, Any]:
        """Return `task_config.metadata`."""
        found = self.part("task_config").get("metadata")
        return found if isinstance(found, dict) else {}

    @property
    def task_name(self) -> str:
        """Return the registry name."""
        return str(self.value.get("task_name"))

    @property
    def alias(self) -> str:
        """Return the full configured name, else the registry name."""
        return str(self.metadata.get("alias") or self.task_name)

    @property
    def task_hash(self) -> str | None:
        """Return the writer's hash of the task settings."""
        return _text(self.value.get("task_hash"))

    @property
    def model_hash(self) -> str | None:
        """Return the writer's hash of the model settings."""
        return _text(self.value.get("model_hash"))

    @property
    def task_idx(self) -> int | None:
        """Return the place in the launch; None for aggregates and old records."""
        return _integer(self.value.get("task_idx"))

    @property
    def num_instances(self) -> int | None:
        """Return how many documents were evaluated."""
        return _integer(self.value.get("num_instances"))

    @property
    def primary_metric(self) -> str | None:
        """Return the name of the primary metric; for an aggregate the averaging rule."""
        return _text(self.part("task_config").get("primary_metric"))

    @property
    def is_aggregate(self) -> bool:
        """Tell whether the record was made from other records."""
        return "num_tasks" in self.metadata or (
            self.primary_metric in RULES and self.value.get("task_idx") is None
        )

    @property
    def uncond_offset(self) -> int | None:
        """Return the declared offset of unconditioned twins."""
        kwargs = self.part("task_config").get("metric_kwargs")
        return _integer(kwargs.get("uncond_docid_offset")) if isinstance(kwargs, dict) else None

    @property
    def primary_score(self) -> Any:
        """Return `metrics.primary_score` as written."""
        return self.part("metrics").get("primary_score")

    @property
    def started_at(self) -> datetime | None:
        """Return when the task started computing."""
        written = self.value.get("current_date")
        try:
            return datetime.strptime(str(written), "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
        except ValueError:
            return None

    @property
    def processing_time(self) -> float | None:
        """Return the seconds that the task took."""
        found = self.value.get("processing_time")
        return float(found) if isinstance(found, (int, float)) else None

    def recomputed_hash(self, subject: str) -> tuple[str, str] | None:
        """Return the hash recomputed from the settings, and the rule that gave it."""
        claimed = self.task_hash if subject == "task" else self.model_hash
        settings = self.part(f"{subject}_config")
        if not settings or (self.is_aggregate and subject == "task"):
            return None
        name: Any = subject
        now, before = settings_hash(settings, name), settings_hash(settings, name, legacy=True)
        return (before, "rule until August 2024") if claimed == before != now else (now, "")


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _integer(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
