"""What a format is: it recognises its files, plans units, and yields what they hold.

Formats yield and never write. A unit is the smallest part that is replaced as a whole; it can be
sent to another process, and `read` gives its rows as Arrow batches, then a `UnitFacts`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec
import pyarrow as pa

from evalhouse.formats.files import FoundFile
from evalhouse.formats.lines import Limits
from evalhouse.formats.slices import constant
from evalhouse.records import Cell, Entity, Measurement, Problem, Run, SigningKey, SourceFile
from evalhouse.redact import Redactor


class Claim(msgspec.Struct, frozen=True):
    """A file that a format recognises, and what it holds (`family`)."""

    file: FoundFile
    family: str
    head: bytes = b""


class UnitFile(msgspec.Struct, frozen=True):
    """A file of a unit, with the ids that its rows carry."""

    path: str
    relative_path: str
    family: str
    source_file_id: str
    size: int
    mtime_ns: int
    known_sha256: str | None = None


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """The smallest part of a run that is replaced as a whole; `detail` is its format's own."""

    format: str
    unit_id: str
    part: str
    run_id: str
    model_id: str
    prompt_id: str
    task_id: str
    source_id: str
    files: tuple[UnitFile, ...]
    detail: bytes = b""
    live_fingerprint: str | None = None

    @property
    def size(self) -> int:
        """Return the bytes that its files take."""
        return sum(file.size for file in self.files)


class Plan(msgspec.Struct, kw_only=True):
    """One run as it lies in a source: what to read, and what is known before reading."""

    format: str
    run: Run
    source_id: str
    source_uri: str
    entities: list[Entity]
    units: list[Unit]
    files: list[SourceFile]
    keep: list[SourceFile] = msgspec.field(default_factory=list)
    problems: list[Problem] = msgspec.field(default_factory=list)


class TableRows(msgspec.Struct, frozen=True):
    """Rows of a table of the lake."""

    table: str
    batch: pa.RecordBatch


class FileFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What reading a file showed."""

    source_file_id: str
    path: str
    sha256: str
    bytes: int
    rows: int | None  # None: known from before, not read again
    redactions: int = 0
    live: bool = False


class UnitFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What reading a unit showed: its evidence by hash, results, what they took, files."""

    unit_id: str
    fingerprint: str
    files: tuple[FileFacts, ...]
    cells: tuple[Cell, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    basis: tuple[str, ...] = ()  # metrics that the primary value is an average of
    rows: int = 0
    redactions: dict[str, int] = msgspec.field(default_factory=dict)  # in records, by source file
    repeated: bool = False  # the house has this evidence already; no rows were yielded


@dataclass
class Reading:
    """What a format needs to read: limits, the redactor, where progress goes, registered keys."""

    redactor: Redactor
    limits: Limits = field(default_factory=Limits)
    progress: Callable[[int], None] | None = None
    signing_keys: tuple[SigningKey, ...] = ()  # known while planning


class Format(Protocol):
    """One foreign format."""

    name: str
    version: str

    def recognise(self, folder: Sequence[FoundFile]) -> list[Claim]:
        """Return the files of a folder that are this format's, by their content."""
        ...

    def one_folder(self, path: str) -> str:
        """Return what stands for a folder, so that parts of one dump that lie apart meet."""
        ...

    def plan(
        self, claims: Sequence[Claim], reading: Reading, *, snapshot: str | None = None
    ) -> list[Plan]:
        """Group claimed files into runs and units; reads records, not rows."""
        ...

    def fingerprint(self, unit: Unit, hashes: Mapping[str, str]) -> str:
        """Return the hash of a unit's evidence from the SHA-256 of its files, by path."""
        ...

    def read(self, unit: Unit, reading: Reading) -> Iterator[TableRows | Problem | UnitFacts]:
        """Yield what a unit holds; the facts come last."""
        ...


def rows_of(
    table: str,
    length: int,
    columns: Mapping[str, pa.Array],
    *,
    unit: Unit,
    source_file_id: str | None = None,
) -> TableRows:
    """Return rows of `table` with the columns that every row of a unit shares."""
    shared = {
        "run_id": constant(unit.run_id, length),
        "model_id": constant(unit.model_id, length),
        "prompt_id": constant(unit.prompt_id, length),
        "task": constant(unit.part, length),
        "source_file_id": constant(source_file_id, length),
    }
    if table == "documents":
        shared = {"source_file_id": shared["source_file_id"]}
    elif table == "problems":
        shared = {}
    whole = {**shared, **columns}
    return TableRows(table, pa.record_batch(list(whole.values()), names=list(whole)))


__all__ = [
    "Claim",
    "FileFacts",
    "Format",
    "FoundFile",
    "Limits",
    "Plan",
    "Reading",
    "TableRows",
    "Unit",
    "UnitFacts",
    "UnitFile",
    "rows_of",
]
