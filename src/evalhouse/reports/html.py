"""A report as one page that needs nothing else: no script, no network, no other file."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from evalhouse.reports.document import Document, pictures_of
from evalhouse.reports.pictures.drawing import svg
from evalhouse.reports.pictures.theme import dark_style
from evalhouse.reports.wording import inline

if TYPE_CHECKING:
    from jinja2 import Template

_LONGEST = 400


def html(document: Document) -> str:
    """Return a report as HTML; whatever comes from data in it is text and nothing else."""
    from markupsafe import Markup  # noqa: PLC0415 - not needed to import reports

    drawings = {
        picture: Markup(svg(picture, f"picture-{place}"))  # noqa: S704 - drawn and escaped there
        for place, picture in enumerate(pictures_of(document.blocks), 1)
    }
    style = Markup(_style())  # noqa: S704 - our own file
    return _template().render(page=document, drawings=drawings, style=style)


def _style() -> str:
    own = _text("page.css").rstrip()
    return f"{own}\n@media (prefers-color-scheme: dark) {{ {dark_style()} }}"


@cache
def _template() -> Template:
    import jinja2  # noqa: PLC0415 - not needed to import reports

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.filters["line"] = lambda text: inline(text, _LONGEST)
    return environment.from_string(_text("page.html.jinja"))


def _text(name: str) -> str:
    return resources.files("evalhouse").joinpath("data", "reports", name).read_text("utf-8")
