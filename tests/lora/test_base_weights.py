from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evalhouse.errors import WeightsError
from evalhouse.lora.base_weights import largest_value, read_base
from evalhouse.lora.reading import read_adapter
from tests.lora.made import factors, safetensors
from tests.weights.made import Gguf


@pytest.mark.parametrize("shape", [(40, 30), (30, 40), (1, 7), (300, 280), (3, 500)])
def test_the_largest_value_is_found_with_a_bound_of_its_error(shape: tuple[int, int]) -> None:
    for seed in range(3):
        matrix = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
        value, error = largest_value(matrix)
        exact = float(np.linalg.norm(matrix.astype(np.float64), 2))
        assert value == pytest.approx(exact, rel=1e-4)
        assert abs(value - exact) <= error + 1e-4 * exact


def test_matrices_that_are_zero_or_of_one_direction_end_at_once() -> None:
    assert largest_value(np.zeros((5, 4), np.float32)) == (0.0, 0.0)
    one = np.outer(np.arange(1, 6), np.arange(1, 5)).astype(np.float32)
    assert largest_value(one)[0] == pytest.approx(float(np.linalg.norm(one)), rel=1e-6)
    assert largest_value(np.ones((48, 32), np.float32))[0] == pytest.approx((48 * 32) ** 0.5)


def test_names_of_kohya_are_those_of_the_model_with_underscores(tmp_path: Path) -> None:
    down, up = factors(48, 32)
    name = "lora_unet_down_blocks_0_to_q"
    tensors = {f"{name}.lora_down.weight": down, f"{name}.lora_up.weight": up}
    [layer] = read_adapter(safetensors(tmp_path / "a.safetensors", tensors)).layers
    weights = {"down_blocks.0.to_q.weight": np.ones((48, 32), np.float32)}
    base = read_base(safetensors(tmp_path / "b" / "model.safetensors", weights))
    assert base.of(layer) is not None


def test_a_name_that_several_weights_end_with_is_none_of_them(tmp_path: Path) -> None:
    down, up = factors(4, 4, 2)
    tensors = {"b.q.lora_A.weight": down, "b.q.lora_B.weight": up}
    [layer] = read_adapter(safetensors(tmp_path / "a.safetensors", tensors)).layers
    weights = {f"{first}.b.q.weight": np.ones((4, 4), np.float32) for first in "xy"}
    assert read_base(safetensors(tmp_path / "b" / "m.safetensors", weights)).of(layer) is None


def test_a_base_in_another_format_is_told(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(Gguf().file({}, {}))
    with pytest.raises(WeightsError, match="the base is read as SafeTensors"):
        read_base(path)


def test_a_layer_of_another_model_has_no_weight(tmp_path: Path) -> None:
    down, up = factors(4, 4, 2)
    tensors = {"b.q.lora_A.weight": down, "b.q.lora_B.weight": up}
    [layer] = read_adapter(safetensors(tmp_path / "a.safetensors", tensors)).layers
    weights = {"c.k.weight": np.ones((4, 4), np.float32), "c.k.bias": np.ones(4, np.float32)}
    assert read_base(safetensors(tmp_path / "b" / "m.safetensors", weights)).of(layer) is None
