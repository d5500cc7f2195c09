"""Matrices of cells in shades of one colour: confusions, and fields against models."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalhouse.reports.document import Chart
from evalhouse.reports.pictures.theme import Canvas, light
from evalhouse.reports.wording import safe

if TYPE_CHECKING:
    import altair as alt

_WIDEST = 560  # pixels for all cells
_DARK = 0.72  # shade from which text on a cell is light
_LIMIT = 150  # pixels of a name over a column
_LETTER = 6.2  # pixels of a letter in the type of names, about


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
    """Pixels of a cell, of the type beside and in it, and of the names over columns.

    These stand at a `slope` in degrees.
    """

    width: float
    height: float
    type: int
    slope: int
    header: float


def matrix(rows: Sequence[str], blocks: Sequence[Block], *, least: float = 34) -> Chart:
    """Return a chart of blocks of columns beside each other.

    `least` is the width of a cell that its text needs.
    """
    canvas = Canvas()
    used = [block for block in blocks if block.columns]
    size = _size(used, least)
    shown = [
        _block(canvas, rows, block, size, has_rows=place == 0) for place, block in enumerate(used)
    ]
    return canvas.finished({"hconcat": shown})


def _size(blocks: Sequence[Block], least: float) -> Size:
    columns = sum(len(block.columns) for block in blocks)
    has_texts = any(block.texts for block in blocks)
    edge = _WIDEST / max(columns, 1)
    width = max(least, min(64.0, edge)) if has_texts else max(9.0, min(20.0, edge))
    height, letters = (26.0, 11) if has_texts else (width, 8)
    pixels = max((len(name) for block in blocks for name in block.columns), default=0) * _LETTER
    slope = 40 if has_texts else 90
    if pixels * letters / 11 < width - 2:
        slope = 0
    reach = min(pixels * letters / 11, _LIMIT) * math.sin(math.radians(slope))
    return Size(width, height, letters, slope, reach + letters + 4)


def _block(
    canvas: Canvas, rows: Sequence[str], block: Block, size: Size, *, has_rows: bool
) -> Chart:
    """Return a block; the first one has the names of the rows."""
    import altair as alt  # noqa: PLC0415 - heavy, and not needed to import reports

    ink, places = light("ink"), (range(len(block.columns)), range(len(rows)))
    x = alt.X("column:O", scale=alt.Scale(domain=list(places[0])), axis=None)
    y = alt.Y("row:O", scale=alt.Scale(domain=list(places[1])), axis=None)
    cells = canvas.chart(_cells(block))
    shade = alt.FillOpacity("shade:Q", scale=alt.Scale(domain=[0, 1], range=[0, 1]), legend=None)
    heading = canvas.chart([{"name": block.title}]).mark_text(
        align="left", baseline="bottom", color=light("muted"), fontSize=12
    )
    shown: list[Any] = [
        cells.mark_rect(**_drawn(block)).encode(x=x, y=y, fillOpacity=shade),
        _over_columns(canvas, block.columns, size).encode(x=x, y=alt.value(-6), text="name:N"),
        heading.encode(x=alt.value(0), y=alt.value(-size.header - 10), text="name:N"),
    ]
    if block.texts:
        tone = alt.Color("tone:N", scale=None)
        written = cells.mark_text(fontSize=size.type)
        shown.append(written.encode(x=x, y=y, text="text:N", color=tone))
    if has_rows:
        beside = canvas.chart(_named(rows, "row")).mark_text(
            align="right", color=ink, limit=230, fontSize=size.type
        )
        shown.append(beside.encode(x=alt.value(-8), y=y, text="name:N"))
    width, height = size.width * len(block.columns), size.height * len(rows)
    return canvas.layered(shown, width=width, height=height)


def _drawn(block: Block) -> dict[str, Any]:
    """Return how cells look: with an edge where each has its text, so that empty ones are seen."""
    edge = {"stroke": light("grid"), "strokeWidth": 1} if block.texts else {}
    return {"fill": light(block.colour), **edge}


def _over_columns(canvas: Canvas, columns: Sequence[str], size: Size) -> alt.Chart:
    """Return names of columns, level where all of them fit."""
    found: alt.Chart = canvas.chart(_named(columns, "column")).mark_text(
        align="left" if size.slope else "center",
        baseline="middle" if size.slope else "bottom",
        angle=(360 - size.slope) % 360,
        color=light("ink"),
        limit=_LIMIT,
        fontSize=size.type,
    )
    return found


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
