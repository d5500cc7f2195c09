"""Pages that a person reads, made from views: HTML in one file, and Markdown."""

from __future__ import annotations
