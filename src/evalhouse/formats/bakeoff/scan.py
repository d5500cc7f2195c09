"""Reading one large JSON object piece by piece: members, and elements of its long lists.

Memory is bounded by the largest piece that is kept. What a piece holds is decoded by whoever asked
for it; here only its borders are found.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Container, Iterator
from typing import IO, Any

import msgspec

from evalhouse.formats.lines import BOM

CHUNK = 1 << 17
_SPACE = b" \t\r\n"
_BORDER = re.compile(rb'["\[\]{}]')
_PLAIN = re.compile(rb'[^"\[\]{}]*+(?:"(?:[^"\\]++|\\.)*+"[^"\[\]{}]*+)*+', re.DOTALL)
_IN_STRING = re.compile(rb'["\\]')
_SCALAR_END = re.compile(rb"[,\]}\s]")


class NotJsonError(Exception):
    """The text stops being JSON at a byte; a reader turns this into a `Problem`."""

    def __init__(self, what: str, offset: int) -> None:
        super().__init__(f"{what} at byte {offset:,}")
        self.what, self.offset = what, offset


class Piece(msgspec.Struct, frozen=True):
    """A member of the object, or an element of a list that is one; `raw` is as written."""

    key: str
    raw: bytes
    offset: int
    index: int | None = None  # of an element
    occurrence: int = 0  # of its key, which may stand there again

    def value(self) -> Any:
        """Return what the piece says.

        Raises:
            NotJsonError: It is no JSON, or nests too deep.
        """
        return decode(self.raw, self.offset)


def decode(raw: bytes, offset: int = 0) -> Any:
    """Return what JSON text says; `NaN` and infinities count as Python writes them."""
    try:
        return json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as failure:
        raise NotJsonError("the text is not UTF-8", offset + failure.start) from None
    except RecursionError:
        raise NotJsonError("the value nests too deep", offset) from None
    except ValueError as failure:
        place = offset + getattr(failure, "pos", 0)
        raise NotJsonError(f"the text is not JSON ({failure})", place) from None


class Hashed:
    """A stream that hashes what is read of it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._digest = stream, hashlib.sha256()

    def read(self, size: int) -> bytes:
        """Return up to so many bytes."""
        data = self._stream.read(size)
        self._digest.update(data)
        return data

    def sha256(self) -> str:
        """Read what is left, and return the hash of the whole."""
        while self.read(CHUNK):
            pass
        return self._digest.hexdigest()


class Scanner:
    """Yields the pieces of the object that a stream holds."""

    def __init__(self, stream: IO[bytes] | Hashed, chunk: int = CHUNK) -> None:
        self._stream, self._chunk = stream, chunk
        self._buffer, self._base, self._place = b"", 0, 0
        self._mark: int | None = None  # absolute; what comes after it is held
        self._counts: dict[str, int] = {}
        self.key: str | None = None  # of the member that is being read

    def pieces(
        self, *, lists: Container[str] = (), skipped: Container[str] = (), inside: str = ""
    ) -> Iterator[Piece]:
        """Yield members; of `lists` each element, of `skipped` the name alone.

        `inside` names the member whose own members are wanted, where they are not at the top.

        Raises:
            NotJsonError: The object is cut off or malformed; what came before was yielded.
        """
        for key, offset in self._members(is_outer=True):
            self.key = key
            if not inside:
                yield from self._member(key, offset, lists, skipped)
            elif key == inside and self._peek() == b"{":
                for inner, place in self._members():
                    yield from self._member(inner, place, lists, skipped)
            else:
                self._value(is_kept=False)
            self.key = None

    def _member(
        self, key: str, offset: int, lists: Container[str], skipped: Container[str]
    ) -> Iterator[Piece]:
        self.key = key
        occurrence = self._counts.get(key, 0)
        self._counts[key] = occurrence + 1
        if key in skipped:
            self._value(is_kept=False)
            yield Piece(key, b"", offset, None, occurrence)
        elif key in lists and self._peek() == b"[":
            for index, place, raw in self._elements():
                yield Piece(key, raw, place, index, occurrence)
        else:
            place = self._here()
            yield Piece(key, self._value(is_kept=True), place, None, occurrence)

    # -- structure -------------------------------------------------------------------------------

    def _members(self, *, is_outer: bool = False) -> Iterator[tuple[str, int]]:
        if is_outer and self._fill(len(BOM)) and self._buffer.startswith(BOM):
            self._place = len(BOM)
        self._expect(b"{")
        if self._peek() == b"}":
            self._place += 1
        else:
            while True:
                offset = self._here()
                yield self._key(), offset
                if self._next(b",}") == b"}":
                    break
        if is_outer and self._peek(may_end=True):
            raise NotJsonError("there is more text after the end of the object", self._here())

    def _key(self) -> str:
        if self._peek() != b'"':
            raise NotJsonError("the name of a member is missing", self._here())
        offset = self._here()
        key = decode(self._value(is_kept=True), offset)
        self._expect(b":")
        self._peek()
        return str(key)

    def _elements(self) -> Iterator[tuple[int, int, bytes]]:
        self._expect(b"[")
        if self._peek() == b"]":
            self._place += 1
            return
        index = 0
        while True:
            offset = self._here()
            yield index, offset, self._value(is_kept=True)
            index += 1
            if self._next(b",]") == b"]":
                return
            self._peek()

    def _value(self, *, is_kept: bool) -> bytes:
        """Pass over a value, and return its text where it is kept."""
        first, start = self._peek(), self._here()
        self._mark = start if is_kept else None
        if first == b'"':
            self._place += 1
            self._string()
        elif first in (b"{", b"["):
            self._nested()
        else:
            self._scalar()
        if not is_kept:
            return b""
        raw = self._buffer[start - self._base : self._place]
        self._mark = None
        if not raw:
            raise NotJsonError("a value is missing", start)
        return raw

    def _nested(self) -> None:
        depth = 0
        while True:
            plain = _PLAIN.match(self._buffer, self._place)  # strings that end here, numbers
            self._place = plain.end() if plain else self._place
            sign = self._seek(_BORDER)
            if sign == b'"':
                self._string()
            else:
                depth += 1 if sign in b"[{" else -1
            if depth == 0:
                return

    def _string(self) -> None:
        """Pass over the rest of a string."""
        while self._seek(_IN_STRING) == b"\\":
            if not self._fill(1):
                raise self._cut()
            self._place += 1

    def _scalar(self) -> None:
        while not (found := _SCALAR_END.search(self._buffer, self._place)):
            self._place = len(self._buffer)
            if not self._fill(1):
                return
        self._place = found.start()

    # -- bytes -----------------------------------------------------------------------------------

    def _here(self) -> int:
        return self._base + self._place

    def _cut(self) -> NotJsonError:
        return NotJsonError("the text ends in the middle", self._here())

    def _seek(self, pattern: re.Pattern[bytes]) -> bytes:
        """Go behind the next sign that fits, and return it."""
        while not (found := pattern.search(self._buffer, self._place)):
            self._place = len(self._buffer)
            if not self._fill(1):
                raise self._cut()
        self._place = found.end()
        return found[0]

    def _peek(self, *, may_end: bool = False) -> bytes:
        """Return the next byte that is no space, without passing it."""
        while True:
            while self._place < len(self._buffer):
                sign = self._buffer[self._place : self._place + 1]
                if sign not in _SPACE:
                    return sign
                self._place += 1
            if not self._fill(1):
                if may_end:
                    return b""
                raise self._cut()

    def _next(self, wanted: bytes) -> bytes:
        sign = self._peek()
        if sign not in wanted:
            spelled = " or ".join(f"`{chr(letter)}`" for letter in wanted)
            raise NotJsonError(f"{spelled} is missing", self._here())
        self._place += 1
        return sign

    def _expect(self, sign: bytes) -> None:
        self._next(sign)

    def _fill(self, count: int) -> bool:
        """Have at least so many bytes ahead; False where the stream ends before."""
        while len(self._buffer) - self._place < count:
            data = self._stream.read(self._chunk)
            if not data:
                return False
            held = self._place if self._mark is None else self._mark - self._base
            self._buffer = self._buffer[held:] + data
            self._base += held
            self._place -= held
        return True
