"""Where the genuine records of OLMES lie, beside the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

OLMES = Path(__file__).parents[4] / "shared" / "samples" / "olmes"

needs_olmes = pytest.mark.skipif(
    not OLMES.is_dir(), reason="the samples are not beside the repository"
)
