"""Where a manifest and its result, or parts of a result, do not say the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalhouse.formats.bakeoff.bundle import Bundle
from evalhouse.formats.bakeoff.models import stated_models
from evalhouse.formats.bakeoff.numbers import is_close
from evalhouse.formats.bakeoff.outline import Outline, problem, text_of
from evalhouse.formats.bakeoff.prompts import judge_mode
from evalhouse.formats.bakeoff.scoring import run_status
from evalhouse.records import Problem

STATUSES = ("complete", "incomplete", "failed")
_TOLERANCE = 1e-9  # of numbers that were written twice
_SUMMARISED = ("status", "partial_score", "floor_score", "dominant_failure_code")


def contradictions(bundle: Bundle) -> Iterator[Problem]:
    """Yield a problem for each thing that is told in two ways."""
    outline, manifest = bundle.outline, bundle.manifest
    if outline is None or not outline.is_whole:
        return
    yield from _within(outline)
    if manifest is None or not manifest.content:
        return
    for what, ours, theirs in _pairs(bundle, outline):
        if ours is not None and theirs is not None and not _is_same(ours, theirs):
            message = (
                f"`{what}` is {_shown(theirs)} in the manifest and {_shown(ours)} in the result"
            )
            yield problem(manifest.path, "contradiction", message, "conflict")


def status_of(outline: Outline) -> str | None:
    """Return the status that a result states: its own, else the worst of its models."""
    stated = text_of(outline.members.get("run_status"))
    if stated in STATUSES:
        return stated
    listed = [text_of(each.get("status")) for each in outline.listed("model_scores")]
    return run_status([each for each in listed if each]) if listed else None


def _within(outline: Outline) -> Iterator[Problem]:
    stated = text_of(outline.members.get("run_status"))
    listed = [each.get("status") for each in outline.listed("model_scores")]
    worst = run_status([text for each in listed if (text := text_of(each))])
    if stated is not None and stated not in STATUSES:
        message = f"`run_status` is `{stated}`; expected {', '.join(STATUSES)}"
        yield problem(outline.path, "unknown_status", message, "conflict")
    elif stated is not None and listed and stated != worst:
        message = f"`run_status` is `{stated}`, and by `model_scores` it is `{worst}`"
        yield problem(outline.path, "contradiction", message, "conflict")
    for each in outline.listed("model_scores"):
        total, cells = each.get("cells_total"), outline.cells()
        if total is not None and cells and total != cells:
            message = (
                f"`model_scores` is about {total} cells of `{each.get('model_id')}`, and its tasks "
                f"and prompt variants make {cells}"
            )
            yield problem(outline.path, "cell_count", message, "conflict")


def _pairs(bundle: Bundle, outline: Outline) -> Iterator[tuple[str, Any, Any]]:
    """Yield what both tell: its name, the result's value, the manifest's value."""
    manifest = bundle.manifest
    assert manifest is not None
    yield "run_id", outline.run_id, manifest.run_id
    yield "timestamp", outline.timestamp, manifest.timestamp
    yield "run_status", status_of(outline), manifest.run_status
    stated = text_of(outline.part("provenance").get("config_hash"))
    yield "config_hash", stated, manifest.config_hash
    yield "judge_mode", judge_mode(outline), text_of(manifest.content.get("judge_mode"))
    if manifest.model_ids is not None:
        ours = sorted(each.name for each in stated_models(outline, None))
        yield "model_ids", ours or None, sorted(manifest.model_ids)
    scores = {text_of(each.get("model_id")): each for each in outline.listed("model_scores")}
    for summary in manifest.summary:
        name = text_of(summary.get("model_id"))
        told = scores.get(name, {})
        for key in _SUMMARISED:
            yield f"{key} of {name}", told.get(key), summary.get(key)


def _is_same(ours: Any, theirs: Any) -> bool:
    return bool(ours == theirs) or is_close(ours, theirs, _TOLERANCE)


def _shown(value: Any) -> str:
    return f"`{str(value)[:200]}`"
