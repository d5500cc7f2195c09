"""Adapters made smaller, and several made one: by truncation, without training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod

import numpy as np

from evalhouse.errors import WeightsError
from evalhouse.lora import measures
from evalhouse.lora.adapter import Adapter, Layer
from evalhouse.lora.compression import Compression, Target
from evalhouse.lora.floats import TYPES
from evalhouse.lora.mergers import check_merger
from evalhouse.lora.names import ALPHA
from evalhouse.lora.places import place_of
from evalhouse.lora.plans import Plan, Terms, ranks_by
from evalhouse.lora.ranks import Choice
from evalhouse.lora.spectrum import BrokenNumbersError, spectrum
from evalhouse.lora.stored import Files
from evalhouse.lora.writing import header_of

_NOTHING = Choice("", np.zeros(0), np.zeros(0), 0, 0, "", None)


def compress(
    adapters: Sequence[tuple[Adapter, float]],
    plan: Plan,
    files: Files,
    *,
    allowed: Sequence[int],
    seed: int = 0,
    type_name: str | None = None,
) -> Compression:
    """Choose the ranks of a smaller adapter, or of the weighted sum of several.

    Args:
        adapters: with their weights.
        plan: by which ranks are chosen.
        files: that read their tensors.
        allowed: ranks that may be chosen.
        seed: of the control.
        type_name: that factors are stored in; None for the one they are stored in.

    Raises:
        UsageError: where the plan cannot be met, or the adapters cannot be merged.
        WeightsError: where one is broken, or of a kind that cannot be made smaller.
    """
    for adapter, _ in adapters:
        _check(adapter)
    if len(adapters) > 1 or adapters[0][1] != 1.0:
        check_merger([adapter for adapter, _ in adapters], files)
    share = plan.share or 0.9
    targets = [
        _target(module, layers, files, share, type_name, adapters[0][0])
        for module, layers in _by_module(adapters).items()
    ]
    choices = [target.choice for target in targets]
    new = Compression(tuple(adapter for adapter, _ in adapters), plan, tuple(targets))
    ranks = ranks_by(plan, choices, _terms(new, allowed, seed))
    new.targets = tuple(replace(target, rank=ranks[target.module]) for target in targets)
    return new


def _terms(new: Compression, allowed: Sequence[int], seed: int) -> Terms:
    """Return what a plan needs to know; what tensors take at rank 0 it cannot change."""
    bytes_of_rank = {
        target.module: target.choice.cost * TYPES[target.type].stored.itemsize
        for target in new.targets
    }
    planned = new.planned
    updates = planned[: len(planned) - len(new.others)]
    parameters = sum(prod(each.shape) for each in updates if each.shape)
    whole = [replace(target, rank=target.choice.rank) for target in new.targets]
    header = len(header_of(Compression(new.adapters, new.plan, tuple(whole)).planned))
    return Terms(
        allowed, seed, bytes_of_rank, (parameters, header + sum(each.size for each in planned))
    )


def _by_module(
    adapters: Sequence[tuple[Adapter, float]],
) -> Mapping[str, tuple[tuple[Layer, float], ...]]:
    found: dict[str, tuple[tuple[Layer, float], ...]] = {}
    for adapter, weight in adapters:
        for layer in adapter.layers:
            found[layer.module] = (*found.get(layer.module, ()), (layer, weight))
    return found


def _target(
    module: str,
    layers: tuple[tuple[Layer, float], ...],
    files: Files,
    share: float,
    type_name: str | None,
    first: Adapter,
) -> Target:
    model = layers[0][0]
    is_merged = len(layers) > 1 or layers[0][1] != 1.0
    scale = 1.0 if is_merged or _is_folded(first, model) else model.scale
    assert scale is not None, "adapters without a scale were refused"
    target = Target(module, layers, scale or 1.0, type_name or model.type, _NOTHING)
    update = target.update(files)
    try:
        values = spectrum(update).values
    except BrokenNumbersError as failure:
        path = str(model.factors[0].path)
        raise WeightsError(path, f"`{module}` {failure}", "mend the adapter first") from failure
    rank = model.rank if not is_merged else min(len(values), model.out_size, model.in_size)
    choice = Choice(
        module,
        values,
        measures.tails(values),
        rank,
        model.out_size + model.in_size,
        place_of(module).type,
        measures.energy_rank(values, share),
    )
    return replace(target, choice=choice)


def _is_folded(adapter: Adapter, layer: Layer) -> bool:
    """Tell whether the scale must go into the factors: diffusers keeps none without an alpha."""
    return adapter.spelling != "PEFT" and ALPHA not in layer.tensors


def _check(adapter: Adapter) -> None:
    path = str(adapter.path)
    if adapter.faults:
        more = len(adapter.faults) - 1
        what = f"{adapter.faults[0].sentence}{f', and {more:,} more faults' if more else ''}"
        raise WeightsError(path, what, "mend the adapter first")
    for layer in adapter.layers:
        if layer.method != "LoRA":
            what = f"`{layer.module}` is {layer.method}, and only LoRA is made smaller"
            raise WeightsError(path, what, "audit it, or train a smaller one")
        if layer.scale is None:
            what = "nothing tells the scale of its updates"
            raise WeightsError(path, what, "put its `adapter_config.json` beside it")
    if adapter.settings is not None and adapter.settings.changes_base:
        what = (
            f"it was started with `{adapter.settings.changes_base}`, which changes the base "
            "weights by the rank"
        )
        raise WeightsError(path, what, "let PEFT save it as an update of the published weights")
