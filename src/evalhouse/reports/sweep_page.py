"""The report of several runs as a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from evalhouse.assessment.results import ScoreLine
from evalhouse.reports.comparisons import comparison_blocks
from evalhouse.reports.costs import dollars
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
    Section,
    Small,
    Strong,
    Table,
    Words,
    code,
    name,
    plain,
    words,
)
from evalhouse.reports.pictures.bars import Bar, bars, told
from evalhouse.reports.pictures.matrix import Block as Cells
from evalhouse.reports.pictures.matrix import matrix
from evalhouse.reports.pictures.trade import panels
from evalhouse.reports.run_page import section
from evalhouse.reports.scores import glossary, intervals_explained, text_bar
from evalhouse.reports.wording import (
    NOTHING,
    amount,
    bounds,
    counted,
    duration,
    moment,
    number,
    safe,
)
from evalhouse.version import __version__
from evalhouse.views.annotation.sweep import Amount, Entrant, FieldLine, Group, SweepReport, Trade
from evalhouse.views.annotation.words import meaning_of

_UNITS: dict[Amount, tuple[str, str]] = {
    "energy": ("Quality against energy", "watt-hours for 1,000 texts"),
    "cost": ("Quality against price", "US dollars for 1,000 texts"),
}
_OPEN_FIELDS = 4  # up to which every field's picture is shown at once


def sweep_document(report: SweepReport) -> Document:
    """Return the report of several runs, group by group."""
    groups = report.groups
    sections = [
        section("Read this first", "cautions", _cautions(report)),
        *(
            part
            for place, group in enumerate(groups, 1)
            for part in _group(group, f"group-{place}", has_heading=len(groups) > 1)
        ),
        section("Words", "words", glossary(_lines(groups))),
    ]
    title: Words = (Name(report.title),)
    shown = tuple(each for each in sections if each.blocks)
    counts = plain(f"{counted(report.runs, 'run')} side by side")
    return Document(title, counts, shown, f"Made by evalhouse {__version__}.")


def _cautions(report: SweepReport) -> Iterator[Block]:
    general = [each for each in report.cautions if not each.startswith("Run ")]
    single = [each for each in report.cautions if each.startswith("Run ")]
    general.append(
        "Differences within overlapping intervals may be chance. Which run is better on a field is "
        "told only where runs are compared row by row."
    )
    yield Bullets(tuple(words(each) for each in general), is_warning=True)
    if single:
        items = Bullets(tuple(words(each) for each in single), is_warning=True)
        yield Folded(f"{counted(len(single), 'caution')} about single runs", (items,))


def _group(group: Group, anchor: str, *, has_heading: bool) -> Iterator[Section]:
    if has_heading:
        yield Section(_heading(group), (Paragraph(_yardstick(group)),), anchor)
    parts = [
        ("Runs", "runs", _runs(group)),
        ("Scores", "scores", _scores(group)),
        ("Fields and runs", "heat", _heat(group)),
        ("Field by field", "fields", _fields(group)),
        *((_UNITS[what][0], what, _trade(group, what)) for what in group.trades),
        ("Row by row", "comparisons", comparison_blocks(group)),
        ("Settings that differ", "settings", _differences(group)),
    ]
    for title, name_, blocks in parts:
        yield section(title, f"{anchor}-{name_}", blocks)


def _heading(group: Group) -> Words:
    numbers = ", ".join(str(each.number) for each in group.entrants)
    return (Name(group.yardstick[0]), *plain(f": runs {numbers}"))


def _yardstick(group: Group) -> Words:
    _, truth, codebook, definition = group.yardstick
    return words(
        f"Scored against the ground truth `{truth[:12]}` with the codebook `{codebook[:12]}`, by "
        f"the definitions of `{definition}`."
    )


def _runs(group: Group) -> Iterator[Block]:
    columns = (
        Column("no.", is_number=True),
        Column("model"),
        Column("run"),
        Column("finished"),
        Column("status"),
        Column("texts", is_number=True),
        Column("time", is_number=True),
        Column("tokens", is_number=True),
        Column("energy for 1,000 texts", is_number=True),
        Column("price for 1,000 texts", is_number=True),
    )
    rows = tuple(_run(each) for each in group.entrants)
    yield Table("Runs, models first and baselines last", columns, rows)


def _run(each: Entrant) -> tuple[Words, ...]:
    costs = each.costs
    tokens = [costs.input_tokens, costs.output_tokens]
    known = [count for count in tokens if count is not None]
    energy = amount(costs.watt_hours, "Wh")
    if costs.energy and costs.energy.scope == "client_only":
        energy = "client only"
    return (
        plain(str(each.number)),
        (Name(each.identity.model), *plain(" (baseline)" if each.is_baseline else "")),
        code(each.identity.run_id),
        plain(moment(each.identity.finished or each.identity.started) or NOTHING),
        plain(each.identity.status or NOTHING),
        plain(f"{costs.rows:,}"),
        plain(duration(costs.wall_seconds or costs.inference_seconds)),
        plain(f"{sum(known):,}" if known else NOTHING),
        plain(energy),
        plain(dollars(costs.dollars)),
    )


def _scores(group: Group) -> Iterator[Block]:
    if not group.fields:
        return
    columns = (
        Column("run"),
        *(
            Column(f"{safe(field.column)}: {meaning_of(field.any_score).title}", is_number=True)
            for field in group.fields
        ),
    )
    rows = tuple(
        (name(each.name), *(_cell(field, place) for field in group.fields))
        for place, each in enumerate(group.entrants)
    )
    yield Table("The score that stands for each field, with its interval", columns, rows)
    yield Paragraph(
        plain(
            "The highest value of a field is bold; a star marks those whose intervals overlap with "
            "that of the highest, so that chance may have put them in this order."
        )
    )
    yield intervals_explained(_lines([group]))


def _cell(field: FieldLine, place: int) -> Words:
    score = field.scores[place]
    if score is None or score.value is None:
        return plain(NOTHING)
    value = number(score.value)
    star = "*" if place in field.near else ""
    first: Words = (Strong(value),) if place in field.best else plain(value + star)
    return first if score.low is None else (*first, Small(bounds(score)))


def _heat(group: Group) -> Iterator[Block]:
    if not group.fields:
        return
    models = [place for place, each in enumerate(group.entrants) if not each.is_baseline]
    others = [place for place, each in enumerate(group.entrants) if each.is_baseline]
    blocks = [
        Cells(title, tuple(group.entrants[place].name for place in places), *_shades(group, places))
        for title, places in (("runs", models), ("baselines", others))
    ]
    described = (
        f"A row for each of {counted(len(group.fields), 'field')}, a column for each of "
        f"{counted(len(group.entrants), 'run')}; the darker a cell, the nearer its score is to 1."
    )
    rows = [f"{field.column} ({meaning_of(field.any_score).title})" for field in group.fields]
    yield Picture("Fields and runs", described, partial(matrix, rows, blocks, least=40))
    yield Paragraph(
        plain(
            "Compare within a row: fields have different metrics. Shades run from 0 or below to 1."
        )
    )


def _shades(
    group: Group, places: Sequence[int]
) -> tuple[list[list[float | None]], list[list[str]]]:
    shades: list[list[float | None]] = []
    texts: list[list[str]] = []
    for field in group.fields:
        scores = [field.scores[place] for place in places]
        values = [score.value if score else None for score in scores]
        shades.append([None if value is None else min(max(value, 0.0), 1.0) for value in values])
        texts.append([NOTHING if value is None else f"{value:.2f}" for value in values])
    return shades, texts


def _fields(group: Group) -> Iterator[Block]:
    blocks = tuple(_field(group, field) for field in group.fields)
    if len(blocks) <= _OPEN_FIELDS:
        yield from blocks
    else:
        yield Folded(f"{counted(len(blocks), 'field')}, each with all runs", blocks)


def _field(group: Group, field: FieldLine) -> Section:
    """Return all runs on one field, the highest first; baselines are lines, too."""
    known = [
        (entrant, score)
        for entrant, score in zip(group.entrants, field.scores, strict=True)
        if score is not None
    ]
    known.sort(key=lambda pair: 2.0 if pair[1].value is None else -pair[1].value)
    listed = [
        Bar("", entrant.name, score, "baseline" if entrant.is_baseline else "model")
        for entrant, score in known
    ]
    title = meaning_of(field.any_score).title
    references = [
        score.value for entrant, score in known if entrant.is_baseline and score.value is not None
    ]
    axis = f"{title}; dashed: baselines" if references else title
    chart = partial(bars, listed, axis=axis, references=references)
    picture = Picture(f"{title} of {safe(field.column)}", "; ".join(map(told, listed)), chart)
    return Section(name(field.column), (picture, _field_table(known)))


def _field_table(known: Sequence[tuple[Entrant, ScoreLine]]) -> Table:
    columns = (
        Column("run"),
        Column("value", is_number=True),
        Column("interval", is_number=True),
        Column("0 to 1", only="markdown"),
        Column("rows", is_number=True),
    )
    rows = tuple(
        (
            name(entrant.name),
            plain(number(score.value)),
            plain(bounds(score)),
            text_bar(score),
            plain(f"{score.n:,}"),
        )
        for entrant, score in known
    )
    return Table("Runs on this field, the highest first", columns, rows)


def _trade(group: Group, what: Amount) -> Iterator[Block]:
    trades = group.trades[what]
    if not trades:
        return
    title, unit = _UNITS[what]
    fronts = {
        trade.column: [point.entrant.name for point in trade.points if point.is_front]
        for trade in trades
    }
    described = "; ".join(
        f"{safe(column, 60)}: on the front are {', '.join(safe(each, 60) for each in listed)}"
        for column, listed in fronts.items()
    )
    yield Picture(title, described, partial(panels, trades, unit))
    yield Paragraph(
        plain(
            "Numbers name runs; vertical lines are intervals, dashed lines baselines. The stepped "
            "line joins the front: runs that no other run beats in quality without taking more. A "
            "place on the front is no proof where intervals overlap."
        )
    )
    yield _fronts(trades, unit)
    shown = {point.entrant.number for trade in trades for point in trade.points}
    missing = [
        str(each.number)
        for each in group.entrants
        if not each.is_baseline and each.number not in shown
    ]
    if missing:
        numbers = ", ".join(missing)
        yield Paragraph(plain(f"Not shown, for nobody knows what they took: runs {numbers}."))


def _fronts(trades: Sequence[Trade], unit: str) -> Table:
    columns = (Column("field"), Column("on the front, the least first"))
    rows = tuple(
        (
            name(trade.column),
            plain(
                "; ".join(
                    f"{safe(point.entrant.name, 60)} ({amount(point.amount)}, "
                    f"{number(point.score.value)})"
                    for point in sorted(trade.points, key=lambda point: point.amount)
                    if point.is_front
                )
            ),
        )
        for trade in trades
    )
    return Table(f"On the front: {unit}, score", columns, rows)


def _differences(group: Group) -> Iterator[Block]:
    if not group.differences:
        return
    columns = (
        Column("setting"),
        *(Column(f"{each.number} {safe(each.identity.model, 40)}") for each in group.entrants),
    )
    rows = tuple(
        (plain(safe(each.title)), *((Code(value),) for value in each.values))
        for each in group.differences
    )
    yield Table("Settings that the runs do not share", columns, rows)


def _lines(groups: Sequence[Group]) -> Iterator[ScoreLine]:
    for group in groups:
        for field in group.fields:
            yield from (score for score in field.scores if score)
