from __future__ import annotations

import numpy as np
import pytest

from evalhouse.lora import measures

CALM = np.array([1.0, 1.0, 1.0, 1.0, 0.02, 0.02, 0.02, 0.02])


def test_four_strong_and_four_weak_values_have_four_directions_by_every_rule() -> None:
    # A published example of these values: energy 4, knee 4, effective rank 5 when rounded up.
    assert measures.energy_rank(CALM, 0.9) == 4
    assert measures.knee(CALM) == 4
    assert measures.effective_rank(CALM) == pytest.approx(4.40, abs=0.01)


def test_equal_values_use_all_of_the_rank() -> None:
    flat = np.full(8, 0.3)
    assert measures.stable_rank(flat) == pytest.approx(8)
    assert measures.effective_rank(flat) == pytest.approx(8)
    assert measures.knee(flat) == 8
    assert [measures.energy_rank(flat, share) for share in (0.5, 0.75, 0.9, 1.0)] == [4, 6, 8, 8]


def test_one_value_is_one_direction() -> None:
    one = np.array([5.0, 0.0, 0.0])
    assert measures.stable_rank(one) == 1
    assert measures.effective_rank(one) == pytest.approx(1)
    assert measures.energy_rank(one, 0.99) == 1


def test_nothing_is_defined_of_an_update_that_is_zero() -> None:
    zero = np.zeros(4)
    assert measures.stable_rank(zero) is None
    assert measures.effective_rank(zero) is None
    assert measures.energy_rank(zero, 0.9) is None
    assert measures.knee(zero) is None
    assert measures.tails(zero).tolist() == [0.0] * 5
    assert measures.clear_rank(zero, 1e-3) == 0
    assert measures.frobenius(zero) == 0


@pytest.mark.parametrize("size", [1e-200, 1e-20, 1.0, 1e200])
def test_ranks_do_not_depend_on_the_size(size: float) -> None:
    values = np.asarray(0.6 ** np.arange(8) * size, np.float64)
    assert measures.stable_rank(values) == pytest.approx((1 - 0.36**8) / 0.64)
    assert measures.energy_rank(values, 0.9) == 3  # 1 − 0.36³ = 0.953
    assert measures.frobenius(values) == pytest.approx(size * ((1 - 0.36**8) / 0.64) ** 0.5)
    left = [(0.36**kept - 0.36**8) / 0.64 for kept in range(9)]
    assert np.allclose(measures.tails(values) / size, np.sqrt(left))


def test_the_error_of_a_truncation_is_what_is_left_out() -> None:
    chance = np.random.default_rng(0)
    matrix = chance.normal(size=(9, 6))
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    errors = measures.tails(values)
    for rank in range(7):
        cut = (left[:, :rank] * values[:rank]) @ right[:rank]
        assert errors[rank] == pytest.approx(float(np.linalg.norm(matrix - cut)), abs=1e-12)
        if rank < 6:
            assert np.linalg.norm(matrix - cut, 2) == pytest.approx(values[rank])
