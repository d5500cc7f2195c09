"""A task that is ready to be asked: codebook, rows, examples, and apart from them the labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evalhouse.errors import UsageError
from evalhouse.metrics.labels import Absent
from evalhouse.scoring.cells import Cell
from evalhouse.tasks.check import GROUND_TRUTH, survey
from evalhouse.tasks.codebook import Codebook
from evalhouse.tasks.conditions import Applies
from evalhouse.tasks.encoding import hashed
from evalhouse.tasks.examples import Example, FewShot, choose
from evalhouse.tasks.faults import Faults
from evalhouse.tasks.report import TaskReport
from evalhouse.tasks.rows import Layout, Row, Unit
from evalhouse.tasks.table import Table


@dataclass(frozen=True)
class Coding:
    """What one coder, or the consensus, answered: cells as written, by column, in order of ids."""

    ids: tuple[str, ...]
    cells: Mapping[str, tuple[str, ...]]

    def resolved(self, codebook: Codebook) -> dict[str, list[Cell]]:
        """Return the cells with `Absent.NOT_APPLICABLE` wherever the question does not arise.

        Whether it arises is told by the other cells of the same row, never by the cell itself.
        Where that is not known an empty cell is `Absent.MISSING`, also one of spans.
        """
        found: dict[str, list[Cell]] = {column: [] for column in self.cells}
        for row in zip(*self.cells.values(), strict=True):
            cells = dict(zip(self.cells, row, strict=True))
            states = codebook.applicability(cells)
            for column, cell in cells.items():
                found[column].append(_resolved(cell, states[column]))
        return found


@dataclass(frozen=True)
class Files:
    """The files of a task with their hashes, as a run writes them down."""

    codebook: Path
    codebook_sha256: str
    ground_truth: Path
    ground_truth_sha256: str


@dataclass(frozen=True)
class Task:
    """A task without errors. Rows are read anew at every call, one at a time."""

    folder: Path
    name: str
    codebook: Codebook
    report: TaskReport
    files: Files
    _ground_truth: Table = field(repr=False)
    _coder_tables: Mapping[str, Table] = field(repr=False)
    _examples: Mapping[str, list[Example]] = field(repr=False)

    def rows(self) -> Iterator[Row]:
        """Yield what prompts are made of; no label is in it."""
        return self._layout(self._ground_truth).rows(Faults())

    def carried(self) -> Iterator[Mapping[str, str]]:
        """Yield all cells of each row but its labels, for an output to repeat."""
        return (unit.carried for unit in self._units(self._ground_truth))

    def examples(self, column: str) -> tuple[Example, ...]:
        """Return the examples that the codebook chooses for a field."""
        return choose(self.codebook.settings.few_shot or FewShot(), self._examples.get(column, []))

    def gold(self) -> Coding:
        """Return the consensus."""
        return _coding((unit.row.id, unit.cells) for unit in self._units(self._ground_truth))

    def coders(self) -> dict[str, Coding]:
        """Return what each coder answered; a coder may have read a part of the rows."""
        columns = {
            name: _coding(
                (unit.row.id, unit.coders[name]) for unit in self._units(self._ground_truth)
            )
            for name in self.codebook.coder_patterns
        }
        files = {
            name: _coding((unit.row.id, unit.cells) for unit in self._units(table))
            for name, table in self._coder_tables.items()
        }
        return columns | files

    def _units(self, table: Table) -> Iterator[Unit]:
        return self._layout(table).units(Faults())

    def _layout(self, table: Table) -> Layout:
        if hashed(table.path, table.file, Faults()) != table.sha256:
            raise UsageError(
                f"`{table.path}` has changed since the task was opened; open the task again"
            )
        return Layout(self.codebook, table)


def open_task(folder: str | Path) -> Task:
    """Open a task's folder.

    Raises:
        UsageError: where there is no such folder, or it has errors: names the first and counts the
            others.
    """
    found = survey(Path(folder))
    report = found.report()
    first = found.faults.first_error
    if first:
        others = report.errors - 1
        more = f" ({others:,} more error{'s' if others > 1 else ''})" if others else ""
        raise UsageError(
            f"the task `{folder}` cannot be used: {first}{more}; "
            f"`evalhouse task check {folder}` explains all of them"
        )
    # Without an error, each of these is there.
    assert found.codebook is not None
    assert found.codebook_file is not None
    assert found.ground_truth is not None
    path = found.folder / found.codebook_file
    files = Files(
        path,
        hashed(path, found.codebook_file, Faults()) or "",
        found.folder / GROUND_TRUTH,
        found.ground_truth.sha256,
    )
    return Task(
        found.folder,
        report.name,
        found.codebook,
        report,
        files,
        found.ground_truth,
        found.coder_tables,
        found.examples,
    )


def _resolved(cell: str, state: Applies) -> Cell:
    if state is Applies.NO:
        return Absent.NOT_APPLICABLE
    return cell if state is Applies.YES or cell.strip() else Absent.MISSING


def _coding(rows: Iterator[tuple[str, Mapping[str, str]]]) -> Coding:
    ids: list[str] = []
    cells: dict[str, list[str]] = {}
    for name, row in rows:
        ids.append(name)
        for column, cell in row.items():
            cells.setdefault(column, []).append(cell)
    return Coding(tuple(ids), {column: tuple(found) for column, found in cells.items()})
