"""Pages about adapters, written as files."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from evalhouse.errors import UsageError
from evalhouse.reports.adapter_page import adapter_document
from evalhouse.reports.html import html
from evalhouse.reports.markdown import markdown
from evalhouse.views.lora import AuditPage

_FORMS = {".html": html, ".htm": html, ".md": markdown, ".markdown": markdown}


def check_page_name(path: Path) -> None:
    """Refuse a name that no form of report has, before anything is measured."""
    if path.suffix.lower() not in _FORMS:
        known = ", ".join(_FORMS)
        raise UsageError(f"a page is written as one of {known}, and `{path}` ends otherwise")


def write_page(pages: Sequence[AuditPage], path: Path) -> None:
    """Write audits as one page, whole or not at all.

    Raises:
        UsageError: for a name that no form of report has, and a place that cannot be written.
    """
    check_page_name(path)
    text = _FORMS[path.suffix.lower()](adapter_document(pages))
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, "utf-8")
        os.replace(part, path)  # noqa: PTH105 - in one step
    except OSError as failure:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        what = failure.strerror or str(failure)
        raise UsageError(f"`{path}` cannot be written: {what}; name another place") from failure
