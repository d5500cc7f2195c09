"""What is used of an adapter: every layer measured, one after another, and all of them together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import hypot

from evalhouse.lora import measures
from evalhouse.lora.adapter import Adapter, Fault, Layer
from evalhouse.lora.base_weights import BaseWeights, norms_of
from evalhouse.lora.floats import TYPES, Floats
from evalhouse.lora.places import Place, place_of
from evalhouse.lora.ranks import Choice, rounded_up
from evalhouse.lora.spectrum import BrokenNumbersError, Spectrum, layer_spectrum
from evalhouse.lora.stored import Files, opened
from evalhouse.lora.thresholds import allowed_ranks, table


@dataclass(frozen=True)
class Gain:
    """How large an update is beside the weight that it changes: ratios of norms."""

    weight: str
    frobenius: float
    spectral: float
    base_frobenius: float
    base_spectral: float
    base_spectral_error: float


@dataclass(frozen=True)
class LayerAudit:
    """A layer measured. Norms and values are those of the scaled update.

    Attributes:
        values: the singular values, falling.
        error: bound of the error of each value; `is_resolved` where it is below 1e-6 of the first.
        way: how they were found: `gram`, `qr` or `svd`.
        energy_ranks: by shares of the energy.
        utilization: stable rank over rank.
        clear_rank: values that stand out of the rounding of what is stored.
        truncation: Frobenius error of the best truncation to rank 0, 1, …; the spectral error of
            that to rank k is value k + 1.
        policies: ranks by other rules, before they are rounded to allowed ones.
        gain: beside the base weight, where that is known.

    What is not defined for an update that is zero is None.
    """

    module: str
    place: Place
    method: str
    rank: int
    scale: float | None
    out_size: int
    in_size: int
    parameters: int
    stored_type: str
    has_magnitude: bool
    values: Floats = field(repr=False)
    error: float
    way: str
    is_resolved: bool
    frobenius: float
    spectral: float
    stable_rank: float | None
    effective_rank: float | None
    utilization: float | None
    energy_ranks: Mapping[float, int | None]
    clear_rank: int
    truncation: Floats = field(repr=False)
    policies: Mapping[str, int | None]
    gain: Gain | None = None

    @property
    def is_zero(self) -> bool:
        """Tell whether the layer changes nothing."""
        return not self.spectral

    @property
    def cost(self) -> int:
        """Return the parameters of one rank of a low-rank update of this size."""
        return self.out_size + self.in_size


@dataclass(frozen=True)
class Options:
    """How an audit is made.

    Attributes:
        allowed: ranks that may be suggested, rising.
        share: of the energy that a suggested rank keeps.
        budget: relative error that ranks by an error budget may cost.
    """

    allowed: tuple[int, ...] = field(default_factory=allowed_ranks)
    share: float = 0.9
    budget: float = field(default_factory=lambda: float(table()["error_budget"]))


@dataclass(frozen=True)
class Audit:
    """An adapter measured.

    Attributes:
        adapter: as it was read.
        options: how it was measured.
        layers: in the order of the model, those with faults left out.
        faults: of reading and of measuring.
        has_base: whether base weights were looked at.
    """

    adapter: Adapter
    options: Options
    layers: tuple[LayerAudit, ...]
    faults: tuple[Fault, ...]
    has_base: bool = False

    @cached_property
    def used(self) -> tuple[LayerAudit, ...]:
        """Return the layers that change something."""
        return tuple(layer for layer in self.layers if not layer.is_zero)

    @property
    def frobenius(self) -> float:
        """Return the norm of all updates together."""
        return hypot(*(layer.frobenius for layer in self.layers))

    @property
    def rank(self) -> int:
        """Return the largest rank of a layer."""
        return max((layer.rank for layer in self.layers), default=0)

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        """Return what ranks are chosen from."""
        return tuple(_choice(layer, self.options) for layer in self.layers)


def audit(
    adapter: Adapter, options: Options | None = None, base: BaseWeights | None = None
) -> Audit:
    """Measure an adapter; one layer is in memory at a time.

    Raises:
        WeightsError: where a file cannot be read any more.
    """
    options = options or Options()
    faults = list(adapter.faults)
    with opened() as files:
        layers = tuple(_measured(adapter.layers, base, files, faults))
    return Audit(adapter, options, layers, tuple(faults), base is not None)


def _measured(
    layers: Sequence[Layer], base: BaseWeights | None, files: Files, faults: list[Fault]
) -> Iterator[LayerAudit]:
    for layer in layers:
        try:
            found = layer_spectrum(layer, files)
        except BrokenNumbersError as failure:
            faults.append(Fault(layer.module, str(failure)))
            continue
        yield _layer(layer, found, _gain(layer, found, base, files))


def _layer(layer: Layer, found: Spectrum, gain: Gain | None) -> LayerAudit:
    values = found.values
    stable = measures.stable_rank(values)
    effective = measures.effective_rank(values)
    frobenius = measures.frobenius(values)
    rank = len(values)
    return LayerAudit(
        module=layer.module,
        place=place_of(layer.module),
        method=layer.method,
        rank=rank if layer.method != "LoRA" else layer.rank,
        scale=layer.scale,
        out_size=layer.out_size,
        in_size=layer.in_size,
        parameters=layer.parameters,
        stored_type=layer.type,
        has_magnitude=layer.has_magnitude,
        values=values,
        error=found.error,
        way=found.way,
        is_resolved=found.is_resolved,
        frobenius=frobenius,
        spectral=float(values[0]),
        stable_rank=stable,
        effective_rank=effective,
        utilization=None if stable is None else stable / rank,
        energy_ranks={
            share: measures.energy_rank(values, share) for share in table()["energy_shares"]
        },
        clear_rank=measures.clear_rank(values, TYPES[layer.type].rounding),
        truncation=measures.tails(values),
        policies={
            "stable_rank": _ceiling(stable),
            "effective_rank": _ceiling(effective),
            "knee": measures.knee(values),
        },
        gain=gain,
    )


def _ceiling(value: float | None) -> int | None:
    return None if value is None else int(-(-(value - 1e-9) // 1))


def _gain(layer: Layer, found: Spectrum, base: BaseWeights | None, files: Files) -> Gain | None:
    weight = base.of(layer) if base is not None and layer.scale is not None else None
    if weight is None:
        return None
    norms = norms_of(weight, files)
    if not norms.spectral:
        return None
    return Gain(
        weight.name,
        measures.frobenius(found.values) / norms.frobenius,
        float(found.values[0]) / norms.spectral,
        norms.frobenius,
        norms.spectral,
        norms.spectral_error,
    )


def _choice(layer: LayerAudit, options: Options) -> Choice:
    needed = measures.energy_rank(layer.values, options.share)
    return Choice(
        layer.module,
        layer.values,
        layer.truncation,
        layer.rank,
        layer.cost,
        layer.place.type,
        needed,
    )


def suggested(layer: LayerAudit, options: Options) -> int:
    """Return the rank that is suggested for a layer by itself."""
    needed = measures.energy_rank(layer.values, options.share)
    return rounded_up(needed or 1, options.allowed, layer.rank)
