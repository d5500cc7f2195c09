"""What is asked: codebooks and the rows they are asked of, read from a task's folder."""

from __future__ import annotations
