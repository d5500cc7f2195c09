"""Comparisons of runs row by row, as blocks of a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from evalhouse.reports.document import Block, Column, Folded, Paragraph, Table, name, plain, words
from evalhouse.reports.wording import counted, number, p_value
from evalhouse.views.annotation.comparisons import ADJUSTMENT, METHOD, Comparison
from evalhouse.views.annotation.sweep import Group
from evalhouse.views.annotation.words import thresholds

_LEVEL = 0.05


def comparison_blocks(group: Group) -> Iterator[Block]:
    """Yield which runs differ on which fields, or why nobody compared them."""
    if group.uncompared:
        yield Paragraph(words(f"Runs are not compared row by row: {group.uncompared}."))
    if not group.comparisons:
        return
    names = {each.identity.run_id: each.name for each in group.entrants}
    clear = [each for each in group.comparisons if each.adjusted < _LEVEL]
    total = len(group.comparisons)
    yield Paragraph(
        plain(
            f"How often two runs answer exactly as the ground truth on the same rows. {METHOD}; "
            f"p-values are adjusted after {ADJUSTMENT} for all {counted(total, 'comparison')} of "
            f"these runs. {len(clear):,} of them differ at the level of {_LEVEL:g}."
        )
    )
    if clear:
        yield _table("Differences that chance does not explain", clear, names)
    rest = [each for each in group.comparisons if each.adjusted >= _LEVEL]
    if rest:
        title = f"{counted(len(rest), 'comparison')} without a clear difference"
        yield Folded(title, (_table("No clear difference", rest, names),))


def _table(title: str, listed: Sequence[Comparison], names: Mapping[str, str]) -> Table:
    most = thresholds().comparisons_shown
    left = len(listed) - most
    columns = (
        Column("field"),
        Column("first run"),
        Column("second run"),
        Column("rows", is_number=True),
        Column("right in the first alone", is_number=True),
        Column("in the second alone", is_number=True),
        Column("difference of shares", is_number=True),
        Column("interval, not adjusted", is_number=True),
        Column("adjusted p", is_number=True),
    )
    rows = tuple(
        (
            name(each.column),
            name(names.get(each.first, each.first)),
            name(names.get(each.second, each.second)),
            plain(f"{each.n:,}"),
            plain(f"{each.only_first:,}"),
            plain(f"{each.only_second:,}"),
            plain(number(each.difference)),
            plain(f"{number(each.low)} to {number(each.high)}"),
            plain(p_value(each.adjusted)),
        )
        for each in listed[:most]
    )
    more = f"; {left:,} more are not shown" if left > 0 else ""
    return Table(title + more, columns, rows)
