"""Write made-up OLMES dumps: the bundled set, or a large one to measure with.

`python examples/make_dumps.py OUT` writes what lies in `examples/dumps`; with `--megabytes 1040`
it writes one model and 60 tasks of about that size.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

# Run as a script, Python sees only this folder.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from examples.olmes_dumps import FILES, RunPlan, RunTruth, write_run
from examples.olmes_dumps.catalogue import GSM8K, core_suites, mc_task, rc_task, suites, tasks

if TYPE_CHECKING:
    from collections.abc import Sequence

LLAMA = "meta-llama/Llama-3.1-8B"
DATADECIDE = "allenai/DataDecide-dolma1_7-150M"
OLMO = "allenai/OLMo-2-0425-1B"
_REGIME = "olmes"
_NAMES = ("arc_easy", "boolq", "piqa")
_CHOICE_TASKS = (
    *(rc_task(name, regime=_REGIME, shots=1) for name in _NAMES),
    *(mc_task(name, regime=_REGIME, shots=1) for name in _NAMES),
)
_BYTES_PER_DOC = 11_500
"""A document of the 60 tasks of a large dump, mean over tasks, all files together."""
_LONG_SCENE = 5
"""Sentences before a question that bring its requests to the size of real ones, 2 kB."""


def bundled() -> tuple[RunPlan, ...]:
    """The dumps in `examples/dumps`."""
    full = RunPlan(
        model=LLAMA,
        tasks=(*_CHOICE_TASKS, replace(GSM8K, shots=1)),
        suites=core_suites(_NAMES, regime=_REGIME),
        docs=6,
        recorded=1,
        scene_sentences=1,
        skill=0.75,
    )
    return (
        full,
        replace(
            full,
            model=DATADECIDE,
            skill=0.1,
            stems="alias",
            files=FILES - {"requests", "vestigial"},
        ),
        # A variant that ran beside its base task, and left only its answers.
        RunPlan(
            model=OLMO,
            tasks=(
                rc_task("arc_easy", regime=_REGIME, shots=1),
                mc_task("arc_easy", regime=_REGIME, shots=1),
            ),
            docs=6,
            recorded=1,
            scene_sentences=1,
            stems="alias",
            files=FILES - {"requests", "vestigial"},
            unrecorded=frozenset({f"arc_easy:mc::{_REGIME}"}),
        ),
        # An old dump: records alone, of which only those of the base tasks.
        replace(
            full,
            model=OLMO,
            snapshot="2025-10-08_posttrain",
            skill=0.4,
            tasks=_CHOICE_TASKS[:3],
            files=frozenset({"metrics-all"}),
        ),
    )


def large(megabytes: int) -> RunPlan:
    """One model and 60 tasks: a dump of about that many million bytes."""
    chosen = tasks(60)
    docs = max(1, round(megabytes * 1e6 / _BYTES_PER_DOC / len(chosen)))
    return RunPlan(
        model=LLAMA, tasks=chosen, suites=suites(chosen), docs=docs, scene_sentences=_LONG_SCENE
    )


def write_dumps(root: Path, plans: Sequence[RunPlan]) -> list[RunTruth]:
    """Write every run below `root`."""
    return [write_run(root, plan) for plan in plans]


def truth_text(truths: Sequence[RunTruth]) -> str:
    """The known truth, as it is kept beside the bundled dumps."""
    return json.dumps([truth.as_json() for truth in truths], indent=1) + "\n"


def main() -> None:
    """Write what the command line asks for; the truth goes beside the dumps, not among them."""
    parser = argparse.ArgumentParser(description="write made-up OLMES dumps")
    parser.add_argument("out", type=Path, help="folder to write to")
    parser.add_argument("--megabytes", type=int, help="one large dump of about this size instead")
    parser.add_argument("--truth", type=Path, help="file for the known truth; OUT.truth.json")
    arguments = parser.parse_args()
    out: Path = arguments.out
    plans = bundled() if arguments.megabytes is None else (large(arguments.megabytes),)
    truths = write_dumps(out, plans)
    place: Path = arguments.truth or out.with_name(f"{out.name}.truth.json")
    place.write_text(truth_text(truths), encoding="utf-8")
    rows = sum(sum(task.rows.values()) for truth in truths for task in truth.tasks)
    print(f"{len(truths)} run(s), {rows} rows in {out}; what a reader must find: {place}")


if __name__ == "__main__":
    main()
