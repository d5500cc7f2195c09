"""Adapters read from their files: which layers, which factors, which scale."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evalhouse.errors import UnknownNameError, WeightsError
from evalhouse.lora.adapter import Adapter, Fault, Layer
from evalhouse.lora.containers import Container, read_container
from evalhouse.lora.names import ALPHA, MAGNITUDE, PREFIX, Method, Part, Spelling, part_of
from evalhouse.lora.settings import Settings
from evalhouse.lora.shapes import MisfitError, sizes_of
from evalhouse.lora.stored import Files, Stored, opened
from evalhouse.weights.reading import AGAIN

_NUMBER = re.compile(r"(\d+)")


@dataclass
class _Group:
    """The tensors of one layer, by their roles."""

    parts: dict[str, tuple[Part, Stored]] = field(default_factory=dict)
    twice: list[str] = field(default_factory=list)

    def add(self, part: Part, tensor: Stored) -> None:
        if part.role in self.parts:
            self.twice.append(tensor.name)
        self.parts.setdefault(part.role, (part, tensor))

    @property
    def methods(self) -> list[Method]:
        found = {part.method for part, _ in self.parts.values() if part.method}
        return sorted(found)


def read_adapter(place: Path, name: str | None = None) -> Adapter:
    """Return the adapter of a folder or file; `name` chooses one of a file that holds several.

    Raises:
        WeightsError: where there is none, or nothing of it can be read.
        UnknownNameError: where a file of several has none of this name.
    """
    found = read_adapters(place)
    if name is None and len(found) == 1:
        return found[0]
    names = {adapter.name or "": adapter for adapter in found}
    if name is None:
        what = f"it holds {len(found)} adapters: {', '.join(f'`{each}`' for each in names)}"
        raise WeightsError(str(place), what, "choose one by its name")
    if name not in names:
        raise UnknownNameError("adapter of the file", name, filter(None, names))
    return names[name]


def read_adapters(place: Path) -> tuple[Adapter, ...]:
    """Return all adapters of a folder or file, in the order of their names.

    Raises:
        WeightsError: where there is none, or nothing of one can be read.
    """
    container = read_container(place)
    groups: dict[str | None, dict[str, _Group]] = {}
    others: list[Stored] = []
    for tensor in container.tensors.values():
        part = part_of(tensor.name)
        if part is None:
            others.append(tensor)
        else:
            named = groups.setdefault(part.adapter, {})
            named.setdefault(part.module, _Group()).add(part, tensor)
    others += _lonely(groups)
    if not any(groups.values()):
        what = f"none of its {len(container.tensors):,} tensors is named like a part of an adapter"
        raise WeightsError(str(place), what, "name an adapter of LoRA, LoHa or LoKr")
    with opened() as files:
        return tuple(
            _adapter(container, name, groups[name], others, files)
            for name in sorted(groups, key=str)
            if groups[name]
        )


def _lonely(groups: Mapping[str | None, dict[str, _Group]]) -> list[Stored]:
    """Take out what only looks like a part: a parameter called `alpha` of another module."""
    found = []
    for named in groups.values():
        for module in [module for module, group in named.items() if not group.methods]:
            parts = named[module].parts
            if MAGNITUDE not in parts or parts[MAGNITUDE][0].spelling != "PEFT":
                found += [tensor for _, tensor in named.pop(module).parts.values()]
    return found


def _adapter(
    container: Container,
    name: str | None,
    groups: Mapping[str, _Group],
    others: Sequence[Stored],
    files: Files,
) -> Adapter:
    spelling = _spelling(container, groups)
    layers, faults = [], []
    for module in sorted(groups, key=natural):
        try:
            layers.append(_layer(container, spelling, module, groups[module], files))
        except MisfitError as failure:
            faults.append(Fault(module, str(failure)))
    faults += _unsaved(container.settings, others)
    if not layers:
        more = f", and {len(faults) - 1:,} more faults" if len(faults) > 1 else ""
        raise WeightsError(str(container.place), f"{faults[0].sentence}{more}", AGAIN)
    notes = _notes(container.settings, layers, others)
    settings = container.settings
    return Adapter(
        container.place, name, spelling, settings, tuple(layers), tuple(others), tuple(faults),
        tuple(notes),
    )  # fmt: skip


def _spelling(container: Container, groups: Mapping[str, _Group]) -> Spelling:
    """Return whose names the tensors have; PEFT's without its prefix are those of diffusers."""
    parts = [pair for group in groups.values() for pair in group.parts.values() if pair[0].method]
    spelling = parts[0][0].spelling
    is_bare = not any(tensor.name.startswith(PREFIX) for _, tensor in parts)
    if spelling == "PEFT" and is_bare and container.settings is None:
        return "diffusers"
    return spelling


def _layer(
    container: Container, spelling: Spelling, module: str, group: _Group, files: Files
) -> Layer:
    if group.twice:
        raise MisfitError(f"has a factor twice, once as `{group.twice[0]}`")
    if len(group.methods) != 1:
        found = " and ".join(group.methods) or "a magnitude alone"
        raise MisfitError(f"has factors of {found}, and those of one way are expected")
    method = group.methods[0]
    tensors = {role: tensor for role, (_, tensor) in group.parts.items()}
    settings = container.settings_of(module)
    expected = settings.rank_of(settings_name(container, module)) if settings else None
    sizes = sizes_of(method, tensors, expected)
    alpha = _alpha(tensors, files)
    if settings is not None:
        scale: float | None = settings.scale_of(settings_name(container, module), sizes.rank)
    elif alpha is not None and not _is_whole(method, tensors):
        scale = alpha / sizes.rank
    else:  # what their programs do without alpha
        scale = None if spelling == "PEFT" else 1.0
    return Layer(
        module,
        method,
        sizes.rank,
        scale,
        sizes.out_size,
        sizes.in_size,
        tensors,
        is_transposed=sizes.is_transposed,
        is_embedding=any(part.is_embedding for part, _ in group.parts.values()),
    )


def settings_name(container: Container, module: str) -> str:
    """Return a module as the patterns of its settings call it."""
    component = container.component_of(module)
    return module.removeprefix(f"{component}.") if component else module


def _is_whole(method: Method, tensors: Mapping[str, Stored]) -> bool:
    """Tell whether a Kronecker product has no factor of low rank: then its alpha means nothing."""
    return method == "LoKr" and "w1" in tensors and "w2" in tensors


def _alpha(tensors: Mapping[str, Stored], files: Files) -> float | None:
    tensor = tensors.get(ALPHA)
    if tensor is None:
        return None
    if tensor.elements != 1 or not tensor.is_float:
        raise MisfitError(f"has an alpha that is no single number: `{tensor.name}`")
    value = float(files.values(tensor).reshape(-1)[0])
    if not math.isfinite(value):
        raise MisfitError(f"has {value} as its alpha")
    return value


def _unsaved(settings: Settings | None, others: Iterable[Stored]) -> list[Fault]:
    """Return what the configuration says is saved with the adapter and is not."""
    wanted = settings.values.get("modules_to_save") if settings else None
    names = [f".{tensor.name}." for tensor in others]
    return [
        Fault(str(each), "is listed in `modules_to_save`, and no tensor is of it")
        for each in (wanted if isinstance(wanted, list) else [])
        if not any(f".{each}." in name for name in names)
    ]


def _notes(
    settings: Settings | None, layers: Sequence[Layer], others: Sequence[Stored]
) -> list[str]:
    notes = []
    if any(layer.scale is None for layer in layers):
        notes.append(
            "nothing tells alpha, as there is no `adapter_config.json`: updates are shown without "
            "their scale"
        )
    turned = sum(layer.is_transposed for layer in layers)
    if turned:
        notes.append(f"the factors of {turned:,} layers lie the other way round than PEFT's")
    if any(layer.has_magnitude for layer in layers):
        notes.append(
            "magnitudes are learnt apart (DoRA): what is measured is the low-rank part, before "
            "each output is brought to its magnitude"
        )
    if settings is not None and settings.changes_base:
        notes.append(
            f"it was started with `{settings.changes_base}`, which changes the base weights: it "
            "is an update of those, and not of the published ones"
        )
    if others:
        count = sum(each.elements for each in others)
        notes.append(
            f"{count:,} parameters beside the updates, such as heads, are kept and not measured"
        )
    return notes


def natural(name: str) -> list[tuple[int, int | str]]:
    """Return a key by which layer 10 comes after layer 9."""
    return [(0, int(each)) if each.isdigit() else (1, each) for each in _NUMBER.split(name) if each]
