"""All coders side by side: the label of each on each item, and where their questions arise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from evalhouse.coders.assignment import Assignment
from evalhouse.coders.issues import Issue
from evalhouse.coders.labels import Label, Reader
from evalhouse.coders.sheet import Line, Sheet
from evalhouse.errors import UsageError
from evalhouse.tasks.codebook import Annotation, Codebook
from evalhouse.tasks.conditions import Applies

ITEM = "item_id"
"""The column of ids in tables of ours where those of coders have none."""


@dataclass(frozen=True, slots=True)
class Item:
    """A text that coders read; `carried` are all its cells but labels."""

    id: str
    text: str
    carried: Mapping[str, str]


@dataclass(frozen=True)
class Panel:
    """What coders say of items.

    `assigned` is (items, coders): who was to read what, or without an assignment who did. `labels`
    by column is (items, coders): a label, or None where there is no valid one. `arises` by column
    is (items, coders): whether the question arises by the coder's own answers.
    """

    codebook: Codebook
    coders: tuple[str, ...]
    items: tuple[Item, ...]
    assigned: Sequence[Sequence[bool]]
    labels: Mapping[str, Sequence[Sequence[Label | None]]]
    arises: Mapping[str, Sequence[Sequence[bool]]]
    issues: tuple[Issue, ...]
    columns: frozenset[str]  # that any coder has

    def applies(self, annotation: Annotation) -> list[bool]:
        """Return where a field counts: where its question arises for most of those who read."""
        if annotation.condition is None:
            return [True] * len(self.items)
        return [
            2 * sum(arises) > sum(assigned)
            for arises, assigned in zip(self.arises[annotation.column], self.assigned, strict=True)
        ]

    def given(self, column: str) -> Iterator[list[tuple[str, Label]]]:
        """Yield for each item who gave a label, and which."""
        for row in self.labels[column]:
            pairs = zip(self.coders, row, strict=True)
            yield [(coder, label) for coder, label in pairs if label is not None]


@dataclass
class _Parts:
    """The panel as far as it is put together."""

    codebook: Codebook
    sheets: Sequence[Sheet]
    assignment: Assignment | None
    issues: list[Issue]
    readers: dict[str, Reader] = field(init=False)
    is_span_only: bool = field(init=False)

    def __post_init__(self) -> None:
        annotations = self.codebook.annotations
        self.readers = {each.column: Reader(each.field) for each in annotations}
        self.is_span_only = all(
            each.field.kind == "span" for each in annotations if each.condition is None
        )


def assemble(
    codebook: Codebook,
    sheets: Sequence[Sheet],
    assignment: Assignment | None = None,
    known: Mapping[str, Item] | None = None,
    issues: Sequence[Issue] = (),
) -> Panel:
    """Put the tables of coders side by side.

    Args:
        codebook: what was asked.
        sheets: one for each coder, with names that differ.
        assignment: who was to read what; without it, everyone was to read what is in the table.
        known: the items that there are, in their order; without them, all that a coder has.
        issues: those found before; the panel's own follow them.

    An answer to an item that is unknown, or another coder's, is an issue and enters nothing.

    Raises:
        UsageError: for fewer than two coders, no item, and spans without texts.
    """
    names = [sheet.coder for sheet in sheets]
    if len(names) < 2:
        told = f"; {issues[0].message}" if issues else ""
        raise UsageError(
            f"agreement needs the answers of two coders or more; found {len(names)}{told}"
        )
    parts = _Parts(codebook, sheets, assignment, list(issues))
    kept = [_kept(sheet, parts, known) for sheet in sheets]
    items = _items(kept, codebook, known, parts)
    return _panel(parts, kept, items)


def _kept(sheet: Sheet, parts: _Parts, known: Mapping[str, Item] | None) -> dict[str, Line]:
    """Return the lines of a coder that are about items of this coder's."""
    lines, assignment = dict(sheet.lines), parts.assignment
    for item in sheet.lines:
        if (known is not None and item not in known) or (
            assignment is not None and item not in assignment.coders
        ):
            where = "the assignment" if known is None or item in known else "the ground truth"
            message = f"{where} has no such item; what the coder says of it is left out"
            parts.issues.append(Issue("unexpected_item", message, item, sheet.coder))
        elif assignment is not None and not assignment.has(item, sheet.coder):
            message = "the item is assigned to others; what the coder says of it is left out"
            parts.issues.append(Issue("unexpected_coder_assignment", message, item, sheet.coder))
        else:
            continue
        del lines[item]
    return lines


def _items(
    kept: Sequence[Mapping[str, Line]],
    codebook: Codebook,
    known: Mapping[str, Item] | None,
    parts: _Parts,
) -> tuple[Item, ...]:
    """Return the items that a coder has, in the known order or as they come."""
    first: dict[str, dict[str, str]] = {}
    texts: dict[str, str] = {}
    for lines in kept:
        for item, line in lines.items():
            carried = first.setdefault(item, {})
            for column, cell in line.carried.items():
                carried.setdefault(column, cell)
            if line.text is not None:
                texts.setdefault(item, line.text)
    if known is not None:
        texts |= {item: known[item].text for item in first}
    if not first:
        raise UsageError(
            "no coder has a row that counts; compare the ids of the files, or name the column of "
            "ids with `--id`"
        )
    spans = [each.column for each in codebook.annotations if each.field.kind == "span"]
    if spans and not texts:
        raise UsageError(
            f"`{spans[0]}` marks parts of texts and no file has the column "
            f"`{codebook.settings.text_column}` with them; add it, or name the task with `--task`"
        )
    for sheet, lines in zip(parts.sheets, kept, strict=True):
        parts.issues += [
            Issue(
                "other_text",
                "the coder's row has another text than the first one with this id",
                item,
                sheet.coder,
                codebook.settings.text_column,
            )
            for item, line in lines.items()
            if line.text is not None and line.text != texts[item]
        ]
    if known is not None:
        return tuple(each for item, each in known.items() if item in first)
    return tuple(Item(item, texts.get(item, ""), carried) for item, carried in first.items())


def _panel(parts: _Parts, kept: Sequence[Mapping[str, Line]], items: tuple[Item, ...]) -> Panel:
    codebook, assignment = parts.codebook, parts.assignment
    shape = len(items), len(parts.sheets)
    labels: dict[str, list[list[Label | None]]] = {
        column: [[None] * shape[1] for _ in items] for column in codebook.by_column
    }
    arises = {column: [[False] * shape[1] for _ in items] for column in codebook.by_column}
    assigned = [[False] * shape[1] for _ in items]
    for coder, (sheet, lines) in enumerate(zip(parts.sheets, kept, strict=True)):
        for place, item in enumerate(items):
            line = lines.get(item.id)
            is_theirs = assignment is not None and assignment.has(item.id, sheet.coder)
            assigned[place][coder] = is_theirs or (assignment is None and line is not None)
            if line is not None:
                for column, label, does_arise in _judged(parts, sheet, item, line):
                    labels[column][place][coder] = label
                    arises[column][place][coder] = does_arise
    _tell_missing(parts, kept)
    return Panel(
        codebook,
        tuple(sheet.coder for sheet in parts.sheets),
        items,
        assigned,
        labels,
        arises,
        tuple(parts.issues),
        frozenset().union(*(sheet.columns for sheet in parts.sheets)),
    )


def _tell_missing(parts: _Parts, kept: Sequence[Mapping[str, Line]]) -> None:
    if parts.assignment is None:
        return
    have = {sheet.coder: lines for sheet, lines in zip(parts.sheets, kept, strict=True)}
    for coder in sorted(parts.assignment.names | have.keys()):
        why = "has no row for it" if coder in have else "has no file"
        parts.issues += [
            Issue("missing_assigned_item", f"the coder {why}", item, coder)
            for item in parts.assignment.of(coder)
            if item not in have.get(coder, ())
        ]


def _judged(
    parts: _Parts, sheet: Sheet, item: Item, line: Line
) -> Iterator[tuple[str, Label | None, bool]]:
    """Yield the label of each field that a coder gives an item, and whether it arises."""
    states = parts.codebook.applicability(line.cells)
    is_coded = parts.is_span_only or any(cell.strip() for cell in line.cells.values())
    for annotation in parts.codebook.annotations:
        column, state = annotation.column, states[annotation.column]
        if column not in sheet.columns:
            yield column, None, state is Applies.YES
            continue
        cell = line.cells[column]
        read = parts.readers[column](cell, item.text)
        about = (item.id, sheet.coder, column, cell)
        if state is not Applies.YES:
            if not read.is_blank:
                parts.issues.append(Issue("forbidden_child_value", _ruled_out(annotation), *about))
            yield column, None, False
        elif read.fault:
            parts.issues.append(Issue("invalid_label", read.fault, *about))
            yield column, None, True
        elif not read.is_blank:
            yield column, read.label, True
        elif annotation.field.kind == "span" and is_coded:
            yield column, (), True  # without spans, none is what the coder says
        else:
            message = "there is no answer where the question arises"
            parts.issues.append(Issue("missing_required_field", message, *about))
            yield column, None, True


def _ruled_out(annotation: Annotation) -> str:
    return (
        "there is an answer where the question does not arise by the coder's own answers; "
        f"expected one only where {annotation.condition}"
    )
