"""Adapters written: a safetensors file tensor by tensor, and the configuration of PEFT."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, TypeVar

from evalhouse.errors import UsageError
from evalhouse.lora.patterns import Patterns
from evalhouse.lora.settings import Settings, settings_from
from evalhouse.weights.tables import bits_of

Number = TypeVar("Number", int, float)
_TOLERANCE = 1e-9  # relative: of a scale that was multiplied and divided again
_ALIGNMENT = 8  # bytes: where the numbers begin


@dataclass(frozen=True)
class Planned:
    """A tensor that will be written: its name, type and shape."""

    name: str
    type: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Return its size in bytes."""
        bits = bits_of(self.type)
        assert bits, "only types of safetensors are written"
        return prod(self.shape) * bits // 8


def header_of(tensors: Sequence[Planned]) -> bytes:
    """Return what stands before the numbers of tensors."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    start = 0
    for each in tensors:
        places = [start, start + each.size]
        header[each.name] = {"dtype": each.type, "shape": each.shape, "data_offsets": places}
        start += each.size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return len(text).to_bytes(8, "little") + text


def write_safetensors(path: Path, tensors: Sequence[Planned], pieces: Iterable[bytes]) -> None:
    """Write tensors whose bytes come one after another, in their order."""
    with path.open("wb") as file:
        file.write(header_of(tensors))
        for each, piece in zip(tensors, pieces, strict=True):
            assert len(piece) == each.size, f"`{each.name}` is written as it was planned"
            file.write(piece)


def configuration(
    settings: Settings, ranks: Mapping[str, int], scales: Mapping[str, float]
) -> dict[str, Any]:
    """Return the configuration with other ranks, by which each layer keeps its scale.

    The most common rank and alpha stand for all, and patterns for the layers that differ. Each
    pattern is a whole name, longer ones first, as PEFT takes the first that matches an end.

    Raises:
        UsageError: where names are such that no patterns tell them apart.
    """
    root = settings.is_rank_stabilised
    alphas = {
        module: _tidy(scales[module] * (math.sqrt(rank) if root else rank))
        for module, rank in ranks.items()
    }
    rank, alpha = _most_common(ranks.values()), _most_common(alphas.values())
    values = {
        **settings.values,
        "r": rank,
        "lora_alpha": alpha,
        "rank_pattern": _differing(ranks, rank),
        "alpha_pattern": _differing(alphas, alpha),
    }
    _check(settings_from(settings.path, values), ranks, scales)
    return values


def _check(written: Settings, ranks: Mapping[str, int], scales: Mapping[str, float]) -> None:
    """Read the patterns as PEFT does: each layer must get its rank and its scale."""
    for module, rank in ranks.items():
        is_right = written.rank_of(module) == rank
        away = abs(written.scale_of(module, rank) - scales[module])
        if not is_right or away > _TOLERANCE * abs(scales[module]):
            raise UsageError(
                f"`{module}` would be read with another rank or scale than it has, as the name of "
                "another module is a pattern that matches it; choose a uniform rank"
            )


def _most_common(values: Iterable[Number]) -> Number:
    counted = Counter(values)
    return max(counted, key=lambda value: (counted[value], value))


def _differing(values: Mapping[str, Number], usual: Number) -> dict[str, Number]:
    """Return the values that differ from the usual one, and those that a pattern would change."""
    found = {module: value for module, value in values.items() if value != usual}
    patterns = Patterns(found)
    caught = {module for module in values if module not in found and patterns.of(module)}
    found |= {module: values[module] for module in caught}
    return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def _tidy(value: float) -> float:
    """Return a whole number as one; products of roots are rounded where they are one but for it."""
    near = round(value)
    return near if near and abs(value - near) <= 1e-12 * abs(near) else value
