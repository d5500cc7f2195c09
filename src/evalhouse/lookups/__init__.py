"""What names stand for: the rows that every catalog begins with, from `data/lookups`.

A value that no lookup has is never added by itself: it waits for a person.
"""

from __future__ import annotations

from evalhouse.lookups.seeds import seeds

__all__ = ["seeds"]
