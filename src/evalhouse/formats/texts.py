"""Columns of text without secrets."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from evalhouse.redact import Redactor


class Texts:
    """Makes columns of texts, and counts the secrets that were replaced in them."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self.count = 0

    def column(self, values: Sequence[str | None]) -> pa.Array:
        """Return texts as a column; lone surrogates, which no column holds, are spelled out."""
        whole = "\n".join(value for value in values if value)
        data = whole.encode("utf-8", "backslashreplace")
        if self._redactor.hits(data):
            values = [value and self.clean(value) for value in values]
        elif len(data) != len(whole) and not _is_utf8(whole):
            values = [value and _spelled(value) for value in values]
        return pa.array(values, pa.string())

    def clean(self, text: str) -> str:
        """Return a text without secrets."""
        cleaned, count = self._redactor.text(text.encode("utf-8", "backslashreplace"))
        self.count += count
        return cleaned.decode("utf-8", "replace")


def _spelled(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in text)
