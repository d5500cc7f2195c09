"""Bars with intervals: scores side by side on one axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evalhouse.assessment.results import ScoreLine
from evalhouse.reports.document import Chart
from evalhouse.reports.pictures.theme import Canvas, light
from evalhouse.reports.wording import number, safe

Role = Literal["model", "human", "baseline", "gold"]
_LABELS, _PLOT, _ROW, _HEAD = 210, 360, 22, 26  # pixels


@dataclass(frozen=True)
class Bar:
    """A score; bars of one `group` stand under its name, `role` says whose it is."""

    group: str
    label: str
    score: ScoreLine
    role: Role = "model"


def bars(listed: Sequence[Bar], *, axis: str, references: Sequence[float] = ()) -> Chart:
    """Return a chart of scores with their intervals, from 0 (or lower, if need be) to 1.

    What has no value is told in words. `axis` says what is measured; at `references` there are
    dashed lines.
    """
    import altair as alt  # noqa: PLC0415 - heavy, and not needed to import reports

    canvas = Canvas()
    rows, heads, height = _placed(listed)
    ends = [row[end] for row in rows for end in ("value", "low") if row[end] is not None]
    floor = min([0.0, *ends])
    x = alt.X(
        "value:Q",
        scale=alt.Scale(domain=[floor, 1.0]),
        axis=alt.Axis(title=axis, tickCount=6, domain=False, ticks=False),
    )
    y = alt.Y("y:Q", scale=alt.Scale(domain=[0, height], reverse=True), axis=None)
    chart = canvas.chart(rows)
    colour = alt.Color("colour:N", scale=None)
    known = chart.transform_filter("isValid(datum.value)")
    bounded = chart.transform_filter("isValid(datum.low)")
    dashed = canvas.chart([{"value": each} for each in references])
    layers: list[Any] = [
        dashed.mark_rule(strokeDash=[4, 3], color=light("baseline")).encode(x=x),
        known.mark_rule(strokeWidth=13, opacity=0.55).encode(x=x, x2="origin:Q", y=y, color=colour),
        bounded.mark_rule(strokeWidth=1.6, color=light("ink")).encode(
            x=alt.X("low:Q"), x2="high:Q", y=y
        ),
        known.mark_tick(thickness=3, size=13, orient="vertical", color=light("ink")).encode(
            x=x, y=y
        ),
        chart.mark_text(align="right", color=light("ink"), limit=_LABELS - 20).encode(
            x=alt.value(-10), y=y, text="label:N"
        ),
        chart.mark_text(align="left", color=light("ink")).encode(
            x=alt.value(_PLOT + 12), y=y, text="told:N"
        ),
    ]
    if heads:
        layers.append(
            canvas.chart(heads)
            .mark_text(align="left", fontWeight=600, color=light("ink"), limit=_LABELS + _PLOT)
            .encode(x=alt.value(-_LABELS), y=y, text="group:N")
        )
    return canvas.finished(canvas.layered(layers, width=_PLOT, height=height))


def told(each: Bar) -> str:
    """Return a bar in words, for those who cannot see it."""
    parts = [safe(part, 60) for part in (each.group, each.label) if part]
    return f"{', '.join(parts)} {number(each.score.value)}"


def _placed(listed: Sequence[Bar]) -> tuple[list[dict[str, Any]], list[dict[str, Any]], float]:
    """Return bars and names of groups with their places, and how high all of it is."""
    rows: list[dict[str, Any]] = []
    heads: list[dict[str, Any]] = []
    y, last = 0.0, ""
    for each in listed:
        if each.group and each.group != last:
            heads.append({"group": safe(each.group), "y": y + _HEAD / 2})
            y, last = y + _HEAD, each.group
        rows.append(_row(each, y + _ROW / 2))
        y += _ROW
    return rows, heads, y


def _row(each: Bar, y: float) -> dict[str, Any]:
    score = each.score
    is_bounded = score.value is not None and score.low is not None and score.high is not None
    told = number(score.value) if score.value is not None else "not defined"
    if is_bounded:
        told += f"  ({number(score.low)} to {number(score.high)})"
    return {
        "label": safe(each.label),
        "y": y,
        "value": score.value,
        "origin": 0.0,
        "low": score.low if is_bounded else None,
        # An interval of a mean may reach beyond what the metric can be; the plot ends there.
        "high": min(score.high or 0.0, 1.0) if is_bounded else None,
        "told": told,
        "colour": light(each.role),
    }
