"""Agreement of the model with people, beside that of people with each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from evalhouse.reports.document import (
    Block,
    Column,
    Folded,
    Name,
    Paragraph,
    Picture,
    Plain,
    Table,
    name,
    plain,
    words,
)
from evalhouse.reports.pictures.bars import Bar, Role, bars, told
from evalhouse.reports.scores import text_bar
from evalhouse.reports.wording import bounds, counted, number
from evalhouse.views.annotation.fields import FieldReport, Sides
from evalhouse.views.annotation.words import meaning_of

_ROLES: dict[Sides, Role] = {
    "model and person": "model",
    "people": "human",
    "with the gold": "gold",
}


def people_blocks(fields: Sequence[FieldReport]) -> Iterator[Block]:
    """Yield how far the model and people agree; nothing where people are not compared."""
    listed = [
        Bar(
            f"{field.column}: {meaning_of(pair.score).title}",
            f"{pair.first} – {pair.second}",
            pair.score,
            _ROLES[pair.sides],
        )
        for field in fields
        for pair in field.pairs
    ]
    if not listed:
        return
    described = "; ".join(told(each) for each in listed)
    axis = "agreement; blue: model and person, orange: people, green: with the gold"
    yield Paragraph(
        plain(
            "Agreement of the model with each coder, beside that of coders with each other, over "
            "the rows that both answered. A model that agrees with people as they agree with each "
            "other is as good as this comparison can tell. Gold that was made of these coders' "
            "answers agrees with them more than anybody else can."
        )
    )
    yield Picture(
        "Agreement with people and among them", described, partial(bars, listed, axis=axis)
    )
    pairs = sum(len(field.pairs) for field in fields)
    yield Folded(f"{counted(pairs, 'pair')} as a table", (_pairs(fields),))
    if any(field.substitution for field in fields):
        yield _substitution(fields)


def _pairs(fields: Sequence[FieldReport]) -> Table:
    columns = (
        Column("field"),
        Column("sides"),
        Column("who"),
        Column("agreement", is_number=True),
        Column("interval", is_number=True),
        Column("0 to 1", only="markdown"),
        Column("rows", is_number=True),
    )
    rows = tuple(
        (
            name(field.column),
            (Name(pair.first), Plain(" – "), Name(pair.second)),
            plain(pair.sides),
            plain(number(pair.score.value)),
            plain(bounds(pair.score)),
            text_bar(pair.score),
            plain(f"{pair.score.n:,}"),
        )
        for field in fields
        for pair in field.pairs
    )
    return Table("Agreement of two sides", columns, rows)


def _substitution(fields: Sequence[FieldReport]) -> Table:
    lines = {
        field.column: {line.metric: line for line in field.substitution}
        for field in fields
        if field.substitution
    }
    metrics = dict.fromkeys(metric for found in lines.values() for metric in found)
    known = {metric: found[metric] for found in lines.values() for metric in found}
    columns = (
        Column("field"),
        *(Column(meaning_of(known[metric]).title, is_number=True) for metric in metrics),
        Column("rows", is_number=True),
        Column("note", is_optional=True),
    )
    rows = tuple(
        (
            name(column),
            *(plain(number(found[each].value if each in found else None)) for each in metrics),
            plain(f"{max(line.n for line in found.values()):,}"),
            words(next(iter(found.values())).note),
        )
        for column, found in lines.items()
    )
    return Table("Whether the model may take the place of a coder", columns, rows)
