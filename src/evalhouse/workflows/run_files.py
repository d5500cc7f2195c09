"""What became of the files of a run: read, unchanged, not there any more, or of no known format."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import msgspec

from evalhouse import ids
from evalhouse.formats.base import FileFacts, Plan, UnitFacts
from evalhouse.records import SourceFile
from evalhouse.workflows.discovery import UNRECOGNISED, Recognised


def described_files(
    made: Plan, facts: Mapping[str, UnitFacts], earlier: Mapping[str, SourceFile]
) -> list[SourceFile]:
    """Return the files of a run with what reading them showed, now or (`earlier`, by path) before.

    `facts` are those of the units that were looked at, by unit.
    """
    found = [facts[unit.unit_id] for unit in made.units if unit.unit_id in facts]
    read = {file.path: file for fact in found for file in fact.files}
    owner = {file.path: unit.unit_id for unit in made.units for file in unit.files}
    redactions = _record_redactions(made, found, earlier)
    return [
        _described(
            msgspec.structs.replace(
                file,
                unit_id=owner.get(file.path),
                redactions=redactions.get(file.source_file_id, file.redactions),
            ),
            read.get(file.path),
            earlier.get(file.path) if file.path in owner else None,
        )
        for file in made.files
    ]


def _described(file: SourceFile, read: FileFacts | None, before: SourceFile | None) -> SourceFile:
    if read is None:
        if before is None:
            return file
        return msgspec.structs.replace(
            file, sha256=before.sha256, rows=before.rows, redactions=before.redactions
        )
    counted = before if read.rows is None and before is not None else read
    return msgspec.structs.replace(
        file,
        sha256=read.sha256 or None,
        bytes=read.bytes,
        rows=counted.rows,
        redactions=counted.redactions,
        live=read.live,
    )


def _record_redactions(
    made: Plan, found: list[UnitFacts], earlier: Mapping[str, SourceFile]
) -> dict[str, int]:
    """Return the secrets replaced in files of records, which many units share.

    Where only some units were read anew, there are at least as many as before.
    """
    fresh = [fact for fact in found if not fact.repeated]
    counts: Counter[str] = Counter()
    for fact in fresh:
        counts.update(fact.redactions)
    if len(fresh) < len(made.units):
        for file in made.files:
            before = earlier.get(file.path)
            if before is not None and before.redactions > counts[file.source_file_id]:
                counts[file.source_file_id] = before.redactions
    return {file_id: count for file_id, count in counts.items() if count}


def unrecognised_files(made: Plan, recognised: Recognised) -> list[SourceFile]:
    """Return the files beside a run's own that no format knows."""
    folders = {os.path.dirname(file.path) for file in made.files}  # noqa: PTH120 - text paths
    return [
        SourceFile(
            location_id=ids.file_location_id(made.source_id, file.path),
            source_file_id=ids.source_file_id(made.source_id, "/".join(Path(file.path).parts[-2:])),
            source_id=made.source_id,
            path=file.path,
            relative_path="/".join(Path(file.path).parts[-2:]),
            family="unknown",
            bytes=file.size,
            mtime_ns=file.mtime_ns,
            disposition="ignored",
            reason=UNRECOGNISED,
        )
        for folder in sorted(folders)
        for file in recognised.beside.get(folder, ())
    ]
