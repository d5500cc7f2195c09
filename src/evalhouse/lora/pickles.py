"""PyTorch's own files (`.bin`, `.pt`), of which nothing is executed.

Since version 1.6 they are ZIP archives: a pickle that tells names, shapes and places, and one file
a storage beside it. The pickle is read with a list of what it may name, and each of these only
notes what it is told.
"""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, ClassVar

from evalhouse.errors import WeightsError
from evalhouse.lora.stored import Stored
from evalhouse.weights.reading import AGAIN, reading

_CONVERT = "save it as safetensors"
_LONGEST_PICKLE = 64 * 2**20  # bytes; 1,000 tensors take 100 kB
_MOST_TENSORS = 2**18
_MOST_DIMENSIONS = 32
_LOCAL_HEADER = struct.Struct("<26xHH")  # what a ZIP has before a file, up to two lengths
_STORAGES = {
    "DoubleStorage": ("F64", 8),
    "FloatStorage": ("F32", 4),
    "HalfStorage": ("F16", 2),
    "BFloat16Storage": ("BF16", 2),
    "LongStorage": ("I64", 8),
    "IntStorage": ("I32", 4),
    "ShortStorage": ("I16", 2),
    "CharStorage": ("I8", 1),
    "ByteStorage": ("U8", 1),
    "BoolStorage": ("BOOL", 1),
}
_WRAPPERS = ("state_dict", "model", "module", "lora", "adapter")
"""Keys under which the tensors may stand, of files that also hold other things."""
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, EOFError,
    struct.error,
)  # fmt: skip
_BROKEN = (
    pickle.UnpicklingError, EOFError, AttributeError, ValueError, IndexError, KeyError, TypeError,
    ImportError, OverflowError, RecursionError, MemoryError, AssertionError, struct.error,
)  # fmt: skip


class _Mapping(OrderedDict[Any, Any]):
    """A dictionary as the pickle builds it; what else it is given stays unused."""


@dataclass(frozen=True)
class _Storage:
    type: str
    width: int
    key: str
    count: int


@dataclass(frozen=True)
class _View:
    """A tensor: a storage, and where in it the numbers are."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Maker:
    """Stands for something that a pickle may name; it cannot be changed from there."""

    __slots__ = ("_name",)
    _name: str
    _ALLOWED: ClassVar[Mapping[tuple[str, str], str]] = {
        ("collections", "OrderedDict"): "mapping",
        ("torch._utils", "_rebuild_tensor_v2"): "view",
        ("torch._utils", "_rebuild_parameter"): "first",
        ("torch._utils", "_rebuild_parameter_with_state"): "first",
        ("torch.nn.parameter", "Parameter"): "first",
        ("torch", "Size"): "first",
    }

    def __init__(self, module: str, name: str) -> None:
        object.__setattr__(self, "_name", self._ALLOWED[module, name])

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(name)

    def __call__(self, *given: Any) -> Any:
        if self._name == "mapping":
            return _Mapping(*given)
        return _view(*given) if self._name == "view" else given[0]

    @classmethod
    def knows(cls, module: str, name: str) -> bool:
        return (module, name) in cls._ALLOWED


class _Reader(pickle.Unpickler):
    """Reads the pickle of an archive; whatever it names and is not listed ends the reading."""

    def find_class(self, module: str, name: str) -> Any:
        if module in {"torch", "torch.storage"} and name in _STORAGES:
            return name
        if not _Maker.knows(module, name):
            raise _ForbiddenError(f"{module}.{name}")
        return _Maker(module, name)

    def persistent_load(self, pid: Any) -> Any:
        kind, storage, key, _, count = pid
        if kind != "storage" or not isinstance(key, str) or not _is_count(count):
            raise ValueError("a storage is not told of as it should be")
        return _Storage(*_STORAGES[storage], key, count)


class _ForbiddenError(Exception):
    """A pickle names what no file of tensors needs."""


def read_pickle(path: Path) -> dict[str, Stored]:
    """Return the tensors of a PyTorch file by their names.

    Raises:
        WeightsError: where it is none, has another layout than a ZIP archive with its files as
            they are, names anything that tensors do not need, or contradicts itself.
    """
    with reading(path):
        if not zipfile.is_zipfile(path):
            what = "it is no ZIP archive, as PyTorch writes them since version 1.6"
            raise WeightsError(str(path), what, _CONVERT)
        try:
            with zipfile.ZipFile(path) as archive:
                return _tensors(path, archive)
        except _DAMAGED as failure:
            raise WeightsError(str(path), f"its archive is damaged: {failure}", AGAIN) from failure


def _tensors(path: Path, archive: zipfile.ZipFile) -> dict[str, Stored]:
    members = {member.filename: member for member in archive.infolist()}
    pickles = [name for name in members if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(pickles) != 1:
        what = f"its archive holds {len(pickles)} files `data.pkl` and one is expected"
        raise WeightsError(str(path), what, _CONVERT)
    root = pickles[0].removesuffix("data.pkl")
    order = members.get(f"{root}byteorder")
    if order is not None and _content(path, archive, order, 16) != b"little":
        raise WeightsError(str(path), "its numbers are not little-endian", _CONVERT)
    found = _unpickled(path, _content(path, archive, members[pickles[0]], _LONGEST_PICKLE))
    return {name: _placed(path, members, root, name, view) for name, view in _named(path, found)}


def _content(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    if member.file_size > most:
        what = f"its `{member.filename[-80:]}` has {member.file_size:,} bytes; at most {most:,}"
        raise WeightsError(str(path), f"{what} can be read", _CONVERT)
    with archive.open(member) as file:
        return file.read(most)


def _unpickled(path: Path, data: bytes) -> Any:
    try:
        return _Reader(io.BytesIO(data)).load()
    except _ForbiddenError as failure:
        what = f"its pickle names `{str(failure)[:80]}`, which no tensor needs and may be harmful"
        raise WeightsError(str(path), what, "do not load it, and ask for safetensors") from failure
    except _BROKEN as failure:
        what = f"its pickle is damaged: {str(failure)[:120] or type(failure).__name__}"
        raise WeightsError(str(path), what, AGAIN) from failure


def _named(path: Path, found: Any) -> Iterator[tuple[str, _View]]:
    """Yield the tensors of a dictionary, or of the one that it wraps."""
    if not isinstance(found, dict):
        what = f"it holds a {type(found).__name__.strip('_').lower()} and no tensors by name"
        raise WeightsError(str(path), what, _CONVERT)
    views = [(name, view) for name, view in dict.items(found) if isinstance(view, _View)]
    values = (dict.get(found, key) for key in _WRAPPERS)
    inner = [value for value in values if isinstance(value, dict)]
    if not views and inner:
        views = [pair for pair in dict.items(inner[0]) if isinstance(pair[1], _View)]
    if len(views) > _MOST_TENSORS:
        what = f"it has {len(views):,} tensors; at most {_MOST_TENSORS:,} can be read"
        raise WeightsError(str(path), what, _CONVERT)
    for name, view in views:
        if not isinstance(name, str):
            raise WeightsError(str(path), "a name of its tensors is no text", _CONVERT)
        yield name, view


def _view(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> _View:
    """Note what a tensor is, when all of it lies in its storage."""
    sizes, steps = tuple(shape), tuple(strides)
    if not isinstance(storage, _Storage) or not all(map(_is_count, (offset, *sizes, *steps))):
        raise ValueError("a tensor is not told of as it should be")
    if len(sizes) != len(steps) or len(sizes) > _MOST_DIMENSIONS:
        raise ValueError("a tensor has other strides than dimensions, or too many of them")
    elements = prod(sizes)
    end = offset + 1 + sum((size - 1) * step for size, step in zip(sizes, steps, strict=True))
    if elements and (end > storage.count or elements > storage.count):
        raise ValueError("a tensor reaches beyond its storage")
    return _View(storage, offset, sizes, steps)


def _placed(
    path: Path, members: Mapping[str, zipfile.ZipInfo], root: str, name: str, view: _View
) -> Stored:
    storage = view.storage
    member = members.get(f"{root}data/{storage.key}")
    if member is None:
        what = f"its tensor `{name[:80]}` is in a storage that the archive has not"
        raise WeightsError(str(path), what, AGAIN)
    size = storage.count * storage.width
    if member.compress_type != zipfile.ZIP_STORED or member.file_size < size:
        what = f"the storage of its tensor `{name[:80]}` is compressed or shorter than it should be"
        raise WeightsError(str(path), what, _CONVERT)
    in_order = _in_order(view.shape)
    used = 1 + sum((n - 1) * step for n, step in zip(view.shape, view.strides, strict=True))
    used = used if prod(view.shape) else 0
    return Stored(
        name,
        storage.type,
        view.shape,
        path,
        _data_start(path, member) + view.offset * storage.width,
        used * storage.width,
        None if view.strides == in_order or used <= 1 else view.strides,
    )


def _in_order(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(prod(shape[place + 1 :]) for place in range(len(shape)))


def _data_start(path: Path, member: zipfile.ZipInfo) -> int:
    """Return where the bytes of a file of an archive begin."""
    with path.open("rb") as file:
        file.seek(member.header_offset)
        name, extra = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    return int(member.header_offset + _LOCAL_HEADER.size + name + extra)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62
