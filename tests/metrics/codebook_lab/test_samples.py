"""Every value that codebook-lab 1.4.0 wrote for the runs of its samples."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest

from evalhouse.metrics.codebook_lab import codebook_lab_metrics
from tests.metrics.codebook_lab.tasks import fields_of, numbers, read_cells

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT.parent / "shared" / "samples" / "codebook_lab"
TASK = SAMPLES / "tasks" / "transit-hearing"
RUNS = sorted((SAMPLES / "outputs" / "transit-hearing").glob("run_*"))

pytestmark = pytest.mark.skipif(not RUNS, reason="the samples are not beside the repository")


def written(run: str) -> dict[str, dict[str, float]]:
    """Return the rows of a run in the table of metrics, in their order."""
    found: dict[str, dict[str, float]] = {}
    path = SAMPLES / "outputs" / "metrics" / "transit-hearing_metrics_log.csv"
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["run_id"] == run:
                value = float(row["value"] or math.nan)
                found.setdefault(row["column"], {})[row["metric"]] = value
    return found


@pytest.mark.parametrize("run", RUNS or [Path("none")], ids=lambda run: run.name)
def test_every_value_of_a_run_is_met(run: Path) -> None:
    codebook = json.loads((TASK / "codebook.json").read_text(encoding="utf-8"))
    gold = read_cells(TASK / "ground-truth.csv", codebook["text_column"])
    found = codebook_lab_metrics(fields_of(codebook), gold, read_cells(run / "output.csv"))
    expected = written(run.name)
    assert set(found) == set(expected)
    for column, values in expected.items():
        ours = numbers(found[column])
        assert list(ours) == list(values)
        assert ours == pytest.approx(values, abs=1e-12, nan_ok=True)
