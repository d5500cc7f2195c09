"""Numbers as people and models write them, and whether they are the gold number."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.item_scores import ItemScores, mean_of_items
from evalhouse.metrics.labels import Absent, is_missing
from evalhouse.metrics.value import Metric

Reading = Literal["whole", "last"]
READINGS: tuple[Reading, ...] = ("whole", "last")

# Thousands are grouped by commas in threes, or not at all.
_BODY = r"(?:\d{1,3}(?:,\d{3})+(?!,?\d)|\d+)(?:\.\d*)?|\.\d+"
_NUMBER = re.compile(
    rf"""
    (?<![\w.%)])                                       # "5-3" is no -3, and "a4" no number
    (?P<sign>[-+]?(?:[$€£¥₹]\s?[-+]?)?)
    (?:(?P<whole>\d{{1,9}})\s(?=\d{{1,9}}\s?/\s?\d))?  # of a mixed number
    (?P<body>{_BODY})
    (?:[eE](?P<e>[-+]?\d+)|\s?[x×*]\s?10\s?(?:\^|\*\*)\s?[({{]?(?P<ten>[-+]?\d+)[)}}]?)?
    (?:\s?/\s?(?P<below>{_BODY}))?
    (?P<percent>\s?%)?
    """,
    re.VERBOSE,
)
_STATED = re.compile(r"####|\\boxed\b|\banswer(?:\s+is\b|\s*[:=])", re.IGNORECASE)
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_MIXED = re.compile(r"(?<=\d)\s*(?=\\[dt]?frac)")
_WRAPPED = re.compile(r"\\(?:boxed|text|mathrm|mathbf)\s*\{([^{}]*)\}")
_SPELLED = (
    *(("{,}", ","), ("\\!", ""), ("\\,", ""), ("\\$", "$"), ("\\%", "%")),
    *(("\\times", "×"), ("\\cdot", "×"), ("\\(", ""), ("\\)", ""), ("−", "-"), ("–", "-")),
)


def parse_number(text: Any, reading: Reading = "whole") -> float | Absent:
    r"""Read a number.

    Understood are signs, thousands grouped by commas, decimals after a point, powers (`1.5e3`,
    `1.5 x 10^3`), fractions and mixed numbers (`3/4`, `1 1/2`), a currency sign in front, percent
    (`50%` is 0.5), and LaTeX around them (`\frac{3}{4}`, `\boxed{7}`, `$7$`).

    Args:
        text: what was written; a number is itself, `None` and NaN are `Absent.MISSING`, `Absent`
            is itself.
        reading: `whole` reads a text that is one number and nothing else. `last` reads the number
            that a longer reply ends in: the first after its last `####`, `\boxed`, "answer is" or
            "answer:", and without these the last number in it.

    Returns:
        The number; `Absent.INVALID` where there is none, as in `1.234,50`, `3/0` or `1e999`.

    Raises:
        UnknownNameError: for another reading.

    Example:
        >>> [parse_number(text) for text in ("1,234.50", "$3", "3/4", "50%", "-1.5e3", "7 apples")]
        [1234.5, 3.0, 0.75, 0.5, -1500.0, <Absent.INVALID: -3>]
        >>> parse_number("6 times 7 is 42, so the answer is 42 apples.", "last")
        42.0
    """
    if reading not in READINGS:
        raise UnknownNameError("reading of numbers", reading, READINGS)
    if isinstance(text, Absent):
        return text
    if is_missing(text):
        return Absent.MISSING
    if isinstance(text, str):
        return _whole(text) if reading == "whole" else _last(text)
    if isinstance(text, (int, float, np.integer, np.floating)):
        return float(text) if math.isfinite(text) else Absent.INVALID
    raise UsageError(f"numbers are text or numbers; found `{type(text).__name__}`; convert it")


def numeric_match(
    gold: Sequence[Any] | NDArray[Any],
    model: Sequence[Any] | NDArray[Any],
    *,
    absolute: float = 0.0,
    relative: float = 1e-9,
    reading: Reading = "whole",
) -> ItemScores:
    """Compute the share of items whose answer is the gold number.

    `mean over items of 1[abs(model - gold) <= max(absolute, relative * abs(gold))]`

    Args:
        gold: (items,) numbers, or text that `parse_number` reads whole. Items without one do not
            enter.
        model: (items,) answers. One that is absent or holds no number scores 0; the note counts
            them.
        absolute: difference that is allowed, in the unit of the numbers.
        relative: difference that is allowed, as a share of the gold number. The default takes
            different roundings of one number for equal, and nothing else.
        reading: how answers are read, see `parse_number`.

    Returns:
        0 (none is equal) to 1 (all are). Undefined without a gold number.

    Raises:
        UsageError: for sides of different lengths, gold text that is no number, and tolerances
            below zero.

    Example:
        >>> numeric_match([1234.5, "3/4", 7], ["$1,234.50", "75%", "seven"]).value
        Value(value=0.6666666666666666, n=3, note='1 of 3 answers are no numbers')
    """
    if not (absolute >= 0 and relative >= 0):
        raise UsageError(f"tolerances are zero or more; found {absolute} and {relative}")
    if len(gold) != len(model):
        raise UsageError(
            f"gold has {len(gold)} answers and the model {len(model)}; align them by item first"
        )
    right = np.array([_gold(value) for value in _listed(gold)], np.float64)
    read = [parse_number(value, reading) for value in _listed(model)]
    given = np.array([np.nan if isinstance(v, Absent) else v for v in read], np.float64)
    allowed = np.maximum(absolute, relative * np.abs(right))
    scores = np.where(np.isnan(right), np.nan, (np.abs(given - right) <= allowed) * 1.0)
    enters = ~np.isnan(right)
    left = int(np.count_nonzero(np.isnan(given) & enters))
    note = f"{left} of {np.count_nonzero(enters)} answers are no numbers" if left else ""
    return mean_of_items(scores, "no item has a gold number", note)


def _gold(value: Any) -> float:
    number = parse_number(value)
    if number is Absent.INVALID and value is not Absent.INVALID:
        raise UsageError(
            f"`{value}` in the gold answers is no number; correct it, or mark it as `Absent`"
        )
    return math.nan if isinstance(number, Absent) else number


def _listed(values: Sequence[Any] | NDArray[Any]) -> Sequence[Any]:
    return values.tolist() if isinstance(values, np.ndarray) else values


def _whole(text: str) -> float | Absent:
    bare = _WRAPPED.sub(r"\1", _plain(text)).strip()
    if len(bare) > 2 and bare[0] == bare[-1] == "$":
        bare = bare[1:-1].strip()
    found = _NUMBER.fullmatch(bare)
    return _value(found) if found else Absent.INVALID


def _last(text: str) -> float | Absent:
    plain = _plain(text)
    starts = [found.end() for found in _STATED.finditer(plain)]
    stated = _NUMBER.search(plain, starts[-1]) if starts else None
    if stated:
        return _value(stated)
    found = list(_NUMBER.finditer(plain))
    return _value(found[-1]) if found else Absent.INVALID


def _plain(text: str) -> str:
    for spelled, meant in _SPELLED:
        text = text.replace(spelled, meant)
    return _FRACTION.sub(r"\1/\2", _MIXED.sub(" ", text))


def _value(found: re.Match[str]) -> float | Absent:
    power = found["e"] or found["ten"] or "0"
    number = float(f"{_digits(found['body'])}e{power}")
    below = float(_digits(found["below"])) if found["below"] else 1.0
    if below == 0:
        return Absent.INVALID
    number = number / below + float(found["whole"] or 0)
    number = number / 100 if found["percent"] else number
    number = -number if found["sign"].count("-") == 1 else number
    return number if math.isfinite(number) else Absent.INVALID


def _digits(body: str) -> str:
    return body.replace(",", "")


METRICS: tuple[Metric, ...] = (
    Metric(
        "numeric_match", "generation", numeric_match, "proportion", 0.0, 1.0, True, False, "by hand"
    ),
)
