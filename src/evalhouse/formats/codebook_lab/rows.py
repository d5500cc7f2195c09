"""What a run puts into the shared tables: rows by column, from what its folder says."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from evalhouse.formats.codebook_lab.layout import (
    CONFIG_KEYS,
    OWN_CHARACTER_KEYS,
    OWN_CONFIG_KEYS,
    OWN_TIMING_KEYS,
)
from evalhouse.formats.codebook_lab.scores import Scored, Scores, of_classes, whole

_LOWER_CASE = ("process_textbox", "process_span")  # codebook-lab writes these as JSON does
_PER_QUERY = {
    "avg_input_chars_per_query": "total_input_chars",
    "avg_output_chars_per_query": "total_output_chars",
    "avg_energy_kwh_per_query": "total_energy_kwh",
    "avg_emissions_kg_per_query": "total_emissions_kg",
}


def long_rows(run_id: str, scores: Scores) -> Iterator[dict[str, Any]]:
    """Yield the rows of the long table; of names that stand twice the first counts."""
    seen: set[tuple[str, str]] = set()
    for found in whole(scores):
        name = (found.field.column, found.line.metric)
        if name not in seen:
            seen.add(name)
            yield {**_score_row(run_id, found), "is_headline": found.is_headline}


def class_rows(run_id: str, scores: Scores) -> Iterator[dict[str, Any]]:
    """Yield the rows of the table of classes."""
    for found in of_classes(scores):
        yield {**_score_row(run_id, found), "class": found.line.label}


def _score_row(run_id: str, found: Scored) -> dict[str, Any]:
    line = found.line
    return {
        "run_id": run_id,
        "column": found.field.column,
        "annotation_type": found.field.kind,
        "metric": line.metric,
        "value": line.value,
        "ci_low": line.low,
        "ci_high": line.high,
        "ci_level": line.level,
        "ci_method": line.method,
        "stderr": line.stderr,
        "n": line.n,
        "higher_is_better": line.higher_is_better,
        "unit": line.unit,
        "definition": line.definition,
        "note": line.note,
    }


def runs_row(
    config: Mapping[str, Any],
    *,
    timing: Mapping[str, Any] | None = None,
    characters: Mapping[str, Any] | None = None,
    emissions: Sequence[Mapping[str, str]] = (),
    folder: str = "",
) -> dict[str, Any]:
    """Return the row of the table of runs.

    Args:
        config: what `config.json` holds.
        timing: what `timing_data.json` holds.
        characters: what `char_counts.json` holds.
        emissions: the rows of `emissions.csv`, one a session.
        folder: the run's folder, as it is to be written.
    """
    timing, characters = timing or {}, characters or {}
    settings = {key: config.get(key) for key in (*OWN_CONFIG_KEYS, *CONFIG_KEYS)}
    row = settings | {key: timing.get(key) for key in OWN_TIMING_KEYS}
    row |= {key: characters.get(key) for key in OWN_CHARACTER_KEYS}
    row |= {key: str(row[key]).lower() for key in _LOWER_CASE if row[key] is not None}
    row |= _queries(timing, characters, emissions)
    return row | {
        "timestamp": _timestamp(config.get("started_at")),
        "model_id": model_id(config),
        "experiment_directory": folder,
        "cpu_model": _last(emissions, "cpu_model"),
        "gpu_model": _last(emissions, "gpu_model"),
    }


def model_id(config: Mapping[str, Any]) -> str:
    """Return codebook-lab's name for a model with some of its settings.

    Example:
        >>> model_id({"model": "m:1b", "temperature": 0.0, "prompt_type": "standard"})
        'm:1b_temp0.0_standard'
    """
    parts = [str(config.get("model"))]
    parts += [
        f"{name}{config[key]}"
        for key, name in (("temperature", "temp"), ("top_p", "topp"))
        if config.get(key) is not None
    ]
    parts += ["examples"] * bool(config.get("use_examples"))
    parts.append(str(config.get("prompt_type")))
    parts += ["textbox"] * bool(config.get("process_textbox"))
    parts += ["span"] * bool(config.get("process_span"))
    return "_".join(parts)


def model_of(settings: Mapping[str, Any]) -> str | None:
    """Return the model that codebook-lab's name tells of, without the settings in it.

    Example:
        >>> model_of({"model_id": "m_1:1b_temp0.0_CoT", "temperature": 0.0, "prompt_type": "CoT"})
        'm_1:1b'
    """
    name = settings.get("model_id")
    if not isinstance(name, str):
        return None
    return name.removesuffix(model_id({**settings, "model": ""})) or None


def total(emissions: Sequence[Mapping[str, str]], name: str) -> float | None:
    """Return the sum of a column over the sessions of a run; None where nothing was measured.

    Example:
        >>> total([{"duration": "2.5"}, {"duration": ""}, {"duration": "1"}], "duration")
        3.5
    """
    numbers = [number for row in emissions if (number := number_of(row.get(name))) is not None]
    return math.fsum(numbers) if numbers else None


def number_of(text: Any) -> float | None:
    """Return a finite number that a cell or value says; None where it says none.

    Example:
        >>> number_of("0.5"), number_of(3), number_of(""), number_of("nan"), number_of(True)
        (0.5, 3.0, None, None, None)
    """
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        return None
    try:
        number = float(text)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _queries(
    timing: Mapping[str, Any], characters: Mapping[str, Any], emissions: Sequence[Mapping[str, str]]
) -> dict[str, Any]:
    """Return the columns from the number of queries to the emissions of each."""
    row: dict[str, Any] = {
        "n_queries": timing.get("inference_count"),
        "total_inference_time_s": timing.get("total_inference_time"),
        "avg_inference_time_per_query_s": timing.get("avg_inference_time"),
        "total_input_chars": characters.get("input_chars"),
        "total_output_chars": characters.get("output_chars"),
        "total_energy_kwh": total(emissions, "energy_consumed"),
        "total_emissions_kg": total(emissions, "emissions"),
    }
    queries = number_of(row["n_queries"])
    for name, of in _PER_QUERY.items():
        amount = number_of(row[of])
        row[name] = amount / queries if queries and amount is not None else None
    return row


def _timestamp(started: Any) -> str:
    """Return a time as codebook-lab writes it, in UTC; empty where it is none."""
    try:
        moment = datetime.fromisoformat(str(started))
    except ValueError:
        return ""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return f"{aware.astimezone(UTC):%Y-%m-%d_%H-%M-%S}"


def _last(emissions: Sequence[Mapping[str, str]], name: str) -> str:
    return next((row[name] for row in reversed(emissions) if row.get(name)), "")
