"""Who and what: models, tasks, task configurations, environment and run of a dump."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from evalhouse import ids
from evalhouse.formats.olmes.folder import Folder
from evalhouse.formats.olmes.machines import gpus_of, machine_of, surroundings
from evalhouse.formats.olmes.record import Record
from evalhouse.lookups.tasks import category_of
from evalhouse.records import (
    Creator,
    Entity,
    Environment,
    Model,
    Prompt,
    PromptText,
    Run,
    SystemHardware,
    Task,
)
from evalhouse.redact import Redactor

_UNKNOWN_MODEL = "unknown"


class Names:
    """Collects entities once each, and gives their ids."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._found: dict[tuple[str, ...], Entity] = {}
        self.redactions = 0

    def add(self, entity: Entity) -> None:
        """Take in an entity; the first of equal keys stands."""
        keys = [str(getattr(entity, name)) for name in entity.__struct_fields__[:2]]
        self._found.setdefault((entity.table, *keys), entity)

    def entities(self) -> list[Entity]:
        """Return everything that was collected."""
        return list(self._found.values())

    def clean(self, text: str) -> str:
        """Return settings without secrets."""
        cleaned, count = self._redactor.settings(text.encode("utf-8", "surrogatepass"))
        self.redactions += count
        return cleaned.decode("utf-8", "replace")

    def model(self, record: Record | None, folder: Folder) -> str:
        """Return the id of the model that a record, else its folder's name, tells of."""
        where = folder.coordinates
        config = record.part("model_config") if record is not None else {}
        if not config:
            config = next((item.part("model_config") for item, _ in folder.records), {})
        name = config.get("model") or where.model or _UNKNOWN_MODEL
        revision = config.get("revision") if config.get("model") else where.revision
        provider, creator = _provider(config, str(name))
        model_id = ids.model_id(provider, str(name), None if revision is None else str(revision))
        if creator:
            self.add(Creator(creator_id=ids.creator_id(creator), name=creator))
        self.add(
            Model(
                model_id=model_id,
                provider=provider,
                model_name=str(name),
                revision=None if revision is None else str(revision),
                creator_id=ids.creator_id(creator) if creator else None,
            )
        )
        return model_id

    def machine(self, record: Record) -> None:
        """Take in the machine and the software that a record states."""
        for entity in machine_of(record).entities():
            if isinstance(entity, SystemHardware) and entity.description:
                description = self.clean(entity.description)
                self.add(msgspec.structs.replace(entity, description=description))
            else:
                self.add(entity)

    def task(self, record: Record) -> tuple[str, str]:
        """Return the ids of a record's task and task configuration."""
        config = record.part("task_config")
        text = record.slice("task_config") or "{}"
        if record.is_aggregate:
            task_id = self._node(["suite", record.alias], suite=True, about=record.metadata)
        else:
            core = str(config.get("task_core") or record.task_name.split(":")[0])
            task_id = self._node(
                [core, record.task_name, record.alias], config=config, about=record.metadata
            )
        return task_id, self._prompt(task_id, text)

    def unrecorded(self, part: str, config: str | None, task_hash: str | None) -> tuple[str, str]:
        """Return the ids of a task without a record: its settings, or what little is known."""
        settings = _parsed(config)
        if config is not None and settings:
            name = str(settings.get("task_name"))
            core = str(settings.get("task_core") or name.split(":", maxsplit=1)[0])
            task_id = self._node([core, name, part], config=settings)
            return task_id, self._prompt(task_id, config)
        task_id = self._node([part.split(":", maxsplit=1)[0], part])
        known = ids.canonical_json({"task_name": part, "task_hash": task_hash})
        return task_id, self._prompt(task_id, known)

    def _node(
        self,
        names: Sequence[str],
        *,
        suite: bool = False,
        config: dict[str, Any] | None = None,
        about: dict[str, Any] | None = None,
    ) -> str:
        """Add a node and those above it; a name that repeats the one above adds no level."""
        distinct = [
            name for place, name in enumerate(names) if not place or name != names[place - 1]
        ]
        path, parent, task_id = "", None, ""
        for depth, name in enumerate(distinct):
            path = f"{path}/{name}" if path else name
            is_leaf = depth == len(distinct) - 1
            task_id = ids.task_id(path)
            if not (suite and depth == 0):
                self.add(
                    _task(
                        task_id,
                        name,
                        path,
                        parent,
                        (config, about, suite) if is_leaf else (None, None, False),
                        _category(distinct[: depth + 1], config if is_leaf else None),
                    )
                )
                parent = task_id
        return task_id

    def _prompt(self, task_id: str, text: str) -> str:
        prompt_hash = ids.sha256_hex(text)
        prompt_id = ids.prompt_id(task_id, prompt_hash)
        self.add(PromptText(prompt_hash=prompt_hash, prompt_text=self.clean(text)))
        self.add(
            Prompt(
                prompt_id=prompt_id,
                task_id=task_id,
                kind="task_config",
                prompt_hash=prompt_hash,
                content_length_bytes=len(text.encode("utf-8", "surrogatepass")),
            )
        )
        return prompt_id


def _task(
    task_id: str,
    name: str,
    path: str,
    parent: str | None,
    known: tuple[dict[str, Any] | None, dict[str, Any] | None, bool],
    category_id: str | None,
) -> Task:
    config, about, suite = known
    config = config or {}
    description = (about or {}).get("description")
    return Task(
        task_id=task_id,
        task_name=name,
        task_path=path,
        natural_key_hash=ids.task_key_hash(path),
        kind="benchmark",
        is_suite=suite,
        parent_id=parent,
        task_description=description if isinstance(description, str) else None,
        category_id=category_id,
        dataset=_dataset(config),
        dataset_revision=_text(config.get("revision")),
        split=_text(config.get("split")),
    )


def _dataset(config: dict[str, Any] | None) -> str | None:
    parts = [
        str(part) for key in ("dataset_path", "dataset_name") if (part := (config or {}).get(key))
    ]
    return "/".join(parts) or None


def _category(names: Sequence[str], config: dict[str, Any] | None) -> str | None:
    """Return the category of a node: of its own name, else of those above it, else of its items."""
    found = [category_of(name) for name in reversed(names)]
    found.append(category_of(names[-1], dataset=_dataset(config)))
    return next((category.category_id for category in found if category), None)


def _provider(config: dict[str, Any], name: str) -> tuple[str, str | None]:
    """Return where a model is had, and who made it where the name says so."""
    if config.get("model_type") == "litellm":
        provider, _, _ = name.partition("/")
        return provider or "litellm", None
    owner, slash, rest = name.partition("/")
    is_hub = bool(slash and owner and rest) and "/" not in rest and not config.get("model_path")
    return ("huggingface", owner) if is_hub else ("local", None)


def run_of(
    key: Sequence[str | None], records: Sequence[Record], folders: Sequence[Folder], names: Names
) -> tuple[Run, list[Entity]]:
    """Return the run that a dump's records and folders tell of, and its environment."""
    ordered = sorted(
        records, key=lambda record: (record.task_idx is None, record.task_idx or 0, record.alias)
    )
    first = ordered[0] if ordered else None
    model_config = first.slice("model_config") if first else None
    compute = first.slice("compute_config") if first else None
    where = next((folder.coordinates for folder in folders), None)
    settings = {
        "model_config": _parsed(model_config),
        "compute_config": _parsed(compute),
        "path": (where.settings() if where else {}) | ({"snapshot": key[1]} if key[1] else {}),
    }
    config = ids.canonical_json(settings)
    run_id = ids.run_id("olmes", *key)
    environment = _environment(first, names)
    name = (first.part("model_config").get("model") if first else None) or (
        where.model if where else None
    )
    label = " ".join(
        str(part) for part in (name, where.revision if where else None, key[1]) if part
    )
    started, finished = _times(ordered)
    run = Run(
        run_id=run_id,
        short_id=run_id[:8],
        label=label or None,
        started_at=started,
        finished_at=finished,
        submitted_at=datetime.now(UTC),
        runner="olmes",
        config=names.clean(config),
        config_hash=ids.sha256_hex(config),
        environment_id=environment.environment_id if environment else None,
        status="complete" if _is_complete(folders) else "incomplete",
    )
    return run, [environment] if environment else []


def _is_complete(folders: Sequence[Folder]) -> bool:
    """A run that reached its end wrote the records of all its tasks together."""
    return any(folder.records for folder in folders) and not any(
        folder.problems for folder in folders
    )


def _environment(record: Record | None, names: Names) -> Environment | None:
    """Return what a record states of where it ran; equal for all jobs of equal surroundings."""
    variables = surroundings(record) if record else {}
    gpus = [msgspec.to_builtins(gpu) for gpu in gpus_of(record)] if record else []
    if not variables and not gpus:
        return None
    text, boards = ids.canonical_json(variables), ids.canonical_json(gpus)
    return Environment(
        environment_id=ids.derive("environments", text, boards),
        git_commit=_text(variables.get("GIT_REF")),
        variables=names.clean(text),
        gpus=boards if gpus else None,
    )


def _times(records: Sequence[Record]) -> tuple[datetime | None, datetime | None]:
    starts = [record.started_at for record in records if record.started_at]
    ends = [
        record.started_at + timedelta(seconds=record.processing_time or 0)
        for record in records
        if record.started_at and not record.is_aggregate
    ]
    return min(starts, default=None), max(ends, default=None)


def _parsed(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
