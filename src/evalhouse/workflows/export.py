"""Writing a run of the house as OLMES wrote it, with nothing but the house."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from evalhouse.records import SourceFile
from evalhouse.redact import MARK
from evalhouse.store import Store
from evalhouse.store.target import Target, Written
from evalhouse.workflows.outputs import OmittedFile, Output, Outputs
from evalhouse.workflows.recorded_run import RecordedRun

_REDACTED = MARK.encode()


@dataclass(frozen=True)
class ExportedFile:
    """A file that was written; `path` is relative to the target, `bytes` its size."""

    path: str
    family: str
    bytes: int
    is_shipped: bool  # the source had it; otherwise it is made from the record that says the same
    is_identical: bool | None  # to the source's file; None where there is none, or no hash of it
    difference: str | None = None  # why it is not identical
    source_path: str | None = None  # relative to the source


@dataclass(frozen=True)
class ExportReport:
    """What an export wrote, and what it could not."""

    run_id: str
    files: tuple[ExportedFile, ...]
    omitted: tuple[OmittedFile, ...]
    aggregates: tuple[str, ...]  # suites: they have no files of their own
    unrecorded: tuple[str, ...]  # variants with rows but no record: their numbers are recomputed

    @property
    def shipped(self) -> tuple[ExportedFile, ...]:
        """Return the files that the source had."""
        return tuple(file for file in self.files if file.is_shipped)

    @property
    def regenerated(self) -> tuple[ExportedFile, ...]:
        """Return the files that the source never had."""
        return tuple(file for file in self.files if not file.is_shipped)

    @property
    def different(self) -> tuple[ExportedFile, ...]:
        """Return the files that the source had and that are not its bytes again."""
        return tuple(file for file in self.shipped if not file.is_identical)


def export_olmes(
    store: Store, run_id: str, target: str | os.PathLike[str], *, rows: bool = True
) -> ExportReport:
    """Write the files of a run to a new or empty folder; without `rows`, the small ones alone.

    The folder may hold the same export already; whatever else is in it stops the export.

    Raises:
        UsageError: There is no such run of OLMES, or the folder holds something else.
        HouseError: The folder cannot be written, or the house is damaged.
    """
    with store.reader() as reader:
        run = RecordedRun.read(reader, run_id)
        planned = Outputs(store, reader, run, rows=rows)
        folder = Target(target)
        folder.admit([output.path for output in planned.files])
        files = tuple(write_output(folder, output) for output in planned.files)
    return ExportReport(
        run_id=run_id,
        files=files,
        omitted=tuple(planned.omitted),
        aggregates=tuple(record.task for record in run.records if record.is_aggregate),
        unrecorded=tuple(run.unrecorded),
    )


def write_output(folder: Target, output: Output) -> ExportedFile:
    """Write a file, and say whether it is the source's, and if not, why."""
    marks = _Marks()
    written = folder.write(output.path, marks.counted(output.pieces()))
    file = output.file
    if file is None:
        return ExportedFile(output.path, output.family, written.bytes, False, None)
    is_identical = None if file.sha256 is None else written.sha256 == file.sha256
    return ExportedFile(
        path=output.path,
        family=output.family,
        bytes=written.bytes,
        is_shipped=True,
        is_identical=is_identical,
        difference=None if is_identical else _difference(output, file, written, marks.count),
        source_path=file.relative_path,
    )


class _Marks:
    """Counts the secrets that were replaced in what passes through."""

    def __init__(self) -> None:
        self.count = 0

    def counted(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        end = b""
        for piece in pieces:
            seen = end + piece
            self.count += seen.count(_REDACTED)
            end = seen[1 - len(_REDACTED) :]
            yield piece


def _difference(output: Output, file: SourceFile, written: Written, redacted: int) -> str:
    """Say why a file is not the source's bytes, as far as it is known."""
    if file.sha256 is None:
        return "the house has no hash of the source's file"
    reasons = []
    if output.is_unpacked:
        reasons.append("it was packed and is written unpacked")
    if redacted:
        reasons.append(f"{redacted} secrets are replaced")
    if output.lost:
        reasons.append(f"{output.lost} damaged lines were not kept and are empty")
    return "; ".join(reasons) or _unexplained(output, file, written)


def _unexplained(output: Output, file: SourceFile, written: Written) -> str:
    sizes = f"({written.bytes:,} bytes; the source's file has {file.bytes:,})"
    if output.family == "metrics-all":
        return f"the house holds other records than the file, or in another order {sizes}"
    return f"its values are spelled otherwise, or line ends or a byte order mark differ {sizes}"
