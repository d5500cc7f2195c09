"""Who and what: the model, the task with its fields, prompts, environment and run."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from evalhouse import ids
from evalhouse.formats.codebook_lab.folder import RunFolder
from evalhouse.formats.codebook_lab.layout import PROVIDER
from evalhouse.formats.codebook_lab.machines import gpus_of
from evalhouse.lookups.tasks import category_of
from evalhouse.records import Entity, Environment, Model, Prompt, PromptText, Run, Task
from evalhouse.redact import Redactor
from evalhouse.tasks.codebook import Annotation, Codebook
from evalhouse.tasks.conditions import as_data

_UNKNOWN = "unknown"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SINCE = re.compile(r"-\d+-g[0-9a-f]+$")  # what `git describe` adds for commits after a tag
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_ASKED = ("prompt_type", "use_examples")


@dataclass
class Names:
    """Collects entities once each, and gives their ids."""

    redactor: Redactor
    found: dict[tuple[str, ...], Entity] = field(default_factory=dict)

    def add(self, entity: Entity) -> None:
        """Take in an entity; the first of equal keys stands."""
        keys = [str(getattr(entity, name)) for name in entity.__struct_fields__[:2]]
        self.found.setdefault((entity.table, *keys), entity)

    def clean(self, text: str) -> str:
        """Return settings without secrets."""
        data = text.encode("utf-8", "backslashreplace")
        return self.redactor.settings(data)[0].decode("utf-8", "replace")

    def model(self, config: Mapping[str, Any]) -> str:
        """Return the id of the model that was asked."""
        provider = _text(config.get("provider")) or PROVIDER
        name = _text(config.get("model")) or _UNKNOWN
        revision = _text(config.get("model_revision"))
        quantization = _text(config.get("quantization_type"))
        model_id = ids.model_id(provider, name, revision, quantization=quantization)
        self.add(Model(model_id=model_id, provider=provider, model_name=name, revision=revision))
        return model_id

    def task(self, name: str, config: Mapping[str, Any]) -> tuple[str, str]:
        """Return the ids of a task as a whole, and of its prompt."""
        task_id = ids.task_id(name)
        self.add(
            Task(
                task_id=task_id,
                task_name=name,
                task_path=name,
                natural_key_hash=ids.task_key_hash(name),
                kind="codebook",
                category_id=_category(name),
                dataset=name,
                dataset_revision=_text(config.get("ground_truth_sha256")),
            )
        )
        keys = (*_ASKED, "codebook_hash", "template_sha256", "system_message_sha256")
        return task_id, self._prompt(task_id, {key: config.get(key) for key in keys}, config)

    def field(
        self,
        task: str,
        column: str,
        order: int,
        config: Mapping[str, Any],
        codebook: Codebook | None,
    ) -> tuple[str, str]:
        """Return the ids of a field of a task, and of its prompt."""
        path = f"{task}/{column}"
        task_id = ids.task_id(path)
        annotation = codebook.by_column.get(column) if codebook else None
        self.add(
            Task(
                task_id=task_id,
                task_name=column,
                task_path=path,
                natural_key_hash=ids.task_key_hash(path),
                kind="codebook",
                parent_id=ids.task_id(task),
                sort_order=order,
                category_id=_category(column),
                task_description=(annotation.tooltip or None) if annotation else None,
            )
        )
        known: dict[str, Any] = {"column": column, **{key: config.get(key) for key in _ASKED}}
        hashes = config.get("prompt_hashes")
        if isinstance(hashes, dict) and column in hashes:
            known["prompt_sha256"] = hashes[column]
        if codebook and annotation:
            known["question"] = _question(codebook, annotation)
        return task_id, self._prompt(task_id, known, config)

    def _prompt(self, task_id: str, known: Mapping[str, Any], config: Mapping[str, Any]) -> str:
        text = ids.canonical_json(known)
        prompt_hash = ids.sha256_hex(text)
        prompt_id = ids.prompt_id(task_id, prompt_hash)
        self.add(PromptText(prompt_hash=prompt_hash, prompt_text=self.clean(text)))
        self.add(
            Prompt(
                prompt_id=prompt_id,
                task_id=task_id,
                kind="template",
                prompt_hash=prompt_hash,
                file_path=_text(config.get("template")),
                content_length_bytes=len(text.encode("utf-8", "backslashreplace")),
            )
        )
        return prompt_id

    def environment(self, folder: RunFolder) -> str | None:
        """Return the id of the environment that a run states; None where it states none."""
        content = folder.contents.get("environment")
        found = _stated(content) or _measured(folder.sessions)
        if found is None:
            return None
        boards = gpus_of(content, folder.sessions[-1] if folder.sessions else {})
        if boards:
            found["gpus"] = ids.canonical_json([msgspec.to_builtins(board) for board in boards])
        text = ids.canonical_json(found)
        environment_id = ids.derive("environments", text)
        values = {name: found[name] for name in _ENVIRONMENT if found.get(name) is not None}
        variables = self.clean(ids.canonical_json(found["variables"]))
        self.add(Environment(environment_id=environment_id, variables=variables, **values))
        return environment_id


_ENVIRONMENT = (
    *("python", "packages", "git_commit", "git_dirty", "git_tag"),
    *("os", "kernel", "container", "frameworks", "gpus"),
)


def run_of(run_id: str, config: Mapping[str, Any], folder: RunFolder | None, names: Names) -> Run:
    """Return the run; `config` has all of its settings, wherever they are told."""
    text = ids.canonical_json(config)
    stated = config.get("config_hash")
    is_hash = isinstance(stated, str) and _SHA256.fullmatch(stated)
    is_ours = bool(config.get("run_uuid"))
    seed = config.get("seed")
    return Run(
        run_id=run_id,
        short_id=run_id[:8],
        label=_label(config, is_ours=is_ours),
        started_at=_time(config.get("started_at")),
        finished_at=_time(config.get("finished_at")),
        submitted_at=datetime.now(UTC),
        runner="evalhouse" if is_ours else "codebook-lab",
        runner_version=_text(config.get("package_version")),
        prompt_git_hash=_commit(config.get("prompt_git_hash")),
        config=names.clean(text),
        config_hash=str(stated) if is_hash else ids.sha256_hex(text),
        environment_id=names.environment(folder) if folder else None,
        seed=seed if isinstance(seed, int) and abs(seed) < 2**63 else None,
        status=_status(config, folder),
    )


def _category(name: str) -> str | None:
    found = category_of(name, kind="codebook")
    return found.category_id if found else None


def _commit(value: Any) -> str | None:
    is_one = isinstance(value, str) and _COMMIT.fullmatch(value)
    return str(value) if is_one else None


def _label(config: Mapping[str, Any], *, is_ours: bool) -> str | None:
    """Return codebook-lab's own id, or task and model of a run that has a short one."""
    if not is_ours:
        return _text(config.get("run_id"))
    parts = (_text(config.get("label")), _text(config.get("model")))
    return " ".join(part for part in parts if part) or None


def _status(config: Mapping[str, Any], folder: RunFolder | None) -> Any:
    stated = config.get("status")
    if stated in ("complete", "incomplete"):
        return stated
    # codebook-lab writes its times when it has asked everything; the tables later still.
    is_whole = folder is None or ("timing" in folder.contents and "config" in folder.contents)
    return "complete" if is_whole else "incomplete"


def _question(codebook: Codebook, annotation: Annotation) -> dict[str, Any]:
    section = next(each for each in codebook.sections if annotation in each.annotations)
    asked = annotation.field
    return {
        "section": section.name,
        "instruction": section.instruction,
        "name": annotation.name,
        "type": asked.kind,
        "options": asked.options,
        "scale": asked.scale,
        "labels": asked.labels,
        "tooltip": annotation.tooltip,
        "example": annotation.example,
        "condition": as_data(annotation.condition),
    }


def _stated(content: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what `environment.json` says, by column."""
    if not content:
        return None
    python, git = content.get("python"), content.get("git")
    found = git if isinstance(git, dict) else {}
    version = python.get("version") if isinstance(python, dict) else python
    dirty = found.get("dirty")
    return {
        "python": _text(version),
        "packages": _json(content.get("packages")),
        "git_commit": _text(found.get("commit")),
        "git_dirty": dirty if isinstance(dirty, bool) else None,
        "git_tag": _tag(found),
        "os": _text(content.get("os")),
        "kernel": _text(content.get("kernel")),
        "container": _text(content.get("container")),
        "frameworks": _json(_frameworks(content)),
        "variables": {
            key: value
            for key, value in content.items()
            # Clocks and links of the host are other ones at every look.
            if key not in ("python", "packages", "frameworks", "host")
        },
    }


def _tag(git: Mapping[str, Any]) -> str | None:
    """Return the tag of the commit; one of an earlier commit, or a short commit, is none of it."""
    described, commit = _text(git.get("describe")), _text(git.get("commit")) or ""
    is_other = described is None or _SINCE.search(described) or commit.startswith(described)
    return None if is_other else described


def _frameworks(content: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the versions of what runs models, and of what the GPUs run by."""
    found = content.get("frameworks")
    listed = dict(found) if isinstance(found, dict) else {}
    drivers = {name: content.get(name) for name in ("cuda", "gpu_driver")}
    return listed | {name: text for name, text in drivers.items() if _text(text)} or None


def _measured(sessions: Sequence[Mapping[str, str]]) -> dict[str, Any] | None:
    """Return what CodeCarbon says of the machine of the last session."""
    if not sessions:
        return None
    last = sessions[-1]
    version = last.get("codecarbon_version")
    names = ("codecarbon_version", "cpu_model", "cpu_count", "gpu_model", "gpu_count")
    return {
        "python": _text(last.get("python_version")),
        "packages": _json({"codecarbon": version} if version else None),
        "os": _text(last.get("os")),
        "variables": {name: last[name] for name in names if last.get(name)},
    }


def _json(value: Any) -> str | None:
    return ids.canonical_json(value) if isinstance(value, dict) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _time(value: Any) -> datetime | None:
    """Return a moment; one without a zone could be any, and is none."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def settings_of(row: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings that a row of the table of runs tells, as `config.json` spells them.

    Example:
        >>> settings_of({"run_id": "12345678", "temperature": "0.0", "use_examples": "True"})
        {'run_id': '12345678', 'temperature': 0.0, 'use_examples': True}
    """
    return {name: _typed(text) if name in _TYPED else text or None for name, text in row.items()}


_TYPED = frozenset(
    {
        *("use_examples", "temperature", "top_p", "reasoning", "process_textbox", "process_span"),
        *("retries", "retry_temperature", "omit", "stream", "think_tags", "structured"),
        *("batch_size", "history_window", "few_shot", "seed", "max_tokens", "stop", "repeats"),
        *("logprobs", "thinking_tokens", "transport_retries", "limit", "context_length"),
        *("prompt_hashes", "rows"),
    }
)
_WORDS = {"": None, "True": True, "true": True, "False": False, "false": False}


def _typed(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    is_finite = not isinstance(value, float) or math.isfinite(value)
    return value if is_finite else text
