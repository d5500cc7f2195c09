"""Adapters written byte by byte: readers are not tested with writers of their own."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]
PREFIX = "base_model.model."
CONFIG: dict[str, Any] = {
    "peft_type": "LORA",
    "base_model_name_or_path": "org/base",
    "r": 8,
    "lora_alpha": 16,
    "target_modules": ["q_proj", "up_proj"],
}
MODULES = {
    "model.layers.0.self_attn.q_proj": (48, 32),
    "model.layers.0.mlp.up_proj": (64, 32),
    "model.layers.1.self_attn.q_proj": (48, 32),
    "model.layers.1.mlp.up_proj": (64, 32),
}
"""Outputs and inputs of the layers of a small model."""


def bfloat16(values: Numbers) -> NDArray[np.uint16]:
    """Return the upper halves of numbers: rounded toward zero."""
    return (values.astype("<f4").view("<u4") >> 16).astype("<u2")


def widened(stored: NDArray[np.uint16]) -> NDArray[np.float64]:
    return (stored.astype("<u4") << 16).view("<f4").astype(np.float64)


def _type_of(values: Numbers) -> str:
    return {"float64": "F64", "float32": "F32", "float16": "F16", "uint16": "BF16",
            "int64": "I64", "int8": "I8"}[values.dtype.name]  # fmt: skip


def safetensors(
    path: Path, tensors: Mapping[str, Numbers], metadata: Mapping[str, str] | None = None
) -> Path:
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    start = 0
    for name, values in tensors.items():
        places = [start, start + values.nbytes]
        header[name] = {
            "dtype": _type_of(values), "shape": values.shape, "data_offsets": places
        }  # fmt: skip
        start = places[1]
    text = json.dumps(header).encode()
    data = b"".join(np.ascontiguousarray(values).tobytes() for values in tensors.values())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def factors(
    out: int, size: int, rank: int = 8, *, seed: int = 0, fall: float = 0.7
) -> tuple[Numbers, Numbers]:
    """Return A and B of an update whose singular values fall about by a factor."""
    chance = np.random.default_rng(seed)
    roots = np.sqrt(fall ** np.arange(rank))
    down = chance.normal(size=(rank, size)) * roots[:, None]
    up = chance.normal(size=(out, rank)) * roots * 0.01
    return down.astype(np.float32), up.astype(np.float32)


def with_values(
    out: int, size: int, values: NDArray[np.float64], *, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return A and B of an update with these singular values."""
    chance = np.random.default_rng(seed)
    left = np.linalg.qr(chance.normal(size=(out, len(values))))[0]
    right = np.linalg.qr(chance.normal(size=(size, len(values))))[0]
    roots = np.sqrt(values)
    return (right * roots).T, left * roots


def peft(
    folder: Path,
    tensors: Mapping[str, Numbers] | None = None,
    **changes: Any,
) -> Path:
    """Write an adapter of PEFT; of all `MODULES` where no tensors are given."""
    config = {**CONFIG, **changes}
    if tensors is None:
        tensors = layers(config["r"])
    safetensors(folder / "adapter_model.safetensors", tensors, {"format": "pt"})
    (folder / "adapter_config.json").write_text(json.dumps(config))
    return folder


def layers(rank: int = 8, *, seed: int = 0, fall: float = 0.7) -> dict[str, Numbers]:
    found: dict[str, Numbers] = {}
    for number, (module, (out, size)) in enumerate(MODULES.items()):
        down, up = factors(out, size, rank, seed=seed + number, fall=fall)
        found |= pair(module, down, up)
    return found


def pair(module: str, down: Numbers, up: Numbers) -> dict[str, Numbers]:
    name = f"{PREFIX}{module}"
    return {f"{name}.lora_A.weight": down, f"{name}.lora_B.weight": up}


def product(down: Numbers, up: Numbers, scale: float = 2.0) -> NDArray[np.float64]:
    return scale * (up.astype(np.float64) @ down.astype(np.float64))
