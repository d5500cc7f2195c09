"""One record of a result: an answer of a model in a cell, or how it failed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from evalhouse.formats.bakeoff.layout import COUNTS, FIGURES, IDENTITY, LEGACY
from evalhouse.formats.bakeoff.numbers import count_of, number
from evalhouse.formats.bakeoff.outline import text_of, tier_of
from evalhouse.formats.bakeoff.scoring import FAILURE_CODES, CellOutcome, heuristic_value

_PERCENT = "gpu_sm_utilization_pct"  # of the whole, so 100 at most


@dataclass(frozen=True)
class Answer:
    """A record with its fields by their newest names; figures that cannot be are left out."""

    index: int
    task_id: str
    variant: str
    model: str
    tier: str
    domain: str | None
    text: str | None
    heuristic: float | None
    stated_heuristic: Any
    failure: str | None
    detail: str | None
    figures: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    rest: dict[str, Any] = field(default_factory=dict)  # all but its text, as written
    oddities: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what tells the cell: task, prompt variant and model."""
        return self.task_id, self.variant, self.model

    @property
    def outcome(self) -> CellOutcome:
        """Return what bakeoff's own score counts; judges have no part in it."""
        return CellOutcome(None if self.failure else self.heuristic, self.failure)


def read_answer(record: Any, index: int) -> Answer | None:
    """Return a record; None where it does not say which cell it is of."""
    if not isinstance(record, dict):
        return None
    named = [text_of(record.get(name)) for name in IDENTITY]
    task, variant, model = named
    if task is None or variant is None or model is None:
        return None
    oddities: list[str] = []
    failure, detail = _failure(record, oddities)
    stated = record.get("quality_heuristic")
    heuristic = heuristic_value(stated)
    if stated is not None and heuristic is None:
        oddities.append(f"`quality_heuristic` is {_shown(stated)}, and no number from 0 to 1")
    text = record.get("text")
    if text is not None and not isinstance(text, str):
        oddities.append("`text` is no text")
    return Answer(
        index=index,
        task_id=task,
        variant=variant,
        model=model,
        tier=tier_of(record),
        domain=text_of(record.get("domain")),
        text=text if isinstance(text, str) else None,
        heuristic=heuristic,
        stated_heuristic=stated,
        failure=failure,
        detail=detail,
        figures=_figures(record, oddities),
        counts=_counts(record, oddities),
        rest={key: value for key, value in record.items() if key != "text"},
        oddities=tuple(oddities),
    )


def _failure(record: dict[str, Any], oddities: list[str]) -> tuple[str | None, str | None]:
    """Return the code and the words of a failure; earlier files have the words alone."""
    code, words = record.get("failure_code"), record.get("failure_detail")
    detail = text_of(words) or text_of(record.get("error"))
    if code is None:
        return ("unknown" if detail or record.get("error") else None), detail
    if code in FAILURE_CODES:
        return str(code), detail
    oddities.append(f"`failure_code` is {_shown(code)}, which is none of bakeoff's nine")
    return "unknown", detail or str(code)


def _figures(record: dict[str, Any], oddities: list[str]) -> dict[str, float]:
    stated = {name: (name, 1.0) for name in FIGURES}
    found: dict[str, float] = {}
    for key, (name, factor) in {**LEGACY, **stated}.items():
        value = record.get(key)
        if value is None:
            continue
        amount = number(value)
        if amount is None or amount < 0 or (name == _PERCENT and amount > 100):
            oddities.append(f"`{key}` is {_shown(value)}, which cannot be")
        else:
            found[name] = amount * factor
    return found


def _counts(record: dict[str, Any], oddities: list[str]) -> dict[str, int]:
    found = {}
    for key in COUNTS:
        value = record.get(key)
        if value is None:
            continue
        whole = count_of(value)
        if whole is None:
            oddities.append(f"`{key}` is {_shown(value)}, and no count")
        else:
            found[key] = whole
    return found


def _shown(value: Any) -> str:
    text = repr(value)
    return f"`{text[:60]}`"
