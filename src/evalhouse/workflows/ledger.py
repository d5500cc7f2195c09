"""The ledger of an ingest: what became of every file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from evalhouse.records import Problem, SourceFile


@dataclass(frozen=True)
class RunLine:
    """A run that was read."""

    run_id: str
    short_id: str
    label: str | None
    units: int  # read anew
    unchanged: int  # already here with the same evidence


@dataclass
class Ledger:
    """What an ingest found and did; sizes in bytes, times in seconds."""

    runs: list[RunLine] = field(default_factory=list)
    files: list[SourceFile] = field(default_factory=list)  # of the dumps that were looked at
    unchanged_files: int = 0  # known by size and time, not looked at again
    skipped: dict[str, int] = field(default_factory=dict)  # reason -> files of no known format
    unread: dict[str, str] = field(default_factory=dict)  # path -> why nobody can say what it is
    rows: Counter[str] = field(default_factory=Counter)  # table -> rows written
    checks: Counter[str] = field(default_factory=Counter)  # status -> numbers verified
    problems: list[Problem] = field(default_factory=list)  # at most `PROBLEMS_SHOWN`, damage first
    problem_counts: Counter[tuple[str, str]] = field(
        default_factory=Counter
    )  # (severity, kind) -> n
    bytes_read: int = 0
    bytes_written: int = 0
    seconds: float = 0.0
    replaced: int = 0  # units whose earlier rows are not seen any more
    repeated: int = 0  # units that were here with the same evidence
    batch_id: str | None = None

    def count(self, disposition: str) -> int:
        """Return how many files were parsed, kept or ignored."""
        return sum(file.disposition == disposition for file in self.files)

    @property
    def redactions(self) -> dict[str, int]:
        """Return the secrets replaced, by file."""
        return {file.path: file.redactions for file in self.files if file.redactions}

    @property
    def damaged(self) -> int:
        """Return how many things could not be read."""
        return sum(n for (severity, _), n in self.problem_counts.items() if severity == "damage")

    @property
    def exit_code(self) -> int:
        """Return 3 where something could not be read, else 0."""
        return 3 if self.damaged or self.unread else 0
