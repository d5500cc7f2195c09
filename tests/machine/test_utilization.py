from __future__ import annotations

import math

import pytest

from evalhouse.machine.utilization import tflops_utilization


def test_utilisation_is_operations_by_the_peak() -> None:
    # 100 tokens/s * 16 GFLOP = 1.6 TFLOP/s, of 160 TFLOP/s.
    assert tflops_utilization(100.0, 16e9, 160.0) == pytest.approx(1.0)


def test_no_tokens_are_a_measurement() -> None:
    assert tflops_utilization(0.0, 16e9, 160.0) == 0.0


@pytest.mark.parametrize(
    "known",
    [
        (None, 16e9, 160.0),
        (100.0, None, 160.0),
        (100.0, 16e9, None),
        (100.0, 16e9, 0.0),
        (100.0, 16e9, -1.0),
        (100.0, 0.0, 160.0),
        (-1.0, 16e9, 160.0),
        (math.nan, 16e9, 160.0),
        (100.0, math.inf, 160.0),
    ],
)
def test_what_is_not_known_has_no_utilisation(
    known: tuple[float | None, float | None, float | None],
) -> None:
    assert tflops_utilization(*known) is None
