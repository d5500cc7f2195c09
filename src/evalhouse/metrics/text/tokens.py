"""Texts as tokens, and tokens as the characters of a string.

A sequence of tokens is held as a string with one code point for each distinct token: it is small,
and what is made to compare strings fast compares sequences of words as fast. What a word between
two spaces is made of is worked out once for each distinct word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby, islice

from evalhouse.errors import UnknownNameError, UsageError

_CODE_POINTS = 0x110000
_ROOM = _CODE_POINTS // 2  # what is left for the distinct tokens of one unit

_ALWAYS_APART = str.maketrans({sign: f" {sign} " for sign in '{|}~[\\]^_`!"#$%&()*+:;<=>?@/'})
_ENTITIES = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))
# A point or comma stays where it stands alone between two digits. Those in a row are left to
# `_separated_run`.
_LONE = re.compile(r"([.,])(?![.,])(?:(?<![0-9.,].)|(?<![.,].)(?![0-9]))")
_RUN = re.compile(r"[.,]{2,}")
_DASH = re.compile(r"-(?<=[0-9]-)")


def itself(word: str) -> Sequence[str]:
    """Take a word as one token."""
    return (word,)


@dataclass(frozen=True)
class Tokenizer:
    """How a text becomes tokens: `split` makes words of it, and `parts` tokens of a word."""

    split: Callable[[str], Iterable[str]] = str.split
    parts: Callable[[str], Sequence[str]] = itself

    def __call__(self, text: str) -> list[str]:
        """Return the tokens of a text."""
        return [token for word in self.split(text) for token in self.parts(word)]


class Codes(dict[str, str]):
    """The tokens of every word, each a code point."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__()
        self._tokenizer = tokenizer
        self._codes: dict[str, str] = {}

    def __missing__(self, word: str) -> str:
        """Work out the tokens of a new word."""
        known = self._codes
        parts = self._tokenizer.parts(word)
        if len(known) + len(parts) > _CODE_POINTS:
            raise UsageError(
                "a text has too many distinct words, more than half a million; divide it"
            )
        self[word] = codes = "".join([known.setdefault(part, chr(len(known))) for part in parts])
        return codes

    def encode(self, texts: Iterable[str], sizes: Iterable[int]) -> list[str]:
        """Turn texts into strings of codes; `sizes` says how many texts in a row are compared.

        Codes are the same within a unit, and may change between units: that keeps any number of
        distinct words within the code points that there are.
        """
        source, codes = iter(texts), list[str]()
        split, lookup = self._tokenizer.split, self.__getitem__
        for size in sizes:
            if len(self._codes) > _ROOM:
                self.clear()
                self._codes.clear()
            codes += ["".join(map(lookup, split(text))) for text in islice(source, size)]
        return codes


def encoded(texts: Iterable[str], sizes: Iterable[int], tokenizer: Tokenizer) -> list[str]:
    """Turn texts into strings with a code point for each token; see `Codes.encode`."""
    return Codes(tokenizer).encode(texts, sizes)


def _lines_mended(text: str) -> Iterable[str]:
    text = text.rstrip().replace("<skipped>", "")
    return (text.replace("-\n", "") if "\n" in text else text).split()


def _mteval_parts(word: str) -> Sequence[str]:
    if word.isalnum():
        return (word,)
    for entity, sign in _ENTITIES:
        word = word.replace(entity, sign)
    apart = _LONE.sub(r" \1 ", f" {word.translate(_ALWAYS_APART)} ")
    return _DASH.sub(" - ", _RUN.sub(_separated_run, apart)).split()


def _separated_run(found: re.Match[str]) -> str:
    # The definition takes such signs in twos from the left. What comes of it: all of them stand
    # alone, but the last stays with a number behind it when their count is odd behind a number,
    # and even elsewhere.
    run, whole = found[0], found.string
    follows_number, precedes_number = (
        whole[place].isascii() and whole[place].isdigit()
        for place in (found.start() - 1, found.end())
    )
    stays = precedes_number and (len(run) % 2 == 1) == follows_number
    return f" {' '.join(run)}{'' if stays else ' '}"


def _solid(text: str) -> str:
    return "".join(text.split())


def _ends_marked(text: str) -> list[str]:
    # What stands at the very ends of a text has no space beside it, which makes a difference.
    words = text.split()
    if words:
        words[0] = words[0] if text[0].isspace() else f"\n{words[0]}"
        words[-1] += "\n"
    return words


def _international_parts(word: str) -> Sequence[str]:
    bare = word.strip("\n")
    if bare.isalnum():
        return (bare,)
    before, after, symbol = _international_patterns()
    left, right = ("" if end == "\n" else " " for end in (word[0], word[-1]))
    text = f"{left}{bare}{right}"
    return symbol.sub(r" \1 ", after.sub(r" \1 \2", before.sub(r"\1 \2 ", text))).split()


@cache
def _international_patterns() -> tuple[re.Pattern[str], ...]:
    signs = dict.fromkeys("NPS", "")
    for kind, run in groupby(map(chr, range(_CODE_POINTS)), _kind):
        if kind in signs:
            first, *rest = run
            signs[kind] += f"{re.escape(first)}-{re.escape(rest[-1] if rest else first)}"
    numbers, marks, symbols = signs.values()
    patterns = f"([^{numbers}])([{marks}])", f"([{marks}])([^{numbers}])", f"([{symbols}])"
    return tuple(map(re.compile, patterns))


def _kind(sign: str) -> str:
    return unicodedata.category(sign)[0]


TOKENIZERS: dict[str, Tokenizer] = {
    # NIST's mteval-v13a: apart at punctuation, but not inside of numbers.
    "13a": Tokenizer(_lines_mended, _mteval_parts),
    "none": Tokenizer(),
    "char": Tokenizer(_solid),
    # mteval-v14 by Unicode's categories, as this Python's `unicodedata` knows them.
    "intl": Tokenizer(_ends_marked, _international_parts),
}
"""Those of sacrebleu, by its names."""


def tokenizer_named(name: str) -> Tokenizer:
    """Return one of `TOKENIZERS`.

    Raises:
        UnknownNameError: for another name.

    Example:
        >>> tokenizer_named("13a")("It cost $1,000.50, (or more).")
        ['It', 'cost', '$', '1,000.50', ',', '(', 'or', 'more', ')', '.']
    """
    if name not in TOKENIZERS:
        raise UnknownNameError("tokenizer", name, TOKENIZERS)
    return TOKENIZERS[name]
