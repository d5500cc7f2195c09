r"""Which option a reply in words chooses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from evalhouse.errors import UsageError
from evalhouse.metrics.labels import Absent, Labels, encode, is_missing

_MARKS = str.maketrans({"*": "", "`": "", "$": "", "[": "(", "]": ")", "{": "(", "}": ")"})
_LATEX = re.compile(r"\\(?:text|textbf|mathrm|mathbf|boxed|left|right)\b\s*")
_BOX = re.compile(r"\\boxed\s*\{((?:[^{}]|\{[^{}]{0,40}\}){0,40})\}")
_STATED = re.compile(
    r"""
    (?<!incorrect\s)(?<!wrong\s)
    (?: \b(?:answer|choice|(?:correct|right|best)\soption)
        (?:\s(?:is|would\sbe|should\sbe|must\sbe)\b:?|\s*[:=])
      | \bI(?:\swould|'d|\swill|'ll)?\s(?:choose|pick|select|go\swith)\b
      | \bit(?:'s|\sis|\smust\sbe|\sshould\sbe)\b )
    (?:\s(?:therefore|thus|clearly|simply|probably|most\slikely))?
    (?:\s(?:the\s)?(?:option|choice|letter|answer))?:?
    """,
    re.IGNORECASE | re.VERBOSE,
)
_PRAISED = re.compile(
    r"\sis\s(?:(?:the|most\slikely|clearly)\s)*(?:correct|right|best)\b", re.IGNORECASE
)
_DENIED = re.compile(
    r"(?:\b(?:not|than|except|rules?\sout|ruled\sout|ruling\sout|eliminate|eliminated|eliminating)|n't)"
    r"(?:\s(?:for|sure|certain|clear|if|that|whether|the|options?|choices?|answers?))*[\s(]*$",
    re.IGNORECASE,
)
_REACH = 60  # characters before a letter that may deny it
_AFTER_SMALL = re.compile(r"\s*(?:[.,;:!?)]|$)")
_AFTER_WORD = re.compile(r"\s*(?:[.,;:!?)(/&-]|$|(?:because|since|as|for|or|and|is)\b)")
_WORDS = "AI"  # capitals that are words themselves: an article, a pronoun
_NEXT = re.compile(r"\s*(?:,|/|&|\bor\b|\band\b)(?:\s(?:or|and)\b)?", re.IGNORECASE)


def option_letter(reply: Any, options: str = "ABCD") -> str | Absent:
    r"""Return the letter of the option that a reply chooses.

    The first of these rules that finds a letter decides, and it must find one letter only:

    1. the reply is the letter: `B`, `(b)`, `B.`, `**B**`, `Option B`;
    2. a box holds it: `\boxed{B}`;
    3. the reply states it: "the answer is (B)", "Answer: B", "I choose B", "B is correct";
    4. its first or its last line is the letter, as in rule 1;
    5. a line starts with it and a mark: `B. Paris`, `(B) Paris`, `B: Paris`;
    6. it is the only letter in brackets or in bold: "That makes (B) likely".

    A letter that is denied ("not (B)", "rather than B") is not found. Small letters count where
    nothing else can be meant, and "A" and "I" are not taken for words.

    Args:
        reply: what was written; `None` and NaN are `Absent.MISSING`, `Absent` is itself.
        options: the letters (or digits) of the options, in capitals.

    Returns:
        One of `options`; `Absent.INVALID` where no rule finds one or a rule finds several.

    Raises:
        UsageError: for options that are not different capitals or digits.

    Example:
        >>> option_letter("The answer is (B), because Paris is the capital.")
        'B'
        >>> option_letter("It could be B or C.")
        <Absent.INVALID: -3>
    """
    if isinstance(reply, Absent):
        return reply
    if is_missing(reply):
        return Absent.MISSING
    if not isinstance(reply, str):
        raise UsageError(f"replies are text; found `{type(reply).__name__}`; convert it")
    letters = _letters(options)
    for rule in _RULES:
        found = {letter.upper() for letter in rule(reply, letters)}
        if found:
            return found.pop() if len(found) == 1 else Absent.INVALID
    return Absent.INVALID


def option_letters(replies: Iterable[Any], options: str = "ABCD") -> Labels:
    """Return the letters of many replies as labels over all options.

    Raises:
        UsageError: as `option_letter`.

    Example:
        >>> option_letters(["(B)", "no idea", None], "AB").codes
        array([ 1, -3, -1])
    """
    return encode([option_letter(reply, options) for reply in replies], tuple(options))


@dataclass(frozen=True)
class _Letters:
    """The patterns that a set of letters needs."""

    alone: re.Pattern[str]
    named: re.Pattern[str]
    line: re.Pattern[str]
    bracketed: re.Pattern[str]
    bold: re.Pattern[str]


@lru_cache(maxsize=64)
def _letters(options: str) -> _Letters:
    is_plain = all(
        letter.isascii() and (letter.isupper() or letter.isdigit()) for letter in options
    )
    if not options or not is_plain or len(set(options)) != len(options):
        raise UsageError(
            f"options are different capitals or digits, as in `ABCD`; found `{options}`"
        )
    one, capital = f"([{options}{options.lower()}])", f"([{options}])"
    return _Letters(
        re.compile(rf"[\s(\"']*(?:(?i:option|choice|answer)[\s:]+[\s(]*)?{one}[\s)\"'.:,;!]*"),
        re.compile(rf"\s*(\(?)\s*{one}(?![\w'’+#]|-\w)\s?(\)?)"),
        re.compile(
            rf"^[ \t]*(?:\({one}\)|{capital}[.):]|{capital}[ ]-|{one}\))(?=\s)", re.MULTILINE
        ),
        re.compile(rf"\(\s?{one}\s?\)"),
        re.compile(rf"\*\*\s?\(?{one}(?:[.):]*\s?\*\*|[.):]+\s)"),
    )


def _plain(reply: str) -> str:
    return _LATEX.sub("", reply).translate(_MARKS)


def _alone(reply: str, letters: _Letters) -> Iterator[str]:
    found = letters.alone.fullmatch(_plain(reply))
    if found:
        yield found[1]


def _boxed(reply: str, letters: _Letters) -> Iterator[str]:
    for box in _BOX.finditer(reply):
        yield from _alone(box[1], letters)


def _stated(reply: str, letters: _Letters) -> Iterator[str]:
    plain = _plain(reply)
    for stated in _STATED.finditer(plain):
        yield from _named(plain, stated.end(), letters)
    for praised in _PRAISED.finditer(plain):
        before = plain[max(0, praised.start() - 4) : praised.start()]
        start = max(0, praised.start() - len(before.split()[-1])) if before.split() else 0
        found = letters.named.fullmatch(plain, start, praised.start())
        if found and (found[1] or not found[2].islower()) and not _is_denied(plain, start):
            yield found[2]


def _named(text: str, place: int, letters: _Letters) -> Iterator[str]:
    """Yield the letters of a list that starts at a place: "B", "(B) or (C)"."""
    found = letters.named.match(text, place)
    while found and _is_meant(text, found):
        yield found[2]
        following = _NEXT.match(text, found.end())
        found = letters.named.match(text, following.end()) if following else None


def _is_meant(text: str, found: re.Match[str]) -> bool:
    """Tell a letter from the words "a", "A" and "I"."""
    if found[1] and found[3]:
        return True
    if found[2].islower():
        return bool(_AFTER_SMALL.match(text, found.end(2)))
    return found[2] not in _WORDS or bool(_AFTER_WORD.match(text, found.end(2)))


def _on_a_line(reply: str, letters: _Letters) -> Iterator[str]:
    lines = [line for line in reply.splitlines() if line.strip()]
    for line in {*lines[:1], *lines[-1:]}:
        yield from _alone(line, letters)


def _labelled(reply: str, letters: _Letters) -> Iterator[str]:
    for found in letters.line.finditer(_plain(reply)):
        yield next(letter for letter in found.groups() if letter)


def _marked(reply: str, letters: _Letters) -> Iterator[str]:
    plain = _plain(reply)
    places = [(plain, found) for found in letters.bracketed.finditer(plain)]
    places += [(reply, found) for found in letters.bold.finditer(reply)]
    for text, found in places:
        if not _is_denied(text, found.start()):
            yield found[1]


def _is_denied(text: str, place: int) -> bool:
    return bool(_DENIED.search(text[max(0, place - _REACH) : place]))


_RULES: tuple[Callable[[str, _Letters], Iterator[str]], ...] = (
    _alone,
    _boxed,
    _stated,
    _on_a_line,
    _labelled,
    _marked,
)
