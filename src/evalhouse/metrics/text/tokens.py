"""Texts as tokens, and tokens as the characters of a string.

A sequence of tokens is held as a string with one code point for each distinct token: it is small,
and what is made to compare strings fast compares sequences of words as fast.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from evalhouse.errors import UnknownNameError, UsageError

Words = list[str]
Tokenizer = Callable[[Sequence[str]], list[Words]]

_CODE_POINTS = 0x110000
_ROOM = _CODE_POINTS // 2  # what is left for the distinct tokens of one unit

_SPLIT_ALWAYS = '{|}~[\\]^_`!"#$%&()*+:;<=>?@/'
_ENTITIES = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))
# A point or comma stays where it stands alone between two digits. Those in a row are left to
# `_separated_run`.
_LONE_POINT, _LONE_COMMA = (
    re.compile(rf"(?<![0-9.,]){sign}(?![.,])|(?<![.,]){sign}(?![0-9.,])") for sign in (r"\.", ",")
)
_RUN = re.compile(r"[.,]{2,}")
_DASH = re.compile(r"(?<=[0-9])-")


class Vocabulary(dict[str, str]):
    """A code point for every word; words of one `form` (a stem, say) share theirs."""

    def __init__(self, form: Callable[[str], str] = str) -> None:
        super().__init__()
        self._form = form
        self._codes: dict[str, str] = {}

    def __missing__(self, word: str) -> str:
        """Give a new word the code of its form."""
        form = self._form(word)
        if form not in self._codes:
            if len(self._codes) == _CODE_POINTS:
                raise UsageError("a text has more than half a million distinct words; divide it")
            self._codes[form] = chr(len(self._codes))
        self[word] = code = self._codes[form]
        return code

    def encode(self, texts: Iterable[Iterable[str]], sizes: Sequence[int]) -> list[str]:
        """Turn texts into strings of codes; `sizes` says how many texts in a row are compared.

        Codes are the same within a unit, and may change between units: that keeps any number of
        distinct words within the code points that there are.
        """
        source, codes, lookup = iter(texts), list[str](), self.__getitem__
        for size in sizes:
            if len(self._codes) > _ROOM:
                self.clear()
                self._codes.clear()
            codes += ["".join(map(lookup, words)) for words in islice(source, size)]
        return codes


def tokenised(texts: Sequence[str], tokenizer: str) -> list[Words]:
    """Split texts into tokens as sacrebleu's tokenizer of that name does.

    Raises:
        UnknownNameError: for another name than those of `TOKENIZERS`.
    """
    if tokenizer not in TOKENIZERS:
        raise UnknownNameError("tokenizer", tokenizer, TOKENIZERS)
    return TOKENIZERS[tokenizer](texts)


def split_words(texts: Sequence[str]) -> list[Words]:
    """Split at white space alone."""
    return [text.split() for text in texts]


def split_characters(texts: Sequence[str]) -> list[Words]:
    """Take every character that is no white space as a token."""
    return [list("".join(text.split())) for text in texts]


def split_mteval(texts: Sequence[str]) -> list[Words]:
    """Split as NIST's mteval-v13a does: at punctuation, but not inside of numbers.

    Example:
        >>> split_mteval(["It cost $1,000.50, (or more)."])
        [['It', 'cost', '$', '1,000.50', ',', '(', 'or', 'more', ')', '.']]
    """
    # All lines are worked on as one string: a call for each sign, not for each line and sign.
    whole = "\n".join(f" {_unescaped(text)} " for text in texts)
    for sign in _SPLIT_ALWAYS:
        whole = whole.replace(sign, f" {sign} ")
    whole = _LONE_POINT.sub(" . ", whole)
    whole = _LONE_COMMA.sub(" , ", whole)
    whole = _RUN.sub(_separated_run, whole)
    whole = _DASH.sub(" - ", whole)
    return [line.split() for line in whole.split("\n")] if texts else []


def split_international(texts: Sequence[str]) -> list[Words]:
    r"""Split as mteval-v14's international tokenization does, by Unicode's categories.

    The categories are those of this Python's `unicodedata`, so characters that are newer than it
    belong to none.

    Example:
        >>> split_international(["«Ça va?» 3,5€"])
        [['«', 'Ça', 'va', '?', '»', '3,5', '€']]
    """
    used = set[str]().union(*texts)
    numbers, marks, symbols = (_class(used, category) for category in "NPS")
    before = re.compile(f"([^{numbers}])([{marks}])", re.DOTALL)
    after = re.compile(f"([{marks}])([^{numbers}])", re.DOTALL)
    symbol = re.compile(f"([{symbols}])")
    return [
        symbol.sub(r" \1 ", after.sub(r" \1 \2", before.sub(r"\1 \2 ", text.rstrip()))).split()
        for text in texts
    ]


TOKENIZERS: dict[str, Tokenizer] = {
    "13a": split_mteval,
    "none": split_words,
    "char": split_characters,
    "intl": split_international,
}
"""By sacrebleu's names."""


def _unescaped(text: str) -> str:
    line = text.rstrip().replace("<skipped>", "")
    if "\n" in line:
        line = line.replace("-\n", "").replace("\n", " ")
    if "&" in line:
        for entity, sign in _ENTITIES:
            line = line.replace(entity, sign)
    return line


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


def _class(used: set[str], category: str) -> str:
    # A class in a pattern cannot be empty, so it also has a character that is in no text.
    spare = next(sign for sign in map(chr, range(_CODE_POINTS)) if sign not in used)
    found = (sign for sign in sorted(used) if unicodedata.category(sign).startswith(category))
    return re.escape(spare) + "".join(map(re.escape, found))
