"""Work on several processors: one call, whatever does the work."""

from __future__ import annotations

from evalhouse.parallel.pool import Counter, Counts, Workers, processors

__all__ = ["Counter", "Counts", "Workers", "processors"]
