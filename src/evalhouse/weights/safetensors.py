"""Headers of safetensors files: eight bytes of length, then JSON."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Annotated, Any

import msgspec

from evalhouse.errors import WeightsError
from evalhouse.weights.reading import AGAIN, parsed_object, reading
from evalhouse.weights.tables import bits_of
from evalhouse.weights.tensors import Tensor

# Bytes. The format allows 100,000,000; 70,000 tensors, which no model has in one file, take 10 MB.
_LONGEST_HEADER = 32 * 2**20
_MOST_DIMENSIONS = 32
_MOST_TENSORS = 2**18
_LARGEST = 2**63 - 1
_METADATA = "__metadata__"


_Size = Annotated[int, msgspec.Meta(ge=0)]


class _Entry(msgspec.Struct):
    """What a header says of one tensor; numbers are at most 2**63 - 1."""

    dtype: str
    shape: Annotated[list[_Size], msgspec.Meta(max_length=_MOST_DIMENSIONS)]
    data_offsets: tuple[_Size, _Size]


@dataclass(frozen=True)
class Header:
    """What a safetensors file says before its weights.

    Attributes:
        path: the file.
        metadata: texts by their names.
        tensors: in the order of the header.
    """

    path: Path
    metadata: dict[str, str]
    tensors: tuple[Tensor, ...]


def read_header(path: Path) -> Header:
    """Return the header of a safetensors file.

    Raises:
        WeightsError: where it is none, is cut off, or contradicts itself.
    """
    with reading(path), path.open("rb") as file:
        size = path.stat().st_size
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > size - 8:
            what = f"its header should have {length:,} bytes and the file has {size:,}"
            raise WeightsError(str(path), what, AGAIN)
        if length > _LONGEST_HEADER:
            what = f"its header has {length:,} bytes; at most {_LONGEST_HEADER:,} can be read"
            raise WeightsError(str(path), what, AGAIN)
        entries = parsed_object(file.read(length), path)
    metadata = entries.pop(_METADATA, {})
    if not isinstance(metadata, dict):
        raise WeightsError(str(path), f"its `{_METADATA}` is no object", AGAIN)
    if len(entries) > _MOST_TENSORS:
        what = f"it has {len(entries):,} tensors; at most {_MOST_TENSORS:,} can be read"
        raise WeightsError(str(path), what, AGAIN)
    return Header(
        path,
        {str(key): str(value) for key, value in metadata.items()},
        _tensors(path, entries, 8 + length, size),
    )


def _tensors(path: Path, entries: dict[str, Any], start: int, size: int) -> tuple[Tensor, ...]:
    """Return the tensors, which fill the file from `start` on one after another without a gap."""
    data_size = size - start
    found = {name: _tensor(path, name, entry, start) for name, entry in entries.items()}
    end = 0
    for tensor, (first, last) in sorted(found.values(), key=lambda each: each[1]):
        if first != end:
            what = f"its tensor `{tensor.name}` begins at byte {first:,} and {end:,} is expected"
            raise WeightsError(str(path), what, AGAIN)
        end = last
    if end != data_size:
        what = f"its tensors have {end:,} bytes and the file has {data_size:,} for them"
        raise WeightsError(str(path), what, AGAIN)
    return tuple(tensor for tensor, _ in found.values())


def _tensor(path: Path, name: str, value: Any, start: int) -> tuple[Tensor, tuple[int, int]]:
    try:
        entry = msgspec.convert(value, _Entry)
    except msgspec.ValidationError as failure:
        what = f"its tensor `{name[:80]}` is not told of as it should be: {failure}"
        raise WeightsError(str(path), what, AGAIN) from failure
    first, last = entry.data_offsets
    size, bits, elements = last - first, bits_of(entry.dtype), prod(entry.shape)
    if size < 0 or elements > _LARGEST or (bits is not None and size * 8 != elements * bits):
        stated = f"{entry.dtype} {entry.shape}"
        what = f"its tensor `{name[:80]}` has {size:,} bytes, which {stated} has not"
        raise WeightsError(str(path), what, AGAIN)
    tensor = Tensor(name, entry.dtype, tuple(entry.shape), size, start + first)
    return tensor, entry.data_offsets
