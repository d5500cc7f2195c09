"""Whether adapters can be added up."""

from __future__ import annotations

from collections.abc import Sequence

from evalhouse.errors import UsageError
from evalhouse.lora.adapter import Adapter
from evalhouse.lora.names import BIAS, DOWN, MAGNITUDE
from evalhouse.lora.stored import Files, Stored


def check_merger(adapters: Sequence[Adapter], files: Files) -> None:
    """Refuse what has no sum: magnitudes, biases, other forms, other bases, other heads."""
    first = adapters[0]
    kept: dict[str, Stored] = {}
    for adapter in adapters:
        path = str(adapter.path)
        if adapter.spelling != "PEFT" or adapter.settings is None:
            raise UsageError(f"`{path}` is not of PEFT, and only adapters of PEFT are merged")
        if _base(adapter) != _base(first):
            raise UsageError(
                f"`{path}` is on `{_base(adapter)}` and `{first.path}` on `{_base(first)}`: "
                "adapters are merged that are on the same base model"
            )
        for layer in adapter.layers:
            if {MAGNITUDE, BIAS} & set(layer.tensors):
                raise UsageError(
                    f"`{layer.module}` of `{path}` has a magnitude or bias, which has no sum"
                )
        for tensor in adapter.others:
            other = kept.setdefault(tensor.name, tensor)
            if other is not tensor and files.raw(other) != files.raw(tensor):
                raise UsageError(
                    f"`{tensor.name}` of `{path}` is another one than that of `{other.path}`, and "
                    "what is trained beside the updates is not merged"
                )
    _check_forms(adapters)


def _base(adapter: Adapter) -> str | None:
    return adapter.settings.base_model if adapter.settings else None


def _check_forms(adapters: Sequence[Adapter]) -> None:
    forms: dict[str, tuple[object, ...]] = {}
    for adapter in adapters:
        for layer in adapter.layers:
            kernel = () if layer.is_transposed else layer.tensors[DOWN].shape[2:]
            form = (layer.out_size, layer.in_size, layer.is_embedding, kernel)
            if forms.setdefault(layer.module, form) != form:
                raise UsageError(
                    f"`{layer.module}` of `{adapter.path}` is {layer.out_size:,} × "
                    f"{layer.in_size:,}, and in another of the adapters it is not"
                )
