"""Quality against what it takes: a point a run, a panel a field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from evalhouse.reports.document import Chart
from evalhouse.reports.pictures.theme import Canvas, light
from evalhouse.reports.wording import safe
from evalhouse.views.annotation.sweep import Trade
from evalhouse.views.annotation.words import meaning_of

if TYPE_CHECKING:
    import altair as alt

_WIDE = 30  # times the least amount, from which an axis grows by factors
_WIDTH, _HEIGHT = 300, 190  # pixels of a panel


def panels(trades: Sequence[Trade], unit: str) -> Chart:
    """Return a panel for each field; `unit` says what the amounts are."""
    canvas = Canvas()
    shown = [_panel(canvas, trade, unit) for trade in trades]
    apart = {"scale": {"x": "independent", "y": "independent"}}
    return canvas.finished({"concat": shown, "columns": 2, "spacing": 30, "resolve": apart})


def _panel(canvas: Canvas, trade: Trade, unit: str) -> Chart:
    import altair as alt  # noqa: PLC0415 - heavy, and not needed to import reports

    rows = _points(trade)
    meaning = meaning_of(trade.points[0].score)
    ends = [row[end] for row in rows for end in ("value", "low") if row[end] is not None]
    floor = min([0.0 if meaning.scale == "proportion" else -0.1, *ends])
    x = alt.X("amount:Q", scale=_scale(rows), axis=alt.Axis(title=unit, tickCount=4, grid=False))
    y = alt.Y(
        "value:Q",
        scale=alt.Scale(domain=[floor, 1.0]),
        axis=alt.Axis(title=meaning.title, tickCount=5, domain=False),
    )
    layers = [*_baselines(canvas, trade, y), *_runs(canvas, rows, x, y)]
    title = {"text": safe(trade.column), "limit": _WIDTH}
    return canvas.layered(layers, width=_WIDTH, height=_HEIGHT, title=title)


def _baselines(canvas: Canvas, trade: Trade, y: alt.Y) -> list[Any]:
    import altair as alt  # noqa: PLC0415 - heavy, and not needed to import reports

    lines = canvas.chart(_references(trade))
    names = lines.mark_text(align="right", dy=-6, fontSize=10, color=light("muted"), limit=200)
    return [
        lines.mark_rule(strokeDash=[5, 3], color=light("baseline")).encode(y=y),
        names.encode(x=alt.value(_WIDTH), y=y, text="name:N"),
    ]


def _runs(canvas: Canvas, rows: Sequence[dict[str, Any]], x: alt.X, y: alt.Y) -> list[Any]:
    """Return the front, then intervals, points and numbers; points off the front are others."""
    chart, front = canvas.chart(rows), canvas.chart(_front(rows))
    ink, grey, blue = light("ink"), light("baseline"), light("model")
    bounded = chart.transform_filter("isValid(datum.low)")
    first = chart.transform_filter("datum.is_front")
    others = chart.transform_filter("!datum.is_front")
    line = front.mark_line(interpolate="step-after", color=blue, opacity=0.5)
    return [
        line.encode(x=x, y=y),
        bounded.mark_rule(color=ink, opacity=0.6).encode(x=x, y="low:Q", y2="high:Q"),
        first.mark_point(filled=True, size=75, opacity=1, color=blue).encode(x=x, y=y),
        others.mark_point(filled=True, size=60, opacity=1, color=grey, shape="diamond").encode(
            x=x, y=y
        ),
        chart.mark_text(align="left", dx=7, dy=-6, fontSize=11, color=ink).encode(
            x=x, y=y, text="number:N"
        ),
    ]


def _points(trade: Trade) -> list[dict[str, Any]]:
    return [
        {
            "number": str(point.entrant.number),
            "amount": point.amount,
            "value": point.score.value,
            "low": point.score.low if point.score.high is not None else None,
            "high": point.score.high,
            "is_front": point.is_front,
        }
        for point in trade.points
    ]


def _front(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    kept = [row for row in rows if row["is_front"]]
    return sorted(kept, key=lambda row: float(row["amount"]))


def _references(trade: Trade) -> list[dict[str, Any]]:
    return [
        {"value": score.value, "name": safe(entrant.name)} for entrant, score in trade.baselines
    ]


def _scale(rows: Sequence[dict[str, Any]]) -> alt.Scale:
    """Return a scale by factors where amounts lie far apart, else one from zero."""
    import altair as alt  # noqa: PLC0415 - heavy, and not needed to import reports

    amounts = [float(row["amount"]) for row in rows]
    if min(amounts) > 0 and max(amounts) > _WIDE * min(amounts):
        return alt.Scale(type="log", domain=[min(amounts) * 0.7, max(amounts) * 1.5], nice=False)
    return alt.Scale(domain=[0, max(amounts) * 1.15 or 1], nice=False)
