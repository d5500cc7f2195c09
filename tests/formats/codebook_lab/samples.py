"""Where the genuine runs of codebook-lab lie, beside the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "codebook_lab"
OUTPUTS = SAMPLES / "outputs"
LONG = OUTPUTS / "metrics" / "transit-hearing_metrics_log.csv"
RUNS = OUTPUTS / "metrics" / "transit-hearing_metrics_log_runs.csv"
FOLDERS = sorted((OUTPUTS / "transit-hearing").glob("run_*"))

needs_samples = pytest.mark.skipif(not FOLDERS, reason="the samples are not beside the repository")
