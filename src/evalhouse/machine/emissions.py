"""CodeCarbon's file `emissions.csv`: a row for each session, in whatever columns it had."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from evalhouse.errors import UsageError
from evalhouse.machine.energy import Energy, Scope, sum_of_sessions

EMISSIONS = "emissions.csv"

_MARK = "\ufeff"  # of the order of bytes, which some editors put before a text
_SESSION = "run_id"  # CodeCarbon's own id of a session
_FIGURES = {
    "seconds": "duration",
    "cpu_kwh": "cpu_energy",
    "gpu_kwh": "gpu_energy",
    "ram_kwh": "ram_energy",
    "total_kwh": "energy_consumed",
    "emissions_kg": "emissions",
}
_WORDS = {"cpu_model": "cpu_model", "gpu_model": "gpu_model", "country": "country_iso_code"}

Row = Mapping[str, str | None]


def read_emissions(path: Path, scope: Scope = "local") -> Energy:
    """Sum the sessions of an `emissions.csv`, of Evalhouse, codebook-lab or CodeCarbon itself.

    The file does not tell its scope. A figure that a row lacks has no sum, and a note says so.

    Raises:
        UsageError: It cannot be read, or holds no row of CodeCarbon's.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
    except (OSError, UnicodeDecodeError, csv.Error) as failure:
        reason = getattr(failure, "strerror", None) or failure
        raise UsageError(f"`{path}` cannot be read as CodeCarbon's CSV: {reason}") from failure
    if not rows or not set(_FIGURES.values()) & set(rows[0]):
        raise UsageError(
            f"`{path}` holds no session: there is no row with columns of CodeCarbon such as "
            "`duration` and `energy_consumed`"
        )
    return sum_of_sessions(
        [energy_of(row, scope, f"row {n} of {path.name}: ") for n, row in enumerate(rows, 2)]
    )


def energy_of(row: Row, scope: Scope, where: str = "") -> Energy:
    """Return what one row says; `where` begins the notes about what it lacks."""
    figures = {name: _number(row.get(column)) for name, column in _FIGURES.items()}
    missing = [f"`{_FIGURES[name]}`" for name, value in figures.items() if value is None]
    words = {name: row.get(column) or "" for name, column in _WORDS.items()}
    notes = [f"{where}no number in {', '.join(missing)}"] if missing else []
    return msgspec.convert({"scope": scope, **figures, **words, "notes": notes}, Energy)


def with_row(before: str, row: Mapping[str, Any]) -> str:
    """Return the text of the file with a session's row added, or put in the place of its older one.

    Columns are those of the row; what else an older version of CodeCarbon wrote follows, and every
    value stays under its name. Cells beyond the header get columns of their own.
    """
    table = [
        _named(each) for each in csv.DictReader(io.StringIO(before.removeprefix(_MARK), newline=""))
    ]
    kept = [each for each in table if each.get(_SESSION) != str(row[_SESSION])]
    written = io.StringIO(newline="")
    names = dict.fromkeys([*row, *(name for each in kept for name in each)])
    lines = csv.DictWriter(written, list(names), lineterminator="\n")
    lines.writeheader()
    lines.writerows([*kept, row])
    return written.getvalue()


def _named(row: dict[str | Any, Any]) -> dict[str, Any]:
    surplus = row.pop(None, [])
    return row | {f"unnamed_{number}": cell for number, cell in enumerate(surplus, 1)}


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
