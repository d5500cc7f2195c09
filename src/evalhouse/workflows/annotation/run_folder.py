"""The folder of a run: found again by its configuration, or begun."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from evalhouse import ids
from evalhouse.errors import HouseError, UsageError
from evalhouse.redact import Redactor
from evalhouse.store.output import replaced

CONFIG = "config.json"
JOURNAL = "answers.jsonl"
MANIFEST = "manifest.json"
_LONGEST_NAME = 255  # bytes of a file's name
_SPARE = 48  # for what a name has while a file is written


@dataclass
class RunFolder:
    """One run: its folder and its configuration, as `config.json` holds it."""

    path: Path
    config: dict[str, Any]

    @property
    def run_id(self) -> str:
        """Return the short id, which is the folder's name."""
        return str(self.config["run_id"])

    @property
    def journal(self) -> Path:
        """Return the file with every answer."""
        return self.path / JOURNAL

    @property
    def is_complete(self) -> bool:
        """Whether every question has its answer, and all that follows from them is written.

        The manifest comes last; a run that was killed before it is finished by the next command.
        """
        if self.config.get("status") != "complete":
            return False
        try:
            listed = json.loads((self.path / MANIFEST).read_text(encoding="utf-8"))["files"]
            return bool(listed[CONFIG]["sha256"] == file_sha256(self.path / CONFIG))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return False

    def save(self, redactor: Redactor, **changes: Any) -> None:
        """Write the configuration, with changes; what is known of it has no secret either."""
        self.config |= changes
        cleaned, _ = redactor.settings(msgspec.json.encode(self.config))
        self.config = json.loads(cleaned)
        write_json(self.path / CONFIG, self.config, redactor)


def find_run(task_outputs: Path, config_hash: str) -> RunFolder | None:
    """Return the latest run of a configuration below the outputs of a task."""
    found = [
        folder
        for folder in runs_in(task_outputs)
        if folder.config.get("config_hash") == config_hash
    ]
    return max(found, key=lambda each: str(each.config.get("started_at")), default=None)


def runs_in(task_outputs: Path) -> Iterator[RunFolder]:
    """Yield the runs below the outputs of a task that have a configuration."""
    for path in sorted(task_outputs.glob(f"*/{CONFIG}")):
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            continue  # not one of ours, or being written
        if isinstance(config, dict):
            yield RunFolder(path.parent, config)


def require_name(task: str) -> None:
    """Refuse a task after which no file can be named.

    Raises:
        UsageError: where its name is too long.
    """
    longest = _LONGEST_NAME - len("_metrics_log_classes.csv") - _SPARE
    if len(task.encode()) > longest:
        raise UsageError(
            f"the task's name `{task[:40]}…` has {len(task.encode())} bytes, and files are named "
            f"after it; rename its folder to at most {longest}"
        )


def begin_run(task_outputs: Path, config: Mapping[str, Any], redactor: Redactor) -> RunFolder:
    """Make the folder of a new run, named after the first 8 hex digits of its random id."""
    try:
        run_uuid, path = _made(task_outputs)
    except OSError as failure:
        raise HouseError(
            f"no run can be kept in `{task_outputs}`: {failure.strerror}; name another folder with "
            "`--outputs`"
        ) from failure
    named = {
        "run_id": path.name,
        **config,
        "run_uuid": run_uuid,
        "served_model": None,
        "started_at": now(),
        "finished_at": None,
        "status": "incomplete",
        "energy_scope": None,
        "rows": None,
    }
    folder = RunFolder(path, named)
    folder.save(redactor)
    return folder


def _made(task_outputs: Path) -> tuple[str, Path]:
    task_outputs.mkdir(parents=True, exist_ok=True)
    while True:
        run_uuid = ids.random_id()
        path = task_outputs / run_uuid[:8]
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return run_uuid, path


def now() -> str:
    """Return the time in UTC, as files hold it."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: Path, value: Any, redactor: Redactor) -> None:
    """Write JSON for people, without secrets; never half of it."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2)
    write_whole(path, redactor.settings(text + b"\n")[0])


def write_whole(path: Path, data: bytes) -> None:
    """Write a file, or leave what was there."""
    with replaced(path) as sink:
        sink.write(data)
