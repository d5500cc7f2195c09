"""Arbitrary bytes, and whole files with arbitrary damage: facts or one sentence, never a crash."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalhouse.errors import WeightsError
from evalhouse.weights import describe
from tests.weights.made import (
    ARRAY,
    FLOAT32,
    Q4_0,
    TEXT,
    UINT32,
    Gguf,
    safetensors,
    safetensors_bytes,
    with_header,
)

LITTLE = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
WHOLE = {
    "m.gguf": Gguf().file(
        {
            "general.architecture": (TEXT, "llama"),
            "llama.expert_count": (UINT32, 2),
            "llama.expert_used_count": (UINT32, 1),
            "tokens": (ARRAY, (TEXT, ["a", "b"])),
        },
        {"blk.0.ffn_up_exps.weight": (Q4_0, (32, 2, 2)), "norm": (FLOAT32, (4,))},
    ),
    "m.safetensors": safetensors_bytes({"a.weight": ("F16", (2, 2)), "b.bias": ("F32", (2,))}),
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def _tells_or_says_why(path: Path) -> None:
    facts, sentence = None, ""
    try:
        facts = describe(path)
    except WeightsError as failure:
        sentence = str(failure)
    assert "\n" not in sentence
    assert facts is None or facts.parameter_count is None or facts.parameter_count > 0


@pytest.mark.parametrize("name", WHOLE)
@LITTLE
@given(data=st.data())
def test_damage_anywhere_is_survived(tmp_path: Path, name: str, data: st.DataObject) -> None:
    content = bytearray(WHOLE[name])
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.sampled_from([0, 1, 255, 127, 128]) | st.integers(0, 255))
    path = tmp_path / name
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))] or content)
    _tells_or_says_why(path)


@pytest.mark.parametrize("start", [b"", b"GGUF\3\0\0\0", b"GGUF\1\0\0\0", b"GGUF\0\0\0\3"])
@LITTLE
@given(content=st.binary(max_size=200))
def test_any_bytes_are_survived(tmp_path: Path, start: bytes, content: bytes) -> None:
    path = tmp_path / ("m.gguf" if start else "m.safetensors")
    path.write_bytes(start + content)
    _tells_or_says_why(path)


@LITTLE
@given(
    entry=st.fixed_dictionaries(
        {},
        optional={
            "dtype": st.sampled_from(["F32", "F16", "F4", "X", ""]) | ANYTHING,
            "shape": st.lists(st.integers(-2, 2**65), max_size=3) | ANYTHING,
            "data_offsets": st.lists(st.integers(-2, 2**65), max_size=3) | ANYTHING,
        },
    ),
    size=st.integers(0, 16),
)
def test_any_entry_of_a_header_is_survived(
    tmp_path: Path, entry: dict[str, Any], size: int
) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(with_header(json.dumps({"a.weight": entry}).encode(), size))
    _tells_or_says_why(path)


KEYS = [
    *("model_type", "architectures", "max_position_embeddings", "rope_scaling", "num_experts"),
    *("num_experts_per_tok", "text_config", "quantization_config", "quantization", "dtype"),
    *("is_decoder", "is_encoder_decoder", "_name_or_path"),
]
METHODS = ["gptq", "awq", "bitsandbytes", "compressed-tensors", "exl2", "modelopt", "mxfp4", "x"]
STATED = st.fixed_dictionaries(
    {},
    optional={
        "quant_method": st.sampled_from(METHODS) | ANYTHING,
        "bits": st.integers(-1, 40) | ANYTHING,
        "group_size": st.integers(-1, 128) | ANYTHING,
        "config_groups": st.dictionaries(
            st.text(max_size=3), st.fixed_dictionaries({"weights": ANYTHING}) | ANYTHING, max_size=2
        )
        | ANYTHING,
        "bnb_4bit_quant_type": ANYTHING,
        "load_in_4bit": ANYTHING,
        "quant_algo": ANYTHING,
        "mode": ANYTHING,
    },
)


@LITTLE
@given(
    values=st.dictionaries(st.sampled_from(KEYS), ANYTHING | STATED, max_size=6),
    adapter=st.dictionaries(
        st.sampled_from(["r", "lora_alpha", "target_modules", "peft_type", "revision"]), ANYTHING
    ),
)
def test_any_configuration_is_survived(
    tmp_path: Path, values: dict[str, Any], adapter: dict[str, Any]
) -> None:
    stored = {"a.qweight": ("I32", (4, 4)), "a.scales": ("F16", (1,)), "experts.0.w": ("F16", (2,))}
    safetensors(tmp_path / "model.safetensors", stored)
    (tmp_path / "config.json").write_text(json.dumps(values), encoding="utf-8")
    (tmp_path / "adapter_config.json").write_text(json.dumps(adapter), encoding="utf-8")
    _tells_or_says_why(tmp_path)
    safetensors(tmp_path / "adapter_model.safetensors", {"a": ("F32", (2,))})
    assert describe(tmp_path).adapter is not None
