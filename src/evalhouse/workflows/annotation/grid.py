"""Grids: many runs from one file, in an order that spares servers from loading models again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from evalhouse.errors import UsageError
from evalhouse.workflows.annotation.options import LISTS, known_name, settings_of
from evalhouse.workflows.annotation.settings import BASELINE, RunSettings

_PLURALS = {
    "tasks": "task",
    "models": "model",
    "prompt_types": "prompt_type",
    "temperatures": "temperature",
    "top_ps": "top_p",
    "chat_modes": "chat_mode",
    "process_textboxes": "process_textbox",
    "process_spans": "process_span",
    "seeds": "seed",
    "providers": "provider",
}
"""Names under which codebook-lab's grids, and people, list several values."""


@dataclass(frozen=True)
class Planned:
    """One run of a grid: the task's folder, and the settings."""

    task: Path
    settings: RunSettings


def read_grid(path: Path, common: Mapping[str, Any] | None = None) -> list[Planned]:
    """Read a grid and return its runs, each once.

    A list of values sweeps a setting, and all combinations are run. Under `runs` stand further
    runs, each with settings of its own beside the common ones. `common` are settings that win
    over those of the file. Runs of one model follow each other, baselines come first; else the
    first settings of the file vary slowest.

    Raises:
        UsageError: for a file that cannot be read, an unknown setting, or no task.
    """
    content = _content(path)
    runs = content.pop("runs", None)
    if runs is not None and not (isinstance(runs, list) and all(isinstance(r, dict) for r in runs)):
        raise UsageError(f"`runs` in `{path}` must be a list of settings, one entry a run")
    base = _named(path, content) | dict(common or {})
    values = [base | _named(path, each) for each in runs or ()]
    if "model" in base or not values:
        values.insert(0, base)
    planned = [_planned(path, each) for value in values for each in _combinations(value)]
    return list(_in_order(dict.fromkeys(planned)))


def _content(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except OSError as failure:
        raise UsageError(f"the grid `{path}` cannot be read: {failure.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"the grid `{path}` is not UTF-8; save it as UTF-8") from None
    except yaml.YAMLError as failure:
        reason = " ".join(str(failure).split())
        raise UsageError(f"the grid `{path}` is no YAML: {reason}") from None
    if not isinstance(content, dict):
        raise UsageError(f"the grid `{path}` holds no settings; expected lines `name: value`")
    return content


def _named(path: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name, value in values.items():
        plain = _PLURALS.get(str(name), str(name))
        found["task" if plain == "task" else _known(path, plain)] = value
    return found


def _known(path: Path, name: str) -> str:
    try:
        return known_name(name)
    except UsageError as fault:
        raise UsageError(f"the grid `{path}`: {fault}") from None


def _combinations(values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    choices = [_choices(name, value) for name, value in values.items()]
    for combination in itertools.product(*choices):
        yield dict(zip(values, combination, strict=True))


def _choices(name: str, value: Any) -> list[Any]:
    if name in LISTS:
        is_swept = isinstance(value, list) and any(isinstance(each, list) for each in value)
        return value if is_swept else [value]
    return (value or [None]) if isinstance(value, list) else [value]


def _planned(path: Path, values: Mapping[str, Any]) -> Planned:
    settings = dict(values)
    task = settings.pop("task", None)
    if not isinstance(task, str):
        raise UsageError(f"the grid `{path}` names no task; add `task:` with the task's folder")
    return Planned(_found(path, task), settings_of(settings))


def _found(path: Path, task: str) -> Path:
    """Return a task's folder, from here or else from where the grid is."""
    here = Path(task).expanduser()
    beside = path.parent / here
    return beside if not here.exists() and beside.exists() else here


def _in_order(planned: Mapping[Planned, None]) -> Iterator[Planned]:
    """Yield runs model by model, in the order in which models first appear."""
    groups: dict[tuple[object, ...], list[Planned]] = {}
    for each in planned:
        provider = each.settings.provider
        key = (provider.provider, provider.base_url, provider.model, provider.context_length)
        groups.setdefault(key, []).append(each)
    for group in sorted(
        groups.values(), key=lambda group: group[0].settings.provider.provider != BASELINE
    ):
        yield from group
