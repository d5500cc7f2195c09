"""Looking at a task's folder: everything in it that is wrong, and what there is."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evalhouse.errors import UsageError
from evalhouse.tasks.codebook import COLUMN, Codebook
from evalhouse.tasks.columns import ColumnCheck
from evalhouse.tasks.conditions import Applies
from evalhouse.tasks.document import Node
from evalhouse.tasks.examples import CODEBOOK, Example
from evalhouse.tasks.faults import Faults, Place, shortened
from evalhouse.tasks.reading import codebook_file, read_codebook
from evalhouse.tasks.report import CodebookSummary, CoderCounts, TaskReport
from evalhouse.tasks.rows import Layout, Unit
from evalhouse.tasks.table import Table, open_table
from evalhouse.tasks.tally import FieldCounts, Tally
from evalhouse.tasks.verdicts import Judge

GROUND_TRUTH = "ground-truth.csv"
CODERS = "coders"


@dataclass
class Survey:
    """A task's folder as far as it could be read."""

    folder: Path
    faults: Faults = field(default_factory=Faults)
    codebook_file: str | None = None
    codebook: Codebook | None = None
    ground_truth: Table | None = None
    coder_tables: dict[str, Table] = field(default_factory=dict)
    examples: dict[str, list[Example]] = field(default_factory=dict)
    fields: tuple[FieldCounts, ...] = ()
    coders: list[CoderCounts] = field(default_factory=list)
    rows: int = 0

    def report(self) -> TaskReport:
        """Return what was found."""
        known = self.codebook and self.codebook_file
        summary = CodebookSummary.of(self.codebook, known) if self.codebook and known else None
        kept = self.faults.kept
        return TaskReport(
            str(self.folder),
            self.folder.resolve().name,
            summary,
            self.rows,
            self.fields,
            tuple(self.coders),
            tuple(sorted(kept, key=lambda fault: fault.severity)),  # "error" comes first
            dict(self.faults.counts),
        )


def check_task(folder: str | Path) -> TaskReport:
    """Read everything in a task's folder and return what is there and every fault.

    Raises:
        UsageError: where there is no such folder.
    """
    return survey(Path(folder)).report()


def survey(folder: Path) -> Survey:
    """Read everything in a task's folder."""
    if not os.path.isdir(folder):  # noqa: PTH112 - it takes any name, however long
        raise UsageError(
            f"there is no task's folder `{folder}`; expected one with `codebook.json` or "
            f"`codebook.yaml` and `{GROUND_TRUTH}`"
        )
    found = Survey(folder)
    found.codebook_file = codebook_file(folder, found.faults)
    read = None
    if found.codebook_file:
        path = folder / found.codebook_file
        read = read_codebook(path, found.codebook_file, found.faults)
    if read:
        found.codebook, root = read
        _Tables(found, found.codebook, root).look()
    elif not _is_file(folder, GROUND_TRUTH):
        _no_ground_truth(found.faults)
    return found


class _Tables:
    """The tables of a task, each looked at once."""

    def __init__(self, found: Survey, codebook: Codebook, root: Node) -> None:
        self._found, self._codebook, self._root = found, codebook, root
        self._faults, self._folder = found.faults, found.folder
        few_shot = codebook.settings.few_shot
        self._shots = few_shot.source if few_shot and few_shot.source != CODEBOOK else None
        self._coders = dict(self._coder_files())
        self._texts: dict[str, str] = {}  # by id; kept only where another table needs them

    def look(self) -> None:
        """Look at the ground truth first: the others are compared with it."""
        if _is_file(self._folder, GROUND_TRUTH):
            self._ground_truth()
        else:
            _no_ground_truth(self._faults)
        for coder, file in self._coders.items():
            self._coder(coder, file)
        if self._shots:
            self._few_shot(self._shots)
        else:
            self._found.examples = {
                each.column: list(each.examples) for each in self._codebook.annotations
            }

    def _open(self, file: str) -> Table | None:
        wanted = self._codebook.settings.id_column or self._codebook.settings.text_column
        return open_table(self._folder / file, file, self._faults, wanted=wanted)

    def _ground_truth(self) -> None:
        self._found.ground_truth = table = self._open(GROUND_TRUTH)
        if table is None:
            return
        ColumnCheck(self._codebook, table, self._faults).ground_truth()
        layout = Layout(self._codebook, table)
        gold = Tally(self._codebook, GROUND_TRUTH, self._faults)
        coders = {
            name: Tally(self._codebook, GROUND_TRUTH, self._faults, f" of coder `{name}`")
            for name in layout.coders
        }
        are_needed = bool(self._coders or self._shots)
        for unit in layout.units(self._faults):
            text = unit.row.text if layout.has_text else None
            gold.add(unit, unit.cells, text)
            for name, tally in coders.items():
                tally.add(unit, unit.coders[name], text)
            if are_needed:
                self._texts[unit.row.id] = unit.row.text
        self._found.rows, self._found.fields = gold.rows, gold.fields()
        self._found.coders += [
            CoderCounts(name, self._codebook.coder_patterns[name], tally.rows, tally.fields())
            for name, tally in coders.items()
        ]
        if not gold.rows:
            self._empty(table.file)

    def _coder_files(self) -> Iterator[tuple[str, str]]:
        declared = self._codebook.settings.coders
        if declared is None:
            for path in sorted((self._folder / CODERS).glob("*.csv")):
                yield path.stem, f"{CODERS}/{path.name}"
            return
        for coder, source in declared.items():
            if COLUMN not in source and self._is_there(source, "coders", coder):
                yield coder, source

    def _coder(self, coder: str, file: str) -> None:
        table = self._open(file)
        if table is None:
            return
        self._found.coder_tables[coder] = table
        ColumnCheck(self._codebook, table, self._faults).coder()
        layout = Layout(self._codebook, table)
        tally = Tally(self._codebook, file, self._faults)
        for unit in layout.units(self._faults):
            known = self._texts.get(unit.row.id)
            if self._texts:
                self._compare(file, unit, known, has_text=layout.has_text)
            tally.add(unit, unit.cells, unit.row.text if layout.has_text else known)
        self._found.coders.append(CoderCounts(coder, file, tally.rows, tally.fields()))

    def _compare(self, file: str, unit: Unit, known: str | None, *, has_text: bool) -> None:
        if known is not None and (known == unit.row.text or not has_text):
            return
        self._faults.add(
            "coder_row" if known is None else "coder_text",
            Place(file, f"row `{shortened(unit.row.id)}`", unit.line),
            f"`{GROUND_TRUTH}` has no such row" if known is None else "the text is another one",
            expected="a row of the ground truth" if known is None else f"that of `{GROUND_TRUTH}`",
            advice="correct the id" if known is None else "let all coders read the same text",
        )

    def _few_shot(self, file: str) -> None:
        table = self._open(file) if self._is_there(file, "few_shot", "source") else None
        if table is None:
            return
        ColumnCheck(self._codebook, table, self._faults).examples()
        texts = {text.strip() for text in self._texts.values()}
        layout = Layout(self._codebook, table)
        tally = Tally(self._codebook, file, self._faults)
        judges = {each.column: Judge(each.field) for each in self._codebook.annotations}
        for unit in layout.units(self._faults):
            tally.add(unit, unit.cells, unit.row.text)
            if unit.row.text.strip() in texts:
                self._leak(file, unit)
            for column, example in self._shown(unit, judges):
                self._found.examples.setdefault(column, []).append(example)
        if not tally.rows:
            self._empty(file)

    def _shown(self, unit: Unit, judges: Mapping[str, Judge]) -> Iterator[tuple[str, Example]]:
        """Yield the answers of a row that can stand as examples."""
        states = self._codebook.applicability(unit.cells)
        for column, cell in unit.cells.items():
            is_answer = judges[column](cell, unit.row.text).is_valid
            is_span = self._codebook.by_column[column].field.kind == "span"  # none is an answer
            if states[column] is Applies.YES and (is_answer or (is_span and not cell.strip())):
                yield column, Example(unit.row.text, cell or "[]")

    def _leak(self, file: str, unit: Unit) -> None:
        self._faults.add(
            "example_in_ground_truth",
            Place(file, f"row `{shortened(unit.row.id)}`", unit.line),
            f"the text is also in `{GROUND_TRUTH}`",
            expected="examples that are not scored: a model would be told their answers",
            advice="remove it from one of the two",
        )

    def _is_there(self, file: str, setting: str, key: str) -> bool:
        if _is_file(self._folder, file):
            return True
        node = self._root.get(setting) or self._root
        (node.get(key) or node).fault(
            "missing_file",
            f"there is no file `{shortened(file)}` in the task's folder",
            expected="the path of a CSV file in the folder",
            advice="add the file, or correct the path",
        )
        return False

    def _empty(self, file: str) -> None:
        self._faults.add(
            "empty_table",
            Place(file),
            "the file has no row that can be read below its header",
            expected="at least one",
            advice="add rows",
        )


def _is_file(folder: Path, file: str) -> bool:
    """Return whether a file is inside a folder; any text may stand for its name."""
    parts = Path(file).parts
    is_inside = ".." not in parts and not Path(file).is_absolute()
    return is_inside and os.path.isfile(folder / file)  # noqa: PTH113 - it takes any name


def _no_ground_truth(faults: Faults) -> None:
    faults.add(
        "no_ground_truth",
        Place("."),
        f"there is no `{GROUND_TRUTH}`",
        expected="a CSV file with the texts, and the answers of people in columns named "
        "`<section>_<field>`",
        advice="add it",
    )
