from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from evalhouse.lora.factors import Factor, Update
from evalhouse.lora.floats import Floats, encoded
from evalhouse.lora.measures import clear_rank, effective_rank, stable_rank
from evalhouse.lora.reading import read_adapter
from evalhouse.lora.spectrum import BrokenNumbersError, layer_spectrum, spectrum
from evalhouse.lora.stored import opened
from tests.lora.made import bfloat16, factors, pair, peft, safetensors, with_values


def update(down: Floats, up: Floats, name: str = "F32", scale: float = 1.0) -> Update:
    return Update(
        Factor(encoded(up.astype(np.float64), name), name, "B"),
        Factor(encoded(down.astype(np.float64), name).T, name, "A"),
        scale,
    )


def dense(found: Update) -> Floats:
    return found.scale * (found.left.values() @ found.right.values().T)


def dense_values(found: Update) -> Floats:
    return np.asarray(np.linalg.svd(dense(found), compute_uv=False), np.float64)


SHAPES = [(48, 32, 8), (64, 96, 16), (300, 40, 32), (5, 200, 5), (40, 40, 1)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["F32", "F16", "BF16", "F64"])
@pytest.mark.parametrize("fall", [1.0, 0.7])
def test_values_are_those_of_the_dense_matrix(
    shape: tuple[int, int, int], name: str, fall: float
) -> None:
    found = update(*factors(*shape, seed=sum(shape), fall=fall), name, 2.0)
    ours, theirs = spectrum(found), dense_values(found)[: shape[2]]
    assert ours.is_resolved
    assert np.abs(ours.values - theirs).max() <= 1e-8 * theirs[0]
    well = theirs > 1e-4 * theirs[0]
    assert np.allclose(ours.values[well], theirs[well], rtol=1e-5)


def test_the_error_that_is_told_bounds_the_error() -> None:
    for seed in range(20):
        values = np.asarray(0.3 ** np.arange(10), np.float64)
        found = update(*with_values(80, 60, values, seed=seed), "F64")
        ours = spectrum(found)
        assert np.abs(ours.values - values).max() <= ours.error <= 1e-8


def test_few_digits_are_lost_on_a_wide_spectrum_as_small_values_come_from_triangles() -> None:
    # Values 1, 0.1, … 1e-11, of which squares leave seven digits: exact effective rank 1.43505518.
    values = np.asarray(10.0 ** -np.arange(12), np.float64)
    ours = spectrum(update(*with_values(160, 96, values), "F64"))
    assert ours.way == "qr"
    assert np.allclose(ours.values, values, rtol=1e-3)
    assert np.allclose(ours.values[:9], values[:9], rtol=1e-6)
    assert stable_rank(ours.values) == pytest.approx(1.0101010101, abs=1e-10)
    assert effective_rank(ours.values) == pytest.approx(1.43505518, abs=1e-8)


@pytest.mark.parametrize("size", [1e-18, 1e-9, 1.0, 1e9])
def test_the_size_of_an_update_changes_no_ratio(size: float) -> None:
    down, up = (each.astype(np.float64) for each in factors(48, 32))
    usual, other = spectrum(update(down, up, "F64")), spectrum(update(down, up * size, "F64"))
    assert stable_rank(other.values) == pytest.approx(stable_rank(usual.values), rel=1e-9)
    assert np.allclose(other.values / size, usual.values, rtol=1e-9)


@pytest.mark.parametrize("size", [1e-160, 1e160])
def test_squares_that_vanish_or_overflow_are_not_needed(size: float) -> None:
    down, up = factors(48, 32)
    with np.errstate(over="ignore", invalid="ignore"):
        ours = spectrum(update(down.astype(np.float64) * size, up.astype(np.float64), "F64"))
    assert ours.way == "qr"
    assert np.allclose(ours.values / size, spectrum(update(down, up)).values, rtol=1e-6)


@pytest.mark.parametrize("name", ["F32", "F16", "BF16"])
@pytest.mark.parametrize("rank", [1, 3, 8])
def test_a_planted_rank_is_found_again(name: str, rank: int) -> None:
    chance = np.random.default_rng(rank)
    up = chance.normal(size=(200, rank)) @ chance.normal(size=(rank, 16))
    down = chance.normal(size=(16, 120))
    ours = spectrum(update(down, up, name))
    rounding = {"F32": 2.0**-24, "F16": 2.0**-11, "BF16": 2.0**-8}[name]
    assert clear_rank(ours.values, rounding) == rank


def test_an_update_that_is_zero_has_no_values_but_zeros() -> None:
    down, up = factors(48, 32)
    for found in (update(down, up * 0), update(down * 0, up)):
        ours = spectrum(found)
        assert ours.values.tolist() == [0.0] * 8
        assert ours.is_resolved


def test_more_directions_than_outputs_leave_some_at_zero() -> None:
    found = update(*factors(3, 32, 8, fall=1.0))
    ours = spectrum(found)
    assert len(ours.values) == 8
    assert np.allclose(ours.values[:3], dense_values(found)[:3], rtol=1e-9)
    assert np.abs(ours.values[3:]).max() <= 1e-12 * ours.values[0]


def test_factors_that_cancel_are_said_to_be_not_resolved() -> None:
    chance = np.random.default_rng(0)
    # B·A is what rounding leaves: B sees only directions that A has not.
    down = np.zeros((2, 40))
    down[0] = 1e12 * chance.normal(size=40)
    down[1] = 1e-12 * chance.normal(size=40)
    up = np.zeros((30, 2))
    up[:, 1] = 1e12 * chance.normal(size=30)
    up[:, 0] = 1e-12 * chance.normal(size=30)
    assert not spectrum(update(down, up, "F64")).is_resolved


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_counted(broken: float) -> None:
    down, up = factors(48, 32)
    up[3, 2] = broken
    with pytest.raises(BrokenNumbersError, match="has 1 NaN or infinite number in `B`"):
        spectrum(update(down, up))
    up[:2] = broken
    with pytest.raises(BrokenNumbersError, match="has 17 NaN or infinite numbers in `B`"):
        spectrum(update(down, up))


def test_a_long_factor_is_read_in_blocks() -> None:
    down, up = factors(40_000, 20, 8, fall=0.9)
    found = update(down, up, "BF16")
    theirs = np.linalg.svd(
        np.linalg.qr(found.left.values())[1] @ found.right.values().T, compute_uv=False
    )
    assert np.allclose(spectrum(found).values, theirs[:8], rtol=1e-9)
    assert np.allclose(
        np.abs(found.left.triangle()), np.abs(np.linalg.qr(found.left.values())[1]), rtol=1e-9
    )


def _values_of(folder: Path) -> tuple[Any, Floats]:
    [layer] = read_adapter(folder).layers
    with opened() as files:
        return layer, layer_spectrum(layer, files).values


def _dense(matrix: NDArray[Any]) -> Floats:
    return np.asarray(np.linalg.svd(matrix, compute_uv=False), np.float64)


def test_a_convolution_is_measured_with_its_kernel_as_input(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    down = chance.normal(size=(4, 6, 3, 3)).astype(np.float32)
    up = chance.normal(size=(10, 4, 1, 1)).astype(np.float32)
    layer, values = _values_of(peft(tmp_path, pair("conv", down, up), r=4))
    assert (layer.out_size, layer.in_size, layer.is_convolution) == (10, 54, True)
    assert np.allclose(values, _dense(4.0 * up.reshape(10, 4) @ down.reshape(4, -1))[:4], rtol=1e-6)


def test_a_convolution_with_a_middle_is_put_together(tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    down, up = chance.normal(size=(4, 6, 1, 1)), chance.normal(size=(10, 4, 1, 1))
    middle = chance.normal(size=(4, 4, 3, 3))
    tensors = {
        "lora_unet_a.lora_down.weight": down,
        "lora_unet_a.lora_mid.weight": middle,
        "lora_unet_a.lora_up.weight": up,
    }
    layer, values = _values_of(safetensors(tmp_path / "a.safetensors", tensors))
    whole = np.einsum("op,pqhw,qi->oihw", up[:, :, 0, 0], middle, down[:, :, 0, 0])
    assert (layer.scale, layer.in_size) == (1.0, 54)
    assert np.allclose(values, _dense(whole.reshape(10, -1))[:4], rtol=1e-9)


def test_a_hadamard_product_is_measured_exactly(tmp_path: Path) -> None:
    chance = np.random.default_rng(2)
    shapes = {"w1_a": (20, 3), "w1_b": (3, 14), "w2_a": (20, 3), "w2_b": (3, 14)}
    parts = {role: chance.normal(size=shape) for role, shape in shapes.items()}
    tensors = {f"lora_te_x.hada_{role}": part for role, part in parts.items()}
    tensors["lora_te_x.alpha"] = np.array(1.5, np.float32)
    layer, values = _values_of(safetensors(tmp_path / "a.safetensors", tensors))
    whole = 0.5 * (parts["w1_a"] @ parts["w1_b"]) * (parts["w2_a"] @ parts["w2_b"])
    assert (layer.method, layer.rank, layer.scale) == ("LoHa", 3, 0.5)
    assert np.allclose(values, _dense(whole)[:9], atol=1e-12)


@pytest.mark.parametrize("split", [(), ("w1",), ("w2",), ("w1", "w2")])
def test_a_kronecker_product_is_measured_exactly(tmp_path: Path, split: tuple[str, ...]) -> None:
    chance = np.random.default_rng(3)
    tensors: dict[str, Floats] = {}
    whole: dict[str, Floats] = {}
    for name, (out, size) in {"w1": (4, 3), "w2": (7, 5)}.items():
        left, right = chance.normal(size=(out, 2)), chance.normal(size=(2, size))
        whole[name] = left @ right
        if name in split:
            tensors |= {f"lora_te_x.lokr_{name}_a": left, f"lora_te_x.lokr_{name}_b": right}
        else:
            tensors[f"lora_te_x.lokr_{name}"] = whole[name]
    tensors["lora_te_x.alpha"] = np.array(1.0, np.float32)
    layer, values = _values_of(safetensors(tmp_path / "a.safetensors", tensors))
    scale = 0.5 if split else 1.0  # without factors of low rank, alpha means nothing
    theirs = _dense(scale * np.kron(whole["w1"], whole["w2"]))
    assert (layer.method, layer.scale) == ("LoKr", scale)
    count = min(len(values), len(theirs))
    assert np.allclose(values[:count], theirs[:count], atol=1e-9)


def test_a_broken_kronecker_product_is_told(tmp_path: Path) -> None:
    first, second = np.ones((2, 2)), np.ones((3, 3))
    second[0, 0] = np.nan
    path = safetensors(
        tmp_path / "a.safetensors", {"lora_te_x.lokr_w1": first, "lora_te_x.lokr_w2": second}
    )
    [layer] = read_adapter(path).layers
    with opened() as files, pytest.raises(BrokenNumbersError, match="1 NaN or infinite numbers"):
        layer_spectrum(layer, files)


def test_stored_bfloat16_is_what_is_measured(tmp_path: Path) -> None:
    down, up = factors(48, 32)
    stored = bfloat16(down), bfloat16(up)
    _, values = _values_of(peft(tmp_path, pair("m", *stored)))
    wide = [(each.astype("<u4") << 16).view("<f4").astype(np.float64) for each in stored]
    assert np.allclose(values, _dense(2.0 * wide[1] @ wide[0])[:8], rtol=1e-9)
