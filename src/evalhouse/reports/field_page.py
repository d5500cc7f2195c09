"""The part of a report about one field."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from evalhouse.assessment.results import Confusion
from evalhouse.reports.document import (
    Block,
    Chart,
    Column,
    Folded,
    Paragraph,
    Picture,
    Section,
    Table,
    name,
    plain,
)
from evalhouse.reports.pictures.matrix import Block as Cells
from evalhouse.reports.pictures.matrix import matrix
from evalhouse.reports.scores import label_table, score_table
from evalhouse.reports.wording import counted, safe, share
from evalhouse.views.annotation.fields import FieldReport, row_shares
from evalhouse.views.annotation.words import thresholds


def field_section(field: FieldReport, anchor: str) -> Section:
    """Return everything about one field."""
    result = field.result
    about = f"{result.kind}; applies to {result.applicable:,} of {counted(result.rows, 'row')}."
    blocks: list[Block] = [Paragraph(plain(about)), *_confusion(field)]
    if field.labels:
        is_open = result.is_imbalanced
        why = " (some labels are rare, and overall scores hide them)" if is_open else ""
        title = f"Precision and recall of {counted(len(field.labels.rows), 'label')}{why}"
        blocks.append(Folded(title, (label_table(field.labels),), is_open=is_open))
    if field.others:
        is_text = not field.headline
        title = "Diagnostics" if is_text else "All other scores"
        blocks += [Folded(title, (score_table(title, field.others),), is_open=is_text)]
    return Section(name(field.column), tuple(blocks), anchor)


def _confusion(field: FieldReport) -> Iterator[Block]:
    confusion = field.result.confusion
    if confusion is None or not confusion.labels:
        return
    total = sum(map(sum, confusion.counts))
    right = sum(row[place] for place, row in enumerate(confusion.counts))
    column = safe(field.column)
    described = (
        f"A row for each of {counted(len(confusion.labels), 'gold label')}, a column for each "
        f"answer; {right:,} of {counted(total, 'answer')} are on the diagonal, which is right."
    )
    title = f"Confusions of {column}: gold labels in rows, answers in columns"
    yield Picture(title, described, partial(_matrix, confusion))
    is_small = len(confusion.labels) <= thresholds().labels_with_counts
    if is_small:
        yield _counts(confusion)
    if field.mistaken:
        table = _mistaken(field)
        yield Folded("Most frequent confusions", (table,)) if is_small else table


def _counts(confusion: Confusion) -> Table:
    """Return the matrix for a form without pictures."""
    answers = [Column(safe(label), is_number=True) for label in confusion.labels]
    answers += [Column(f"no answer: {kind}", is_number=True) for kind in confusion.absent]
    rows = tuple(
        (name(label), *(plain(f"{count:,}") for count in counts))
        for label, counts in zip(confusion.labels, confusion.counts, strict=True)
    )
    title = "Gold in rows, answers in columns"
    return Table(title, (Column("gold"), *answers), rows, only="markdown")


def _matrix(confusion: Confusion) -> Chart:
    labels, shares = confusion.labels, row_shares(confusion)
    absent = list(range(len(labels), len(labels) + len(confusion.absent)))
    has_texts = len(labels) <= thresholds().labels_with_counts
    blocks = [
        Cells(title, names, *_cells(confusion, shares, places, has_texts=has_texts), colour)
        for title, names, places, colour in (
            ("answer of the model", labels, list(range(len(labels))), "heat"),
            (
                "no answer",
                tuple(kind.replace("_", " ") for kind in confusion.absent),
                absent,
                "absence",
            ),
        )
    ]
    return matrix(labels, blocks)


def _cells(
    confusion: Confusion,
    shares: tuple[tuple[float | None, ...], ...],
    places: list[int],
    *,
    has_texts: bool,
) -> tuple[list[list[float | None]], list[list[str]]]:
    """Return shades and texts of some columns."""
    shades = [[row[place] for place in places] for row in shares]
    if not has_texts:
        return shades, []
    return shades, [[f"{row[place]:,}" for place in places] for row in confusion.counts]


def _mistaken(field: FieldReport) -> Table:
    most = thresholds().confusions_shown
    left = len(field.mistaken) - most
    title = "Most frequent confusions" + (f"; {left:,} rarer ones are not shown" * (left > 0))
    columns = (
        Column("gold"),
        Column("answer"),
        Column("rows", is_number=True),
        Column("of that gold label", is_number=True),
    )
    rows = tuple(
        (
            name(each.gold),
            plain(f"no answer: {each.answer}") if each.is_absence else name(each.answer),
            plain(f"{each.count:,}"),
            plain(share(each.share)),
        )
        for each in field.mistaken[:most]
    )
    return Table(title, columns, rows)
