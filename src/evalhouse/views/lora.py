"""What is shown of an audit of an adapter: the same numbers for pages, tables and programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evalhouse.lora.adapter import Adapter
from evalhouse.lora.audit import Audit, LayerAudit, suggested
from evalhouse.lora.findings import Finding, findings
from evalhouse.lora.places import short_blocks
from evalhouse.lora.summary import Summary, summary

SCHEMA = 1
"""Of the JSON: raised when a key changes its meaning or goes."""


@dataclass(frozen=True)
class AuditPage:
    """An audit as it is shown."""

    audit: Audit
    summary: Summary
    findings: tuple[Finding, ...]

    @property
    def adapter(self) -> Adapter:
        """Return what was audited."""
        return self.audit.adapter

    @property
    def layers(self) -> tuple[LayerAudit, ...]:
        """Return the layers that were measured."""
        return self.audit.layers

    @property
    def faults(self) -> tuple[str, ...]:
        """Return what is wrong, a sentence each."""
        return tuple(fault.sentence for fault in self.audit.faults)


@dataclass(frozen=True)
class HeatMap:
    """Numbers of layers by blocks (rows) and types (columns); None where there is no such layer.

    A cell of several layers, such as experts, has their mean.
    """

    blocks: tuple[str, ...]
    types: tuple[str, ...]
    cells: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True)
class Curves:
    """Spectra of the layers of a type, each over its largest value, some of them where many are."""

    type: str
    lines: tuple[tuple[float, ...], ...]


def audit_page(audit: Audit) -> AuditPage:
    """Return what is shown of an audit."""
    summed = summary(audit)
    return AuditPage(audit, summed, findings(audit, summed))


def heat_map(layers: Sequence[LayerAudit], figure: str) -> HeatMap:
    """Return a figure of all layers: an attribute that is a number or None."""
    blocks = list(dict.fromkeys(layer.place.block for layer in layers))
    types = list(dict.fromkeys(layer.place.type for layer in layers))
    found: dict[tuple[str, str], list[float]] = {}
    for layer in layers:
        value = getattr(layer, figure)
        if value is not None:
            found.setdefault((layer.place.block, layer.place.type), []).append(float(value))
    names = short_blocks(blocks)
    cells = tuple(tuple(_mean(found.get((block, kind))) for kind in types) for block in blocks)
    return HeatMap(tuple(names[block] for block in blocks), tuple(types), cells)


def curves(layers: Sequence[LayerAudit], most: int = 32, panels: int = 12) -> tuple[Curves, ...]:
    """Return spectra by types of layers: at most so many lines and panels, evenly chosen."""
    grouped: dict[str, list[LayerAudit]] = {}
    for layer in layers:
        if not layer.is_zero:
            grouped.setdefault(layer.place.type, []).append(layer)
    return tuple(
        Curves(
            kind,
            tuple(
                tuple((layer.values / layer.values[0]).tolist())
                for layer in group[:: -(-len(group) // most)]
            ),
        )
        for kind, group in list(grouped.items())[:panels]
    )


def _mean(values: Sequence[float] | None) -> float | None:
    return sum(values) / len(values) if values else None


def as_data(page: AuditPage) -> dict[str, Any]:
    """Return everything for programs; what is not defined is null."""
    audit, adapter = page.audit, page.adapter
    settings = adapter.settings
    return {
        "schema_version": SCHEMA,
        "adapter": str(adapter.path),
        "adapter_name": adapter.name,
        "spelling": adapter.spelling,
        "method": sorted({layer.method for layer in adapter.layers}),
        "base_model": settings.base_model if settings else None,
        "rank_stabilised": settings.is_rank_stabilised if settings else None,
        "decomposed": any(layer.has_magnitude for layer in adapter.layers),
        "total_lora_params": adapter.parameters,
        "other_params": adapter.other_parameters,
        "bytes": adapter.bytes,
        "n_layers": len(page.layers),
        "frobenius": audit.frobenius,
        "allowed_ranks": list(audit.options.allowed),
        "energy_share": audit.options.share,
        "error_budget": audit.options.budget,
        "summary": asdict(page.summary.whole),
        "concentration": page.summary.concentration,
        "types": [asdict(group) for group in page.summary.types],
        "parts": [asdict(group) for group in page.summary.parts],
        "suggestions": {
            each.rule: {
                "rank": each.rank,
                "ranks": dict(each.ranks),
                "parameters": each.parameters,
                "reduction": each.reduction,
                "relative_error": each.error,
            }
            for each in page.summary.suggestions
        },
        "findings": [asdict(finding) for finding in page.findings],
        "faults": [
            {"where": fault.where, "what": fault.what, "sentence": fault.sentence}
            for fault in audit.faults
        ],
        "layers": [_layer_data(layer, audit) for layer in page.layers],
    }


def _layer_data(layer: LayerAudit, audit: Audit) -> dict[str, Any]:
    return {
        "name": layer.module,
        "block": layer.place.block,
        "type": layer.place.type,
        "part": layer.place.part,
        "method": layer.method,
        "rank": layer.rank,
        "scale": layer.scale,
        "out_size": layer.out_size,
        "in_size": layer.in_size,
        "params": layer.parameters,
        "stored_type": layer.stored_type,
        "has_magnitude": layer.has_magnitude,
        "spectral": layer.spectral,
        "frobenius": layer.frobenius,
        "stable_rank": layer.stable_rank,
        "effective_rank": layer.effective_rank,
        "utilization": layer.utilization,
        **_energy_ranks(layer.energy_ranks),
        "clear_rank": layer.clear_rank,
        "suggested_rank": suggested(layer, audit.options),
        "policies": dict(layer.policies),
        "singular_values": layer.values.tolist(),
        "truncation_frobenius": layer.truncation.tolist(),
        "error": layer.error,
        "way": layer.way,
        "is_resolved": layer.is_resolved,
        "gain": asdict(layer.gain) if layer.gain else None,
    }


def _energy_ranks(found: Mapping[float, int | None]) -> dict[str, int | None]:
    return {f"energy_rank_{share * 100:g}": rank for share, rank in found.items()}
