"""Reading and writing what others wrote: one package or module a format."""

from __future__ import annotations

from evalhouse.formats.base import Format
from evalhouse.formats.olmes import Olmes

FORMATS: dict[str, Format] = {"olmes": Olmes()}
