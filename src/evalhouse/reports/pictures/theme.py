"""How pictures look: colours for light and dark screens, type, and what all charts share."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import msgspec

from evalhouse.reports.document import Chart

if TYPE_CHECKING:
    import altair as alt

FONT = "Arial, Helvetica, Liberation Sans, sans-serif"
"""Type of about the same width everywhere, as the drawing must know it."""


class Colour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A colour on paper and on a dark screen."""

    light: str
    dark: str


@cache
def colours() -> dict[str, Colour]:
    """Return the colours of pictures by what they stand for."""
    path = resources.files("evalhouse").joinpath("data", "reports", "colours.toml")
    return msgspec.convert(tomllib.loads(path.read_text("utf-8")), dict[str, Colour])


def light(role: str) -> str:
    """Return the colour of a role as it stands in charts."""
    return colours()[role].light


def dark_style() -> str:
    """Return the rules that turn the colours of pictures into those for dark screens.

    A rule of a style wins over an attribute, so pictures are right where styles are not read.
    """
    return "".join(
        f'.picture [{part}="{colour.light}"]{{{part}:{colour.dark}}}'
        for colour in colours().values()
        for part in ("fill", "stroke")
    )


class Canvas:
    """The data of one picture, each table under a name.

    Charts that hold their rows themselves are copied with all of them at every step.
    """

    def __init__(self) -> None:
        self._tables: dict[str, list[dict[str, Any]]] = {}

    def chart(self, rows: Sequence[dict[str, Any]]) -> alt.Chart:
        """Return a chart of some rows."""
        import altair as alt  # noqa: PLC0415 - heavy, and not needed to import reports

        name = f"rows-{len(self._tables) + 1}"
        self._tables[name] = list(rows)
        return alt.Chart(alt.NamedData(name=name))

    def layered(self, layers: Sequence[alt.Chart], **properties: Any) -> Chart:
        """Return charts on top of each other, as a part of a specification.

        They are joined here: Altair copies every part again for each that it joins.
        """
        return {"layer": [_part(layer.to_dict(validate=False)) for layer in layers], **properties}

    def finished(self, chart: Chart) -> Chart:
        """Return a chart as a whole specification, in the style of all."""
        import altair as alt  # noqa: PLC0415 - heavy, and not needed to import reports

        return {
            "$schema": alt.SCHEMA_URL,
            **chart,
            "config": _style(),
            "datasets": self._tables,
        }


def _part(chart: Chart) -> Chart:
    return {key: value for key, value in chart.items() if key not in ("$schema", "config")}


def _style() -> dict[str, Any]:
    ink, muted, grid = light("ink"), light("muted"), light("grid")
    return {
        "font": FONT,
        "background": "transparent",
        # Where a reader's type is wider than that of the drawing, words reach into this.
        "padding": {"left": 16, "top": 6, "right": 36, "bottom": 6},
        "aria": False,  # each picture has a title and a description, and a table beside it
        "view": {"stroke": None},
        "concat": {"spacing": 12},
        "axis": {
            "labelColor": ink,
            "titleColor": muted,
            "titleFontWeight": "normal",
            "titleFontSize": 12,
            "labelFontSize": 11,
            "gridColor": grid,
            "domainColor": grid,
            "tickColor": grid,
        },
        "legend": {"labelColor": ink, "labelFontSize": 11, "symbolType": "square"},
        "title": {"color": ink, "anchor": "start", "fontSize": 12, "fontWeight": 600, "offset": 6},
    }
