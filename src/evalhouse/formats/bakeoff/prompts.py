"""Tasks and prompts of a result.

What bakeoff calls a task is one question, and its prompts are variants of the system prompt. Here
a task is what a question is about (its domain, in its tier), and each question with a variant is
one prompt: its text is the canonical JSON of both. The same question asked under two ids is one
prompt, of which a run holds several attempts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from evalhouse import ids
from evalhouse.formats.bakeoff.layout import FLOOR, FORMAT, MAIN
from evalhouse.formats.bakeoff.names import Names
from evalhouse.formats.bakeoff.outline import Outline, text_of, tier_of
from evalhouse.lookups.tasks import category_of
from evalhouse.records import Prompt, PromptText, Task

SUITES = {MAIN: FORMAT, FLOOR: f"{FORMAT}-{FLOOR}"}
"""The suite of each tier; the floor tier stands by itself, so that nothing blends both."""

_UNKNOWN = "unknown"


class Asked(msgspec.Struct, frozen=True):
    """What a cell asks: the task by its path, and the prompt."""

    path: str
    task_id: str
    prompt_id: str


class Question(msgspec.Struct, frozen=True):
    """A question of a result, as far as scoring and its document need it."""

    domain: str | None
    expected: Any
    scorer: str | None
    tier: str


class Prompts:
    """Finds the prompt of a cell, and collects what it refers to."""

    def __init__(self, outline: Outline, run_id: str, names: Names) -> None:
        self._run_id, self._names = run_id, names
        self._variants, self._tasks = outline.variants(), outline.tasks()
        self._asked: dict[tuple[str, str, str], Asked] = {}
        self.unknown: list[str] = []  # ids of questions that the result does not tell

    def suite(self, tier: str, content: Mapping[str, Any]) -> Asked:
        """Return the suite of a tier with the settings that its score is of."""
        path = SUITES[tier]
        task_id = self._task(path, None, is_suite=True, tier=tier)
        return Asked(path, task_id, self._prompt(task_id, content, "task_config"))

    def asked(self) -> dict[tuple[str, str, str], Asked]:
        """Return what was found, by task, variant and tier."""
        return dict(self._asked)

    def of(self, task: str, variant: str, tier: str, domain: str | None) -> Asked:
        """Return what a cell asks."""
        key = (task, variant, tier)
        if key not in self._asked:
            self._asked[key] = self._find(task, variant, tier, domain)
        return self._asked[key]

    def _find(self, task: str, variant: str, tier: str, domain: str | None) -> Asked:
        told = self._tasks.get(task, {})
        area = text_of(told.get("domain")) or domain or _UNKNOWN
        self._task(SUITES[tier], None, is_suite=True, tier=tier)
        path = f"{SUITES[tier]}/{area}"
        task_id = self._task(path, ids.task_id(SUITES[tier]), is_suite=False, tier=tier)
        user, system = told.get("user_prompt"), self._variants.get(variant)
        content: dict[str, Any] = {"system": system, "user": user}
        if system is None:
            content["variant"] = variant
        if not isinstance(user, str):
            content |= {"task": task, "run": self._run_id}
            self.unknown.append(task)
        return Asked(path, task_id, self._prompt(task_id, content, "text"))

    def _task(self, path: str, parent: str | None, *, is_suite: bool, tier: str) -> str:
        task_id, shown = ids.task_id(path), self._names.clean(path)
        category = category_of(tier if tier == FLOOR else path.replace("/", "_"))
        self._names.add(
            Task(
                task_id=task_id,
                task_name=shown,
                task_path=shown,
                natural_key_hash=ids.task_key_hash(path),
                kind="prompts",
                is_suite=is_suite,
                parent_id=parent,
                category_id=category.category_id if category else None,
            )
        )
        return task_id

    def _prompt(self, task_id: str, content: Mapping[str, Any], kind: Any) -> str:
        text = ids.canonical_json(content)
        prompt_hash = ids.sha256_hex(text)
        prompt_id = ids.prompt_id(task_id, prompt_hash)
        self._names.add(PromptText(prompt_hash=prompt_hash, prompt_text=self._names.clean(text)))
        self._names.add(
            Prompt(
                prompt_id=prompt_id,
                task_id=task_id,
                kind=kind,
                prompt_hash=prompt_hash,
                content_length_bytes=len(text.encode("utf-8", "backslashreplace")),
            )
        )
        return prompt_id


def question_of(task: Mapping[str, Any]) -> Question:
    """Return what scoring needs of a task."""
    return Question(
        domain=text_of(task.get("domain")),
        expected=task.get("expected"),
        scorer=text_of(task.get("scorer")),
        tier=tier_of(dict(task)),
    )


def suite_content(outline: Outline, tier: str) -> dict[str, Any]:
    """Return what a tier's score is of: its questions and variants, by their hashes."""
    asked = [
        ids.sha256_hex(ids.canonical_json([task.get("user_prompt"), task.get("expected")]))
        for task in outline.tasks().values()
        if tier_of(task) == tier
    ]
    systems = {} if tier == FLOOR else dict(list(outline.variants().items())[1:])
    judge = outline.part("config").get("judge")
    return {
        "tier": tier,
        "questions": sorted(asked),
        "variants": systems,
        "judge_mode": judge_mode(outline) if tier == MAIN else None,
        "judge": judge.get("id") if tier == MAIN and isinstance(judge, dict) else None,
    }


def judge_mode(outline: Outline) -> str | None:
    """Return how answers are judged, wherever the result says it."""
    judge = outline.part("config").get("judge")
    told = outline.members.get("judge_mode")
    inner = judge.get("mode") if isinstance(judge, dict) else None
    return text_of(told) or text_of(inner)
