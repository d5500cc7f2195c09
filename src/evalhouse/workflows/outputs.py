"""Which files an export of an OLMES run writes, under which names, from what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from evalhouse.formats.olmes.write import ROWS, own_file_name
from evalhouse.records import SourceFile
from evalhouse.store import Reader, Store
from evalhouse.store.target import contained
from evalhouse.workflows.recorded_run import OWN_FAMILIES, RecordedRun, RecordedTask
from evalhouse.workflows.row_files import RowFiles, row_file_pieces

ALL_RECORDS = "metrics-all.jsonl"
_PACKED = (".gz", ".zst")


@dataclass(frozen=True)
class Output:
    """A file to be written; `file` is the source's, if it shipped it."""

    path: str
    family: str
    pieces: Callable[[], Iterable[bytes]]
    file: SourceFile | None = None
    is_unpacked: bool = False
    lost: int = 0  # lines of which the house has no bytes


@dataclass(frozen=True)
class OmittedFile:
    """A file of the source that is not written, and why."""

    path: str
    family: str
    reason: str


class Outputs:
    """Plans an export; without `rows` it leaves the row files out."""

    def __init__(self, store: Store, reader: Reader, run: RecordedRun, *, rows: bool) -> None:
        self._store, self._reader, self._run = store, reader, run
        self._row_files = RowFiles(reader, run.run_id)
        self._owners = run.owners()
        self._root = _shared_folder(f for f in run.files if f.disposition != "ignored")
        self._taken: set[str] = set()
        self.omitted: list[OmittedFile] = []
        self.files = self._planned([f for f in run.files if rows or f.family not in ROWS])

    def _planned(self, shipped: list[SourceFile]) -> list[Output]:
        found = [output for file in shipped for output in self._shipped(file)]
        if self._run.records and not any(output.family == "metrics-all" for output in found):
            found.append(self._text(ALL_RECORDS, "metrics-all", _lines(self._run.records)))
        for record in self._run.records:
            found += [] if record.is_aggregate else self._never_shipped(record)
        return found

    def _text(self, path: str, family: str, text: str, file: SourceFile | None = None) -> Output:
        return Output(self._free(path), family, lambda: [text.encode()], file)

    def _free(self, path: str) -> str:
        """Return a path inside the target that no other file of this export has."""
        inside, number = PurePosixPath(contained(path)), 1
        name = inside
        while str(name) in self._taken:
            number += 1
            name = inside.with_stem(f"{inside.stem}~{number}")
        self._taken.add(str(name))
        return str(name)

    # -- shipped files -----------------------------------------------------------------------

    def _shipped(self, file: SourceFile) -> Iterator[Output]:
        if file.disposition == "ignored":
            self._omit(file, file.reason or "it was ignored")
        elif file.disposition == "kept":
            yield from self._kept(file)
        elif file.family in ROWS:
            yield from self._rows(file)
        elif file.family == "metrics-all":
            text = _lines(self._run.records_of(file))
            yield self._text(self._place(file), file.family, text, file)
        else:
            yield from self._own_file(file)

    def _omit(self, file: SourceFile, reason: str) -> None:
        self.omitted.append(OmittedFile(file.relative_path, file.family, reason))

    def _place(self, file: SourceFile) -> str:
        """Return the path below the folder that all files of the run share."""
        return file.relative_path.removeprefix(self._root)

    def _kept(self, file: SourceFile) -> Iterator[Output]:
        blob = file.blob
        if blob is None:
            self._omit(file, "the house has no copy of it")
            return
        path = self._free(self._place(file))
        yield Output(path, file.family, lambda: self._store.blobs.read_stream(blob), file)

    def _rows(self, file: SourceFile) -> Iterator[Output]:
        rows = self._row_files.of(file)
        if rows is None:
            self._omit(file, "the house does not see its rows any more")
            return
        place = self._place(file)
        is_packed = place.endswith(_PACKED)
        yield Output(
            self._free(place.rpartition(".")[0] if is_packed else place),
            file.family,
            lambda: row_file_pieces(self._reader, rows, size=file.bytes, digest=file.sha256),
            file,
            is_unpacked=is_packed,
            lost=rows.lost,
        )

    def _own_file(self, file: SourceFile) -> Iterator[Output]:
        owner = self._owners.get(file.location_id)
        text = owner.own(file.family) if owner else None
        if text is None:
            self._omit(file, "no record in the house says what it said")
        else:
            yield self._text(self._place(file), file.family, text, file)

    # -- files that were never shipped -------------------------------------------------------

    def _never_shipped(self, record: RecordedTask) -> Iterator[Output]:
        folder = self._folder(record)
        for family in OWN_FAMILIES:
            text = record.own(family)
            if text is None or self._is_shipped(record, family):
                continue
            path = folder + own_file_name(record.row, family)
            if contained(path) in self._taken:
                path = folder + own_file_name(record.row, family, name=record.task)
            yield self._text(path, family, text)

    def _is_shipped(self, record: RecordedTask, family: str) -> bool:
        return any(
            owner.unit_id == record.unit_id
            for file in self._run.files
            if file.family == family and (owner := self._owners.get(file.location_id))
        )

    def _folder(self, record: RecordedTask) -> str:
        """Return the folder of the file that the record stands in, with its slash."""
        for file in self._run.files:
            if record.is_in(file):
                return "".join(self._place(file).rpartition("/")[:2])
        return ""


def _lines(records: Iterable[RecordedTask]) -> str:
    return "".join(f"{record.text}\n" for record in records)


def _shared_folder(files: Iterable[SourceFile]) -> str:
    """Return the folder that all files are in, with its slash; empty where there is none."""
    folders = [file.relative_path.split("/")[:-1] for file in files]
    shared = ""
    for parts in zip(*folders, strict=False):
        if len(set(parts)) > 1:
            break
        shared += f"{parts[0]}/"
    return shared
