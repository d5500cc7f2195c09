"""Simulate every promise of an interval or a test in full, and write down the rates.

python -m scripts.simulate [PART OF A NAME]

With a part of a name only the cases that have it are run and printed, and no page is written.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from simulations.case import Case, Outcome, holds, run
from simulations.cases import CASES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "simulations.md"
SLACK = 2.5
"""Monte-Carlo errors that a rate may lie outside its promise: chance alone does that to 1 in 80."""

INTRODUCTION = """\
# Simulations

<!-- Written by `make simulate`. -->

How often intervals cover the truth and tests reject it, where the truth is known. `promise` is what
the documentation says of a method; naive methods promise to fail, so that the problem is seen. A
rate may lie outside its promise by {slack} of its own Monte-Carlo errors (±). A rate without
repetitions is no simulation: it is summed over every possible outcome.

Python {python}, NumPy {numpy}, {system}, {processors} processors; {total} cases, {kept} promises of
which {held} hold.
"""
HEAD = ("| method | setting | measure | rate | ± | repetitions | promise | |", "|" + "---|" * 8)


def _in_full(place: int) -> Outcome:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    return run(CASES[place], CASES[place].repetitions)


def _percent(rate: float) -> str:
    return f"{100 * rate:.2f} %"


def _row(case: Case, outcome: Outcome) -> str:
    promise = "" if case.promise is None else " to ".join(_percent(end) for end in case.promise)
    verdict = (
        "" if case.promise is None else "holds" if holds(case, outcome, SLACK) else "**fails**"
    )
    shown = f"{outcome.repetitions:,}" if outcome.repetitions else "exact"
    cells = (case.method, case.setting, case.measure, _percent(outcome.rate))
    rest = (_percent(outcome.error) if outcome.repetitions else "", shown, promise, verdict)
    return f"| {' | '.join((*cells, *rest))} |"


def page(cases: Sequence[Case], outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Write the lines of the page: a table for each family."""
    promised = [pair for pair in zip(cases, outcomes, strict=True) if pair[0].promise is not None]
    yield INTRODUCTION.format(
        slack=SLACK,
        python=platform.python_version(),
        numpy=np.__version__,
        system=f"{platform.system()} {platform.machine()}",
        processors=os.cpu_count(),
        total=len(cases),
        kept=len(promised),
        held=sum(holds(case, outcome, SLACK) for case, outcome in promised),
    )
    for family in dict.fromkeys(case.family for case in cases):
        yield from (f"## {family}", "", *HEAD)
        pairs = zip(cases, outcomes, strict=True)
        yield from (_row(case, outcome) for case, outcome in pairs if case.family == family)
        yield ""


def main(arguments: list[str]) -> int:
    """Run the cases on all processors; exit with 1 when a promise fails."""
    wanted = [
        place for place, case in enumerate(CASES) if all(word in case.name for word in arguments)
    ]
    outcomes = []
    with ProcessPoolExecutor() as pool:
        for place, outcome in zip(wanted, pool.map(_in_full, wanted), strict=True):
            print(f"{outcome.seconds:7.1f} s {_row(CASES[place], outcome)}", flush=True)
            outcomes.append(outcome)
    cases = [CASES[place] for place in wanted]
    if not arguments:
        PAGE.write_text("\n".join(page(cases, outcomes)).rstrip() + "\n", "utf-8")
    failed = [
        case
        for case, outcome in zip(cases, outcomes, strict=True)
        if not holds(case, outcome, SLACK)
    ]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
