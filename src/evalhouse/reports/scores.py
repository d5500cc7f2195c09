"""Scores as blocks of a report: tables that pictures stand beside, and what the words mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from evalhouse.assessment.results import ScoreLine
from evalhouse.reports.document import (
    Block,
    Bullets,
    Code,
    Column,
    Paragraph,
    Strong,
    Table,
    Words,
    plain,
    words,
)
from evalhouse.reports.document import name as named
from evalhouse.reports.wording import NOTHING, bar, bounds, number
from evalhouse.views.annotation.fields import FieldReport, LabelTable
from evalhouse.views.annotation.words import meaning_of


def headline_table(fields: Sequence[FieldReport]) -> Table:
    """Return the scores that stand for each field; a field of text says that it has none."""
    columns = (
        Column("field"),
        Column("type"),
        Column("score"),
        Column("value", is_number=True),
        Column("interval", is_number=True),
        Column("0 to 1", only="markdown"),
        Column("rows", is_number=True),
        Column("note", is_optional=True),
    )
    rows = []
    for field in fields:
        first: tuple[Words, ...] = (named(field.column), plain(field.result.kind))
        if not field.headline:
            blank = (plain(NOTHING),) * 3
            count = plain(f"{field.result.applicable:,}")
            rows.append((*first, *blank, (), count, plain("see its diagnostics")))
        for place, line in enumerate(field.headline):
            shown = first if place == 0 else (named(field.column), plain(""))
            rows.append((*shown, *_line(line, is_strong=place == 0)))
    return Table("The scores that stand for each field", columns, tuple(rows))


def score_table(title: str, lines: Iterable[ScoreLine]) -> Table:
    """Return scores one below the other."""
    columns = (
        Column("score"),
        Column("value", is_number=True),
        Column("interval", is_number=True),
        Column("0 to 1", only="markdown"),
        Column("rows", is_number=True),
        Column("note", is_optional=True),
    )
    return Table(title, columns, tuple(_line(line) for line in lines))


def label_table(found: LabelTable) -> Table:
    """Return what is known of single labels."""
    columns = [Column("label"), Column("gold rows", is_number=True)]
    for metric in found.metrics:
        title = meaning_of(ScoreLine(metric=metric, value=None, n=0, label="")).title
        columns += [Column(title, is_number=True), Column("interval", is_number=True)]
    rows = [
        (
            named(row.label),
            plain(NOTHING if row.support is None else f"{row.support:,}"),
            *(cell for line in row.scores for cell in _value_and_bounds(line)),
        )
        for row in found.rows
    ]
    return Table("Label by label", tuple(columns), tuple(rows))


def intervals_explained(lines: Iterable[ScoreLine]) -> Paragraph:
    """Return what the intervals are, by which methods they were made."""
    listed = list(lines)
    levels = sorted({line.level for line in listed if line.level is not None})
    methods = sorted({line.method for line in listed if line.method})
    if not levels:
        return Paragraph(plain("These scores have no intervals: how far chance goes is open."))
    shown = " or ".join(f"{100 * level:g}%" for level in levels)
    by = f" Methods: {', '.join(methods)}." if methods else ""
    return Paragraph(
        plain(
            f"Intervals are {shown} confidence intervals: made anew on other rows of the same kind,"
            f" such an interval holds the true value in {shown} of cases.{by}"
        )
    )


def glossary(lines: Iterable[ScoreLine]) -> Iterator[Block]:
    """Yield what the metrics of some scores say; nothing without scores."""
    meanings = {each.title: each for each in map(meaning_of, lines) if each.meaning}
    listed = sorted(meanings.values(), key=lambda each: each.title.lower())
    if listed:
        yield Bullets(tuple((Strong(each.title), *plain(f": {each.meaning}")) for each in listed))


def text_bar(line: ScoreLine | None) -> Words:
    """Return a score as a bar of text from 0 to 1; one below 0 has none."""
    return () if line is None or line.value is None else (Code(bar(line, 0.0, 1.0)),)


def _line(line: ScoreLine, *, is_strong: bool = False) -> tuple[Words, ...]:
    value = number(line.value)
    return (
        plain(meaning_of(line).title),
        (Strong(value),) if is_strong else plain(value),
        plain(bounds(line)),
        text_bar(line),
        plain(f"{line.n:,}"),
        words(line.note),
    )


def _value_and_bounds(line: ScoreLine | None) -> Iterator[Words]:
    yield plain(NOTHING if line is None else number(line.value))
    yield plain(NOTHING if line is None else bounds(line))
