"""Rows of gold and answers brought together by their ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from evalhouse.assessment.answers import Answered
from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.labels import Absent
from evalhouse.scoring.basis import Clusters
from evalhouse.scoring.cells import Cell
from evalhouse.scoring.field import Field
from evalhouse.stats.values import places
from evalhouse.tasks.faults import shortened
from evalhouse.tasks.task import Task

Cells = Sequence[Cell]


@dataclass(frozen=True)
class FieldRows:
    """The cells of one field: gold, model, repeats and coders have the same rows in one order.

    A side without the column is None, or not among the coders.
    """

    field: Field
    gold: Cells | None
    model: Cells | None
    statuses: Sequence[str] | None
    repeats: tuple[Cells, ...]
    coders: Mapping[str, Cells]
    texts: Sequence[str]
    clusters: Clusters | None

    @property
    def applies(self) -> list[bool]:
        """Which rows the question arises for, by the gold."""
        return [cell is not Absent.NOT_APPLICABLE for cell in self.gold or ()]


@dataclass(frozen=True)
class Matched:
    """A task with the answers to it, row by row in the order of the task."""

    fields: tuple[FieldRows, ...]
    rows: int
    unanswered: int
    unknown: int
    warnings: tuple[str, ...]


def match(task: Task, answers: Answered, clusters: str | None = None) -> Matched:
    """Join gold, answers and coders by the ids of rows; `clusters` names a column of the task.

    Raises:
        UsageError: for an id that the answers hold twice, answers without a row of the task, and
            rows without ids that are others than those of the task.
        UnknownNameError: for clusters that are no column.
    """
    gold, rows = task.gold(), list(task.rows())
    known = _known_ids(task, answers, gold.ids)
    ids = _ids(answers, known, [row.text for row in rows])
    at = {name: place for place, name in enumerate(ids)}
    kept = [place for place, name in enumerate(known) if name in at]
    if not kept:
        raise UsageError(
            f"no row of the answers is one of `{task.name}`: their first id is "
            f"`{shortened(ids[0]) if ids else 'none'}` and the task's `{known[0]}`; give the "
            "answers to this task, or name their column of ids"
        )
    theirs = [at[known[place]] for place in kept]
    texts = [rows[place].text for place in kept]
    resolved = _picked(gold.resolved(task.codebook), kept)
    coders = {
        name: _picked(coding.resolved(task.codebook), _places(coding.ids, gold.ids, kept))
        for name, coding in task.coders().items()
    }
    model = _picked(answers.cells, theirs)
    statuses = {name: [held[place] for place in theirs] for name, held in answers.statuses.items()}
    repeats = [_picked(cells, theirs) for cells in answers.repeats]
    groups = None if clusters is None else _clusters(task, clusters, kept)
    fields = tuple(
        FieldRows(
            each.field,
            resolved.get(each.column),
            model.get(each.column),
            statuses.get(each.column),
            tuple(cells[each.column] for cells in repeats if each.column in cells),
            {name: cells[each.column] for name, cells in coders.items() if each.column in cells},
            texts,
            groups,
        )
        for each in task.codebook.annotations
    )
    unanswered, unknown = len(gold.ids) - len(kept), len(ids) - len(kept)
    warnings = _warnings(answers, (unanswered, unknown), _other_texts(answers, texts, theirs))
    return Matched(fields, len(kept), unanswered, unknown, tuple(warnings))


def _known_ids(task: Task, answers: Answered, ids: Sequence[str]) -> Sequence[str]:
    """Return the ids of the task's rows: its own, or those of the column that the answers name."""
    column = answers.id_column
    if column is None or task.codebook.settings.id_column is not None:
        return ids
    found = [cells.get(column, "") for cells in task.carried()]
    if len(set(found)) == len(found) and all(name.strip() for name in found):
        return found
    raise UsageError(
        f"the answers name their rows by `{column}`, and the task `{task.name}` has no id of its "
        "own for every row there; name another column of ids, or none to join by position"
    )


def _ids(answers: Answered, known: Sequence[str], texts: Sequence[str]) -> Sequence[str]:
    """Return the ids of the answers, once it is certain that they name single rows."""
    if answers.is_positional:
        _check_positions(answers, texts)
        return known[: len(answers.ids)]
    counts = Counter(answers.ids)
    name, count = counts.most_common(1)[0] if counts else ("", 0)
    if count > 1:
        surplus = len(answers.ids) - len(counts)
        raise UsageError(
            f"the answers hold the row `{shortened(name)}` {count} times ({surplus} rows too many "
            "in all); leave one answer for each row, or name another column of ids"
        )
    return answers.ids


def _check_positions(answers: Answered, texts: Sequence[str]) -> None:
    """Rows without ids may be paired by their place if that makes them the same rows."""
    advice = "give the answers a column with the ids of rows"
    found = len(answers.ids)
    if found > len(texts) or (answers.texts is None and found < len(texts)):
        raise UsageError(
            f"the answers have {found:,} rows without ids and the task {len(texts):,}; {advice}"
        )
    for row, (text, known) in enumerate(zip(answers.texts or (), texts, strict=False), 1):
        if text.strip() and not _are_same(text, known):
            raise UsageError(
                f"row {row:,} of the answers is about `{shortened(text, 40)}` and that of the task "
                f"about `{shortened(known, 40)}`, and the answers have no ids; {advice}"
            )


def _are_same(first: str, second: str) -> bool:
    return first == second or first.split() == second.split()


def _other_texts(answers: Answered, texts: Sequence[str], theirs: Sequence[int]) -> int:
    if answers.texts is None:
        return 0
    found = (answers.texts[place] for place in theirs)
    return sum(
        bool(text.strip()) and not _are_same(text, known)
        for text, known in zip(found, texts, strict=True)
    )


def _warnings(answers: Answered, missed: tuple[int, int], other_texts: int) -> Iterator[str]:
    unanswered, unknown = missed
    if answers.is_positional:
        yield "the answers have no ids of rows: they are paired with the gold by position"
    if unanswered:
        yield f"{unanswered:,} rows of the gold are not among the answers, and are left out"
    if unknown:
        yield f"{unknown:,} rows of the answers are not in the gold, and are left out"
    if other_texts:
        yield f"{other_texts:,} rows have another text beside their answers than in the task"


def _places(ids: Sequence[str], gold: Sequence[str], kept: Sequence[int]) -> list[int | None]:
    at = {name: place for place, name in enumerate(ids)}
    return [at.get(gold[place]) for place in kept]


def _picked(
    cells: Mapping[str, Sequence[Cell]], rows: Sequence[int | None]
) -> dict[str, list[Cell]]:
    return {column: list(map(partial(_cell, held), rows)) for column, held in cells.items()}


def _cell(held: Sequence[Cell], row: int | None) -> Cell:
    return Absent.MISSING if row is None else held[row]


def _clusters(task: Task, column: str, kept: Sequence[int]) -> Clusters:
    found = list(task.carried())
    if column not in found[0]:
        raise UnknownNameError("column of clusters", column, found[0])
    names = [found[place][column] for place in kept]
    blank = next((row for row, name in enumerate(names, 1) if not name.strip()), None)
    if blank is not None:
        raise UsageError(
            f"row {blank:,} has no cluster in `{column}`; give it one of its own, or leave it out"
        )
    return places(names, len(names))[0]
