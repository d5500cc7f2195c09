"""What became of the questions to each field: shares, stacked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalhouse.reports.document import Chart
from evalhouse.reports.pictures.theme import Canvas, light
from evalhouse.reports.wording import safe, share
from evalhouse.tasks.statuses import STATUSES

_LABELLED = 0.07  # of a bar, from which its share is written into it
_DARK = frozenset({"ok", "failed", "missing"})
_ORDER = (*STATUSES, "missing")


def status_bars(fields: Sequence[tuple[str, Mapping[str, int]]]) -> Chart:
    """Return a bar a field, of shares by status; fields without any question are left out."""
    import altair as alt  # noqa: PLC0415 - heavy, and not needed to import reports

    canvas = Canvas()
    asked = [(column, counts) for column, counts in fields if sum(counts.values())]
    rows = [row for place, (_, counts) in enumerate(asked) for row in _segments(place, counts)]
    used = [status for status in _ORDER if any(row["status"] == _words(status) for row in rows)]
    names = [{"field": place, "name": safe(column)} for place, (column, _) in enumerate(asked)]
    y = alt.Y("field:O", scale=alt.Scale(domain=list(range(len(asked)))), axis=None)
    axis = alt.Axis(title="share of answers", format=".0%", tickCount=5, domain=False, ticks=False)
    x = alt.X("start:Q", scale=alt.Scale(domain=[0, 1]), axis=axis)
    colour = alt.Color(
        "status:N",
        scale=alt.Scale(
            domain=[_words(status) for status in used], range=[light(status) for status in used]
        ),
        legend=alt.Legend(title=None, orient="top", direction="horizontal"),
    )
    chart = canvas.chart(rows)
    tone = alt.Color("tone:N", scale=None)
    layers: list[Any] = [
        chart.mark_bar(height={"band": 0.7}).encode(x=x, x2="end:Q", y=y, color=colour),
        chart.mark_text(fontSize=10).encode(x="middle:Q", y=y, text="told:N", color=tone),
        canvas.chart(names)
        .mark_text(align="right", color=light("ink"), limit=230)
        .encode(x=alt.value(-8), y=y, text="name:N"),
    ]
    apart = {"scale": {"color": "independent"}}
    height = 24 * max(len(asked), 1)
    return canvas.finished(canvas.layered(layers, width=460, height=height, resolve=apart))


def _segments(place: int, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    total, start = sum(counts.values()), 0.0
    found = []
    for status in _ORDER:
        part = counts.get(status, 0) / total
        if part:
            found.append(
                {
                    "field": place,
                    "status": _words(status),
                    "start": start,
                    "end": start + part,
                    "middle": start + part / 2,
                    "told": share(part) if part >= _LABELLED else "",
                    # Neither of these changes on a dark screen, for bars keep light colours there.
                    "tone": "#fdfdfd" if status in _DARK else "#111418",
                }
            )
        start += part
    return found


def _words(status: str) -> str:
    return status.replace("_", " ")
