from __future__ import annotations

from typing import Any

import pytest

from evalhouse.errors import HouseError
from evalhouse.lookups import models, seeds, spellings
from evalhouse.lookups.spellings import folded, found_in
from evalhouse.records import Architecture, FileFormat, QuantizationMethod, SourceType
from evalhouse.weights.tables import block_types, file_types

METHODS = {row.name: row for row in seeds() if isinstance(row, QuantizationMethod)}

# Those of the published schema, which had bytes per weight by block arithmetic, and those that it
# lacked.
PUBLISHED = {
    *(
        "fp32",
        "fp16",
        "bf16",
        "q8_0",
        "q6_k",
        "q5_k_m",
        "q5_k_s",
        "q5_0",
        "q5_1",
        "q4_k_m",
        "q4_k_s",
    ),
    *("q4_0", "q4_1", "q3_k_l", "q3_k_m", "q3_k_s", "q2_k", "iq4_xs", "iq4_nl", "iq3_m"),
    *("iq3_s", "iq3_xxs", "iq2_m", "iq2_xs", "iq2_xxs", "iq1_m", "iq1_s"),
}
LACKED = {
    *("iq2_s", "iq3_xs", "q2_k_s", "tq1_0", "tq2_0", "mxfp4", "ud_q4_k_xl", "int8", "int4", "fp8"),
    *("awq", "gptq_int4", "exl2_4.0bpw", "nf4", "mlx_4bit"),
}


def test_every_quantization_in_use_has_a_row() -> None:
    assert set(METHODS) >= PUBLISHED | LACKED


def test_every_figure_says_where_it_comes_from() -> None:
    for row in METHODS.values():
        assert (row.bits_per_weight is None) == (row.measured_by is None), row.name
        assert row.bits_per_weight is None or 1 <= row.bits_per_weight <= 32, row.name
        assert row.description, row.name


@pytest.mark.parametrize(
    ("name", "gib"),
    [
        # The table of sizes in tools/quantize/README.md of llama.cpp, Llama-3.1-8B.
        *(("iq1_s", 1.87), ("iq2_xxs", 2.23), ("iq2_s", 2.56), ("iq3_xs", 3.27), ("iq3_m", 3.52)),
        *(("iq4_xs", 4.17), ("iq4_nl", 4.38), ("q2_k_s", 2.78), ("q2_k", 2.95), ("q3_k_s", 3.41)),
        *(("q3_k_l", 4.02), ("q4_k_s", 4.36), ("q4_k_m", 4.58), ("q5_k_m", 5.33), ("q6_k", 6.14)),
        *(("q8_0", 7.95), ("fp16", 14.96)),
        # The list of `llama-quantize --help`, Llama-3-8B.
        *(("q3_k_m", 3.74), ("q4_0", 4.34), ("q4_1", 4.78), ("q5_0", 5.21), ("q5_1", 5.65)),
    ],
)
def test_bits_per_weight_give_the_sizes_that_llama_cpp_states(name: str, gib: float) -> None:
    bits = METHODS[name].bits_per_weight
    assert bits is not None
    assert bits * 8_030_261_248 / 8 / 2**30 == pytest.approx(gib, abs=0.0051)


def test_more_bits_of_a_series_are_more() -> None:
    for series in (
        ("iq1_s", "iq1_m", "iq2_xxs", "iq2_xs", "iq2_s", "iq2_m", "iq3_xxs", "iq3_xs", "iq3_s"),
        ("q2_k_s", "q2_k", "q3_k_s", "q3_k_m", "q3_k_l", "q4_k_s", "q4_k_m", "q5_k_s", "q5_k_m"),
        ("gptq_int2", "gptq_int3", "gptq_int4", "gptq_int8"),
    ):
        bits = [METHODS[name].bits_per_weight or 0 for name in series]
        assert bits == sorted(set(bits))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("fp16", "fp16"),
        ("F16", "fp16"),
        ("float16", "fp16"),
        ("torch.float16", "fp16"),
        ("torch.bfloat16", "bf16"),
        (" Float 32 ", "fp32"),
        ("int4", "int4"),
        ("INT-8", "int8"),
        ("load_in_8bit", "int8"),
        ("gguf-q8_0", "q8_0"),
        ("GGUF Q4_K_M", "q4_k_m"),
        ("q4-k-m", "q4_k_m"),
        ("Q4_K", "q4_k_m"),
        ("MOSTLY_Q5_K_S", "q5_k_s"),
        ("LLAMA_FTYPE_MOSTLY_IQ4_XS", "iq4_xs"),
        ("ALL_F32", "fp32"),
        ("i1-IQ3_M", "iq3_m"),
        ("UD-Q4_K_XL", "ud_q4_k_xl"),
        ("TQ1_0", "tq1_0"),
        ("MXFP4", "mxfp4"),
        ("mxfp4_moe", "mxfp4_moe"),
        ("nvfp4", "nvfp4"),
        ("fp8", "fp8"),
        ("FP8-dynamic", "fp8"),
        ("F8_E4M3", "fp8"),
        ("awq", "awq"),
        ("AWQ-INT4", "awq"),
        ("gptq", "gptq"),
        ("gptq-int4", "gptq_int4"),
        ("GPTQ-Int8", "gptq_int8"),
        ("nf4", "nf4"),
        ("bnb-4bit", "bnb_4bit"),
        ("w4a16", "w4a16"),
        ("exl2", "exl2"),
        ("exl2 4.0bpw", "exl2_4.0bpw"),
        ("4.25bpw-exl2", "exl2_4.25bpw"),
        ("4bpw-h6-exl2", "exl2_4.0bpw"),
        ("exl2-3.21bpw", "exl2"),
        ("exl3_2.5bpw", "exl3_2.5bpw"),
        ("MLX 4bit", "mlx_4bit"),
        ("mlx-8bit", "mlx_8bit"),
    ],
)
def test_spellings_in_use_find_their_row(text: str, name: str) -> None:
    found = models.quantization(text)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "text", ["", " ", "none", "Q4_K_XL", "UD-Q3_K_M", "q9_0", "gguf", "exl2 big", "4.0bpw", "16"]
)
def test_what_no_row_is_waits_for_a_person(text: str) -> None:
    assert models.quantization(text) is None


def test_every_type_of_gguf_files_has_a_row() -> None:
    for file_type in file_types().values():
        assert models.quantization(file_type.name) is not None, file_type.name
        assert set(file_type.holds) <= {each.name for each in block_types().values()}


@pytest.mark.parametrize(
    ("find", "text", "name"),
    [
        (models.architecture, "moe", "MoE"),
        (models.architecture, "Mixture-of-Experts", "MoE"),
        (models.architecture, "encoder_decoder", "Encoder-decoder"),
        (models.file_format, "gguf", "GGUF"),
        (models.file_format, ".safetensors", "SafeTensors"),
        (models.file_format, "exllamav2", "ExLlamaV2"),
        (models.source_type, "HuggingFace", "huggingface"),
        (models.source_type, "hugging face", "huggingface"),
        (models.source_type, "local", "local_file"),
        (models.architecture, "quantum", None),
        (models.file_format, "tar", None),
        (models.source_type, "a friend", None),
    ],
)
def test_the_other_lookups_find_their_rows(find: Any, text: str, name: str | None) -> None:
    found = find(text)
    assert (found.name if found else None) == name


@pytest.mark.parametrize("record", [QuantizationMethod, Architecture, FileFormat, SourceType])
def test_every_spelling_finds_one_row(record: Any) -> None:
    for text in spellings.spellings(record):
        assert found_in(record, text) is not None


def test_folding_keeps_what_tells_two_quantizations_apart() -> None:
    assert len({folded(name) for name in METHODS}) == len(METHODS)
    assert folded("Q4_0") != folded("Q4_1")


ALIASES = "model_names"


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ({"colours": {}}, "has the unknown key `colours`"),
        (
            {"source_types": {"moon": ["m"]}},
            "names `moon`, which `source_types.toml` does not have",
        ),
        ({"source_types": {"api": ["HUB"], "ollama": ["hub"]}}, "has `hub` for two rows"),
        ({"source_types": {"api": ["ollama"]}}, "has `ollama` for two rows of `source_types`"),
        ({"source_types": {"api": "x"}}, "has spellings under `source_types` that"),
        ({"source_types": {"api": [""]}}, "has spellings under `source_types` that"),
        (
            {"quantization_prefixes": "gguf"},
            "has `quantization_prefixes` that are no list",
        ),
    ],
)
def test_a_damaged_file_of_spellings_gives_a_sentence(
    monkeypatch: pytest.MonkeyPatch, damage: dict[str, Any], sentence: str
) -> None:
    for cached in (spellings._aliases, spellings._spellings):
        monkeypatch.setattr(spellings, cached.__name__, cached.__wrapped__)
    monkeypatch.setattr(spellings, "read_file", lambda _: {"source": "a test", **damage})
    with pytest.raises(HouseError, match=r"`data/lookups/model_names.toml` ") as failure:
        found_in(SourceType, "api")
    assert sentence in str(failure.value)
