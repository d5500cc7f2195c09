"""Reading and writing what others wrote: one package or module a format."""

from __future__ import annotations

from evalhouse.formats.bakeoff import Bakeoff
from evalhouse.formats.base import Format
from evalhouse.formats.codebook_lab import CodebookLab
from evalhouse.formats.olmes import Olmes

FORMATS: dict[str, Format] = {"olmes": Olmes(), "codebook_lab": CodebookLab(), "bakeoff": Bakeoff()}
