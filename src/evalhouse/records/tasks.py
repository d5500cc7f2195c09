"""What is asked: tasks, suites, prompts."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from evalhouse.records.entity import Entity


class TaskCategory(Entity, frozen=True):
    """A kind of ability that a task asks for."""

    table: ClassVar[str] = "task_categories"
    category_id: str
    name: str
    description: str | None = None


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
    category_id: str | None = None


class TaskAlias(Entity, frozen=True):
    """Another id of a task."""

    table: ClassVar[str] = "task_aliases"
    alias_id: str
    task_id: str
    reason: str
    decided_by: str
    decided_at: datetime
    alias_name: str | None = None


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
