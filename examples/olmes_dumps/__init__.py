"""Made-up OLMES dumps with known truth: the right shapes, consistent numbers, readable text."""

from __future__ import annotations

from examples.olmes_dumps.plans import FILES, Accident, Era, File, RunPlan, Stems, Suite, Task
from examples.olmes_dumps.runs import RunTruth, SuiteTruth, TaskTruth, write_run

__all__ = [
    "FILES",
    "Accident",
    "Era",
    "File",
    "RunPlan",
    "RunTruth",
    "Stems",
    "Suite",
    "SuiteTruth",
    "Task",
    "TaskTruth",
    "write_run",
]
