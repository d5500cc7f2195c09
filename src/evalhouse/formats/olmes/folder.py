"""One folder of a dump: its records, its tasks' files, and which record is whose."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from evalhouse.formats.base import Claim
from evalhouse.formats.files import read_whole
from evalhouse.formats.lines import BOM, EXCERPT
from evalhouse.formats.olmes.names import Coordinates, Stem
from evalhouse.formats.olmes.recognise import ROW_FAMILIES
from evalhouse.formats.olmes.record import Record
from evalhouse.ids import sha256_hex
from evalhouse.records import Problem


@dataclass
class SmallFile:
    """A file that is read whole while planning."""

    claim: Claim
    sha256: str
    text: str
    packed: bool


@dataclass
class TaskFiles:
    """The files that share a stem, and what they say of their task."""

    stem: Stem
    rows: list[Claim] = field(default_factory=list)
    metrics: SmallFile | None = None
    config: SmallFile | None = None
    task_hash: str | None = None
    model_hash: str | None = None
    own: Record | None = None  # the record in its own metrics file

    @property
    def alias(self) -> str | None:
        """Return the alias that its own small files state."""
        if self.own is not None:
            return self.own.alias
        if self.config is not None:
            metadata = _object(self.config.text).get("metadata")
            return metadata.get("alias") if isinstance(metadata, dict) else None
        return None


@dataclass
class Entry:
    """A task or aggregate of a run: its record and its files, either of which may be missing."""

    record: Record | None
    record_file: Claim | None
    files: TaskFiles | None
    folder: Folder

    @property
    def alias(self) -> str:
        """Return the name that is unique in its run."""
        if self.record is not None:
            return self.record.alias
        assert self.files is not None
        return self.files.alias or self.files.stem.name

    @property
    def task_hash(self) -> str | None:
        """Return the writer's hash of the task settings."""
        if self.record is not None:
            return self.record.task_hash
        return self.files.task_hash if self.files else None

    @property
    def model_hash(self) -> str | None:
        """Return the writer's hash of the model settings."""
        if self.record is not None:
            return self.record.model_hash
        return self.files.model_hash if self.files else None


@dataclass
class Folder:
    """What one folder holds."""

    path: str
    coordinates: Coordinates
    records: list[tuple[Record, Claim]] = field(default_factory=list)
    tasks: dict[str, TaskFiles] = field(default_factory=dict)
    small: list[SmallFile] = field(default_factory=list)  # metrics-all, summaries, vestiges
    large: list[Claim] = field(default_factory=list)  # kept as they are
    spare: list[SmallFile] = field(default_factory=list)  # of tasks without record and rows
    copies: list[tuple[Claim, Claim]] = field(default_factory=list)  # and what each is a copy of
    problems: list[Problem] = field(default_factory=list)

    def entries(self) -> list[Entry]:
        """Map every record to its files; what stays ambiguous is reported, never crossed."""
        matched = _match([record for record, _ in self.records], self)
        entries = [
            Entry(record, claim, matched.get(index), self)
            for index, (record, claim) in enumerate(self.records)
        ]
        taken = {id(files) for files in matched.values()}
        for files in self.tasks.values():
            if id(files) in taken:
                continue
            own = files.metrics.claim if files.own is not None and files.metrics else None
            if files.rows or files.own is not None:
                entries.append(Entry(files.own, own, files, self))
            else:
                self.spare += [file for file in (files.metrics, files.config) if file is not None]
        return entries


def read_folder(path: str, claims: Sequence[Claim]) -> Folder:
    """Read the small files of a folder and sort its files by task."""
    folder = Folder(path, Coordinates.of(path))
    for claim in claims:
        if claim.family == "verbose-metrics":
            folder.large.append(claim)
        elif claim.family in ROW_FAMILIES:
            files = _task(folder, claim)
            first = next((row for row in files.rows if row.family == claim.family), None)
            if first is not None:
                folder.copies.append((claim, first))
                continue
            files.rows.append(claim)
            if claim.family == "predictions" and files.task_hash is None:
                files.task_hash, files.model_hash = _hashes(claim.head)
        else:
            _read_small(folder, claim)
    for files in folder.tasks.values():
        if files.own is not None:
            files.task_hash = files.task_hash or files.own.task_hash
            files.model_hash = files.model_hash or files.own.model_hash
    return folder


def _task(folder: Folder, claim: Claim) -> TaskFiles:
    named = Stem.of(claim.file.name)
    stem = named[0] if named else Stem(claim.file.name, claim.file.name, None)
    return folder.tasks.setdefault(stem.text, TaskFiles(stem))


def _read_small(folder: Folder, claim: Claim) -> None:
    raw, content = read_whole(claim.file.path)
    text = content.removeprefix(BOM).decode("utf-8", "replace")
    file = SmallFile(claim, sha256_hex(raw), text, packed=raw is not content)
    first = _same(folder, file)
    if first is not None:
        folder.copies.append((claim, first))
    elif claim.family == "metrics-all":
        folder.small.append(file)
        _read_records(folder, file, content)
    elif claim.family == "metrics":
        task = _task(folder, claim)
        task.metrics, task.own = file, _record(folder, file)
    elif claim.family == "config":
        _task(folder, claim).config = file
    else:
        folder.small.append(file)


def _same(folder: Folder, file: SmallFile) -> Claim | None:
    """Return an earlier file that this one is a copy of, or that takes its place."""
    if file.claim.family in ("metrics", "config"):
        earlier = getattr(_task(folder, file.claim), file.claim.family)
        return earlier.claim if earlier is not None else None
    same = (other.claim for other in folder.small if other.sha256 == file.sha256)
    return next((other for other in same if other.file.name == file.claim.file.name), None)


def _record(folder: Folder, file: SmallFile) -> Record | None:
    text = file.text.strip()
    try:
        return Record(text, path=file.claim.file.path, line=1)
    except (ValueError, RecursionError) as failure:
        _damaged(folder, file, text.encode(), (1, 0), str(failure))
        return None


def _read_records(folder: Folder, file: SmallFile, content: bytes) -> None:
    offset = len(BOM) if content.startswith(BOM) else 0
    lines = content[offset:].split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            text = line.decode("utf-8").strip()
            if text:
                record = Record(text, path=file.claim.file.path, line=number)
                folder.records.append((record, file.claim))
        except (ValueError, RecursionError) as failure:
            cut = number == len(lines)
            reason = "the file ends inside the line" if cut else str(failure)
            _damaged(folder, file, line, (number, offset), reason, cut=cut)
        offset += len(line) + 1


def _damaged(
    folder: Folder,
    file: SmallFile,
    line: bytes,
    place: tuple[int, int],
    reason: str,
    *,
    cut: bool = False,
) -> None:
    folder.problems.append(
        Problem(
            path=file.claim.file.path,
            kind="truncated_line" if cut else "not_json",
            message=f"the record cannot be read: {reason}",
            line=place[0],
            byte_offset=place[1],
            excerpt=line[:EXCERPT].decode("utf-8", "replace"),
            bytes=line,
        )
    )


def _match(records: Sequence[Record], folder: Folder) -> dict[int, TaskFiles]:
    """Return the files of each record: by hash, then by alias, then by registry name."""
    candidates: dict[str, list[int]] = {}
    for stem, files in folder.tasks.items():
        candidates[stem] = _without_copies(records, _candidates(records, files))
    matched: dict[int, TaskFiles] = {}
    for stem, found in candidates.items():
        files = folder.tasks[stem]
        if len(found) > 1:
            _report_ambiguous(folder, files, [records[index] for index in found])
        elif len(found) == 1:
            rival = matched.get(found[0])
            if rival is None or _names(files, records[found[0]]) > _names(rival, records[found[0]]):
                matched[found[0]] = files
    return matched


def _candidates(records: Sequence[Record], files: TaskFiles) -> list[int]:
    tasks = [index for index, record in enumerate(records) if not record.is_aggregate]
    if files.task_hash is not None:
        tasks = [index for index in tasks if records[index].task_hash == files.task_hash]
        if len(tasks) == 1:
            return tasks
    if files.own is not None:
        same = [index for index in tasks if records[index].text == files.own.text]
        if len(same) == 1:
            return same
    for name in (files.alias, files.stem.name):
        named = [index for index in tasks if name is not None and records[index].alias == name]
        if named:
            return named if len(named) == 1 else _by_index(records, named, files)
    named = [index for index in tasks if records[index].task_name == files.stem.name]
    if files.task_hash is None:
        return named if len(named) < 2 else _by_index(records, named, files)
    return tasks if len(named) < 2 else named


def _without_copies(records: Sequence[Record], found: list[int]) -> list[int]:
    return found[:1] if len({records[index].text for index in found}) == 1 else found


def _by_index(records: Sequence[Record], named: list[int], files: TaskFiles) -> list[int]:
    """Among records of one name, the place in the launch may decide; it never does so alone."""
    same = [index for index in named if records[index].task_idx == files.stem.index]
    return same if len(same) == 1 else named


def _names(files: TaskFiles, record: Record) -> int:
    return 2 * (files.stem.name == record.alias) + (files.stem.name == record.task_name)


def _report_ambiguous(folder: Folder, files: TaskFiles, records: Sequence[Record]) -> None:
    names = ", ".join(f"`{record.alias}`" for record in records)
    folder.problems.append(
        Problem(
            path=f"{folder.path}/{files.stem.text}",
            kind="ambiguous_record",
            severity="conflict",
            message=f"the files `{files.stem.text}-*` fit the records {names} alike; "
            "their rows are stored without a record",
        )
    )


def _hashes(head: bytes) -> tuple[str | None, str | None]:
    """Return the hashes of the first row that can be parsed."""
    for line in head.removeprefix(BOM).split(b"\n"):
        value = _object(line.decode("utf-8", "replace"))
        if value:
            return _text(value.get("task_hash")), _text(value.get("model_hash"))
    return None, None


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
