"""Matrices of cells in shades of one colour: confusions, and fields against models."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalhouse.reports.document import Chart
from evalhouse.reports.pictures.theme import finished, light
from evalhouse.reports.wording import safe

if TYPE_CHECKING:
    import altair as alt

_WIDEST = 560  # pixels for all cells
_DARK = 0.72  # shade from which text on a cell is light
_LIMIT = 150  # pixels of a name over a column
_LETTER = 6.2  # pixels of a letter in the type of names, about
_SLOPE = 40  # degrees of names that do not fit level


@dataclass(frozen=True)
class Block:
    """Columns that stand together; `shades` (rows of cells) are 0 to 1, None for no cell.

    `texts` are written into the cells, where there are any. `colour` is the role of the shade.
    """

    title: str
    columns: tuple[str, ...]
    shades: Sequence[Sequence[float | None]]
    texts: Sequence[Sequence[str]] = ()
    colour: str = "heat"


@dataclass(frozen=True)
class Size:
    """Pixels of a cell, and of the type beside and in it."""

    width: float
    height: float
    type: int


def matrix(rows: Sequence[str], blocks: Sequence[Block], *, least: float = 34) -> Chart:
    """Return a chart of blocks of columns beside each other.

    `least` is the width of a cell that its text needs.
    """
    import altair as alt  # noqa: PLC0415 - heavy, and not needed to import reports

    used = [block for block in blocks if block.columns]
    columns = sum(len(block.columns) for block in used)
    if any(block.texts for block in used):
        size = Size(max(least, min(64.0, _WIDEST / columns)), 26, 11)
    else:
        edge = max(9.0, min(20.0, _WIDEST / columns))
        size = Size(edge, edge, 9)
    shown = [_block(rows, block, size, has_rows=place == 0) for place, block in enumerate(used)]
    return finished(alt.hconcat(*shown))


def _block(rows: Sequence[str], block: Block, size: Size, *, has_rows: bool) -> Any:
    """Return a block; the first one has the names of the rows."""
    import altair as alt  # noqa: PLC0415 - heavy, and not needed to import reports

    places = (range(len(block.columns)), range(len(rows)))
    x = alt.X("column:O", scale=alt.Scale(domain=list(places[0])), axis=None)
    y = alt.Y("row:O", scale=alt.Scale(domain=list(places[1])), axis=None)
    cells = alt.Chart(alt.InlineData(values=_cells(block)))
    shade = alt.Opacity("shade:Q", scale=alt.Scale(domain=[0, 1], range=[0, 1]), legend=None)
    shown: list[Any] = [
        cells.mark_rect(color=light(block.colour), stroke=light("grid"), strokeWidth=0.4).encode(
            x=x, y=y, opacity=shade
        ),
        _over_columns(block.columns, size).encode(x=x, y=alt.value(-6), text="name:N"),
    ]
    if block.texts:
        tone = alt.Color("tone:N", scale=None)
        shown.append(
            cells.mark_text(fontSize=size.type).encode(x=x, y=y, text="text:N", color=tone)
        )
    if has_rows:
        names = alt.Chart(alt.InlineData(values=_named(rows, "row")))
        beside = names.mark_text(align="right", color=light("ink"), limit=230, fontSize=size.type)
        shown.append(beside.encode(x=alt.value(-8), y=y, text="name:N"))
    heading = alt.TitleParams(
        block.title, offset=_height(block.columns, size) + 12, fontWeight="normal", limit=260
    )
    found: Any = alt.layer(*shown).properties(
        width=size.width * len(block.columns), height=size.height * len(rows), title=heading
    )
    return found


def _over_columns(columns: Sequence[str], size: Size) -> alt.Chart:
    """Return names of columns, level where they fit."""
    import altair as alt  # noqa: PLC0415 - heavy, and not needed to import reports

    names = alt.Chart(alt.InlineData(values=_named(columns, "column")))
    is_level = _is_level(columns, size)
    found: alt.Chart = names.mark_text(
        align="center" if is_level else "left",
        baseline="bottom" if is_level else "middle",
        angle=0 if is_level else 360 - _SLOPE,
        color=light("ink"),
        limit=_LIMIT,
        fontSize=size.type,
    )
    return found


def _is_level(columns: Sequence[str], size: Size) -> bool:
    return max(map(len, columns)) * _LETTER * size.type / 11 < size.width - 2


def _height(columns: Sequence[str], size: Size) -> float:
    """Return the pixels that names need over columns."""
    if _is_level(columns, size):
        return size.type + 4
    longest = min(max(map(len, columns)) * _LETTER, _LIMIT)
    return longest * math.sin(math.radians(_SLOPE)) + 4


def _named(names: Sequence[str], place: str) -> list[dict[str, Any]]:
    return [{place: number, "name": safe(each)} for number, each in enumerate(names)]


def _cells(block: Block) -> list[dict[str, Any]]:
    """Return the cells; one without shade and text is not drawn at all."""
    found = []
    for row, shades in enumerate(block.shades):
        for column, shade in enumerate(shades):
            text = block.texts[row][column] if block.texts else ""
            if shade or text:
                tone = light("on_heat" if (shade or 0.0) >= _DARK else "ink")
                cell = {"row": row, "column": column, "shade": shade or 0.0}
                found.append(cell | {"text": text, "tone": tone})
    return found
