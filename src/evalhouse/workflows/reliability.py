"""From the tables of coders to their agreement and a ground truth that they share."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from evalhouse.coders.assignment import Assignment, read_assignment
from evalhouse.coders.findings import Findings, examine
from evalhouse.coders.issues import Issue
from evalhouse.coders.panel import Item, assemble
from evalhouse.coders.sheet import Sheet, opened, read_sheet, sheets_in, units_of
from evalhouse.coders.summary import summary
from evalhouse.coders.tables import tables
from evalhouse.errors import HouseError, UsageError
from evalhouse.tasks.check import GROUND_TRUTH, survey
from evalhouse.tasks.codebook import Codebook
from evalhouse.tasks.faults import Faults, listed
from evalhouse.tasks.reading import codebook_file, read_codebook
from evalhouse.tasks.rows import Unit

DEFAULT_ID = "sample_id"
"""The column of ids where neither the codebook nor the caller names one."""
SUMMARY = "summary.md"


@dataclass(frozen=True)
class ReliabilityOptions:
    """What to compare, and where to write it.

    `coders` are CSV files, whose names become those of the coders; without them the task's own
    coders are taken. The codebook is `codebook`, or that of the folder `task`, or the one beside
    the first file or in the folder above. `id_column` names the column of ids, else the codebook's,
    else `sample_id`. Files in `to` that differ are replaced only with `is_forced`.
    """

    coders: tuple[str, ...] = ()
    codebook: str | None = None
    task: str | None = None
    id_column: str | None = None
    assignment: str | None = None
    adjudications: str | None = None
    to: str = "reliability"
    level: float = 0.95
    is_forced: bool = False


@dataclass(frozen=True)
class Reliability:
    """What was found, and the files that tell of it, in the folder `to`."""

    findings: Findings
    to: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class _Material:
    """What was asked, and what of it lies in a task's folder."""

    codebook: Codebook
    ground_truth: tuple[Unit, ...] = ()
    coders: Mapping[str, str] | None = None  # None: the codebook stands alone


def compare_coders(options: ReliabilityOptions) -> Reliability:
    """Compare coders and write everything about them to a folder.

    Raises:
        UsageError: for what cannot be read or does not fit, and for files that would be lost.
        HouseError: where the folder cannot be written.
    """
    findings = examined(options)
    made = tables(findings)
    made[SUMMARY] = summary(findings, [*made, SUMMARY])
    _write(Path(options.to), made, options)
    return Reliability(findings, options.to, tuple(made))


def examined(options: ReliabilityOptions) -> Findings:
    """Compare coders without writing anything.

    Raises:
        UsageError: as `compare_coders`.
    """
    material = _material(options)
    issues: list[Issue] = []
    sheets = list(_sheets(options, material, issues))
    codebook = material.codebook
    wanted = codebook.settings.id_column
    known = {
        unit.row.id.strip(): Item(unit.row.id.strip(), unit.row.text, unit.carried)
        for unit in material.ground_truth
    }
    panel = assemble(codebook, sheets, _assignment(options, wanted), known or None, issues)
    decided = None
    if options.adjudications is not None:
        decided = opened(options.adjudications, wanted or codebook.settings.text_column)
    return examine(panel, level=options.level, adjudications=decided)


def _assignment(options: ReliabilityOptions, id_column: str | None) -> Assignment | None:
    if options.assignment is None:
        return None
    column = id_column or options.id_column or DEFAULT_ID
    return read_assignment(opened(options.assignment, column), column)


def _material(options: ReliabilityOptions) -> _Material:
    if options.task is not None and options.codebook is not None:
        raise UsageError("a task has a codebook of its own; give `--task` or `--codebook`")
    if options.task is not None:
        return _of_task(Path(options.task), options)
    if not options.coders:
        raise UsageError(
            "there is nothing to compare; name two CSV files of coders or more, or a task that has "
            "coders with `--task`"
        )
    path = Path(options.codebook) if options.codebook else _beside(Path(options.coders[0]))
    return _Material(_keyed(_codebook(path), options, by_position=False))


def _beside(coder: Path) -> Path:
    """Return the codebook in the folder of a coder's file, or in the folder above."""
    for folder in dict.fromkeys((coder.parent, coder.absolute().parent.parent)):
        name = codebook_file(folder, Faults()) if folder.is_dir() else None
        if name:
            return folder / name
    raise UsageError(
        f"there is no codebook beside `{coder}` or in the folder above; name it with `--codebook`, "
        "or a task with `--task`"
    )


def _codebook(path: Path) -> Codebook:
    faults = Faults()
    read = read_codebook(path, str(path), faults)
    if read is None or faults.first_error:
        raise UsageError(f"the codebook cannot be used: {faults.first_error}")
    return read[0]


def _of_task(folder: Path, options: ReliabilityOptions) -> _Material:
    found = survey(folder)
    errors = [each for each in found.faults.kept if each.severity == "error"]
    # Whatever is wrong with the answers of coders is an issue of theirs, told apart.
    wrong = [each for each in errors if each.place.file in (found.codebook_file, ".")]
    wrong = [each for each in wrong if each.kind != "no_ground_truth"]
    if found.codebook is None or wrong:
        raise UsageError(
            f"the task `{folder}` cannot be used: {(wrong or errors)[0]}; `evalhouse task check "
            f"{folder}` explains it"
        )
    codebook = _keyed(found.codebook, options, by_position=not options.coders)
    units: list[Unit] = []
    if found.ground_truth is not None:
        wanted = codebook.settings.id_column or codebook.settings.text_column
        table = opened(folder / GROUND_TRUTH, wanted)
        _has_ids(table.header, codebook, str(folder / GROUND_TRUTH))
        units = units_of(codebook, table)
    files = {name: str(table.path) for name, table in found.coder_tables.items()}
    return _Material(codebook, tuple(units), files)


def _has_ids(header: Sequence[str], codebook: Codebook, file: str) -> None:
    column = codebook.settings.id_column
    if column is not None and column not in header:
        raise UsageError(
            f"`{file}` has no column `{column}` with ids beside {listed(header, 5)}; name it with "
            "`--id`"
        )


def _keyed(codebook: Codebook, options: ReliabilityOptions, *, by_position: bool) -> Codebook:
    """Let a codebook name the column of ids; a task's own coders may go by position."""
    column = options.id_column or codebook.settings.id_column
    if column is None and not by_position:
        column = DEFAULT_ID
    if column in codebook.label_columns:
        raise UsageError(
            f"the column of ids `{column}` holds the answers to a field; name another with `--id`"
        )
    return replace(codebook, settings=replace(codebook.settings, id_column=column))


def _sheets(
    options: ReliabilityOptions, material: _Material, issues: list[Issue]
) -> Iterator[Sheet]:
    codebook = material.codebook
    wanted = codebook.settings.id_column or codebook.settings.text_column
    for coder, file in _files(options, material).items():
        sheet = read_sheet(codebook, opened(file, wanted), coder, issues)
        if sheet is not None:
            yield sheet
    if not options.coders:
        yield from sheets_in(codebook, list(material.ground_truth))


def _files(options: ReliabilityOptions, material: _Material) -> Mapping[str, str]:
    if not options.coders:
        return material.coders or {}
    files: dict[str, str] = {}
    for file in options.coders:
        name = Path(file).stem
        if name in files:
            raise UsageError(
                f"`{files[name]}` and `{file}` would both be the coder `{name}`; rename one of them"
            )
        files[name] = file
    return files


def _write(folder: Path, made: Mapping[str, str], options: ReliabilityOptions) -> None:
    """Write all files, each whole; none that is there is lost unless that was asked for."""
    given = [*options.coders, options.assignment, options.adjudications]
    read = [Path(name) for name in given if name]
    read += [Path(options.task) / GROUND_TRUTH] if options.task else []
    _protect(folder, made, read)
    with _told(folder):
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"`{folder}` is a file; name a folder with `--to`")
        changed = {name: text.encode() for name, text in made.items()}
        held = [name for name, text in changed.items() if _differs(folder / name, text)]
        if held and not options.is_forced:
            raise UsageError(
                f"`{folder}` holds {listed(held, 3)} with other content; name another folder with "
                "`--to`, or replace them with `--force`"
            )
        folder.mkdir(parents=True, exist_ok=True)
        waiting = {name: folder / f".{uuid.uuid4().hex}" for name in changed}
        try:
            for name, place in waiting.items():
                _flushed(place, changed[name])
            for name, place in waiting.items():
                place.replace(folder / name)
        finally:
            for place in waiting.values():
                place.unlink(missing_ok=True)


def _protect(folder: Path, made: Mapping[str, str], read: Sequence[Path]) -> None:
    places = {(folder / name).resolve() for name in made}
    for path in read:
        if path.resolve() in places:
            raise UsageError(
                f"`{path}` was read and would be replaced by a file of this name; copy it to "
                "another name, and name the copy"
            )


def _differs(path: Path, content: bytes) -> bool:
    return os.path.lexists(path) and (not path.is_file() or path.read_bytes() != content)


def _flushed(path: Path, content: bytes) -> None:
    with path.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as failure:
        reason = failure.strerror or failure
        raise HouseError(f"cannot write to `{folder}`: {reason}") from failure
