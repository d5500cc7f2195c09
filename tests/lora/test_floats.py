from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evalhouse.lora.floats import TYPES, decoded, decoded_blocks, encoded
from tests.lora.made import bfloat16, widened


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch", reason="torch is the reference of how numbers are rounded")


def _numbers() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    chance = np.random.default_rng(0)
    wide = chance.normal(size=4000) * 10.0 ** chance.integers(-42, 38, 4000)
    near = np.array([1 + 2.0**-8, 1 + 3 * 2.0**-8, 1 + 2.0**-8 + 2.0**-40, 1 + 2.0**-8 - 2.0**-40])
    edges = np.array([0.0, -0.0, np.inf, -np.inf, 3.3895314e38, 3.4e38, 1e300, 1e-45, 1e-300])
    return np.concatenate([wide, near, -near, edges])


@pytest.mark.parametrize("name", ["F32", "F16"])
def test_numbers_are_rounded_as_torch_rounds_them(torch: Any, name: str) -> None:
    kind = {"F32": torch.float32, "F16": torch.float16}[name]
    values = _numbers()
    ours = decoded(encoded(values, name), name)
    assert np.array_equal(ours, torch.from_numpy(values).to(kind).double().numpy())


def test_bfloat16_is_rounded_as_torch_rounds_it(torch: Any) -> None:
    # Of numbers that 32 bits hold torch rounds once too.
    exact = torch.from_numpy(_numbers()).float().double().numpy()
    ours = decoded(encoded(exact, "BF16"), "BF16")
    theirs = torch.from_numpy(exact).float().bfloat16().double().numpy()
    assert np.array_equal(ours, theirs)


def test_bfloat16_is_rounded_once() -> None:
    # By way of 32 bits this tie would be rounded to even, though the number is above it.
    assert decoded(encoded(np.array([1 + 2.0**-8 + 2.0**-40]), "BF16"), "BF16")[0] == 1 + 2.0**-7
    assert decoded(encoded(np.array([1 + 2.0**-8 - 2.0**-40]), "BF16"), "BF16")[0] == 1.0


def test_nan_stays_nan() -> None:
    for name in TYPES:
        assert np.isnan(decoded(encoded(np.array([np.nan]), name), name)[0])


def test_bfloat16_is_the_upper_half_of_a_number() -> None:
    stored = bfloat16(np.random.default_rng(1).normal(size=(5, 7)))
    assert np.array_equal(decoded(stored, "BF16"), widened(stored))


@pytest.mark.parametrize("name", list(TYPES))
@pytest.mark.parametrize("turned", [False, True])
def test_blocks_are_the_whole_one_after_another(name: str, *, turned: bool) -> None:
    values = np.random.default_rng(2).normal(size=(23, 4))
    stored = encoded(values, name)
    stored = np.asfortranarray(stored) if turned else stored
    blocks = [block.copy() for block in decoded_blocks(stored, name, 5)]
    assert [len(block) for block in blocks] == [5, 5, 5, 5, 3]
    assert np.array_equal(np.concatenate(blocks), decoded(stored, name))


def test_blocks_of_two_that_are_read_at_once_do_not_mix() -> None:
    first, second = np.arange(12.0).reshape(6, 2), -np.arange(12.0).reshape(6, 2)
    for one, other in zip(
        decoded_blocks(first, "F64", 2), decoded_blocks(second, "F64", 2), strict=True
    ):
        assert np.array_equal(one, -other)
