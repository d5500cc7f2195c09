"""Runs, their results, and who publishes them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from evalhouse.records.entity import Entity

SubmissionState = Literal[
    "received", "accepted", "incomplete", "failed", "disputed", "superseded", "revoked"
]


class Publisher(Entity, frozen=True):
    """A person or team that publishes results."""

    table: ClassVar[str] = "publishers"
    publisher_id: str
    name: str
    contact: str | None = None


class SigningKey(Entity, frozen=True):
    """A public key that a publisher signs with."""

    table: ClassVar[str] = "signing_keys"
    key_id: str
    publisher_id: str
    public_key: str
    valid_from: datetime
    algorithm: Literal["ed25519"] = "ed25519"
    valid_until: datetime | None = None
    revoked_at: datetime | None = None
    note: str | None = None


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
    gpus: str | None = None


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


class Submission(Entity, frozen=True):
    """A bundle of results that a publisher sent."""

    table: ClassVar[str] = "submissions"
    submission_id: str
    bundle_sha256: str
    run_id: str
    evidence_level: int
    state: Literal[
        "received", "accepted", "incomplete", "failed", "disputed", "superseded", "revoked"
    ]
    received_at: datetime
    publisher_id: str | None = None
    key_id: str | None = None


class SubmissionEvent(Entity, frozen=True):
    """A change of a submission's state."""

    table: ClassVar[str] = "submission_events"
    submission_id: str
    number: int
    state: Literal[
        "received", "accepted", "incomplete", "failed", "disputed", "superseded", "revoked"
    ]
    decided_by: str
    decided_at: datetime
    reason: str
    link: str | None = None
