"""What the answers of a cell come to, and what they took."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from evalhouse import ids
from evalhouse.formats.bakeoff.answers import Answer
from evalhouse.formats.bakeoff.detail import Detail
from evalhouse.formats.bakeoff.layout import DETERMINISTIC, FLOOR
from evalhouse.formats.bakeoff.prompts import Question
from evalhouse.formats.bakeoff.scoring import dominant_failure
from evalhouse.formats.base import Unit
from evalhouse.records import Cell, Measurement

HEURISTIC, JUDGE = "quality_heuristic", "judge_quality"

_CLIENT = "stated by bakeoff: clock of the client"
_GPU = "stated by bakeoff: one GPU, all that runs on it, idle power included"
_SOURCES = {
    "wall_clock_seconds": _CLIENT,
    "seconds_to_first_token": f"{_CLIENT}, reasoning tokens count",
    "tokens_per_second": "stated by bakeoff: generated tokens by wall-clock time, prefill included",
    "prompt_tokens": "stated by bakeoff: usage that the server tells",
    "completion_tokens": "stated by bakeoff: usage that the server tells",
    "cpu_seconds_user": "stated by bakeoff: its own process, not the server's",
    "cpu_seconds_sys": "stated by bakeoff: its own process, not the server's",
    "gpu_event_seconds": "stated by bakeoff",
    "gpu_weighted_seconds": "stated by bakeoff: wall-clock time by mean utilisation",
    "tflops_utilization_pct": "stated by bakeoff: of a peak from its own list",
    "energy_wh": _GPU,
    "energy_gpu_wh": _GPU,
    "peak_vram_mb": "stated by bakeoff: all that is in use on the GPU",
    "gpu_sm_utilization_pct": "stated by bakeoff: mean of samples",
}


@dataclass
class CellSum:
    """The answers of one model to one prompt: several where a run asks the same again."""

    task_id: str
    prompt_id: str
    model_id: str
    values: list[float] = field(default_factory=list)
    metrics: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    passes: list[bool] = field(default_factory=list)
    flops: int | None = None
    answers: int = 0

    def add(self, answer: Answer, value: float | None, question: Question | None) -> None:
        """Take in an answer with its value, judges merged in."""
        self.answers += 1
        self.flops = self.flops or answer.counts.get("flops_per_token_theoretical") or None
        if answer.failure:
            self.failures.append(answer.failure)
            self.details += [answer.detail] if answer.detail else []
            return
        if value is None:
            return
        self.values.append(value)
        self.metrics[JUDGE if answer.heuristic is None else HEURISTIC] += 1
        is_exact = answer.tier == FLOOR or (
            question is not None and question.scorer in DETERMINISTIC
        )
        if is_exact and answer.heuristic in (0.0, 1.0):
            self.passes.append(answer.heuristic == 1.0)


def cell_of(unit: Unit, total: CellSum, clean: Callable[[str], str]) -> Cell:
    """Return the cell; one whose answers all failed has no value, whatever bakeoff counts."""
    value = math.fsum(total.values) / len(total.values) if total.values else None
    failed_whole = bool(total.failures) and len(total.failures) == total.answers
    metric = total.metrics.most_common(1)[0][0] if total.metrics else HEURISTIC
    note = None if value is not None or failed_whole else "no scorer and no judge gave it a value"
    return Cell(
        run_id=unit.run_id,
        prompt_id=total.prompt_id,
        model_id=total.model_id,
        task_id=total.task_id,
        unit_id=unit.unit_id,
        pass_fail=all(total.passes) if len(total.passes) == len(total.values) > 0 else None,
        primary_metric=metric,
        primary_value=value,
        value_note=note,
        origin="recomputed" if metric == JUDGE or len(total.values) > 1 else "reported",
        failure_reason=dominant_failure(total.failures) if failed_whole else None,
        failure_detail=clean(total.details[0]) if failed_whole and total.details else None,
        flops_per_token_theoretical=total.flops,
        n_items=total.answers,
        items_failed=len(total.failures),
    )


def measurement_of(
    unit: Unit, detail: Detail, answer: Answer, prompt_id: str, model_id: str, attempt: int
) -> Iterator[Measurement]:
    """Yield what an answer took, where its record measures anything."""
    figures: dict[str, float] = dict(answer.figures)
    if "energy_wh" in figures:
        figures["energy_gpu_wh"] = figures["energy_wh"]
    tokens: dict[str, int] = {
        name: answer.counts[name]
        for name in ("prompt_tokens", "completion_tokens")
        if name in answer.counts
    }
    if not figures and not tokens:
        return
    whole: dict[str, Any] = {**figures, **tokens}
    known = {name: _SOURCES[name] for name in whole}
    yield Measurement(
        measurement_id=ids.measurement_id(unit.run_id, prompt_id, model_id, attempt),
        run_id=unit.run_id,
        prompt_id=prompt_id,
        model_id=model_id,
        attempt=attempt,
        unit_id=unit.unit_id,
        system_hardware_id=detail.hardware_id,
        system_software_id=detail.software_id,
        power_limit_w=detail.power_limit_w,
        figure_sources=ids.canonical_json(known),
        **whole,
    )


def run_measurement(unit: Unit, detail: Detail) -> Iterator[Measurement]:
    """Yield where the run as a whole was made, so that it is known without any record too."""
    if detail.hardware_id is None and detail.software_id is None:
        return
    yield Measurement(
        measurement_id=ids.measurement_id(unit.run_id),
        run_id=unit.run_id,
        unit_id=unit.unit_id,
        system_hardware_id=detail.hardware_id,
        system_software_id=detail.software_id,
        power_limit_w=detail.power_limit_w,
    )
