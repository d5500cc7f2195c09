"""What the configuration beside weights tells: family, context, experts, quantization."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalhouse.weights.packing import Scheme
from evalhouse.weights.reading import read_object
from evalhouse.weights.schemes import scheme_of
from evalhouse.weights.tables import words

_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Context:
    """Lengths of a context in tokens: as stated, before it was extended, and extended."""

    length: int | None = None
    before: int | None = None
    extended: int | None = None


@dataclass(frozen=True)
class Configuration:
    """A `config.json`; an empty one where there is none."""

    values: Mapping[str, Any]
    scheme: Scheme | None = None

    @property
    def family(self) -> str | None:
        """Return what the configuration calls the way the model is built."""
        return _text(self.values.get("model_type"))

    @property
    def stated_type(self) -> str | None:
        """Return the type of numbers that it states, without `torch.`."""
        found = next(self._found(("dtype", "torch_dtype")), None)
        return found.removeprefix("torch.") if isinstance(found, str) else None

    @property
    def name(self) -> str | None:
        """Return the name that it states, where that is one on the hub and no path."""
        found = _text(self.values.get("_name_or_path"))
        return found if found and found.count("/") == 1 and found[0] not in "/.~" else None

    @property
    def expert_count(self) -> int | None:
        """Return experts per layer; None where it states none, or not the same for all layers."""
        return next(filter(None, map(_whole, self._found(words("experts")))), None)

    @property
    def experts_used(self) -> int | None:
        """Return experts that a token passes through per layer; None as above."""
        return next(filter(None, map(_whole, self._found(words("experts_used")))), None)

    @property
    def is_mixture(self) -> bool:
        """Tell whether it states experts at all, in whatever form."""
        return any(found not in (None, 0, 1, [], False) for found in self._found(words("experts")))

    @property
    def context(self) -> Context:
        """Return the lengths of the context."""
        length = next(filter(None, map(_whole, self._found(words("context")))), None)
        rope = next((found for found in self._found(words("rope")) if isinstance(found, dict)), {})
        return context_of(
            length, _whole(rope.get("original_max_position_embeddings")), rope.get("factor")
        )

    @property
    def is_encoder_decoder(self) -> bool:
        """Tell whether it reads with one stack and generates with another."""
        return self.values.get("is_encoder_decoder") is True

    @property
    def is_encoder(self) -> bool:
        """Tell whether it reads and generates nothing."""
        return self.family in words("encoders") and self.values.get("is_decoder") is not True

    @property
    def is_generating(self) -> bool:
        """Tell whether a class that generates text is stated."""
        classes = self.values.get("architectures")
        named = (
            [name for name in classes if isinstance(name, str)] if isinstance(classes, list) else []
        )
        return any(name.endswith(words("generating")) for name in named)

    def _found(self, keys: tuple[str, ...]) -> Iterator[Any]:
        """Yield the values of keys, those of the whole before those of its parts."""
        for part in self._parts():
            for key in keys:
                if part.get(key) is not None:
                    yield part[key]

    def _parts(self) -> Iterator[Mapping[str, Any]]:
        yield self.values
        for name in words("nested"):
            part = self.values.get(name)
            if isinstance(part, dict):
                yield part
                yield from (part[key] for key in words("nested") if isinstance(part.get(key), dict))


def read_configuration(folder: Path) -> Configuration:
    """Return the configuration of a folder.

    Raises:
        WeightsError: where it is damaged.
    """
    values, aside = (_beside(folder / name) for name in ("config.json", "hf_quant_config.json"))
    return Configuration(values, scheme_of(values, aside))


def context_of(length: int | None, before: int | None, factor: object) -> Context:
    """Return lengths of the context from what is stated of it.

    The extension is `before * factor`, or the length itself where that is more. Without the length
    before it nobody can say whether `length` has the factor in it, and nothing is derived.
    """
    extended = None
    is_factor = isinstance(factor, (int, float)) and not isinstance(factor, bool)
    if before:
        by_factor = before * float(factor) if is_factor and isinstance(factor, (int, float)) else 0
        whole = int(by_factor) if 0 <= by_factor < _LARGEST else 0
        extended = max(whole, length or 0) or None
    return Context(length, before, extended)


def _beside(path: Path) -> dict[str, Any]:
    return read_object(path) if path.is_file() else {}


def _whole(value: Any) -> int | None:
    is_whole = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LARGEST
    return value if is_whole else None


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
