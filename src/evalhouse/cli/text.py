"""Text for a terminal: what came from dumps cannot move the cursor, numbers stay readable."""

from __future__ import annotations

import math
import os
from datetime import datetime
from pathlib import Path
from typing import Any

NOTHING = "–"
_JOINERS = "\u200c\u200d"  # needed by scripts and emoji, and harmless


def safe(text: str, *, lines: bool = False) -> str:
    r"""Return text with control and format characters escaped; `lines` keeps ends of lines.

    Example:
        >>> safe("\x1b[2Jred\r\n")
        '\\x1b[2Jred\\r\\n'
    """
    if text.isprintable():
        return text
    kept = _JOINERS + "\n\t" if lines else _JOINERS
    return "".join(each if each.isprintable() or each in kept else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def near(path: str) -> str:
    """Return a path from here where it lies below, else as it is."""
    here = str(Path.cwd()) + os.sep
    return path.removeprefix(here)


def shortened(text: str, most: int) -> str:
    """Return text of at most so many characters; what is missing is counted."""
    if len(text) <= most:
        return text
    return f"{text[:most]}… ({len(text) - most:,} characters more)"


def number(value: float | None, unit: str | None = None) -> str:
    """Return a value for people; a proportion has four digits."""
    if value is None or math.isnan(value):
        return NOTHING
    return f"{value:.4f}" if unit == "proportion" else f"{value:.6g}"


def with_error(value: float | None, stderr: float | None, unit: str | None = None) -> str:
    """Return a value with its standard error, where there is one."""
    if value is None or stderr is None:
        return number(value, unit)
    return f"{number(value, unit)} ± {number(stderr, unit)}"


def size(count: float) -> str:
    """Return bytes in the largest fitting unit of 1000.

    Example:
        >>> size(999), size(1_040_000_000)
        ('999 B', '1.04 GB')
    """
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.3g} {unit}" if unit != "B" else f"{int(value)} B"
        value /= 1000
    return f"{value:.3g} TB"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Return a count with its noun.

    Example:
        >>> counted(1, "file"), counted(2000, "file")
        ('1 file', '2,000 files')
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def shown(value: Any) -> str:
    """Return any value of a query for people, escaped."""
    if value is None:
        return "NULL"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, bytes):
        return value.hex()
    return safe(str(value))
