"""People who annotate: how far they agree, and what they say together."""

from __future__ import annotations
