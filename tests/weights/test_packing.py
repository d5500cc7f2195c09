"""Packed weights: layouts as the programs that write them document them, and what they count to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evalhouse.lookups import models
from evalhouse.weights import WeightsFacts, describe
from tests.weights.made import config, safetensors

Stored = dict[str, tuple[str, tuple[int, ...]]]
NORM: Stored = {"model.norm.weight": ("F16", (64,))}
ROWS, COLUMNS = 256, 64  # inputs and outputs of the one layer, with groups of 128
PARAMETERS = ROWS * COLUMNS + 64
LAYER = "model.layers.0.self_attn.q_proj"


def _described(folder: Path, layer: Stored, **values: Any) -> WeightsFacts:
    named = {f"{LAYER}.{name}": told for name, told in layer.items()}
    safetensors(folder / "model.safetensors", NORM | named)
    config(folder, architectures=["XForCausalLM"], **values)
    return describe(folder)


def _gptq(bits: int) -> Stored:
    """AutoGPTQ: rows packed into words, a scale and a zero point for each group and column."""
    return {
        "qweight": ("I32", (ROWS * bits // 32, COLUMNS)),
        "qzeros": ("I32", (2, COLUMNS * bits // 32)),
        "scales": ("F16", (2, COLUMNS)),
        "g_idx": ("I32", (ROWS,)),
    }


def _awq() -> Stored:
    """AutoAWQ: columns packed into words."""
    stored = _gptq(4) | {"qweight": ("I32", (ROWS, COLUMNS // 8))}
    del stored["g_idx"]
    return stored


NF4: Stored = {
    "weight": ("U8", (ROWS * COLUMNS // 2, 1)),
    "weight.absmax": ("U8", (ROWS * COLUMNS // 64,)),
    "weight.nested_absmax": ("F32", (1,)),
    "weight.quant_map": ("F32", (16,)),
    "weight.nested_quant_map": ("F32", (256,)),
    "weight.quant_state.bitsandbytes__nf4": ("U8", (90,)),
}
INT8: Stored = {
    "weight": ("I8", (COLUMNS, ROWS)),
    "SCB": ("F32", (COLUMNS,)),
    "weight_format": ("U8", ()),
}
W4A16: Stored = {
    "weight_packed": ("I32", (COLUMNS, ROWS // 8)),
    "weight_scale": ("F16", (COLUMNS, 2)),
    "weight_shape": ("I64", (2,)),
    "weight_zero_point": ("I32", (COLUMNS // 8, 2)),
}
FP8: Stored = {"weight": ("F8_E4M3", (COLUMNS, ROWS)), "weight_scale_inv": ("F32", (1, 2))}
W8A8: Stored = {"weight": ("I8", (COLUMNS, ROWS)), "weight_scale": ("F16", (COLUMNS, 1))}
NVFP4: Stored = {
    "weight_packed": ("U8", (COLUMNS, ROWS // 2)),
    "weight_scale": ("F8_E4M3", (COLUMNS, ROWS // 16)),
    "weight_global_scale": ("F32", (1,)),
    "input_global_scale": ("F32", (1,)),
}
MODELOPT: Stored = {
    "weight": ("U8", (COLUMNS, ROWS // 2)),
    "weight_scale": ("F8_E4M3", (COLUMNS, ROWS // 16)),
    "weight_scale_2": ("F32", ()),
    "input_scale": ("F32", ()),
}
MXFP4: Stored = {
    "experts_blocks": ("U8", (COLUMNS, ROWS // 32, 16)),
    "experts_scales": ("U8", (COLUMNS, ROWS // 32)),
}
MLX: Stored = {
    "weight": ("U32", (COLUMNS, ROWS // 8)),
    "scales": ("F16", (COLUMNS, ROWS // 64)),
    "biases": ("F16", (COLUMNS, ROWS // 64)),
}
EXL2: Stored = {
    "q_weight": ("I32", (40, COLUMNS)),
    "q_invperm": ("I16", (ROWS,)),
    "q_scale": ("I32", (2, COLUMNS // 8)),
    "q_scale_max": ("F16", (2,)),
    "q_groups": ("I16", (4,)),
}
EXL3: Stored = {
    "trellis": ("I16", (ROWS // 16, COLUMNS // 16, 64)),
    "suh": ("F16", (ROWS,)),
    "svh": ("F16", (COLUMNS,)),
    "mcg": ("I32", ()),
}
BITNET: Stored = {"weight": ("U8", (COLUMNS // 4, ROWS)), "weight_scale": ("F16", (1,))}


def _compressed(layout: str, kind: str, bits: int, activations: int | None) -> dict[str, Any]:
    group = {
        "weights": {"type": kind, "num_bits": bits},
        "input_activations": {"num_bits": activations} if activations else None,
    }
    groups = {"group_0": group}
    return {"quant_method": "compressed-tensors", "format": layout, "config_groups": groups}


def _bnb(**values: Any) -> dict[str, Any]:
    return {"quant_method": "bitsandbytes", **values}


NF4_STATED = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}


@pytest.mark.parametrize(
    ("layer", "stated", "text", "row"),
    [
        (_gptq(4), {"quant_method": "gptq", "bits": 4}, "gptq-int4", "gptq_int4"),
        (_gptq(3), {"quant_method": "gptq", "bits": 3}, "gptq-int3", "gptq_int3"),
        (_gptq(8), {"quant_method": "gptq", "bits": 8}, "gptq-int8", "gptq_int8"),
        (_awq(), {"quant_method": "awq", "bits": 4, "group_size": 128}, "awq-int4", "awq"),
        (_awq(), {"quant_method": "awq", "w_bit": 4}, "awq-int4", "awq"),
        (NF4, _bnb(**NF4_STATED), "nf4", "nf4"),
        (NF4, _bnb(**NF4_STATED, bnb_4bit_use_double_quant=True), "nf4 double quant", "nf4_double"),
        (NF4, _bnb(load_in_4bit=True, bnb_4bit_quant_type="fp4"), "fp4", "fp4"),
        (NF4, _bnb(load_in_4bit=True), "bitsandbytes", None),
        (INT8, _bnb(load_in_8bit=True), "bitsandbytes int8", "int8"),
        (W4A16, _compressed("pack-quantized", "int", 4, None), "w4a16", "w4a16"),
        (W8A8, _compressed("int-quantized", "int", 8, 8), "w8a8", "w8a8"),
        (FP8, _compressed("float-quantized", "float", 8, 8), "fp8", "fp8"),
        (NVFP4, _compressed("nvfp4-pack-quantized", "float", 4, 4), "nvfp4", "nvfp4"),
        (FP8, _compressed("new", "other", 8, 8), "compressed-tensors", None),
        (FP8, {"quant_method": "compressed-tensors"}, "compressed-tensors", None),
        (FP8, {"quant_method": "fp8", "weight_block_size": [128, 128]}, "fp8", "fp8"),
        (MODELOPT, {"quant_method": "modelopt", "quant_algo": "NVFP4"}, "NVFP4", "nvfp4"),
        (MXFP4, {"quant_method": "mxfp4"}, "mxfp4", "mxfp4"),
        (EXL2, {"quant_method": "exl2", "bits": 4.0}, "exl2 4bpw", "exl2_4.0bpw"),
        (EXL2, {"quant_method": "exl2"}, "exl2", "exl2"),
        (EXL3, {"quant_method": "exl3", "bits": 3.5}, "exl3 3.5bpw", "exl3_3.5bpw"),
        (BITNET, {"quant_method": "bitnet"}, "bitnet", "bitnet"),
    ],
)
def test_packed_weights_count_as_what_they_were(
    tmp_path: Path, layer: Stored, stated: dict[str, Any], text: str, row: str | None
) -> None:
    facts = _described(tmp_path, layer, quantization_config=stated)
    assert facts.quantization == text
    assert facts.parameter_count == PARAMETERS
    size = (tmp_path / "model.safetensors").stat().st_size
    assert facts.bits_per_weight is not None
    assert 0 < facts.bits_per_weight * PARAMETERS / 8 < size
    found = models.quantization(text)
    assert (found.name if found else None) == row


@pytest.mark.parametrize("bits", [4, 8])
def test_gptq_takes_the_bits_that_its_row_says(tmp_path: Path, bits: int) -> None:
    # Of the layer alone, with groups of 128 and without the order of rows, which is optional.
    layer = _gptq(bits)
    del layer["g_idx"]
    facts = _described(tmp_path, layer, quantization_config={"quant_method": "gptq", "bits": bits})
    assert facts.bits_per_weight is not None
    row = models.quantization(f"gptq-int{bits}")
    assert row is not None
    taken = (facts.bits_per_weight * PARAMETERS - 64 * 16) / (ROWS * COLUMNS)
    assert taken == row.bits_per_weight


@pytest.mark.parametrize(
    ("stated", "text", "bits"),
    [
        ({"group_size": 64, "bits": 4}, "mlx 4bit", 4.5),
        ({"group_size": 64, "bits": 4, "mode": "mxfp4"}, "mxfp4", 4.5),
        ({"group_size": 32, "bits": 4, LAYER: {"group_size": 64, "bits": 4}}, "mlx 4bit", 4.5),
    ],
)
def test_mlx_counts_by_its_groups(
    tmp_path: Path, stated: dict[str, Any], text: str, bits: float
) -> None:
    facts = _described(tmp_path, MLX | {"bias": ("F16", (COLUMNS,))}, quantization=stated)
    assert (facts.file_format, facts.quantization) == ("MLX", text)
    assert facts.parameter_count == PARAMETERS + COLUMNS
    assert facts.bits_per_weight is not None
    taken = facts.bits_per_weight * (PARAMETERS + COLUMNS) - 16 * (64 + COLUMNS)
    assert taken / (ROWS * COLUMNS) == bits
    assert models.quantization(text) is not None


def test_mlx_without_quantization_is_told_by_the_header(tmp_path: Path) -> None:
    safetensors(tmp_path / "model.safetensors", NORM, {"format": "mlx"})
    facts = describe(tmp_path)
    assert (facts.file_format, facts.parameter_count) == ("MLX", 64)


@pytest.mark.parametrize(
    ("layer", "stated", "expected"),
    [(EXL2, {"quant_method": "exl2"}, "ExLlamaV2"), (EXL3, {"quant_method": "exl3"}, "ExLlamaV3")],
)
def test_formats_of_exllama_are_told_by_the_configuration(
    tmp_path: Path, layer: Stored, stated: dict[str, Any], expected: str
) -> None:
    found = _described(tmp_path, layer, quantization_config=stated).file_format
    assert found == expected
    assert found is not None
    assert models.file_format(found) is not None


def test_a_configuration_beside_the_configuration_counts_too(tmp_path: Path) -> None:
    text = '{"quantization": {"quant_algo": "FP8"}}'
    (tmp_path / "hf_quant_config.json").write_text(text, encoding="utf-8")
    facts = _described(tmp_path, FP8)
    assert (facts.quantization, facts.parameter_count) == ("FP8", PARAMETERS)


def test_a_quantization_of_the_part_about_text_counts(tmp_path: Path) -> None:
    part = {"quantization_config": {"quant_method": "fp8"}}
    assert _described(tmp_path, FP8, text_config=part).quantization == "fp8"


@pytest.mark.parametrize(
    ("layer", "values", "reason"),
    [
        (_gptq(4), {}, "is packed and no configuration says how"),
        (MLX, {}, "is packed and no configuration says how"),
        (_gptq(4), {"quantization_config": {"quant_method": "gptq"}}, "is not told"),
        (_gptq(4), {"quantization_config": {"quant_method": "gptq", "bits": 7}}, "is not told"),
        (MLX, {"quantization": {"group_size": None, "bits": 4}}, "not tell the size of a group"),
        (
            {"q_weight": ("I32", (4, 4))},
            {"quantization_config": {"quant_method": "exl2"}},
            "has no permutation that tells its rows",
        ),
        (
            {"trellis": ("I16", (4, 4)), "suh": ("F16", (4,))},
            {"quantization_config": {"quant_method": "exl3"}},
            "has no `svh` that tells its size",
        ),
        (
            {"W_q": ("U8", (4, 4))},
            {"quantization_config": {"quant_method": "hqq"}},
            "is of U8, and nothing says what that means",
        ),
        (
            {"weight": ("U8", (4, 4))},
            {"quantization_config": {"quant_method": "quanto"}},
            "is of U8, and nothing says what that means",
        ),
        (
            {"B": ("I32", (4, 4))},
            {"quantization_config": {"load": "x"}},
            "is of I32, and nothing says what that means",
        ),
    ],
)
def test_a_layout_that_is_not_known_is_not_counted(
    tmp_path: Path, layer: Stored, values: dict[str, Any], reason: str
) -> None:
    facts = _described(tmp_path, layer, **values)
    assert (facts.parameter_count, facts.bits_per_weight) == (None, None)
    assert reason in facts.unknown["parameter_count"]
    assert facts.unknown["bits_per_weight"] == facts.unknown["parameter_count"]


def test_what_was_not_learnt_is_not_counted(tmp_path: Path) -> None:
    buffers: Stored = {
        "h.0.attn.bias": ("F32", (1, 1, 8, 8)),
        "h.0.attn.masked_bias": ("F32", ()),
        "embeddings.position_ids": ("I64", (1, 8)),
        "norm.num_batches_tracked": ("I64", ()),
        "mask": ("BOOL", (8,)),
    }
    safetensors(tmp_path / "model.safetensors", NORM | buffers)
    facts = describe(tmp_path)
    assert (facts.parameter_count, facts.quantization) == (64, "F16")
