"""Counting again what a result claims: its records against its scores."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from evalhouse import ids
from evalhouse.formats.bakeoff.answers import Answer
from evalhouse.formats.bakeoff.layout import CLAIMS, FLOOR
from evalhouse.formats.bakeoff.manifest import Manifest
from evalhouse.formats.bakeoff.numbers import is_close
from evalhouse.formats.bakeoff.outline import Outline, text_of
from evalhouse.formats.bakeoff.prompts import question_of
from evalhouse.formats.bakeoff.scoring import (
    CellOutcome,
    ModelScore,
    judge_value,
    model_score,
    recomputed_heuristic,
)

TOLERANCE = 1e-6  # relative; sums of rounded values differ no more

_SHOWN = 5

CheckStatus = Literal["match", "mismatch", "not recomputable"]
Cell = tuple[str, str, str]


class Check(msgspec.Struct, frozen=True):
    """A number or hash of a result, as claimed and as found."""

    scope: str
    metric: str
    claimed: str | None
    recomputed: str | None
    status: CheckStatus
    reason: str | None = None
    model: str | None = None
    tolerance: float | None = None


@dataclass
class Tally:
    """What the records say of one model."""

    main: dict[tuple[str, str], CellOutcome] = field(default_factory=dict)
    judged: dict[tuple[str, str], CellOutcome] = field(default_factory=dict)  # judges merged in
    floor: dict[tuple[str, str], CellOutcome] = field(default_factory=dict)
    heuristics: Counter[str] = field(default_factory=Counter)  # by status of the check
    wrong: list[str] = field(default_factory=list)

    @property
    def floor_passed(self) -> int:
        """Return the floor questions that were answered right."""
        return sum(outcome.value == 1.0 for outcome in self.floor.values())


class Recount:
    """Takes records one by one, then says what the models come to."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._questions = {name: question_of(task) for name, task in outline.tasks().items()}
        self._ratings = ratings_of(outline)
        self._variants: set[str] = set()
        self.tallies: dict[str, Tally] = defaultdict(Tally)
        self.records = 0

    def add(self, answer: Answer) -> None:
        """Take in a record; of two of one cell the later one counts."""
        tally, place = self.tallies[answer.model], (answer.task_id, answer.variant)
        self.records += 1
        if answer.tier == FLOOR:
            tally.floor[place] = answer.outcome
        else:
            self._variants.add(answer.variant)
            tally.main[place] = answer.outcome
            tally.judged[place] = CellOutcome(
                merged_value(answer, self._ratings), answer.outcome.failure
            )
        self._check_heuristic(answer, tally)

    @property
    def cells(self) -> int:
        """Return the cells of a model: tasks by variants, from the records where nobody says."""
        stated = self._outline.cells()
        tasks = sum(question.tier != FLOOR for question in self._questions.values())
        return stated or tasks * len(self._variants)

    def score(self, model: str, *, judged: bool = False) -> ModelScore:
        """Return what a model comes to, by heuristics alone or with judges merged in."""
        tally = self.tallies[model]
        outcomes = tally.judged if judged else tally.main
        return model_score(list(outcomes.values()), self.cells)

    def checks(self, claims: Mapping[str, dict[str, Any]]) -> Iterator[Check]:
        """Yield how the claims about each model compare with its records."""
        for model, claim in claims.items():
            yield from self._checked(model, claim)
        for model, tally in self.tallies.items():
            yield from _heuristics(model, tally)

    def _check_heuristic(self, answer: Answer, tally: Tally) -> None:
        question = self._questions.get(answer.task_id)
        if answer.failure or answer.stated_heuristic is None or question is None:
            return
        found = recomputed_heuristic(question.scorer, answer.text, question.expected)
        if found is None:
            tally.heuristics["not recomputable"] += 1
        elif found == answer.heuristic:
            tally.heuristics["match"] += 1
        else:
            tally.heuristics["mismatch"] += 1
            tally.wrong.append(
                f"{answer.task_id} ({answer.variant}): {answer.stated_heuristic!r}, found {found}"
            )

    def _checked(self, model: str, claim: dict[str, Any]) -> Iterator[Check]:
        own, judged = self.score(model), self.score(model, judged=True)
        tally = self.tallies[model]
        missing = self._why_not(claim)
        for metric in CLAIMS:
            claimed = claim.get(metric)
            if claimed is None:
                continue
            if metric.startswith("floor"):
                yield _floor_check(model, metric, claimed, tally)
                continue
            found = getattr(own, metric)
            other = judged.partial_score if metric == "partial_score" else None
            yield _compared(model, metric, claimed, found, missing, other)
        stated = text_of(claim.get("status"))
        if stated is not None:
            status: CheckStatus = "match" if stated == own.status else "mismatch"
            yield Check(
                "scores",
                "status",
                stated,
                None if missing else own.status,
                "not recomputable" if missing else status,
                missing,
                model,
            )

    def _why_not(self, claim: dict[str, Any]) -> str | None:
        """Return why a claim cannot be counted again; None where it can."""
        if not self._outline.is_whole:
            return "the result is damaged"
        if not self.cells:
            return "the result does not tell its tasks and prompt variants"
        total = claim.get("cells_total")
        if total is not None and total != self.cells:
            return f"the claim is about {total} cells, and the result is about {self.cells}"
        return None


def claims_of(outline: Outline, manifest: Manifest | None) -> dict[str, dict[str, Any]]:
    """Return what is claimed of each model: by the result, else by the manifest."""
    claims: dict[str, dict[str, Any]] = {}
    for each in [*outline.listed("model_scores"), *(manifest.summary if manifest else [])]:
        name = text_of(each.get("model_id"))
        if name is not None:
            claims.setdefault(name, each)
    return claims


def ratings_of(outline: Outline) -> dict[Cell, list[float]]:
    """Return the ratings that judges gave, by task, variant and model, as proportions."""
    found: dict[Cell, list[float]] = defaultdict(list)
    for each in outline.listed("judgements"):
        named = [text_of(each.get(name)) for name in ("task_id", "prompt_id", "model_id")]
        value = judge_value(each.get("score"))
        task, variant, model = named
        if value is not None and task and variant and model:
            found[task, variant, model].append(value)
    return found


def merged_value(answer: Answer, ratings: dict[Cell, list[float]]) -> float | None:
    """Return the value of a cell: its heuristic, else the mean of its judges' ratings."""
    if answer.failure:
        return None
    if answer.heuristic is not None:
        return answer.heuristic
    given = ratings.get(answer.key)
    return math.fsum(given) / len(given) if given else None


def config_check(outline: Outline) -> Check | None:
    """Compare the hash that a result states for its settings with theirs.

    It is the first 16 hex digits of the SHA-256 of JSON with sorted keys and Python's separators.
    """
    stated = text_of(outline.part("provenance").get("config_hash"))
    config = outline.members.get("config")
    if stated is None:
        return None
    if not isinstance(config, dict):
        reason = "the result does not hold its settings"
        return Check("hash", "config_hash", stated, None, "not recomputable", reason)
    found = config_hash(config)
    if not _is_hash(stated):
        reason = "what is stated is not 16 hex digits"
        return Check("hash", "config_hash", stated, found, "not recomputable", reason)
    is_same = stated.lower() == found
    return Check("hash", "config_hash", stated, found, "match" if is_same else "mismatch")


def config_hash(config: dict[str, Any]) -> str:
    """Return bakeoff's hash of settings.

    Example:
        >>> config_hash({"b": 1.0, "a": [1, 2]})
        '87307346400e1267'
    """
    return ids.sha256_hex(json.dumps(config, sort_keys=True))[:16]


def _is_hash(text: str) -> bool:
    return len(text) == 16 and all(sign in "0123456789abcdefABCDEF" for sign in text)


def _compared(
    model: str,
    metric: str,
    claimed: Any,
    found: float | None,
    missing: str | None,
    other: float | None,
) -> Check:
    spelled = ids.canonical_json(claimed)
    if missing is not None or found is None:
        why = missing or "it is not defined without a cell"
        return Check("scores", metric, spelled, None, "not recomputable", why, model)
    status: CheckStatus = "match" if is_close(claimed, found, TOLERANCE) else "mismatch"
    reason: str | None = None
    if other is not None and not is_close(other, found, TOLERANCE):
        reason = f"with the judges' ratings merged in it is {other!r}"
        if status == "mismatch" and is_close(claimed, other, TOLERANCE):
            status, found, reason = "match", other, "with the judges' ratings merged in"
    return Check("scores", metric, spelled, repr(found), status, reason, model, TOLERANCE)


def _floor_check(model: str, metric: str, claimed: Any, tally: Tally) -> Check:
    total, passed = len(tally.floor), tally.floor_passed
    spelled = ids.canonical_json(claimed)
    if not total:
        reason = "the result holds no record of the floor tier"
        return Check("scores", metric, spelled, None, "not recomputable", reason, model)
    found = {"floor_score": passed / total, "floor_cells_passed": passed}.get(metric, total)
    status: CheckStatus = "match" if is_close(claimed, found, TOLERANCE) else "mismatch"
    return Check("scores", metric, spelled, repr(found), status, None, model, TOLERANCE)


def _heuristics(model: str, tally: Tally) -> Iterator[Check]:
    """Yield one check for all heuristic scores of a model, by outcome."""
    reasons: dict[CheckStatus, str | None] = {
        "match": None,
        "mismatch": "; ".join(tally.wrong[:_SHOWN]),
        "not recomputable": "its scorer is a judge or a pattern, or its question is not told",
    }
    for status, reason in reasons.items():
        count = tally.heuristics[status]
        if count:
            yield Check(
                "items",
                "quality_heuristic",
                f"{count} answers",
                None if status == "not recomputable" else f"{count} answers",
                status,
                reason,
                model,
            )
