"""The vocabulary: what formats and the engine yield, and the catalog stores.

Fields are named as the columns of the table of the same noun (`schema/catalog.py` says what each
means); a test keeps both equal. JSON fields hold text. Times are aware and in UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

import msgspec

Disposition = Literal["parsed", "kept", "ignored"]
Severity = Literal["damage", "conflict", "notice"]


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the catalog."""

    table: ClassVar[str]


class Creator(Entity, frozen=True):
    """An organisation or person that makes models."""

    table: ClassVar[str] = "creators"
    creator_id: str
    name: str
    display_name: str | None = None
    homepage: str | None = None
    service_identifiers: str | None = None
    provisional: bool = True


class Model(Entity, frozen=True):
    """A model as evaluated."""

    table: ClassVar[str] = "models"
    model_id: str
    provider: str
    model_name: str
    model_version: str | None = None
    model_family: str | None = None
    revision: str | None = None
    creator_id: str | None = None
    model_hash: str | None = None
    parameter_count: int | None = None
    active_parameter_count: int | None = None
    context_length: int | None = None
    release_date: str | None = None
    description: str | None = None
    predecessor_model_id: str | None = None
    base_model_id: str | None = None
    adapter_hash: str | None = None
    quantized_from_id: str | None = None
    provisional: bool = True


class Task(Entity, frozen=True):
    """A node of the task tree."""

    table: ClassVar[str] = "tasks"
    task_id: str
    task_name: str
    task_path: str
    natural_key_hash: str
    kind: Literal["codebook", "prompts", "benchmark"]
    is_suite: bool = False
    task_description: str | None = None
    parent_id: str | None = None
    sort_order: int = 0
    grader: str | None = None
    grader_commit: str | None = None
    dataset: str | None = None
    dataset_revision: str | None = None
    split: str | None = None


class TaskMember(Entity, frozen=True):
    """A member of a suite."""

    table: ClassVar[str] = "task_members"
    suite_id: str
    member_id: str
    sort_order: int
    rule: str


class PromptText(Entity, frozen=True):
    """A distinct prompt text."""

    table: ClassVar[str] = "prompt_texts"
    prompt_hash: str
    prompt_text: str


class Prompt(Entity, frozen=True):
    """A prompt or task configuration of a task."""

    table: ClassVar[str] = "prompts"
    prompt_id: str
    task_id: str
    kind: Literal["text", "template", "task_config"]
    prompt_hash: str
    file_path: str | None = None
    git_commit_hash: str | None = None
    content_length_bytes: int | None = None
    version: str | None = None
    release_date: str | None = None
    is_prerelease: bool = False
    difficulty: int = 0
    alias_of: str | None = None
    modified_at: datetime | None = None


class Publisher(Entity, frozen=True):
    """A person or team that publishes results."""

    table: ClassVar[str] = "publishers"
    publisher_id: str
    name: str
    contact: str | None = None


class Source(Entity, frozen=True):
    """A dump that was taken in."""

    table: ClassVar[str] = "sources"
    source_id: str
    format: str
    uri: str
    content_sha256: str
    files: int
    bytes: int
    ingested_at: datetime
    reader_version: str
    status: Literal["complete", "problems"]


class SourceFile(Entity, frozen=True):
    """A place where a file of a source was seen."""

    table: ClassVar[str] = "files"
    location_id: str
    source_file_id: str
    source_id: str
    path: str
    relative_path: str
    family: str
    bytes: int
    mtime_ns: int
    disposition: Disposition
    sha256: str | None = None
    reason: str | None = None
    unit_id: str | None = None
    blob: str | None = None
    rows: int | None = None
    redactions: int = 0
    live: bool = False


class Environment(Entity, frozen=True):
    """A software environment that a run states."""

    table: ClassVar[str] = "environments"
    environment_id: str
    python: str | None = None
    packages: str | None = None
    git_commit: str | None = None
    git_dirty: bool | None = None
    git_tag: str | None = None
    os: str | None = None
    kernel: str | None = None
    container: str | None = None
    frameworks: str | None = None
    variables: str | None = None


class Run(Entity, frozen=True):
    """An evaluation run."""

    table: ClassVar[str] = "runs"
    run_id: str
    short_id: str
    config_hash: str
    submitted_at: datetime
    status: Literal["complete", "incomplete", "failed"]
    label: str | None = None
    publisher_id: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    runner: str | None = None
    runner_version: str | None = None
    prompt_git_hash: str | None = None
    config: str | None = None
    environment_id: str | None = None
    seed: int | None = None
    supersedes: str | None = None


class RunSource(Entity, frozen=True):
    """A source that a run was read from."""

    table: ClassVar[str] = "run_sources"
    run_id: str
    source_id: str


class Cell(Entity, frozen=True):
    """The result of one model on one prompt in one run."""

    table: ClassVar[str] = "run_model_metrics"
    run_id: str
    prompt_id: str
    model_id: str
    task_id: str
    unit_id: str | None = None
    score: float | None = None
    pass_fail: bool | None = None
    primary_metric: str | None = None
    primary_value: float | None = None
    primary_stderr: float | None = None
    unit: str | None = None
    higher_is_better: bool | None = None
    value_note: str | None = None
    origin: Literal["reported", "recomputed"] = "reported"
    failure_reason: str | None = None
    failure_detail: str | None = None
    flops_per_token_theoretical: int | None = None
    n_items: int | None = None
    items_failed: int | None = None


class Artifact(Entity, frozen=True):
    """A file kept with a run."""

    table: ClassVar[str] = "artifacts"
    run_id: str
    path: str
    kind: str
    sha256: str
    bytes: int


class BatchUnit(msgspec.Struct, frozen=True, kw_only=True):
    """A unit that a batch carries, with the hash of what it was read from."""

    unit_id: str
    run_id: str
    part: str
    fingerprint: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that could not be read or does not fit; a row of the lake's `problems`."""

    path: str
    kind: str
    message: str
    severity: Severity = "damage"
    line: int | None = None
    byte_offset: int | None = None
    excerpt: str | None = None
    bytes: bytes | None = None
    run_id: str | None = None
    task: str | None = None
    source_file_id: str | None = None


ENTITIES: tuple[type[Entity], ...] = (
    Creator,
    Model,
    Task,
    TaskMember,
    PromptText,
    Prompt,
    Publisher,
    Source,
    SourceFile,
    Environment,
    Run,
    RunSource,
    Cell,
    Artifact,
)
"""In an order in which rows can be written: what is referred to comes first."""
