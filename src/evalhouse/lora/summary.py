"""An audit in a few numbers: of all layers, of each type, and of what is suggested."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalhouse.lora import ranks
from evalhouse.lora.audit import Audit, LayerAudit

MEDIAN, HIGH = 0.5, 0.9


@dataclass(frozen=True)
class Group:
    """Layers together. Layers that change nothing are counted, and in no mean.

    Attributes:
        stable_rank_weighted: mean with the parameters as weights.
        energy_rank_p50, energy_rank_p90: quantiles of the ranks for the share asked for.
        share: of the energy of all updates.
    """

    name: str
    layers: int
    zero_layers: int
    parameters: int
    stable_rank_mean: float | None
    stable_rank_median: float | None
    stable_rank_weighted: float | None
    effective_rank_mean: float | None
    utilization_mean: float | None
    energy_rank_p50: float | None
    energy_rank_p90: float | None
    share: float | None


@dataclass(frozen=True)
class Suggestion:
    """Ranks that are suggested by a rule, and what they would cost.

    Attributes:
        rule: uniform_median, uniform_p90, per_layer, per_type or error_budget.
        rank: of all layers; None where they differ.
        ranks: by modules, or by types for `per_type`.
        parameters: of the updates, after.
        reduction: share of the parameters that are saved.
        error: relative error of all updates together, by the best truncation.
    """

    rule: str
    rank: int | None
    ranks: Mapping[str, int]
    parameters: int
    reduction: float
    error: float


@dataclass(frozen=True)
class Summary:
    """An audit in a few numbers.

    Attributes:
        whole: all layers.
        types: layers of each type, in the order of the model.
        parts: layers of each part of the model.
        concentration: sum of the squared shares of the blocks in the energy (Herfindahl): 1 over
            the number of blocks where all have as much, 1 where one has all.
        suggestions: by rules.
    """

    whole: Group
    types: tuple[Group, ...]
    parts: tuple[Group, ...]
    concentration: float | None
    suggestions: tuple[Suggestion, ...]


def summary(audit: Audit) -> Summary:
    """Sum an audit up."""
    return Summary(
        _group("all", audit.layers, audit),
        _grouped(audit, lambda layer: layer.place.type),
        _grouped(audit, lambda layer: layer.place.part),
        _concentration(audit),
        _suggestions(audit),
    )


def _grouped(audit: Audit, key: Callable[[LayerAudit], str]) -> tuple[Group, ...]:
    found: dict[str, list[LayerAudit]] = {}
    for layer in audit.layers:
        found.setdefault(key(layer), []).append(layer)
    return tuple(_group(name, layers, audit) for name, layers in found.items())


def _group(name: str, layers: Sequence[LayerAudit], audit: Audit) -> Group:
    used = [layer for layer in layers if not layer.is_zero]
    stable = _all(layer.stable_rank for layer in used)
    weights = [layer.parameters for layer in used]
    wanted = {layer.module for layer in used}
    needed = [
        each.needed for each in audit.choices if each.module in wanted and each.needed is not None
    ]
    total = audit.frobenius**2
    return Group(
        name,
        len(layers),
        len(layers) - len(used),
        sum(layer.parameters for layer in layers),
        _mean(stable),
        float(np.median(stable)) if stable else None,
        float(np.average(stable, weights=weights)) if stable else None,
        _mean(_all(layer.effective_rank for layer in used)),
        _mean(_all(layer.utilization for layer in used)),
        ranks.quantile(needed, MEDIAN) if needed else None,
        ranks.quantile(needed, HIGH) if needed else None,
        sum(layer.frobenius**2 for layer in used) / total if total else None,
    )


def _concentration(audit: Audit) -> float | None:
    blocks: dict[str, float] = {}
    for layer in audit.used:
        blocks[layer.place.block] = blocks.get(layer.place.block, 0.0) + layer.frobenius**2
    total = sum(blocks.values())
    return sum((each / total) ** 2 for each in blocks.values()) if total else None


def _suggestions(audit: Audit) -> tuple[Suggestion, ...]:
    choices, options = audit.choices, audit.options
    found = []
    for rule, share in (("uniform_median", MEDIAN), ("uniform_p90", HIGH)):
        rank = ranks.uniform(choices, share, options.allowed)
        if rank is not None:
            same = {each.module: min(rank, each.rank) for each in choices}
            found.append(_suggestion(rule, same, audit, rank=rank))
    if not found:  # nothing is changed by any layer
        return ()
    by_type = ranks.per_type(choices, HIGH, options.allowed)
    typed = {each.module: min(by_type[each.type], each.rank) for each in choices}
    found += [
        _suggestion("per_layer", ranks.per_layer(choices, options.allowed), audit),
        _suggestion("per_type", typed, audit, told=by_type),
        _suggestion(
            "error_budget", ranks.by_error(choices, options.budget, options.allowed), audit
        ),
    ]
    return tuple(found)


def _suggestion(
    rule: str,
    chosen: Mapping[str, int],
    audit: Audit,
    *,
    rank: int | None = None,
    told: Mapping[str, int] | None = None,
) -> Suggestion:
    now = sum(layer.parameters for layer in audit.layers)
    after = sum(
        layer.parameters - (layer.rank - chosen[layer.module]) * layer.cost
        if layer.method == "LoRA"
        else chosen[layer.module] * layer.cost
        for layer in audit.layers
    )
    error = ranks.relative_error(audit.choices, chosen)
    return Suggestion(rule, rank, told or chosen, after, 1 - after / now, error)


def _all(values: Iterable[float | None]) -> list[float]:
    return [each for each in values if each is not None]


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
