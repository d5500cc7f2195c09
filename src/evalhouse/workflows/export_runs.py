"""Writing the folder of an annotation run again, with nothing but the house."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

import msgspec

from evalhouse.errors import UsageError
from evalhouse.formats.codebook_lab.recognise import TABLES
from evalhouse.records import SourceFile
from evalhouse.store import Reader, Store
from evalhouse.store.target import Target, contained
from evalhouse.workflows.annotation_runs import CATALOG, AnnotationRun, annotation_runs
from evalhouse.workflows.export import ExportReport, write_output
from evalhouse.workflows.outputs import OmittedFile, Output

_FILES = """
SELECT files.* FROM files JOIN run_sources USING (source_id) WHERE run_id = $run ORDER BY path
"""


@dataclass(frozen=True)
class _Planned:
    """The files of a run's folder, and those that cannot be given back."""

    outputs: tuple[Output, ...]
    omitted: tuple[OmittedFile, ...]


def export_run_folder(store: Store, run_id: str, target: str | os.PathLike[str]) -> ExportReport:
    """Write the files of an annotation run to `<target>/<task>/<run_id>/`, as they were kept.

    They are those of the source, but for markers in the place of secrets. The target may hold the
    same export already; whatever else is in it stops the export.

    Raises:
        UsageError: The run is no annotation run, has no folder, or the target holds something else.
        HouseError: The target cannot be written, or the house is damaged.
    """
    with store.reader() as reader:
        reader.load(*CATALOG, "files")  # all as of one moment
        run = _run(reader, run_id)
        planned = _planned(store, reader, run)
        folder = Target(target)
        folder.admit([output.path for output in planned.outputs])
        files = tuple(write_output(folder, output) for output in planned.outputs)
    return ExportReport(
        run_id=run_id, files=files, omitted=planned.omitted, aggregates=(), unrecorded=()
    )


def _run(reader: Reader, run_id: str) -> AnnotationRun:
    found = next((run for run in annotation_runs(reader) if run.run_id == run_id), None)
    if found is None:
        raise UsageError(
            f"the run `{run_id}` is no annotation run; `evalhouse export olmes` writes those of "
            "OLMES"
        )
    return found


def _planned(store: Store, reader: Reader, run: AnnotationRun) -> _Planned:
    files = _files_of(reader, run)
    place = f"{_one_name(run.task)}/{_one_name(run.native_id)}"
    kept = [(file, file.blob) for file in files if file.blob is not None]
    return _Planned(
        tuple(_output(store, place, file, blob) for file, blob in kept),
        tuple(_omitted(files)),
    )


def _output(store: Store, place: str, file: SourceFile, blob: str) -> Output:
    path = contained(f"{place}/{PurePath(file.path).name}")
    return Output(path, file.family, lambda: store.blobs.read_stream(blob), file)


def _omitted(files: list[SourceFile]) -> Iterator[OmittedFile]:
    for file in files:
        if file.blob is None:
            reason = file.reason or "the house has no copy of it"
            yield OmittedFile(file.relative_path, file.family, reason)


def _files_of(reader: Reader, run: AnnotationRun) -> list[SourceFile]:
    """Return the files of one folder: of several places where the run lay, the newest counts."""
    folders: dict[str, list[SourceFile]] = defaultdict(list)
    for row in reader.sql(_FILES, {"run": run.run_id}).to_pylist():
        file = msgspec.convert(row, SourceFile)
        if file.family not in TABLES:
            folders[str(PurePath(file.path).parent)].append(file)
    times = {
        folder: max(file.mtime_ns for file in files)
        for folder, files in folders.items()
        if any(file.blob for file in files)
    }
    if not times:
        raise UsageError(
            f"the house knows the run `{run.native_id}` from shared tables alone and has no folder "
            f"of it; `evalhouse export tidy` writes its numbers"
        )
    return folders[max(times, key=lambda folder: (times[folder], folder))]


def _one_name(text: str) -> str:
    """Return a name as that of one folder."""
    return text.replace("/", "_").replace("\\", "_")
