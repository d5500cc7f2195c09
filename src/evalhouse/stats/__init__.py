"""Statistics of arrays: pure functions that know numbers, not files or tables."""
