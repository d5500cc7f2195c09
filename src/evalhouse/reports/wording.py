"""Numbers and names as reports write them."""

from __future__ import annotations

import math

from evalhouse.assessment.results import ScoreLine

NOTHING = "–"
LONGEST_NAME = 120
_JOINERS = "\u200c\u200d"  # needed by scripts and emoji, and harmless
_BAR = 20


def safe(text: str, longest: int = LONGEST_NAME) -> str:
    r"""Return text of a source on one line: shortened, what cannot be seen escaped.

    Example:
        >>> safe("a\x00b\nc")
        'a\\x00b c'
    """
    line = " ".join(text.split())
    if not line.isprintable():
        kept = (each if each.isprintable() or each in _JOINERS else _escaped(each) for each in line)
        line = "".join(kept)
    if len(line) <= longest:
        return line
    return f"{line[:longest]}… ({len(line) - longest:,} more characters)"


def inline(text: str, longest: int = LONGEST_NAME) -> str:
    """Return text as `safe` does, with a space at either end where there was one.

    Example:
        >>> inline(" run  a ")
        ' run a '
    """
    line = safe(text, longest)
    if not line:
        return " " if text else ""
    return f"{' ' * text[0].isspace()}{line}{' ' * text[-1].isspace()}"


def number(value: float | None) -> str:
    """Return a score, which has few digits that count.

    Example:
        >>> number(0.81342), number(-0.5), number(None)
        ('0.813', '−0.500', '–')
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"{value:.3f}".replace("-", "−")


def bounds(line: ScoreLine) -> str:
    """Return the interval of a score; nothing where it has none."""
    if line.low is None or line.high is None:
        return NOTHING
    return f"{number(line.low)} to {number(line.high)}"


def share(value: float | None) -> str:
    """Return a proportion in percent.

    Example:
        >>> share(0.5), share(0.004), share(None)
        ('50%', '0.4%', '–')
    """
    if value is None:
        return NOTHING
    percent = 100 * value
    is_whole = percent >= 10 or percent == round(percent)
    return f"{percent:.0f}%" if is_whole else f"{percent:.1f}%"


def amount(value: float | None, unit: str = "") -> str:
    """Return a quantity with three digits that count, and its unit.

    Example:
        >>> amount(12345), amount(0.00123456, "kWh"), amount(1e-7, "kg")
        ('12,345', '0.00123 kWh', '1e-07 kg')
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    if value == 0:
        text = "0"
    elif abs(value) >= 100:
        text = f"{value:,.0f}"
    elif abs(value) >= 0.0001:
        digits = 2 - math.floor(math.log10(abs(value)))
        text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    else:
        text = f"{value:.3g}"
    return f"{text} {unit}".strip()


def duration(seconds: float | None) -> str:
    """Return a length of time in units that people can picture.

    Example:
        >>> duration(0.0345), duration(75), duration(7260)
        ('0.0345 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds is None or not 60 <= seconds < math.inf:
        return amount(seconds, "s")
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


def moment(text: str) -> str:
    """Return an ISO 8601 time in UTC to the minute; other text as it is.

    Example:
        >>> moment("2026-11-30T23:33:59.123456Z"), moment("")
        ('2026-11-30 23:33 UTC', '')
    """
    is_utc = text.endswith(("Z", "+00:00"))
    return f"{text[:10]} {text[11:16]} UTC" if is_utc and text[10:11] in ("T", " ") else text


def p_value(value: float) -> str:
    """Return a p-value as journals write it.

    Example:
        >>> p_value(0.00001), p_value(0.0312), p_value(1.0)
        ('< 0.001', '0.031', '1.000')
    """
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def bar(line: ScoreLine, low: float, high: float) -> str:
    """Return a score with its interval as a bar of text from `low` to `high`.

    Example:
        >>> bar(ScoreLine(metric="f1", value=0.5, n=4, low=0.25, high=0.75), 0.0, 1.0)
        '·····────●─────·····'
    """
    if line.value is None or not low <= line.value <= high:
        return ""
    cells = ["·"] * _BAR
    if line.low is not None and line.high is not None:
        for place in range(_place(line.low, low, high), _place(line.high, low, high)):
            cells[place] = "─"
    cells[max(_place(line.value, low, high) - 1, 0)] = "●"
    return "".join(cells)


def counted(count: int, noun: str) -> str:
    """Return a count with its noun.

    Example:
        >>> counted(1, "row"), counted(2000, "row")
        ('1 row', '2,000 rows')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _place(value: float, low: float, high: float) -> int:
    return min(max(round((value - low) / (high - low) * _BAR), 0), _BAR)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
