from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.stats.sequential import (
    SequentialTest,
    sequential_difference,
    sequential_mean,
    sequential_rate,
)

CHANCE = np.random.default_rng(3)
ITEMS = (CHANCE.random(400) < 0.65).astype(float)


def test_items_one_by_one_decide_as_items_together() -> None:
    state = SequentialTest(0.5)
    for item in ITEMS:
        state = state.add(item)
    whole = sequential_mean(ITEMS, 0.5)
    assert (state.n, state.decision, state.decided_at) == (400, "greater", whole.decided_at)
    assert state.log_e == pytest.approx(whole.log_e)
    assert state.estimate == pytest.approx(whole.estimate)
    # More looks can only narrow the interval.
    assert whole.low <= state.low < state.high <= whole.high


def test_long_runs_are_cut_without_a_trace() -> None:
    items = CHANCE.random(9000)
    whole = sequential_mean(items, 0.5)
    parts = SequentialTest(0.5).add(items[:5000]).add(items[5000:])
    assert whole.log_e == pytest.approx(parts.log_e)
    assert whole.interval.low == pytest.approx(parts.interval.low, abs=0.01)


def test_a_state_travels_as_json() -> None:
    state = sequential_mean(ITEMS[:100], 0.5)
    fields = json.loads(json.dumps(dataclasses.asdict(state)))
    again = SequentialTest(**fields)
    assert again.add(ITEMS[100:]).interval == state.add(ITEMS[100:]).interval
    assert again.add(ITEMS[100:]).p_value == state.add(ITEMS[100:]).p_value


def test_values_between_steps_are_rounded_against_the_claim() -> None:
    step = 1 / 4200
    up, down = np.full(50, 0.5 + 0.7 * step), np.full(50, 0.5)
    shifted, exact = sequential_mean(up, 0.4), sequential_mean(down, 0.4)
    assert shifted.log_e[0] == exact.log_e[0]
    assert shifted.high >= exact.high


@pytest.mark.parametrize("scale", [0.5, 4.0])
def test_limits_scale_with_their_items(scale: float) -> None:
    plain = sequential_mean(ITEMS, 0.5)
    scaled = sequential_mean(ITEMS * scale - 1, 0.5 * scale - 1, limits=(-1.0, scale - 1))
    assert scaled.p_value == pytest.approx(plain.p_value)
    assert scaled.interval.low == pytest.approx(plain.interval.low * scale - 1)


def test_sides_mirror_each_other() -> None:
    plain, mirrored = sequential_mean(ITEMS, 0.6), sequential_mean(1 - ITEMS, 0.4)
    assert plain.log_e == pytest.approx(mirrored.log_e[::-1])
    assert plain.interval.low == pytest.approx(1 - mirrored.interval.high)


def test_a_one_sided_test_decides_earlier_and_only_its_side() -> None:
    both = sequential_mean(ITEMS, 0.5)
    one = sequential_mean(ITEMS, 0.5, alternative="greater")
    other = sequential_mean(ITEMS, 0.5, alternative="less")
    assert one.decided_at is not None
    assert both.decided_at is not None
    assert one.decided_at <= both.decided_at
    assert one.interval.high == 1.0
    assert other.decision is None
    assert other.interval.low == 0.0
    assert other.p_value == pytest.approx(1.0, abs=0.3)


def test_a_decision_is_where_the_p_value_passes() -> None:
    found = sequential_mean(ITEMS, 0.5)
    assert found.decided_at is not None
    before, at = (sequential_mean(ITEMS[: found.decided_at - back], 0.5) for back in (1, 0))
    assert before.p_value > 0.05 >= at.p_value
    assert before.decision is None
    assert at.e_value == pytest.approx(1 / at.p_value)
    assert at.interval.low >= 0.5


def test_a_decision_stays_though_evidence_fades() -> None:
    found = sequential_mean([1.0] * 12 + [0.0] * 30, 0.5)
    assert (found.decision, found.decided_at) == ("greater", 8)
    assert found.interval.low == 0.5
    assert found.e_value < 1 / found.p_value


def test_paired_runs_that_do_not_differ_are_not_decided() -> None:
    scores = CHANCE.random(300) < 0.5
    found = sequential_difference(scores, scores)
    assert found.decision is None
    assert found.interval.estimate == 0.0
    assert found.interval.low < 0 < found.interval.high


def test_a_rate_above_and_one_below_what_is_tolerated() -> None:
    assert sequential_rate([0, 1] * 20, 0.05).decision == "greater"
    assert sequential_rate([0] * 600, 0.01).decision == "less"
    assert sequential_rate([0] * 50, 0.01).decision is None


def test_without_items_nothing_is_known() -> None:
    found = SequentialTest(0.5)
    assert math.isnan(found.estimate)
    assert (found.p_value, found.e_value) == (1.0, 0.5)
    assert (found.interval.low, found.interval.high) == (0.0, 1.0)
    assert found.interval.note == "no item yet"
    assert found.add([]) == found


def test_one_item_decides_nothing() -> None:
    found = sequential_mean([1.0], 0.5)
    assert found.decision is None
    assert 0 < found.interval.low < 0.1


def test_items_out_of_limits_are_refused() -> None:
    for items in ([1.5], [math.nan], [[0.5]]):
        with pytest.raises(UsageError, match="between the limits"):
            SequentialTest(0.5).add(items)
    with pytest.raises(UsageError, match="two arrays of one length"):
        sequential_difference([1.0], [1.0, 0.0])


def test_a_test_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(UsageError, match="lies between the limits"):
        sequential_rate([0], 0.0)
    with pytest.raises(UsageError, match="confidence level"):
        SequentialTest(0.5, level=1.0)
    with pytest.raises(UnknownNameError, match="alternative"):
        SequentialTest(0.5, alternative="above")  # type: ignore[arg-type]  # a wrong name
