"""Evidence that the house holds and that is not to be found any more: it stays as it was read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence

import msgspec

from evalhouse.formats.base import Plan, Unit
from evalhouse.records import Problem, SourceFile

_NO_TIME = 0  # of no file on disk: one that comes back is read again


def missing(
    plans: Sequence[Plan], earlier: Iterable[SourceFile], live: Container[str]
) -> dict[str, list[SourceFile]]:
    """Return, by unit, the files that its stored rows came from and that nothing replaces."""
    here = {file.path for made in plans for file in made.files}
    before: dict[str, list[SourceFile]] = defaultdict(list)
    for file in earlier:
        if file.unit_id in live and file.path not in here:
            before[file.unit_id or ""].append(file)
    found = {
        unit.unit_id: _without(unit, before[unit.unit_id])
        for made in plans
        for unit in made.units
        if unit.unit_id in before
    }
    return {unit_id: files for unit_id, files in found.items() if files}


def hold(made: Plan, gone: dict[str, list[SourceFile]]) -> None:
    """Let units whose files are gone stay as they are; say so, and remember to look again."""
    held = [unit for unit in made.units if unit.unit_id in gone]
    made.problems += [_problem(file, unit) for unit in held for file in gone[unit.unit_id]]
    left = {file.path for unit in held for file in unit.files}
    made.files = [file for file in made.files if file.path not in left]


def forgotten(file: SourceFile, *, keeps_rows: bool) -> SourceFile:
    """Return the row of a file that is gone."""
    return msgspec.structs.replace(
        file,
        mtime_ns=_NO_TIME,
        unit_id=file.unit_id if keeps_rows else None,
        reason="not there any more",
    )


def _without(unit: Unit, before: Iterable[SourceFile]) -> list[SourceFile]:
    families = {file.family for file in unit.files}
    return [file for file in before if file.family not in families]


def _problem(file: SourceFile, unit: Unit) -> Problem:
    return Problem(
        path=file.path,
        kind="missing_file",
        severity="conflict",
        task=unit.part,
        message="the file was read before and is gone or unreadable; what was read of its task "
        "stays as it is (`--rehash` reads what is left instead)",
    )
