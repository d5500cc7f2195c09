"""Where the tokens of texts lie, found for many texts at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Alignment = Literal["expand", "contract"]
ALIGNMENTS: tuple[Alignment, ...] = ("expand", "contract")

_UNKNOWN, _SPACE, _WORD, _SIGN = range(4)
_CHARACTERS = 0x110000
_BLOCK = 1 << 20  # characters at a time, so that what is worked on stays near the processor


def is_word_character(character: str) -> bool:
    """Whether a character belongs to a word: letters, numbers, marks, connectors and joiners.

    So UTS #18, annex C, defines word characters. Python's `re` counts no marks and no connectors
    but the underscore, which breaks words of Hindi or Thai at their vowels.
    """
    return (
        character.isalnum()
        or unicodedata.category(character) in {"Mn", "Mc", "Me", "Pc"}
        or character in "\u200c\u200d"
    )


@dataclass(frozen=True)
class TokenMap:
    """The tokens of many texts, numbered through.

    `offsets` (n + 1,) are the places of texts in one long row of characters, in which a gap
    follows each text. Before a place start `before` tokens, and `inside` says that a token goes
    on across it.
    """

    offsets: Integers
    before: NDArray[np.int32]
    inside: NDArray[np.bool_]

    @property
    def lengths(self) -> Integers:
        """How many characters each text has (n,)."""
        return np.diff(self.offsets) - 1

    @property
    def edges(self) -> Integers:
        """The numbers of the first token of each text and, at the end, how many there are."""
        return self.before[self.offsets].astype(np.int64)

    def covered(
        self, texts: Integers, starts: Integers, ends: Integers, alignment: Alignment
    ) -> tuple[Integers, Integers]:
        """Return the tokens that spans hold, as their first number and the one behind the last.

        Args:
            texts: (s,) the text of each span.
            starts: (s,) offsets of characters within the texts, already clipped to them.
            ends: (s,) likewise, exclusive.
            alignment: "expand" takes tokens of which any character is in the span, "contract"
                those that lie in it wholly.
        """
        first, last = self.offsets[texts] + starts, self.offsets[texts] + ends
        if alignment == "expand":
            low, high = self.before[first] - self.inside[first], self.before[last]
        else:
            low, high = self.before[first], self.before[last] - self.inside[last]
        return low.astype(np.int64), np.maximum(high, low).astype(np.int64)


def token_map(texts: Sequence[str], is_word: Callable[[str], bool] = is_word_character) -> TokenMap:
    """Find the tokens of texts: each run of word characters, and each sign that is no space.

    Example:
        >>> found = token_map(["it's late", "no!"])
        >>> found.edges
        array([0, 4, 6])
    """
    lengths = np.fromiter(map(len, texts), np.int64, len(texts)) + 1
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    kinds = _kinds("\n".join(texts) + "\n", is_word)
    words = kinds == _WORD
    inside = np.zeros(len(kinds) + 1, bool)
    np.logical_and(words[1:], words[:-1], out=inside[1:-1])
    before = np.zeros(len(kinds) + 1, np.int32)
    np.cumsum((kinds > _SPACE) & ~inside[:-1], out=before[1:])
    return TokenMap(offsets, before, inside)


def _kinds(characters: str, is_word: Callable[[str], bool]) -> NDArray[np.uint8]:
    """Tell spaces, parts of words, and signs apart."""
    known = np.full(_CHARACTERS, _UNKNOWN, np.uint8)
    parts = [
        _looked_up(characters[start : start + _BLOCK], known, is_word)
        for start in range(0, len(characters), _BLOCK)
    ]
    return np.concatenate([*parts, np.empty(0, np.uint8)])


def _looked_up(
    characters: str, known: NDArray[np.uint8], is_word: Callable[[str], bool]
) -> NDArray[np.uint8]:
    codes = np.frombuffer(characters.encode("utf-32-le", "surrogatepass"), np.uint32)
    found = known[codes]
    new = codes[found == _UNKNOWN]
    if not len(new):
        return found
    for code in np.flatnonzero(np.bincount(new)).tolist():
        character = chr(code)
        known[code] = _WORD if is_word(character) else _SPACE if character.isspace() else _SIGN
    return known[codes]
