"""What to write: tasks, suites and runs, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal[
    "rc", "mc", "word_problem", "passage", "code", "puzzle", "reasoning", "essay", "perplexity"
]
"""How a task is asked: full answers scored, letters scored, or one of several generations."""
Rule = Literal["macro", "micro", "mc_or_rc"]
Era = Literal["2024-06", "2024-12", "2025"]
"""Generation of the format; the two older ones lack keys and spell others differently."""
Stems = Literal["name", "alias", "bare"]
"""File stems: `task-NNN-<registry name>`, `task-NNN-<alias>`, or the registry name alone."""
File = Literal[
    "predictions",
    "requests",
    "recorded-inputs",
    "metrics",
    "config",
    "metrics-all",
    "summary",
    "vestigial",
]
FILES: frozenset[File] = frozenset(get_args(File))
Accident = Literal[
    "crashed",  # the last task has only requests, cut in a line; nothing was summed up
    "stale",  # the first task's record is of an earlier run
    "overwritten",  # metrics-all.jsonl holds the records of the last launch alone
    "permuted",  # several workers: choices of some documents in another order
    "unknown_gold",  # some choice questions have label -1
    "sentinels",  # some letter questions got no answer: -999
    "nan",  # the first document of each scored task has no finite likelihood
    "secrets",  # keys and tokens where people leave them
]


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task as configured: its registry name, its alias, and how it is asked."""

    name: str
    alias: str
    kind: Kind
    primary_metric: str
    subject: str = "everyday"
    choices: int = 4
    shots: int = 2
    repeats: int = 1
    id_field: str = "id"
    docs: int | None = None
    """Documents; the run's number if None."""
    launch: int = 0
    """Which launch into the directory ran it; file numbers start again at each."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Task settings beyond those that follow from the rest."""

    @property
    def core(self) -> str:
        """The registry name before its first colon."""
        return self.name.split(":", maxsplit=1)[0]

    @property
    def has_twins(self) -> bool:
        """Whether each request is repeated without its question."""
        return self.kind == "rc" and self.core != "winogrande"


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A named list of aliases or other suites, with its averaging rule."""

    name: str
    rule: Rule
    members: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RunPlan:
    """One directory of a dump: a model, what it was asked, and what went wrong."""

    model: str
    tasks: tuple[Task, ...]
    revision: str = "main"
    suites: tuple[Suite, ...] = ()
    docs: int = 20
    scene_sentences: int = 2
    recorded: int = 3
    seed: int = 7
    skill: float = 0.5
    """0 guesses, 1 is nearly always right."""
    snapshot: str = "2025-11-03_posttrain"
    results_kind: str = "_eval_results"
    era: Era = "2025"
    stems: Stems = "name"
    files: frozenset[File] = FILES
    chat: bool = False
    unrecorded: frozenset[str] = frozenset()
    """Aliases that ran but left neither record nor config, only row files."""
    accidents: frozenset[Accident] = frozenset()
    model_settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """Directory of the run, relative to the dump."""
        model = self.model.replace("/", "_")
        return f"{self.snapshot}/{self.results_kind}/{model}__{self.revision}"

    @property
    def date(self) -> str:
        """Day of the snapshot."""
        return self.snapshot.split("_", maxsplit=1)[0]
