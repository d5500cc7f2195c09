"""The files of an adapter: its tensors, wherever they are, and what is stated beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalhouse.errors import WeightsError
from evalhouse.lora.names import PREFIX
from evalhouse.lora.pickles import read_pickle
from evalhouse.lora.settings import Settings, read_settings, settings_from
from evalhouse.lora.stored import Stored
from evalhouse.weights.files import (
    ADAPTER_CONFIG,
    PYTORCH,
    SAFETENSORS,
    WeightFiles,
    weight_files,
)
from evalhouse.weights.reading import AGAIN, reading
from evalhouse.weights.safetensors import read_header

_STATED = "lora_adapter_metadata"
"""Under which diffusers states the configurations of the parts of a pipeline."""


@dataclass(frozen=True)
class Container:
    """The tensors of the files of an adapter.

    Attributes:
        place: what was named.
        tensors: by their names.
        settings: of `adapter_config.json`, where there is one.
        components: settings of parts of a pipeline, by their names, as diffusers states them.
    """

    place: Path
    tensors: Mapping[str, Stored]
    settings: Settings | None = None
    components: Mapping[str, Settings] = field(default_factory=dict)

    def settings_of(self, module: str) -> Settings | None:
        """Return the settings that hold for a module."""
        component = self.component_of(module)
        return self.components[component] if component else self.settings

    def component_of(self, module: str) -> str | None:
        """Return the part of a pipeline that a module is in, where its settings are stated."""
        first = module.partition(".")[0]
        return first if first in self.components else None


def read_container(place: Path) -> Container:
    """Return the tensors of an adapter.

    Raises:
        WeightsError: where there are none, or the files are damaged.
    """
    found = _files(place)
    tensors: dict[str, Stored] = {}
    stated: dict[str, str] = {}
    for path in found.paths:
        more, metadata = _tensors(path, found.file_format)
        for name, tensor in more.items():
            if name in tensors:
                what = f"its tensor `{name}` is in another file of the adapter too"
                raise WeightsError(str(path), what, AGAIN)
            tensors[name] = tensor
        stated |= metadata
    if not tensors:
        raise WeightsError(str(place), "it holds no tensors", "save the adapter again")
    config = found.folder / ADAPTER_CONFIG
    is_peft = any(name.startswith(PREFIX) for name in tensors)
    settings = None
    if config.is_file() and (found.is_adapter or is_peft or place.is_dir()):
        settings = read_settings(config)
    elif is_peft and place.is_dir():
        what = f"there is no `{ADAPTER_CONFIG}`, which states rank and alpha"
        raise WeightsError(str(place), what, "put it beside the weights, or name the file alone")
    return Container(place, tensors, settings, _components(found.paths[0], stated))


def _files(place: Path) -> WeightFiles:
    """Return the files; of a folder of folders with adapters say which there are."""
    try:
        return weight_files(place)
    except WeightsError:
        with reading(place):
            inside = sorted(place.glob(f"*/{ADAPTER_CONFIG}")) if place.is_dir() else []
        if not inside:
            raise
        names = ", ".join(f"`{path.parent.name}`" for path in inside[:4])
        more = f" and {len(inside) - 4} more" if len(inside) > 4 else ""
        what = f"it holds folders of adapters: {names}{more}"
        raise WeightsError(str(place), what, "name one of them") from None


def _tensors(path: Path, file_format: str) -> tuple[dict[str, Stored], dict[str, str]]:
    if file_format == PYTORCH:
        return read_pickle(path), {}
    if file_format != SAFETENSORS:
        what = f"it is of the format {file_format}, and {SAFETENSORS} and {PYTORCH} are read"
        raise WeightsError(str(path), what, "convert it to safetensors")
    header = read_header(path)
    found = {}
    for each in header.tensors:
        assert each.start is not None, "headers of safetensors tell where tensors begin"
        found[each.name] = Stored(
            each.name, each.type, each.shape, path, each.start, each.size or 0
        )
    return found, header.metadata


def _components(path: Path, stated: Mapping[str, str]) -> dict[str, Settings]:
    """Return the settings that a header states, by the parts of a pipeline."""
    if _STATED not in stated:
        return {}
    try:
        values = json.loads(stated[_STATED])
    except (ValueError, RecursionError) as failure:
        raise WeightsError(str(path), f"its `{_STATED}` is no JSON", AGAIN) from failure
    grouped: dict[str, dict[str, Any]] = {}
    for key, value in values.items() if isinstance(values, dict) else ():
        component, _, name = key.partition(".")
        grouped.setdefault(component, {"peft_type": "LORA"})[name] = value
    return {name: settings_from(path, group) for name, group in grouped.items() if "r" in group}
