"""A run of OLMES as the house holds it: its files, its records, and what has no record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any

import msgspec

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.formats.olmes.names import Stem
from evalhouse.formats.olmes.runs import FORMAT
from evalhouse.formats.olmes.write import ROWS, config_text, record_order, record_text
from evalhouse.ids import sha256_hex
from evalhouse.records import SourceFile
from evalhouse.store import Reader

_FORMATS = """
    SELECT runs.run_id, sources.format
    FROM runs LEFT JOIN run_sources USING (run_id) LEFT JOIN sources USING (source_id)
"""
_FILES = """
    SELECT files.* FROM files JOIN run_sources USING (source_id) WHERE run_id = $run
    ORDER BY relative_path, mtime_ns DESC, path
"""
_RECORDS = """
    SELECT records.*, batches.sequence
    FROM lake.records AS records JOIN batches ON batches.batch_id = records.batch_id
    WHERE run_id = $run
"""
_UNRECORDED = """
    SELECT DISTINCT task FROM (
        SELECT task FROM lake.responses WHERE run_id = $run
        UNION ALL SELECT task FROM lake.requests WHERE run_id = $run
        UNION ALL SELECT task FROM lake.inputs WHERE run_id = $run
    )
    WHERE task NOT IN (SELECT task FROM lake.records WHERE run_id = $run)
    ORDER BY task
"""
OWN_FAMILIES = ("metrics", "config")
"""Files of one task that say what its record says."""


@dataclass(frozen=True)
class RecordedTask:
    """A record of the run; `row` is its row in the table `records`."""

    row: dict[str, Any]

    @cached_property
    def text(self) -> str:
        """Return the record as the source spells it."""
        return record_text(self.row)

    @cached_property
    def hashes(self) -> dict[str, str]:
        """Return the SHA-256 of what the task's own files say, by family."""
        texts = {family: self.own(family) for family in OWN_FAMILIES}
        return {name: sha256_hex(text) for name, text in texts.items() if text is not None}

    def own(self, family: str) -> str | None:
        """Return what the task's own file of a family says; None where the record does not."""
        return self.text if family == "metrics" else config_text(self.text)

    @property
    def task(self) -> str:
        """Return the name that is unique in the run."""
        return str(self.row["task"])

    @property
    def unit_id(self) -> str:
        """Return the unit that it came with."""
        return str(self.row["unit_id"])

    @property
    def is_aggregate(self) -> bool:
        """Tell whether it was made from other records."""
        return bool(self.row["is_aggregate"])

    def is_in(self, file: SourceFile) -> bool:
        """Tell whether it was read from the file."""
        return bool(self.row["source_file_id"] == file.source_file_id)

    def is_named_by(self, file: SourceFile) -> bool:
        """Tell whether the file's name names its task."""
        stem = Stem.of(PurePosixPath(file.relative_path).name)
        if stem is None or stem[0].name not in (self.row["alias"], self.row["task_name"]):
            return False
        return stem[0].index in (None, self.row["task_idx"])


@dataclass(frozen=True)
class RecordedRun:
    """A run: `records` have the aggregates first, then the tasks in the order of their launch."""

    run_id: str
    files: list[SourceFile]
    records: list[RecordedTask]
    unrecorded: list[str]  # tasks that left rows and no record

    @classmethod
    def read(cls, reader: Reader, run_id: str) -> RecordedRun:
        """Read a run of OLMES, or raise UsageError."""
        reader.load("runs", "sources", "run_sources", "files", "batches")  # all as of one moment
        _require_olmes(reader, run_id)
        run = {"run": run_id}
        rows = reader.sql(_RECORDS, run).to_pylist()
        return cls(
            run_id=run_id,
            files=_distinct(reader.sql(_FILES, run).to_pylist()),
            records=[RecordedTask(row) for row in sorted(rows, key=record_order)],
            unrecorded=reader.sql(_UNRECORDED, run)["task"].to_pylist(),
        )

    def records_of(self, file: SourceFile) -> list[RecordedTask]:
        """Return the records of a launch in the order of their file.

        Records that the file has no more, since it was written anew, are left out as far as its
        hash tells.
        """
        newest: dict[int, RecordedTask] = {}
        for record in sorted(self.records, key=lambda record: -record.row["sequence"]):
            if record.is_in(file):
                newest.setdefault(record.row["line"] or 0, record)
        ordered = [newest[line] for line in sorted(newest)]
        digest = sha256()
        for count, record in enumerate(ordered, 1):
            digest.update(f"{record.text}\n".encode())
            if digest.hexdigest() == file.sha256:
                return ordered[:count]
        return ordered

    def owners(self) -> dict[str, RecordedTask]:
        """Return whose the files of single tasks are, by location; the surest evidence first."""
        owners: dict[str, RecordedTask] = {}
        owned: set[tuple[str, str]] = set()
        files = [file for file in self.files if file.family in OWN_FAMILIES]
        tasks = [record for record in self.records if not record.is_aggregate]
        stems = self._units_by_stem()
        for fits in (_is_origin, _has_text, _shares_unit(stems), _has_name):
            for file in files:
                found = [task for task in tasks if fits(file, task)]
                if file.location_id in owners or not found:
                    continue
                taken = {task.unit_id for task in found if (task.unit_id, file.family) in owned}
                found.sort(key=lambda task: (task.unit_id in taken, not task.is_named_by(file)))
                owners[file.location_id] = found[0]
                owned.add((found[0].unit_id, file.family))
        return owners

    def _units_by_stem(self) -> dict[tuple[str, str], str]:
        rows = [file for file in self.files if file.family in ROWS]
        return {_stem(file): file.unit_id for file in rows if file.unit_id}


def _require_olmes(reader: Reader, run_id: str) -> None:
    runs = reader.sql(_FORMATS).to_pylist()
    formats = {run["format"] for run in runs if run["run_id"] == run_id}
    if not formats:
        raise UnknownNameError("run", run_id, [run["run_id"] for run in runs])
    if FORMAT not in formats:
        raise UsageError(f"the run `{run_id}` was not read from an OLMES dump")


def _distinct(rows: list[dict[str, Any]]) -> list[SourceFile]:
    """Return files one by one, wherever copies of them were seen; of rows the newest counts."""
    parsed: dict[tuple[str, str | None], SourceFile] = {}
    others: dict[tuple[str, str | None], SourceFile] = {}
    for row in rows:
        file = msgspec.convert(row, SourceFile)
        if file.disposition == "parsed":
            parsed.setdefault((file.source_file_id, file.unit_id), file)
        else:
            others.setdefault((file.source_file_id, file.sha256), file)
    copies = {(file.source_file_id, file.sha256) for file in parsed.values()}
    return [*parsed.values(), *(file for key, file in others.items() if key not in copies)]


def _is_origin(file: SourceFile, task: RecordedTask) -> bool:
    return file.family == "metrics" and task.is_in(file)


def _has_text(file: SourceFile, task: RecordedTask) -> bool:
    return file.sha256 is not None and task.hashes.get(file.family) == file.sha256


def _has_name(file: SourceFile, task: RecordedTask) -> bool:
    return task.is_named_by(file)


def _shares_unit(
    stems: dict[tuple[str, str], str],
) -> Callable[[SourceFile, RecordedTask], bool]:
    return lambda file, task: task.unit_id in (file.unit_id, stems.get(_stem(file)))


def _stem(file: SourceFile) -> tuple[str, str]:
    path = PurePosixPath(file.relative_path)
    stem = Stem.of(path.name)
    return str(path.parent), stem[0].text if stem else path.name
