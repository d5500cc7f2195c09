"""What a run took in all: time, tokens, energy."""

from __future__ import annotations

from dataclasses import dataclass

from evalhouse.store import Reader

_TOOK = """
WITH placed AS (
    SELECT prompt_id,
        coalesce(max(wall_clock_seconds) FILTER (slot_index IS NULL), max(wall_clock_seconds))
            AS seconds,
        coalesce(max(prompt_tokens) FILTER (slot_index IS NULL), max(prompt_tokens))
            AS prompt_tokens,
        coalesce(max(completion_tokens) FILTER (slot_index IS NULL), max(completion_tokens))
            AS completion_tokens,
        coalesce(max(energy_wh) FILTER (slot_index IS NULL), sum(energy_wh)) AS energy_wh,
        coalesce(max(emissions_kg) FILTER (slot_index IS NULL), sum(emissions_kg)) AS emissions_kg
    FROM run_hardware_metrics
    WHERE run_id = $run
    GROUP BY prompt_id, model_id, attempt
), summed AS (
    SELECT prompt_id IS NULL AS is_whole, sum(seconds) AS seconds,
        CAST(sum(prompt_tokens) AS BIGINT) AS prompt_tokens,
        CAST(sum(completion_tokens) AS BIGINT) AS completion_tokens,
        sum(energy_wh) AS energy_wh, sum(emissions_kg) AS emissions_kg
    FROM placed
    GROUP BY is_whole
)
SELECT {figures} FROM summed
"""
_FIGURES = ("seconds", "prompt_tokens", "completion_tokens", "energy_wh", "emissions_kg")
_QUERY = _TOOK.format(
    figures=", ".join(
        f"coalesce(any_value({name}) FILTER (is_whole), any_value({name}) FILTER (NOT is_whole)) "
        f"AS {name}"
        for name in _FIGURES
    )
)
"""What is measured of the whole run counts, else the sum over its results; GPUs in several slots
work at the same time and add their energy."""


@dataclass(frozen=True)
class Took:
    """What a run took; None is not known. Energy of a remote model's client is the client's."""

    seconds: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    energy_wh: float | None = None
    emissions_kg: float | None = None


def took(reader: Reader, run_id: str) -> Took:
    """Return what a run took."""
    (row,) = reader.sql(_QUERY, {"run": run_id}).to_pylist()
    return Took(**row)
