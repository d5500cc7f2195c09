"""Charts drawn as SVG that can stand in a page: no script, no font, no name used twice."""

from __future__ import annotations

import json
import re
from html import escape

from evalhouse.reports.document import Picture

_ROOT = re.compile(r"<svg\b[^>]*>")
_SIZE = re.compile(r'\b(width|height|viewBox)="([^"]*)"')
_ID = re.compile(r'\bid="([^"]+)"')
_REFERENCE = re.compile(r"url\((['\"]?)#([^)'\"]+)\1\)")
_ATTRIBUTE = re.compile(r' (?:class|aria-[a-z]+|role|pointer-events)="[^"]*"')


def svg(picture: Picture, mark: str) -> str:
    """Return a picture as an element of a page; `mark` is its name there.

    Its title and description are read to those who cannot see it.
    """
    import vl_convert  # noqa: PLC0415 - heavy, and not needed to import reports

    drawn: str = vl_convert.vegalite_to_svg(json.dumps(picture.chart()))
    found = _ROOT.search(drawn)
    assert found, "the drawing has no root"
    size = dict(_SIZE.findall(found[0]))
    body = _ATTRIBUTE.sub("", drawn[found.end() :])
    body = _ID.sub(rf'id="{mark}-\1"', body)
    body = _REFERENCE.sub(rf"url(#{mark}-\2)", body)
    head = (
        f'<svg class="picture" role="img" aria-labelledby="{mark}-title {mark}-words"'
        f' width="{size["width"]}" height="{size["height"]}" viewBox="{size["viewBox"]}">'
        f'<title id="{mark}-title">{escape(picture.title)}</title>'
        f'<desc id="{mark}-words">{escape(picture.description)}</desc>'
    )
    return head + body
