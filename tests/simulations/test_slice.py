from __future__ import annotations

import pytest

from simulations.case import Case, holds, run
from simulations.cases import CASES

SLACK = 4.0  # so that hundreds of small simulations do not fail by chance


@pytest.mark.parametrize("case", [case for case in CASES if case.slice], ids=lambda case: case.name)
def test_a_promise_holds_in_a_short_simulation(case: Case) -> None:
    outcome = run(case, case.slice)
    assert holds(case, outcome, SLACK), outcome


def test_no_two_simulations_share_a_name() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
