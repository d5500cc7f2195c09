"""Made-up runs, as their files would say them."""

from __future__ import annotations

from typing import Any

from evalhouse.assessment.results import Assessment, Confusion, FieldResult, Human, ScoreLine
from evalhouse.views.annotation.record import RunRecord

HOSTILE = '<script>alert("x")</script>|`*_[a](javascript:1)'
RIGHT_TO_LEFT = "معارضة שלום"
EMOJI = "👩‍🔬🔥 très bien"


def score(metric: str, value: float | None, half: float = 0.06, **others: Any) -> ScoreLine:
    """Return a score with an interval around it, or without one where it is not defined."""
    if value is None:
        return ScoreLine(metric=metric, value=None, n=others.pop("n", 0), **others)
    bounds = {"low": value - half, "high": min(1.0, value + half), "level": 0.95}
    fields = {"n": 200, "method": "BCa bootstrap", **bounds, **others}
    return ScoreLine(metric=metric, value=value, **fields)


def dropdown(
    column: str, labels: tuple[str, ...] = ("support", "oppose", "mixed"), **others: Any
) -> FieldResult:
    """Return a field of labels, most of them right."""
    counts = tuple(
        tuple(40 if place == row else (place + row) % 4 for place in range(len(labels) + 1))
        for row in range(len(labels))
    )
    fields: dict[str, Any] = {
        "kind": "dropdown",
        "rows": 200,
        "applicable": 140,
        "headline": ("f1_macro", "percentage_agreement"),
        "scores": (
            score("f1_macro", 0.813),
            score("percentage_agreement", 0.871),
            score("accuracy", 0.871),
            score("f1", 0.813),
            score("cohen_kappa", 0.702),
            score("valid_share", 0.95),
        ),
        "classes": tuple(
            score(metric, 0.8, label=label)
            for label in labels
            for metric in ("precision", "recall", "f1")
        ),
        "statuses": {"ok": 130, "repaired": 2, "invalid": 5, "refused": 2, "truncated": 1},
        "confusion": Confusion(labels, ("invalid",), counts),
    }
    return FieldResult(column=column, **(fields | others))


def humans() -> tuple[Human, ...]:
    """Return the model and two coders, pair by pair."""
    pairs = [("model", "ann", 0.7), ("model", "ben", 0.66), ("model", "gold", 0.72)]
    pairs += [("ann", "ben", 0.68), ("ann", "gold", 0.8), ("ben", "gold", 0.79)]
    return tuple(
        Human(first=one, second=other, scores=(score("cohen_kappa", value),))
        for one, other, value in pairs
    )


def all_kinds() -> tuple[FieldResult, ...]:
    """Return a field of every type."""
    return (
        dropdown(
            "Relevance_On topic",
            ("0", "1"),
            kind="checkbox",
            is_imbalanced=True,
            warnings=("rare in gold: `1` (9); read precision and recall of each label too",),
        ),
        dropdown("Policy Sentiment_Direction", humans=humans()),
        FieldResult(
            column="Relevance_Topics",
            kind="multiselect",
            rows=200,
            applicable=140,
            headline=("f1_macro", "jaccard_samples", "subset_accuracy"),
            scores=(
                score("f1_macro", 0.7),
                score("jaccard_samples", 0.65),
                score("subset_accuracy", 0.5),
            ),
            statuses={"ok": 138, "failed": 2},
        ),
        dropdown(
            "Policy Sentiment_Strength",
            tuple("12345"),
            kind="likert",
            headline=("quadratic_kappa", "spearman_corr", "percentage_agreement"),
            scores=(
                score("quadratic_kappa", -0.04),
                score("spearman_corr", None, note="one side is constant", n=140),
                score("percentage_agreement", 0.4),
                score("stability", 0.93),
                score("repeat_agreement", 0.91),
                score("quadratic_kappa_repeat_mean", 0.02),
            ),
        ),
        FieldResult(
            column="Policy Sentiment_Mentions",
            kind="span",
            rows=200,
            applicable=140,
            headline=("token_f1", "exact_match_f1", "char_iou"),
            scores=(
                score("token_f1", 0.61),
                score("exact_match_f1", 0.44),
                score("char_iou", 0.7),
            ),
            statuses={"ok": 100, "repaired": 38, "not_applicable": 2},
        ),
        FieldResult(
            column="Summary_In words",
            kind="textbox",
            rows=200,
            applicable=200,
            headline=(),
            scores=(score("exact_match", 0.02), score("rougeL_f", 0.33)),
            statuses={"ok": 200},
        ),
    )


def assessment(fields: tuple[FieldResult, ...] | None = None, **others: Any) -> Assessment:
    """Return what a run is worth."""
    known: dict[str, Any] = {
        "task": "policy-sentiment",
        "ground_truth_sha256": "ab" * 32,
        "codebook_hash": "cd" * 32,
        "definition": "evalhouse",
        "matched": 200,
    }
    return Assessment(fields=all_kinds() if fields is None else fields, **(known | others))


def record(
    model: str = "llama3.1:8b",
    fields: tuple[FieldResult, ...] | None = None,
    *,
    scored: dict[str, Any] | None = None,
    timing: dict[str, Any] | None = None,
    kwh: float | None = 0.0123,
    **config: Any,
) -> RunRecord:
    """Return a run; `scored` changes its assessment, other names its configuration."""
    known: dict[str, Any] = {
        "run_id": "0a1b2c3d",
        "model": model,
        "prompt_type": "persona",
        "use_examples": True,
        "temperature": 0.0,
        "top_p": None,
        "chat_mode": "per_text",
        "reasoning": None,
        "country_iso_code": "IRL",
        "task_name": "policy-sentiment",
        "retries": 1,
        "run_uuid": "0a1b2c3d-0000-4000-8000-000000000000",
        "config_hash": "ef" * 32,
        "package_version": "0.4.0",
        "provider": "ollama",
        "base_url": "http://127.0.0.1:11434",
        "request_unit": "text",
        "seed": 7,
        "repeats": 3,
        "stop": [],
        "task_path": "tasks/policy sentiment",
        "ground_truth_path": "tasks/policy sentiment/ground-truth.csv",
        "ground_truth_sha256": "ab" * 32,
        "codebook_hash": "cd" * 32,
        "prompt_hashes": {"Policy Sentiment_Direction": "12" * 32},
        "started_at": "2026-11-30T10:00:00Z",
        "finished_at": "2026-11-30T10:20:00Z",
        "status": "complete",
        "energy_scope": "local",
        "rows": 200,
    }
    emissions = () if kwh is None else ({"energy_consumed": str(kwh), "emissions": "0.0036"},)
    return RunRecord(
        config=known | config,
        assessment=assessment(fields, **(scored or {})),
        timing={
            "total_inference_time": 900.5,
            "avg_inference_time": 1.5,
            "requests": 600,
            "reprompts": 12,
            "transport_failures": 1,
            "cached": 0,
            "wall_seconds": 1200.0,
            "tokens_input": 400_000,
            "tokens_output": 50_000,
            "tokens_reasoning": None,
            "tokens_cached": None,
            **(timing or {}),
        },
        characters={"input_chars": 1_600_000, "output_chars": 200_000},
        emissions=tuple({**row, "cpu_model": "AMD EPYC", "duration": "1200"} for row in emissions),
        environment={"evalhouse": "0.4.0", "python": {"version": "3.13.1"}, "os": "Debian 12"},
        files={"answers.jsonl": "34" * 32, "output.csv": "56" * 32},
        folder="outputs/policy-sentiment/0a1b2c3d",
    )


def better(value: float) -> tuple[FieldResult, ...]:
    """Return two fields with a value of one's own."""
    scores = (score("f1_macro", value), score("percentage_agreement", value))
    return (dropdown("Direction", scores=scores), dropdown("Tone", scores=scores))
