"""What tools and files say of hardware, as values; what says nothing, or nonsense, is None."""

from __future__ import annotations

import math
import re
from typing import Any

_NOTHING = frozenset(
    {"n/a", "na", "none", "null", "unknown", "err", "err!", "error", "not_supported", "undefined"}
)
_NOBODY = (  # what makers of boards leave in the firmware where a name belongs
    "to be filled by o.e.m",
    "default string",
    "system manufacturer",
    "system product name",
    "not applicable",
    "not specified",
    "not available",
    "no dimm",
)
_ALL_BITS = frozenset({65535.0, 4294967295.0, float(2**64 - 1)})
_LAST_ID = 0xFFFF
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_BUS = re.compile(r"([0-9a-f]{4,8}):([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])", re.IGNORECASE)
_SPEEDS = {2.5: 1, 5.0: 2, 8.0: 3, 16.0: 4, 32.0: 5, 64.0: 6}
_HIGHEST_GENERATION, _MOST_LANES = 6, 32
_HEX = 16


def text(value: Any) -> str | None:
    """Return a text without surrounding space; None for placeholders.

    Example:
        >>> text(b" NVIDIA A100 "), text("[N/A]"), text("ERR!"), text("To Be Filled By O.E.M.")
        ('NVIDIA A100', None, None, None)
    """
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return None
    found = " ".join(value.replace("\x00", " ").split())
    plain = found.strip("[]() ").lower().replace(" ", "_")
    is_placeholder = plain in _NOTHING or any(each in found.lower() for each in _NOBODY)
    return None if not plain or is_placeholder or plain.endswith("_error") else found


def number(value: Any) -> float | None:
    """Return a number above 0, with or without a unit behind it; None for anything else.

    Example:
        >>> number("450.00 W"), number(24564), number("[N/A]"), number("-3"), number(4294967295)
        (450.0, 24564.0, None, None, None)
    """
    if isinstance(value, dict):  # amd-smi: {"value": 750, "unit": "W"}
        value = value.get("value")
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        found = float(value)
    else:
        match = _NUMBER.match(text(value) or "")
        if match is None:
            return None
        found = float(match[0])
    return found if math.isfinite(found) and found > 0 and found not in _ALL_BITS else None


def whole(value: Any) -> int | None:
    """Return a number above 0, rounded; None for anything else."""
    found = number(value)
    return None if found is None else round(found) or None


def hex_id(value: Any) -> str | None:
    """Return four hex digits of an id of PCI.

    Example:
        >>> hex_id("0x74A1"), hex_id(0x10DE), hex_id("N/A"), hex_id("0xffff")
        ('74a1', '10de', None, None)
    """
    if isinstance(value, str):
        try:
            value = int(value.strip(), _HEX)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return f"{value:04x}" if 0 < value < _LAST_ID else None


def id_pair(word: Any) -> tuple[str | None, str | None]:
    """Return vendor and device of the word in which NVIDIA's tools give both.

    Example:
        >>> id_pair("0x268410DE"), id_pair(0x2330_10DE), id_pair("[N/A]")
        (('10de', '2684'), ('10de', '2330'), (None, None))
    """
    if isinstance(word, str):
        try:
            word = int(word.strip(), _HEX)
        except ValueError:
            return None, None
    if isinstance(word, bool) or not isinstance(word, int) or not 0 < word < 0xFFFFFFFF:
        return None, None
    return hex_id(word & 0xFFFF), hex_id(word >> 16)


def bus_id(value: Any) -> str | None:
    """Return where a device is on the bus, as Linux spells it.

    Example:
        >>> bus_id(b"00000000:01:00.0"), bus_id("0000:C1:00.0"), bus_id("N/A")
        ('0000:01:00.0', '0000:c1:00.0', None)
    """
    match = _BUS.fullmatch(text(value) or "")
    if match is None:
        return None
    domain = f"{int(match[1], _HEX):04x}"
    return f"{domain}:{match[2]}:{match[3]}.{match[4]}".lower()


def generation(value: Any) -> int | None:
    """Return a generation of PCIe, by its number.

    Example:
        >>> generation("4"), generation(0), generation("Gen 5"), generation(99)
        (4, None, 5, None)
    """
    if isinstance(value, str):
        value = value.lower().removeprefix("gen").strip()
    found = whole(value)
    return found if found and found <= _HIGHEST_GENERATION else None


def generation_of_speed(value: Any) -> int | None:
    """Return a generation of PCIe, by its rate in GT/s.

    Example:
        >>> generation_of_speed("16.0 GT/s PCIe"), generation_of_speed("Unknown")
        (4, None)
    """
    return _SPEEDS.get(number(value) or 0.0)


def lanes(value: Any) -> int | None:
    """Return a number of lanes; sysfs writes 0 or 255 where there is no link."""
    if isinstance(value, str):
        value = value.lower().removeprefix("x")
    found = whole(value)
    return found if found and found <= _MOST_LANES else None
