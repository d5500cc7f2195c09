"""A column of text cells as pandas reads it from CSV and codebook-lab then sees it.

codebook-lab leaves the types of both files to `pandas.read_csv`, fills what is missing with empty
text and turns everything into text again. So `1` beside an empty cell comes back as `1.0`, `007`
as `7`, `true` as `True`, and the answers `None` and `NA` as no answer. This is that detour without
pandas (the rules of pandas 3, as fuzzed against 3.1.1).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal[
    "empty", "integer", "unsigned", "gapped", "giant", "float", "boolean", "text", "untouched"
]

MISSING = frozenset(
    {
        *(
            "",
            "#N/A",
            "#N/A N/A",
            "#NA",
            "-1.#IND",
            "-1.#QNAN",
            "-NaN",
            "-nan",
            "1.#IND",
            "1.#QNAN",
        ),
        *("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
    }
)
"""Cells that pandas reads as missing, whether quoted or not."""

_SPACES = " \t\n\v\f\r"
_SPACE = rf"[{_SPACES}]*"
_INTEGER = re.compile(rf"{_SPACE}([+-]?[0-9]+){_SPACE}")
_FLOAT = re.compile(
    rf"{_SPACE}[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?{_SPACE}"
    r"|[+-]?[iI][nN][fF](?:[iI][nN][iI][tT][yY])?"
)
_BOOLEAN = re.compile(r"true|false", re.IGNORECASE | re.ASCII)
_INT64 = range(-(2**63), 2**63)
_UINT64 = range(2**64)
_TABLE = 2**20  # cells that pandas takes in at once before it settles the types of columns


@dataclass(frozen=True)
class Column:
    """Text by row, equal cells held once: `codes` (n,) index `texts`, whose members may repeat."""

    codes: NDArray[np.int64]
    texts: tuple[str, ...]

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.codes)

    @property
    def rows(self) -> list[str]:
        """The text of each row."""
        return [self.texts[code] for code in self.codes.tolist()]

    def map(self, change: Callable[[str], str]) -> Column:
        """Change each text."""
        return Column(self.codes, tuple(map(change, self.texts)))

    def where(self, holds: Callable[[str], bool]) -> NDArray[np.bool_]:
        """Say for each row whether its text has a property."""
        return np.array([holds(text) for text in self.texts], bool)[self.codes]

    def kept(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Column:
        """Return some of the rows."""
        return Column(self.codes[rows], self.texts)


def column(cells: Iterable[str]) -> Column:
    """Hold equal cells once."""
    place: dict[str, int] = {}
    codes = [place.setdefault(cell, len(place)) for cell in cells]
    return Column(np.array(codes, np.int64), tuple(place))


def inferred(
    cells: Sequence[str], *, width: int = 1, length: int = 0, has_missing: bool = True
) -> Column:
    """Read cells as pandas infers them.

    Args:
        cells: (n,) the unquoted text of one column.
        width: how many columns the file has. Pandas settles the types of a block of rows at a
            time, and wider files have shorter blocks.
        length: how many rows to fill up to, as for a file that is shorter than the other; whole
            numbers then become decimals.
        has_missing: whether words such as `NA` are missing; without, only text is seen.
    """
    size = rows_at_once(width)
    blocks = [cells[start : start + size] for start in range(0, len(cells), size)]
    read = [_block(block, MISSING if has_missing else frozenset()) for block in blocks]
    kinds = {block.kind for block in read} | ({"empty"} if length > len(cells) else set())
    # Blocks of numbers of any kind become floats together; others keep what each was read as.
    joined = len(kinds) > 1 and kinds <= {"empty", "integer", "unsigned", "gapped", "float"}
    parts = [block.column(is_joined=joined) for block in read]
    return _joined([*parts, column([""] * (length - len(cells)))])


def rows_at_once(width: int) -> int:
    """Return how many rows of a file of `width` columns pandas reads before it settles types."""
    most = _TABLE // max(width, 1)
    size = 1
    while size * 2 < most:
        size *= 2
    return size


def number(text: str) -> float | None:
    """Return the number that pandas reads in a text, or `None`."""
    return float(text) if _FLOAT.fullmatch(text) else None


@dataclass(frozen=True)
class _Block:
    found: Column
    missing: frozenset[str]
    kind: Kind

    def column(self, *, is_joined: bool) -> Column:
        if self.kind == "untouched":
            return self.found
        whole = is_joined and self.kind in ("integer", "unsigned")
        write = _WRITERS["gapped" if whole else self.kind]
        return self.found.map(lambda text: "" if text in self.missing else write(text))


def _block(cells: Sequence[str], missing: frozenset[str]) -> _Block:
    found = column(cells)
    present = [text for text in found.texts if text not in missing]
    return _Block(found, missing, _kind(present, has_gaps=len(present) < len(found.texts)))


def _kind(texts: Sequence[str], *, has_gaps: bool) -> Kind:
    """Try one type after the other, in the order of pandas."""
    if not texts:
        return "empty"
    kind = _integer_kind(texts, has_gaps=has_gaps)
    if kind is not None:
        return kind
    if all(map(_FLOAT.fullmatch, texts)):
        return "float"
    return "boolean" if all(map(_BOOLEAN.fullmatch, texts)) else "text"


def _integer_kind(texts: Sequence[str], *, has_gaps: bool) -> Kind | None:
    """Read whole numbers of 64 bits; `None` if these are none.

    The first cell that fails decides, whatever comes after it.
    """
    for text in texts:
        if not _INTEGER.fullmatch(text):
            return None
        if not _fits(text, _INT64):
            return _unsigned_kind(texts, has_gaps=has_gaps)
    return "gapped" if has_gaps else "integer"


def _unsigned_kind(texts: Sequence[str], *, has_gaps: bool) -> Kind | None:
    """Read whole numbers without a sign; what begins with a minus is only noted."""
    plain = [text for text in texts if not text.lstrip(_SPACES).startswith("-")]
    for text in plain:
        if not _INTEGER.fullmatch(text):
            return None
        if not _fits(text, _UINT64):
            return _giant_kind(texts)
    if all(_fits(text, _INT64) for text in plain):
        return _giant_kind(texts)
    return "untouched" if has_gaps or len(plain) < len(texts) else "unsigned"


def _giant_kind(texts: Sequence[str]) -> Kind:
    """Read whole numbers of any size; text is kept as it is, words for missing too."""
    try:
        list(map(int, texts))
    except ValueError:  # also for more digits than Python converts
        return "untouched"
    return "giant"


def _fits(text: str, numbers: range) -> bool:
    digits = text.strip(_SPACES + "+-").lstrip("0")
    # Twenty digits hold all of them, and Python converts no number of thousands.
    return len(digits) <= 20 and int(text) in numbers


def _joined(columns: Sequence[Column]) -> Column:
    offsets = np.cumsum([0, *(len(part.texts) for part in columns)])
    codes = [part.codes + offset for part, offset in zip(columns, offsets, strict=False)]
    texts = tuple(text for part in columns for text in part.texts)
    return Column(np.concatenate([np.empty(0, np.int64), *codes]), texts)


def _whole(text: str) -> str:
    return str(int(text))


_WRITERS: dict[Kind, Callable[[str], str]] = {
    "empty": str,
    "integer": _whole,
    "unsigned": _whole,
    "gapped": lambda text: str(float(int(text))),
    "giant": _whole,
    "float": lambda text: str(float(text)),
    "boolean": str.capitalize,
    "text": str,
}
