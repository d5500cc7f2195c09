"""What a look at a task's folder found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalhouse.tasks.codebook import Codebook
from evalhouse.tasks.faults import KINDS, Fault
from evalhouse.tasks.tally import FieldCounts


@dataclass(frozen=True)
class CodebookSummary:
    """The codebook in a few words; `hash` is of what is asked, however it is written."""

    file: str
    hash: str
    sections: int
    fields: int
    text_column: str
    id_column: str | None

    @classmethod
    def of(cls, codebook: Codebook, file: str) -> CodebookSummary:
        """Return the summary of a codebook."""
        settings = codebook.settings
        return cls(
            file,
            codebook.codebook_hash,
            len(codebook.sections),
            len(codebook.annotations),
            settings.text_column,
            settings.id_column,
        )


@dataclass(frozen=True)
class CoderCounts:
    """One coder: where the answers stand, and how many there are."""

    name: str
    source: str
    rows: int
    fields: tuple[FieldCounts, ...]

    @property
    def labels(self) -> int:
        """Count the valid answers."""
        return sum(field.labels for field in self.fields)


@dataclass(frozen=True)
class TaskReport:
    """A task's folder: what is asked, how much is answered, and every fault.

    `faults` holds the errors first, and of each kind at most the first thousand; `counts` counts
    all by kind. `rows` are those of the ground truth that could be read.
    """

    folder: str
    name: str
    codebook: CodebookSummary | None
    rows: int
    fields: tuple[FieldCounts, ...]
    coders: tuple[CoderCounts, ...]
    faults: tuple[Fault, ...]
    counts: Mapping[str, int]

    @property
    def errors(self) -> int:
        """Count the faults that keep the task from being opened."""
        return sum(count for kind, count in self.counts.items() if KINDS[kind] == "error")

    @property
    def warnings(self) -> int:
        """Count the other faults."""
        return sum(self.counts.values()) - self.errors
