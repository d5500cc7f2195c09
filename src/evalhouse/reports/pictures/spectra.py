"""Spectra of updates: a panel a type of layers, a line a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evalhouse.reports.document import Chart
from evalhouse.reports.pictures.theme import Canvas, light
from evalhouse.reports.wording import safe
from evalhouse.views.lora import Curves

_WIDTH, _HEIGHT = 250, 130  # pixels of a panel
FLOOR = 1e-4
"""Of the largest value, below which lines lie on the edge."""


def spectra(panels: Sequence[Curves]) -> Chart:
    """Return a panel for each type of layers: values over the largest one, by factors."""
    canvas = Canvas()
    shown = [_panel(canvas, panel) for panel in panels]
    return canvas.finished({"concat": shown, "columns": 2, "spacing": 26})


def _panel(canvas: Canvas, panel: Curves) -> Chart:
    import altair as alt  # noqa: PLC0415 - heavy, and not needed to import reports

    x = alt.X("place:Q", axis=alt.Axis(title="direction", tickCount=5, grid=False, format="d"))
    y = alt.Y(
        "value:Q",
        scale=alt.Scale(type="log", domain=[FLOOR, 1]),
        axis=alt.Axis(title="over the largest", tickCount=4, domain=False, format="~g"),
    )
    lines = canvas.chart(_points(panel)).mark_line(
        color=light("model"), opacity=0.45, strokeWidth=1.2, clip=True
    )
    title = {"text": safe(panel.type), "limit": _WIDTH}
    drawn: list[Any] = [lines.encode(x=x, y=y, detail="line:N")]
    return canvas.layered(drawn, width=_WIDTH, height=_HEIGHT, title=title)


def _points(panel: Curves) -> list[dict[str, Any]]:
    return [
        {"line": number, "place": place, "value": max(value, FLOOR)}
        for number, line in enumerate(panel.lines)
        for place, value in enumerate(line, 1)
    ]
