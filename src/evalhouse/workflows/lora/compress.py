"""A smaller adapter written, read back, and told about."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from evalhouse.errors import UsageError
from evalhouse.lora.adapter import Adapter
from evalhouse.lora.choosing import compress
from evalhouse.lora.compression import Compression
from evalhouse.lora.floats import TYPES
from evalhouse.lora.plans import read_plan
from evalhouse.lora.reading import read_adapter
from evalhouse.lora.stored import opened
from evalhouse.lora.writing import configuration, write_safetensors
from evalhouse.weights.files import ADAPTER_CONFIG
from evalhouse.workflows.lora.audit import options_of

WEIGHTS = "adapter_model.safetensors"
REPORT = "compression.json"
SCHEMA = 1


@dataclass(frozen=True)
class CompressOptions:
    """What is made smaller, and how.

    Attributes:
        adapters: several are added up.
        plan: as text.
        to: the folder to write.
        weights: of the adapters in their sum; None for 1 each.
        name: of one adapter in a file of several.
        allowed: ranks that may be chosen; None for the usual ones.
        type_name: that factors are stored in: F32, F16, BF16; None for what they are stored in.
        seed: of the control.
        is_forced: whether files that are there may be replaced.
    """

    adapters: Sequence[Path]
    plan: str
    to: Path
    weights: Sequence[float] | None = None
    name: str | None = None
    allowed: Sequence[int] | None = None
    type_name: str | None = None
    seed: int = 0
    is_forced: bool = False


@dataclass(frozen=True)
class Compressed:
    """What was written.

    Attributes:
        folder: with the adapter and `compression.json`.
        weights: its file of weights.
        bytes_before, bytes: of the files of weights, added up before a merger.
        parameters_before, parameters: of the updates.
        other_parameters: beside the updates, kept as they are.
    """

    folder: Path
    weights: Path
    compression: Compression = field(repr=False)
    bytes_before: int
    bytes: int
    parameters_before: int
    parameters: int
    other_parameters: int

    @property
    def relative_error(self) -> float:
        """Return the error of all updates together over their norm; 0 where nothing was there."""
        return self._relative(self.compression.error)

    @property
    def relative_optimum(self) -> float:
        """Return what the best truncation to these ranks has as its error."""
        return self._relative(self.compression.optimal)

    def _relative(self, error: float) -> float:
        norm = self.compression.frobenius
        return error / norm if norm else 0.0


def compress_adapters(options: CompressOptions) -> Compressed:
    """Write a smaller adapter.

    Raises:
        UsageError: where an option makes no sense, or files are in the way.
        WeightsError: where an adapter is broken, or cannot be made smaller.
    """
    plan, weights = read_plan(options.plan), _weights(options)
    allowed = options_of(options.allowed, None, None).allowed
    if options.type_name is not None and options.type_name not in TYPES:
        raise UsageError(f"`{options.type_name}` is no type of factors; known: {', '.join(TYPES)}")
    adapters = [read_adapter(path, options.name) for path in options.adapters]
    target = _target(options, adapters)
    with opened() as files:
        new = compress(
            list(zip(adapters, weights, strict=True)),
            plan,
            files,
            allowed=allowed,
            seed=options.seed,
            type_name=options.type_name,
        )
        configured = _configured(new)
        part = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
        with _writing(part, target):
            target.parent.mkdir(parents=True, exist_ok=True)
            write_safetensors(part, new.planned, new.pieces(files))
            if configured is not None:
                _write_json(target.parent / ADAPTER_CONFIG, configured)
            os.replace(part, target)  # noqa: PTH105 - in one step
    told = _told(options, target, new)
    _write_json(options.to / REPORT, as_data(told, weights))
    return told


def as_data(told: Compressed, weights: Sequence[float]) -> dict[str, Any]:
    """Return everything for programs."""
    new = told.compression
    return {
        "schema_version": SCHEMA,
        "plan": new.plan.text,
        "is_control": new.plan.is_control,
        "method": "truncated_svd" if len(new.adapters) == 1 else "merged_truncated_svd",
        "sources": [
            {"path": str(adapter.path), "weight": weight}
            for adapter, weight in zip(new.adapters, weights, strict=True)
        ],
        "weights": told.weights.name,
        "bytes_before": told.bytes_before,
        "bytes": told.bytes,
        "params_before": told.parameters_before,
        "params": told.parameters,
        "param_reduction": 1 - told.parameters / told.parameters_before,
        "other_params": told.other_parameters,
        "frobenius": new.frobenius,
        "error": new.error,
        "optimal_error": new.optimal,
        "relative_error": told.relative_error,
        "relative_optimal_error": told.relative_optimum,
        "energy_retained": 1 - told.relative_optimum**2,
        "layers": [asdict(cut) for cut in new.cuts],
    }


def _weights(options: CompressOptions) -> list[float]:
    weights = options.weights or [1.0] * len(options.adapters)
    if len(weights) != len(options.adapters):
        raise UsageError(
            f"there are {len(options.adapters)} adapters and {len(weights)} weights; give each one"
        )
    return list(weights)


def _target(options: CompressOptions, adapters: Sequence[Adapter]) -> Path:
    """Return the file of weights to write; refuse to touch what is read, or what is in the way."""
    first = adapters[0]
    name = {"PEFT": WEIGHTS, "diffusers": "pytorch_lora_weights.safetensors"}.get(
        first.spelling, f"{first.path.stem}.safetensors"
    )
    to = options.to
    for adapter in adapters:
        folder = adapter.path if adapter.path.is_dir() else adapter.path.parent
        if to.resolve() == folder.resolve():
            raise UsageError(f"`{to}` is where an adapter is read from; write to another folder")
    there = [each for each in (name, ADAPTER_CONFIG, REPORT) if (to / each).exists()]
    if there and not options.is_forced:
        raise UsageError(
            f"`{to / there[0]}` is there already; name another folder, or replace it by `--force`"
        )
    return to / name


class _writing:  # noqa: N801 - a context, named as those of contextlib
    """Turns what the system says into a sentence, and leaves nothing half-written behind."""

    def __init__(self, part: Path, target: Path) -> None:
        self._part, self._target = part, target

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: object, failure: BaseException | None, _: object) -> None:
        """End: with the file in its place, or with nothing."""
        with suppress(OSError):
            self._part.unlink(missing_ok=True)
        if isinstance(failure, OSError):
            what = failure.strerror or str(failure)
            raise UsageError(
                f"`{self._target}` cannot be written: {what}; name another place"
            ) from failure


def _configured(new: Compression) -> dict[str, Any] | None:
    """Return the configuration of an adapter of PEFT; others have none."""
    settings = new.first.settings
    if settings is None or new.first.spelling != "PEFT":
        return None
    if all(target.is_kept for target in new.targets):
        return dict(settings.values)
    values = configuration(settings, new.ranks, new.scales)
    if len(new.adapters) > 1:
        values |= _merged(new.adapters)
    return values


def _merged(adapters: Sequence[Adapter]) -> dict[str, Any]:
    """Return what names the modules of several adapters: every layer that one of them has."""
    stated = [adapter.settings.values for adapter in adapters if adapter.settings]
    modules = {layer.module for adapter in adapters for layer in adapter.layers}
    saved = [each.get("modules_to_save") or () for each in stated]
    kept = sorted({name for names in saved for name in names})
    return {
        "target_modules": sorted(modules),
        "exclude_modules": None,
        "layers_to_transform": None,
        "layers_pattern": None,
        "modules_to_save": kept or None,
    }


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    with _writing(part, path):
        part.write_text(f"{text}\n", "utf-8")
        os.replace(part, path)  # noqa: PTH105 - in one step


def _told(options: CompressOptions, target: Path, new: Compression) -> Compressed:
    parts = [each for adapter in new.adapters for each in _files_of(adapter)]
    return Compressed(
        options.to,
        target,
        new,
        sum(path.stat().st_size for path in dict.fromkeys(parts)),
        target.stat().st_size,
        sum(adapter.parameters for adapter in new.adapters),
        sum(cut.parameters for cut in new.cuts),
        sum(each.elements for each in new.others),
    )


def _files_of(adapter: Adapter) -> list[Path]:
    return [tensor.path for layer in adapter.layers for tensor in layer.tensors.values()]
