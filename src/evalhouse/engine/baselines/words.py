"""Words of texts in any script."""

from __future__ import annotations

import re
import unicodedata

_TOGETHER, _ALONE, _SPACE, _SIGN = "w", "c", " ", "s"
_UNSPACED = ("CJK ", "HIRAGANA ", "KATAKANA", "THAI ", "LAO ", "KHMER ", "MYANMAR ")
"""How Unicode's names of characters begin in scripts that put no space between words."""

_WORD = re.compile(f"{_TOGETHER}{{2,}}|{_ALONE}")
_PIECE = re.compile(f"{_TOGETHER}+|{_ALONE}|{_SIGN}")


class _Signs(dict[int, str]):
    """What each character does, worked out when it is first met: a letter stands for its kind."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        is_mark = unicodedata.category(sign)[0] == "M"  # a vowel of Hindi is a mark on a letter
        if sign.isspace():
            kind = _SPACE
        elif not (sign.isalnum() or is_mark or sign == "_"):
            kind = _SIGN
        else:
            is_alone = unicodedata.name(sign, "").startswith(_UNSPACED)
            kind = _ALONE if is_alone else _TOGETHER
        self[code] = kind
        return kind


_SIGNS = _Signs()


def words(text: str) -> list[str]:
    """Return the words of a text in lower case.

    Words are two or more letters, digits, marks and underscores in a row; in scripts that put no
    space between words, each character is one.

    Example:
        >>> words("I don't like 你好!")
        ['don', 'like', '你', '好']
    """
    lowered = text.lower()
    return [lowered[found.start() : found.end()] for found in _WORD.finditer(_kinds(lowered))]


def pieces(text: str) -> list[tuple[int, int]]:
    """Return where the pieces of a text begin and end: words of any length, and single signs.

    Example:
        >>> pieces("a car!")
        [(0, 1), (2, 5), (5, 6)]
    """
    return [found.span() for found in _PIECE.finditer(_kinds(text))]


def _kinds(text: str) -> str:
    return text.translate(_SIGNS)
