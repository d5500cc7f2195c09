"""Headers of GGUF files, versions 1 to 3, of either order of bytes.

A header is walked from its start; long texts and arrays are stepped over.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO, Literal, NoReturn

from evalhouse.errors import WeightsError
from evalhouse.weights.reading import AGAIN, reading
from evalhouse.weights.tables import BlockType, block_types
from evalhouse.weights.tensors import Tensor

Value = int | float | bool | bytes | list[int | float | bool]

# More than any model has, and little enough to be read within seconds and megabytes.
_LONGEST_HEADER = 128 * 2**20
_MOST_KEYS = 2**14
_MOST_TENSORS = 2**18
_MOST_TEXTS = 2**22  # of arrays, all together: the words and merges of a vocabulary
_LONGEST_NAME = 2**16 - 1
_LONGEST_TEXT = 2**16  # bytes; what is longer is stepped over
_LONGEST_ARRAY = 1024  # numbers; as above
_MOST_DIMENSIONS = 8
_DEEPEST_ARRAY = 3
_LARGEST = 2**63 - 1

_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 10: "Q", 11: "q", 12: "d"}
_BOOLEAN, _TEXT, _ARRAY = 7, 8, 9
_ALIGNMENT = "general.alignment"


@dataclass(frozen=True)
class Header:
    """What a GGUF file says before its weights.

    Attributes:
        path: the file.
        version: of the format.
        values: what its keys say; texts as their bytes, and nothing that is long.
        tensors: in their order.
        data_size: bytes from the start of the weights to the end of the file.
    """

    path: Path
    version: int
    values: dict[str, Value]
    tensors: tuple[Tensor, ...]
    data_size: int

    def text(self, key: str) -> str | None:
        """Return the text of a key.

        Raises:
            WeightsError: where it is no UTF-8.
        """
        found = self.values.get(key)
        if not isinstance(found, bytes):
            return None
        try:
            return found.decode("utf-8").strip() or None
        except UnicodeDecodeError as failure:
            what = f"its key `{key}` is no UTF-8"
            raise WeightsError(str(self.path), what, AGAIN) from failure

    def whole(self, key: str) -> int | None:
        """Return the whole number of a key; None of one that is negative."""
        found = self.values.get(key)
        is_whole = isinstance(found, int) and not isinstance(found, bool)
        return found if is_whole and isinstance(found, int) and found >= 0 else None

    def number(self, key: str) -> float | None:
        """Return the number of a key."""
        found = self.values.get(key)
        is_number = isinstance(found, (int, float)) and not isinstance(found, bool)
        return float(found) if is_number and isinstance(found, (int, float)) else None


def read_header(path: Path) -> Header:
    """Return the header of a GGUF file.

    Raises:
        WeightsError: where it is none, is cut off, or contradicts itself.
    """
    with reading(path), path.open("rb", buffering=2**18) as file:
        return _Walk(file, path).header()


class _Walk:
    """One walk through a header, which never goes past the end of the file or of the limits."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path = file, path
        self._size = path.stat().st_size
        self._place = 0
        self._texts = 0
        self._order = "<"
        self._version = 0

    def header(self) -> Header:
        """Walk from the first byte to the start of the weights."""
        self._begin()
        tensor_count, key_count = self._count(), self._count()
        self._at_most("tensors", tensor_count, _MOST_TENSORS)
        self._at_most("keys", key_count, _MOST_KEYS)
        values = self._values(key_count)
        alignment = self._alignment(values)
        found: dict[str, tuple[Tensor, int]] = {}
        for _ in range(tensor_count):
            tensor, offset = self._tensor(alignment)
            if tensor.name in found:
                self._fail(f"it has the tensor `{tensor.name}` twice")
            found[tensor.name] = tensor, offset
        start = -(-self._place // alignment) * alignment
        self._check_ends(found, start)
        tensors = tuple(tensor for tensor, _ in found.values())
        return Header(self._path, self._version, values, tensors, max(0, self._size - start))

    def _begin(self) -> None:
        magic = self._take(4)
        if magic != b"GGUF":
            self._fail(f"it begins with {magic!r} and a GGUF file begins with b'GGUF'")
        raw = self._take(4)
        # Version 1 to 3 in the lower half tells the order of bytes.
        self._order = "<" if raw[:2] != b"\0\0" else ">"
        self._version = struct.unpack(f"{self._order}I", raw)[0]
        if not 1 <= self._version <= 3:
            self._fail(f"it is of version {self._version} and versions 1 to 3 can be read")

    def _values(self, count: int) -> dict[str, Value]:
        values: dict[str, Value] = {}
        seen: set[str] = set()
        for _ in range(count):
            key = self._name("key")
            if key in seen:
                self._fail(f"it has the key `{key}` twice")
            seen.add(key)
            value = self._value(self._number("I"), key, 0)
            if value is not None:
                values[key] = value
        return values

    def _value(self, kind: int, key: str, depth: int) -> Value | None:
        if kind in _NUMBERS:
            return self._number(_NUMBERS[kind])
        if kind == _BOOLEAN:
            return self._take(1) != b"\0"
        if kind == _TEXT:
            length = self._count()
            if length <= _LONGEST_TEXT:
                return self._take(length)
            self._skip(length)
            return None
        if kind == _ARRAY:
            return self._array(key, depth)
        return self._fail(f"its key `{key}` is of the type {kind}, which is not known")

    def _array(self, key: str, depth: int) -> Value | None:
        """Return an array of numbers; step over any other."""
        if depth >= _DEEPEST_ARRAY:
            self._fail(f"its key `{key}` is an array of arrays of arrays")
        kind, count = self._number("I"), self._count()
        if kind in _NUMBERS or kind == _BOOLEAN:
            form = _NUMBERS.get(kind, "?")
            size = struct.calcsize(f"<{form}")
            if count > _LONGEST_ARRAY:
                self._skip(count * size)
                return None
            return list(struct.unpack(f"{self._order}{count}{form}", self._take(count * size)))
        self._texts += count
        self._at_most("texts and arrays in arrays", self._texts, _MOST_TEXTS)
        if kind == _TEXT:
            self._skip_texts(count)
        else:
            for _ in range(count):
                self._value(kind, key, depth + 1)
        return None

    def _tensor(self, alignment: int) -> tuple[Tensor, int]:
        name = self._name("tensor")
        count = self._number("I")
        if count > _MOST_DIMENSIONS:
            self._fail(f"its tensor `{name}` has {count:,} dimensions; at most 8 are possible")
        shape = tuple(self._count() for _ in range(count))[::-1]
        if prod(shape) > _LARGEST:
            self._fail(f"its tensor `{name}` has the impossible shape {list(shape)}")
        number, offset = self._number("I"), self._number("Q")
        if offset % alignment:
            self._fail(f"its tensor `{name}` is not aligned to {alignment} bytes")
        kind = block_types().get(number, BlockType(f"type {number}"))
        return Tensor(name, kind.name, shape, self._size_of(name, shape, kind)), offset

    def _size_of(self, name: str, shape: tuple[int, ...], kind: BlockType) -> int | None:
        if kind.weights is None or kind.size is None:
            return None
        row = shape[-1] if shape else 1
        if row % kind.weights:
            self._fail(
                f"its tensor `{name}` has rows of {row:,} and {kind.name} has blocks of "
                f"{kind.weights}"
            )
        return prod(shape) // kind.weights * kind.size

    def _check_ends(self, found: dict[str, tuple[Tensor, int]], start: int) -> None:
        total = 0
        for tensor, offset in found.values():
            end = start + offset + (tensor.size or 0)
            total += tensor.size or 0
            if end > self._size:
                self._fail(
                    f"its tensor `{tensor.name}` ends at byte {end:,} and the file has "
                    f"{self._size:,}"
                )
        if total > max(0, self._size - start):
            self._fail(f"its tensors have {total:,} bytes and overlap, since the file has fewer")

    def _alignment(self, values: dict[str, Value]) -> int:
        found = values.get(_ALIGNMENT, 32)
        if not isinstance(found, int) or not 0 < found <= 2**20 or found & (found - 1):
            self._fail(f"its `{_ALIGNMENT}` is {found!r} and a power of two is expected")
        return int(found)

    def _name(self, what: str) -> str:
        length = self._count()
        if length > _LONGEST_NAME:
            self._fail(f"a {what} has a name of {length:,} bytes; at most 65,535 are possible")
        data = self._take(length)
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return self._fail(f"a {what} has the name {data[:40]!r}, which is no UTF-8")

    def _count(self) -> int:
        """Return a count, length or size: of 32 bits in version 1, of 64 bits since."""
        found = self._number("I" if self._version == 1 else "Q")
        if found > _LARGEST:
            self._fail(f"it has a length of {found:,}, which is negative or impossible")
        return found

    def _number(self, form: str) -> int:
        """Return a number; those of metadata may be fractions."""
        size = struct.calcsize(f"<{form}")
        number: int = struct.unpack(self._order + form, self._take(size))[0]
        return number

    def _take(self, size: int) -> bytes:
        self._check(size)
        data = self._file.read(size)
        if len(data) < size:
            self._fail("it was cut off while it was read")
        self._place += size
        return data

    def _skip(self, size: int) -> None:
        self._check(size)
        self._file.seek(size, 1)
        self._place += size

    def _skip_texts(self, count: int) -> None:
        """Step over texts one after another: there are hundreds of thousands in a vocabulary."""
        read, from_bytes = self._file.read, int.from_bytes
        width = 4 if self._version == 1 else 8
        order: Literal["little", "big"] = "little" if self._order == "<" else "big"
        end = min(self._size, _LONGEST_HEADER)
        place = self._place
        for _ in range(count):
            length = from_bytes(read(width), order)
            place += width + length
            if place > end:
                self._check(place - self._place)
            if length <= _LONGEST_TEXT:
                read(length)
            else:
                self._file.seek(length, 1)
        self._place = place

    def _check(self, size: int) -> None:
        if self._place + size > self._size:
            self._fail(f"its header is cut off: {size:,} bytes are expected and the file ends")
        if self._place + size > _LONGEST_HEADER:
            self._fail(f"its header is longer than {_LONGEST_HEADER:,} bytes")

    def _at_most(self, what: str, count: int, most: int) -> None:
        if count > most:
            self._fail(f"it says that it has {count:,} {what}; at most {most:,} can be read")

    def _fail(self, what: str) -> NoReturn:
        raise WeightsError(str(self._path), f"{what} (at byte {self._place:,})", AGAIN)
