"""GPU models, how they are connected, and what they calculate at their peak, with sources.

A GPU is known by its exact PCI id, else by its exact name. No part of a name is ever enough: a
Tesla M40 is no Apple M4, and a laptop's GPU is not the card that shares most of its name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, TypeVar

from evalhouse.errors import HouseError
from evalhouse.lookups.files import read_file
from evalhouse.lookups.rows import named_rows, row_of
from evalhouse.records import (
    ComputeFormat,
    Entity,
    GpuModel,
    GpuTflops,
    InterfaceType,
    TflopsSource,
)

Row = TypeVar("Row")

SHOWN_SHARE = 0.9
"""Least share of a card's memory that a driver shows: error correction and the driver take some."""

_BOTH_DIRECTIONS, _BITS = 2, 8
_MARKS = re.compile(r"\((?:r|tm|c)\)|[®™©]", re.IGNORECASE)
_WORDS = re.compile(r"[^a-z0-9]+")
_MAKERS = frozenset({"nvidia", "amd", "intel", "ati", "corporation"})
_LISTED = frozenset({"also", "pci_device_ids", "id_is_shared", "native_interface", "document"})


class PeakRate(NamedTuple):
    """A peak rate in TFLOP/s, and who states it."""

    value: float
    source: TflopsSource


@dataclass(frozen=True)
class ListedGpu:
    """A GPU model of the list, and how it is known."""

    model: GpuModel
    device_ids: frozenset[str]
    names: frozenset[str]
    id_is_shared: bool


@dataclass(frozen=True)
class GpuMatch:
    """The model that a GPU is; `note` says what about it contradicts."""

    model: GpuModel
    note: str | None = None


def hardware_rows() -> tuple[Entity, ...]:
    """Return the rows of all lookup tables of hardware, what is referred to first."""
    return (
        *interface_types(),
        *named_rows(ComputeFormat),
        *named_rows(TflopsSource),
        *(listed.model for listed in listed_gpus()),
        *gpu_tflops(),
    )


@cache
def interface_types() -> tuple[InterfaceType, ...]:
    """Return the ways to connect a GPU; bandwidths are peaks of both directions together."""
    table = InterfaceType.table
    file = read_file(table)
    try:
        rows = [
            _pcie(entry, lanes) for entry in file.get("pcie", []) for lanes in file["lanes"]
        ] + list(file.get("rows", []))
        return tuple(row_of(InterfaceType, row, row["description"]) for row in rows)
    except (KeyError, TypeError, ValueError) as failure:
        raise HouseError(f"`data/lookups/{table}.toml` lacks or misspells {failure}") from failure


def pcie(generation: int, lanes: int) -> str:
    """Return how a PCIe link is described.

    Example:
        >>> pcie(4, 16)
        'PCIe 4.0 x16'
    """
    return f"PCIe {generation}.0 x{lanes}"


@cache
def interface_type(description: str) -> InterfaceType | None:
    """Return the way to connect a GPU of a description; None where there is none.

    Example:
        >>> round(interface_type("PCIe 4.0 x16").bandwidth_peak_gb_s, 2)
        63.02
    """
    return next((each for each in interface_types() if each.description == description), None)


@cache
def listed_gpus() -> tuple[ListedGpu, ...]:
    """Return the GPU models of the list.

    Raises:
        HouseError: where a row does not fit, or repeats a name.
    """
    file = read_file(GpuModel.table)
    documents = file.get("documents", {})
    found = tuple(_listed(row, documents) for row in file.get("rows", []))
    _refuse_repetition(listed.model.name for listed in found)
    return found


def find_gpu(
    name: str | None = None,
    *,
    vendor_id: str | None = None,
    device_id: str | None = None,
    memory_mb: int | None = None,
) -> GpuMatch | None:
    """Return the model of the list that a GPU is; None where that is not certain.

    Args:
        name: as its driver spells it.
        vendor_id: of PCI, four hex digits.
        device_id: of PCI, four hex digits.
        memory_mb: memory that the driver shows, in MiB; it decides between models of one name.

    Example:
        >>> find_gpu("NVIDIA GeForce RTX 4090").model.memory_bandwidth_peak_gb_s
        1008.0
        >>> find_gpu("tesla-m40") is None
        True
    """
    if vendor_id and device_id:
        known = _by_id().get(f"{vendor_id}:{device_id}".lower(), ())
        if known:
            return _of_id(known, name, memory_mb)
    same = _by_name().get(plain_name(name), ()) if name else ()
    if device_id:
        # Products of one name have several ids and memories: the name alone would be a guess.
        same = tuple(
            listed
            for listed in _fitting(same, memory_mb)
            if vendor_id in {None, listed.model.pci_vendor_id}
        )
    one = _only(same, memory_mb)
    note = f"known by its name, for its PCI id {device_id} is not listed" if device_id else None
    return GpuMatch(one.model, note) if one else None


def peak_tflops(gpu: GpuModel | str, compute_format: str) -> PeakRate | None:
    """Return the peak rate of a GPU in a number format, dense; None where no source states it.

    Args:
        gpu: a model, or its exact name.
        compute_format: fp16, bf16, int8, …

    Example:
        >>> rate = peak_tflops("NVIDIA A100-SXM4-80GB", "bf16")
        >>> rate.value, rate.source.name
        (312.0, 'NVIDIA A100 Tensor Core GPU data sheet')
        >>> peak_tflops("NVIDIA A100-SXM4-80GB", "fp4") is None
        True
    """
    if isinstance(gpu, str):
        match = find_gpu(gpu)
        if match is None:
            return None
        gpu = match.model
    return _rates().get((gpu.gpu_hardware_id, compute_format.lower()))


@cache
def gpu_tflops() -> tuple[GpuTflops, ...]:
    """Return the peak rates of the list.

    Raises:
        HouseError: where one names a GPU, format or source that is not there, or is repeated.
    """
    table = GpuTflops.table
    gpus = {listed.model.name: listed.model for listed in listed_gpus()}
    formats = {row.name: row for row in named_rows(ComputeFormat)}
    sources = {row.name: row for row in named_rows(TflopsSource)}
    found: dict[tuple[str, str], GpuTflops] = {}
    for row in read_file(table).get("rows", []):
        source = _named(sources, row.get("source"), "source")
        for gpu in row.get("gpus", []):
            for spelled, value in row.get("peak", {}).items():
                place = (gpu, spelled)
                if place in found or not _is_rate(value):
                    raise HouseError(
                        f"`data/lookups/{table}.toml` has {value!r} for `{gpu}` in `{spelled}`; "
                        "expected one number above 0"
                    )
                found[place] = GpuTflops(
                    gpu_hardware_id=_named(gpus, gpu, "GPU").gpu_hardware_id,
                    compute_format_id=_named(formats, spelled, "format").compute_format_id,
                    tflops_source_id=source.tflops_source_id,
                    tflops_value=float(value),
                )
    return tuple(found.values())


def plain_name(name: str) -> str:
    """Return a name without what spellings differ in: case, marks, separators and maker.

    Example:
        >>> plain_name("NVIDIA(R) GeForce RTX™ 4090"), plain_name("tesla-m40")
        ('geforce rtx 4090', 'tesla m40')
    """
    words = _WORDS.split(_MARKS.sub(" ", name).lower())
    return " ".join(word for word in words if word and word not in _MAKERS)


def _pcie(entry: Mapping[str, Any], lanes: int) -> dict[str, Any]:
    payload, coded = entry["coded_share"]
    rate = float(entry["lane_transfer_rate"])
    return {
        "description": pcie(int(entry["generation"]), lanes),
        "interface_family": "PCIe",
        "lane_transfer_rate": rate,
        "lane_count": lanes,
        "bandwidth_peak_gb_s": round(rate * lanes * payload / coded * _BOTH_DIRECTIONS / _BITS, 3),
    }


def _listed(row: Mapping[str, Any], documents: Mapping[str, str]) -> ListedGpu:
    name = str(row.get("name"))
    if row.get("document") not in documents:
        raise HouseError(f"`data/lookups/{GpuModel.table}.toml` names no document for `{name}`")
    values = {key: value for key, value in row.items() if key not in _LISTED}
    devices = list(row.get("pci_device_ids", []))
    if devices:
        values["pci_device_id"] = devices[0]
    if "native_interface" in row:
        values["native_interface_type_id"] = _link(name, row["native_interface"])
    vendor = row.get("pci_vendor_id")
    return ListedGpu(
        model=row_of(GpuModel, values, name),
        device_ids=frozenset(f"{vendor}:{device}" for device in devices),
        names=frozenset(plain_name(each) for each in (name, *row.get("also", []))),
        id_is_shared=bool(row.get("id_is_shared", False)),
    )


def _link(name: str, description: str) -> str:
    found = interface_type(description)
    if found is None:
        raise HouseError(
            f"`data/lookups/{GpuModel.table}.toml` connects `{name}` by `{description}`, which "
            f"`{InterfaceType.table}.toml` does not have"
        )
    return found.interface_type_id


def _refuse_repetition(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise HouseError(f"`data/lookups/{GpuModel.table}.toml` has `{name}` twice")
        seen.add(name)


def _of_id(
    known: tuple[ListedGpu, ...], name: str | None, memory_mb: int | None
) -> GpuMatch | None:
    plain = plain_name(name) if name else None
    named = tuple(listed for listed in known if plain in listed.names)
    if len(known) > 1 or known[0].id_is_shared:
        one = _only(named, memory_mb)
        return GpuMatch(one.model) if one else None
    model = known[0].model
    if name is None or named:
        return GpuMatch(model)
    return GpuMatch(model, f"its driver calls it `{name}`, its PCI id is that of `{model.name}`")


def _only(candidates: tuple[ListedGpu, ...], memory_mb: int | None) -> ListedGpu | None:
    """Return the one candidate; of several, the one whose memory it is."""
    if len(candidates) > 1:
        candidates = _fitting(candidates, memory_mb)
    return candidates[0] if len(candidates) == 1 else None


def _fitting(candidates: tuple[ListedGpu, ...], memory_mb: int | None) -> tuple[ListedGpu, ...]:
    """Return the candidates with the memory that a driver shows; none where it shows none."""
    return tuple(
        listed
        for listed in candidates
        if memory_mb is not None
        and listed.model.vram_total_mb is not None
        and SHOWN_SHARE * listed.model.vram_total_mb <= memory_mb <= listed.model.vram_total_mb
    )


@cache
def _by_id() -> dict[str, tuple[ListedGpu, ...]]:
    found: defaultdict[str, tuple[ListedGpu, ...]] = defaultdict(tuple)
    for listed in listed_gpus():
        for device in listed.device_ids:
            found[device] += (listed,)
    return dict(found)


@cache
def _by_name() -> dict[str, tuple[ListedGpu, ...]]:
    found: defaultdict[str, tuple[ListedGpu, ...]] = defaultdict(tuple)
    for listed in listed_gpus():
        for name in listed.names:
            found[name] += (listed,)
    return dict(found)


@cache
def _rates() -> dict[tuple[str, str], PeakRate]:
    formats = {row.compute_format_id: row.name for row in named_rows(ComputeFormat)}
    sources = {row.tflops_source_id: row for row in named_rows(TflopsSource)}
    return {
        (row.gpu_hardware_id, formats[row.compute_format_id]): PeakRate(
            row.tflops_value, sources[row.tflops_source_id]
        )
        for row in gpu_tflops()
    }


def _named(rows: Mapping[str, Row], name: Any, what: str) -> Row:
    found = rows.get(name)
    if found is None:
        raise HouseError(
            f"`data/lookups/{GpuTflops.table}.toml` names the {what} `{name}`, which is not there"
        )
    return found


def _is_rate(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
