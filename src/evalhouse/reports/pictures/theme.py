"""How pictures look: colours for light and dark screens, type, and what all charts share."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from evalhouse.reports.document import Chart

FONT = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif"


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


def finished(chart: Any) -> Chart:
    """Return a chart as a specification, in the style of all."""
    ink, muted, grid = light("ink"), light("muted"), light("grid")
    styled = chart.configure(
        font=FONT,
        background="transparent",
        padding=4,
        aria=False,  # each picture has a title and a description, and a table beside it
    )
    styled = styled.configure_view(stroke=None).configure_concat(spacing=10)
    styled = styled.configure_axis(
        labelColor=ink,
        titleColor=muted,
        titleFontWeight="normal",
        titleFontSize=12,
        labelFontSize=11,
        gridColor=grid,
        domainColor=grid,
        tickColor=grid,
    )
    styled = styled.configure_legend(
        labelColor=ink, titleColor=muted, labelFontSize=11, titleFontSize=11, symbolType="square"
    )
    styled = styled.configure_title(
        color=ink, anchor="start", fontSize=12, fontWeight=600, limit=300, offset=6
    )
    found: Chart = styled.to_dict()
    return found
