"""The report of one run as a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from evalhouse.assessment.results import ScoreLine
from evalhouse.reports.costs import cost_blocks
from evalhouse.reports.document import (
    Block,
    Bullets,
    Code,
    Column,
    Document,
    Folded,
    Name,
    Paragraph,
    Picture,
    Plain,
    Section,
    Table,
    Words,
    code,
    name,
    plain,
    words,
)
from evalhouse.reports.field_page import field_section
from evalhouse.reports.people import people_blocks
from evalhouse.reports.pictures.bars import Bar, bars, told
from evalhouse.reports.pictures.statuses import status_bars
from evalhouse.reports.scores import (
    glossary,
    headline_table,
    intervals_explained,
    score_table,
)
from evalhouse.reports.wording import NOTHING, counted, moment, safe
from evalhouse.tasks.statuses import STATUSES
from evalhouse.version import __version__
from evalhouse.views.annotation.fields import FieldReport
from evalhouse.views.annotation.run import Fact, Identity, RunReport
from evalhouse.views.annotation.settings import Setting
from evalhouse.views.annotation.words import meaning_of

_LONGEST_TEXT = 280


_STATUSES = (*STATUSES, "missing")


def run_document(report: RunReport) -> Document:
    """Return the report of a run, section by section."""
    sections = [
        section("Read this first", "cautions", _cautions(report)),
        section("What was asked, and how", "asked", _asked(report)),
        section("Scores", "scores", _scores(report.fields)),
        section("Beside people", "people", people_blocks(report.fields)),
        section("What became of the questions", "validity", _validity(report.fields)),
        section("Field by field", "fields", _fields(report.fields)),
        section("Repeats", "repeats", _stability(report.fields)),
        section("What it took", "costs", cost_blocks(report.costs)),
        section("Rows to look at", "examples", _examples(report)),
        section("Where it comes from", "sources", _sources(report)),
        section("Words", "words", glossary(_all_lines(report.fields))),
    ]
    who = report.identity
    title: Words = (Name(who.model), Plain(" on "), Name(who.task))
    shown = tuple(each for each in sections if each.blocks)
    return Document(title, _subtitle(who), shown, f"Made by evalhouse {__version__}.")


def section(title: str, anchor: str, blocks: Sequence[Block] | Iterator[Block]) -> Section:
    """Return a section with a title of ours."""
    return Section(plain(title), tuple(blocks), anchor)


def _subtitle(who: Identity) -> Words:
    when = moment(who.finished or who.started)
    parts: list[Words] = [(Plain("Run "), Code(who.run_id))]
    parts += [plain(when)] if when else []
    parts += [plain(who.status)] if who.status else []
    parts += [(Plain("through "), Code(who.provider))] if who.provider else []
    return tuple(part for place, each in enumerate(parts) for part in (*_dot(place), *each))


def _dot(place: int) -> Words:
    return plain(" · ") if place else ()


def _cautions(report: RunReport) -> list[Block]:
    if not report.cautions:
        return []
    return [Bullets(tuple(words(each) for each in report.cautions), is_warning=True)]


def _asked(report: RunReport) -> Iterator[Block]:
    yield Paragraph(words(" ".join(report.summary)))
    if report.changed:
        yield _settings("Settings that differ from the defaults", report.changed)
    if report.settings:
        title = f"All {counted(len(report.settings), 'setting')}"
        yield Folded(title, (_settings("All settings", report.settings),))


def _settings(title: str, settings: Sequence[Setting]) -> Table:
    columns = (Column("setting"), Column("value"), Column("default"), Column("key"))
    rows = tuple(
        (plain(safe(each.title)), code(each.value), plain(each.default), code(each.key))
        for each in settings
    )
    return Table(title, columns, rows)


def _scores(fields: Sequence[FieldReport]) -> Iterator[Block]:
    listed = [
        Bar(field.column, meaning_of(line).title, line)
        for field in fields
        for line in field.headline
    ]
    if listed:
        described = "; ".join(told(each) for each in listed)
        yield Picture("Scores with their intervals", described, partial(bars, listed, axis="score"))
    if fields:
        yield headline_table(fields)
        yield intervals_explained(each.score for each in listed)


def _validity(fields: Sequence[FieldReport]) -> Iterator[Block]:
    asked = [field for field in fields if sum(field.result.statuses.values())]
    if not asked:
        return
    used = [status for status in _STATUSES if any(f.result.statuses.get(status) for f in asked)]
    titles = [status.replace("_", " ") for status in used]
    chart = partial(status_bars, [(field.column, field.result.statuses) for field in asked])
    described = f"A bar for each field, its answers by what became of them: {', '.join(titles)}."
    yield Picture("What became of the questions", described, chart)
    columns = (Column("field"), *(Column(title, is_number=True) for title in titles))
    rows = tuple(
        (
            name(field.column),
            *(plain(f"{field.result.statuses.get(status, 0):,}") for status in used),
        )
        for field in asked
    )
    yield Table("Answers by what became of them", columns, rows)
    yield Paragraph(
        plain(
            "Counted are the rows that a field applies to by the ground truth. Answers that are "
            "invalid, refused, truncated or failed count as wrong, but in scores that are of valid "
            "answers alone; a repaired answer quotes the right words with wrong positions, which "
            "were found again."
        )
    )


def _fields(fields: Sequence[FieldReport]) -> Iterator[Block]:
    if any(field.result.confusion for field in fields):
        yield Paragraph(
            plain(
                "In a matrix of confusions each row is a gold label. Counts are rows of the task; "
                "the darker a cell, the larger its share of that label. Orange columns are answers "
                "that were not given."
            )
        )
    yield from (field_section(field, f"field-{place}") for place, field in enumerate(fields, 1))


def _stability(fields: Sequence[FieldReport]) -> Iterator[Block]:
    for field in fields:
        if field.stability:
            table = score_table("How alike repeats are", field.stability)
            yield Section(name(field.column), (table,))


def _examples(report: RunReport) -> Iterator[Block]:
    columns = (Column("row"), Column("text"), Column("gold"), Column("answer"), Column("status"))
    for column in dict.fromkeys(each.column for each in report.examples):
        rows = tuple(
            (
                name(each.row_id),
                name(safe(each.text, _LONGEST_TEXT)),
                name(safe(each.gold, _LONGEST_TEXT) or NOTHING),
                name(safe(each.answer, _LONGEST_TEXT) or NOTHING),
                plain(each.status.replace("_", " ")),
            )
            for each in report.examples
            if each.column == column
        )
        title = "The first rows with another answer than the gold"
        yield Section(name(column), (Table(title, columns, rows),))


def _sources(report: RunReport) -> Iterator[Block]:
    yield Paragraph(
        words(
            "Every number here is computed from `answers.jsonl` and `output.csv` of the run, and "
            f"from the ground truth: `evalhouse score {_shown(report.identity.folder)}` computes "
            "them again."
        )
    )
    if report.command:
        yield Paragraph(
            plain("A run with the same configuration is made by the following; add --new to ask ")
            + plain("again what has been answered:")
        )
        yield Paragraph(code(report.command))
    yield _fact_table("What it was made of", report.facts)
    if report.environment:
        title = "Where it took place"
        yield Folded(title, (_fact_table(title, report.environment),))
    if report.files:
        columns = (Column("file"), Column("SHA-256"))
        rows = tuple((code(path), code(digest)) for path, digest in report.files.items())
        title = f"The {counted(len(report.files), 'file')} of the run"
        yield Folded(title, (Table("Files of the run", columns, rows),))


def _fact_table(title: str, facts: Sequence[Fact]) -> Table:
    rows = tuple((plain(safe(each.title)), code(each.value)) for each in facts)
    return Table(title, (Column("what"), Column("value")), rows)


def _shown(folder: str) -> str:
    return safe(folder).replace("`", "'") or "RUN"


def _all_lines(fields: Sequence[FieldReport]) -> Iterator[ScoreLine]:
    for field in fields:
        yield from field.result.scores
        yield from field.result.classes
        yield from (pair.score for pair in field.pairs)
