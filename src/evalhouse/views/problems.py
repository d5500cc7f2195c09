"""What could not be read, what contradicts, what deserves a look."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pyarrow as pa

from evalhouse.errors import UnknownNameError
from evalhouse.schema import TABLES
from evalhouse.store import Reader
from evalhouse.views.names import find_run

SEVERITIES = TABLES["problems"].by_name["severity"].values

_PROBLEMS = """
WITH place AS (
    SELECT source_file_id, min(path) AS path FROM files GROUP BY source_file_id
)
SELECT runs.short_id AS run, problem.severity, problem.kind, problem.task,
    coalesce(place.path, problem.path) AS path, problem.line, problem.byte_offset, problem.message,
    problem.excerpt, problem.run_id
FROM problems AS problem
LEFT JOIN place ON place.source_file_id = problem.source_file_id
LEFT JOIN runs ON runs.run_id = problem.run_id
WHERE ($run IS NULL OR problem.run_id = $run)
    AND ($kind IS NULL OR problem.kind = $kind)
    AND ($severity IS NULL OR problem.severity = $severity)
ORDER BY list_position($severities, problem.severity), problem.kind, path, problem.line,
    problem.message
"""


@dataclass(frozen=True)
class Problems:
    """Problems, damage first, with the file and line of each."""

    rows: pa.Table

    def to_arrow(self) -> pa.Table:
        """Return one row a problem."""
        return self.rows

    @property
    def counts(self) -> dict[tuple[str, str], int]:
        """Return how many there are, by severity and kind."""
        columns = (self.rows.column(name).to_pylist() for name in ("severity", "kind"))
        return dict(Counter(zip(*columns, strict=True)))


def problems(
    reader: Reader,
    *,
    run: str | None = None,
    kind: str | None = None,
    severity: str | None = None,
) -> Problems:
    """List problems, of one run, kind or severity where those are given.

    Raises UnknownNameError for a run, kind or severity that no problem has.
    """
    if severity is not None and severity not in SEVERITIES:
        raise UnknownNameError("severity", severity, SEVERITIES)
    if kind is not None:
        _require_kind(reader, kind)
    given = {
        "run": find_run(reader, run).run_id if run is not None else None,
        "kind": kind,
        "severity": severity,
        "severities": list(SEVERITIES),
    }
    return Problems(reader.sql(_PROBLEMS, given))


def _require_kind(reader: Reader, kind: str) -> None:
    known = reader.sql("SELECT DISTINCT kind FROM problems").column("kind").to_pylist()
    if kind not in known:
        raise UnknownNameError("kind of problem in this house", kind, known)
