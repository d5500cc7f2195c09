"""Files of weights written byte by byte: readers are not tested with writers of their own."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FLOAT32, FLOAT16, Q4_0, Q8_0, Q4_K, Q6_K, MXFP4, Q2_0 = 0, 1, 2, 8, 12, 14, 39, 42
BYTES_OF = {FLOAT32: (1, 4), FLOAT16: (1, 2), Q4_0: (32, 18), Q8_0: (32, 34), Q4_K: (256, 144)}
BYTES_OF |= {Q6_K: (256, 210), MXFP4: (32, 17), Q2_0: (64, 18)}

UINT32, FLOAT, BOOL, TEXT, ARRAY, UINT64 = 4, 6, 7, 8, 9, 10

Keys = Mapping[str, tuple[int, Any]]
Shapes = Mapping[str, tuple[int, Sequence[int]]]  # type and shape, innermost first as ggml has it


class Gguf:
    """Bytes of a GGUF file, of a version and an order of bytes."""

    def __init__(self, version: int = 3, order: str = "<") -> None:
        self.version, self.order = version, order
        self.count = "I" if version == 1 else "Q"

    def pack(self, form: str, *values: Any) -> bytes:
        return struct.pack(self.order + form, *values)

    def text(self, value: str | bytes) -> bytes:
        data = value if isinstance(value, bytes) else value.encode()
        return self.pack(self.count, len(data)) + data

    def value(self, kind: int, value: Any) -> bytes:
        if kind == TEXT:
            return self.text(value)
        if kind == ARRAY:
            inner, items = value
            start = self.pack("I", inner) + self.pack(self.count, len(items))
            return start + b"".join(self.value(inner, item) for item in items)
        forms = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?"}
        return self.pack((forms | {10: "Q", 11: "q", 12: "d"})[kind], value)

    def key(self, name: str | bytes, kind: int, value: Any) -> bytes:
        return self.text(name) + self.pack("I", kind) + self.value(kind, value)

    def tensor(self, name: str | bytes, kind: int, shape: Sequence[int], offset: int) -> bytes:
        sizes = self.pack(f"{len(shape)}{self.count}", *shape)
        place = self.pack("I", kind) + self.pack("Q", offset)
        return self.text(name) + self.pack("I", len(shape)) + sizes + place

    def start(self, tensors: int, keys: int) -> bytes:
        return b"GGUF" + self.pack("I", self.version) + self.pack(f"2{self.count}", tensors, keys)

    def file(self, keys: Keys, tensors: Shapes, alignment: int = 32) -> bytes:
        """Return a whole file, whose weights are zeros."""
        header = self.start(len(tensors), len(keys))
        header += b"".join(self.key(name, *each) for name, each in keys.items())
        offset = 0
        for name, (kind, shape) in tensors.items():
            header += self.tensor(name, kind, shape, offset)
            offset += padded(size_of(kind, shape), alignment)
        return header.ljust(padded(len(header), alignment), b"\0") + bytes(offset)


def size_of(kind: int, shape: Sequence[int]) -> int:
    """Return the bytes of a tensor."""
    weights, size = BYTES_OF[kind]
    elements = 1
    for each in shape:
        elements *= each
    return elements // weights * size


def padded(size: int, alignment: int) -> int:
    """Return a size with what fills it up."""
    return -(-size // alignment) * alignment


def gguf(path: Path, keys: Keys, tensors: Shapes, version: int = 3, order: str = "<") -> Path:
    """Write a GGUF file."""
    path.write_bytes(Gguf(version, order).file(keys, tensors))
    return path


BITS = {"F32": 32, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "U8": 8, "I8": 8, "I64": 64}
BITS |= {"F8_E4M3": 8, "BOOL": 8, "I16": 16, "F4": 4}


def safetensors_bytes(
    tensors: Mapping[str, tuple[str, Sequence[int]]], metadata: Mapping[str, str] | None = None
) -> bytes:
    """Return a safetensors file, whose weights are zeros."""
    entries: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    offset = 0
    for name, (dtype, shape) in tensors.items():
        elements = 1
        for each in shape:
            elements *= each
        end = offset + elements * BITS[dtype] // 8
        entries[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    return with_header(json.dumps(entries).encode(), offset)


def with_header(header: bytes, data: int = 0) -> bytes:
    """Return a header of safetensors with its length before it and zeros behind it."""
    return len(header).to_bytes(8, "little") + header + bytes(data)


def safetensors(
    path: Path,
    tensors: Mapping[str, tuple[str, Sequence[int]]],
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """Write a safetensors file."""
    path.write_bytes(safetensors_bytes(tensors, metadata))
    return path


def config(folder: Path, **values: Any) -> None:
    """Write a configuration into a folder."""
    (folder / "config.json").write_text(json.dumps(values), encoding="utf-8")
