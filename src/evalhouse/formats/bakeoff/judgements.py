"""What judges said, as values: a rating of one answer, or who won a pair."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from evalhouse.formats.bakeoff.detail import Detail, key_of
from evalhouse.formats.bakeoff.layout import MAIN
from evalhouse.formats.bakeoff.outline import text_of
from evalhouse.formats.bakeoff.scoring import judge_value

RATING, WIN = "judge_rating", "pairwise_win"
_DEFINITION = "bakeoff: judged by a model"
_OUTCOMES = {"A": (1.0, 0.0), "B": (0.0, 1.0), "TIE": (0.5, 0.5)}


def judgement_rows(judgement: Mapping[str, Any], detail: Detail) -> Iterator[dict[str, Any]]:
    """Yield the values of a judgement, each for the model that it is about.

    `scope` is the task with its prompt variant, and of a pair the other model. The judgement as
    written stands in `value_note` where it gives no value: that is all there is to show of it.
    Earlier files have no `mode`: a pair is told by its two models.
    """
    task, variant = text_of(judgement.get("task_id")), text_of(judgement.get("prompt_id"))
    cell = f"{task or '?'}/{variant or '?'}"
    first, second = text_of(judgement.get("a_model")), text_of(judgement.get("b_model"))
    shared = _shared(task, variant, detail)
    if first is not None and second is not None:
        winner = text_of(judgement.get("winner"))
        values = _OUTCOMES.get((winner or "").upper(), (None, None))
        sides = ((first, second, values[0]), (second, first, values[1]))
        for model, other, value in sides:
            yield shared | {
                "model_id": detail.models.get(model),
                "scope": f"{cell}: {model} against {other}",
                "scope_type": "pair",
                "metric": WIN,
                "value": value,
                "value_note": _note(judgement, value),
                "unit": "proportion",
                "higher_is_better": True,
            }
        return
    judged, score = text_of(judgement.get("model_id")), judgement.get("score")
    rating = None if judge_value(score) is None else float(str(score))
    yield shared | {
        "model_id": detail.models.get(judged or ""),
        "scope": f"{cell}: {judged or '?'}",
        "scope_type": "judgement",
        "metric": RATING,
        "value": rating,
        "value_note": _note(judgement, rating),
        "unit": "1 to 5",
        "higher_is_better": True,
    }


def _shared(task: str | None, variant: str | None, detail: Detail) -> dict[str, Any]:
    asked = detail.asked.get(key_of(task or "", variant or "", MAIN))
    return {
        "prompt_id": asked.prompt_id if asked else None,
        "task": asked.path if asked else detail.suites[MAIN].path,
        "definition": _DEFINITION,
        "n": 1,
        "is_primary": False,
        "origin": "reported",
    }


def _note(judgement: Mapping[str, Any], value: float | None) -> str | None:
    return None if value is not None else json.dumps(judgement, ensure_ascii=False)
