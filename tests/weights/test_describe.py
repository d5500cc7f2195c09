from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evalhouse.errors import WeightsError
from evalhouse.lookups import models
from evalhouse.weights import AdapterFacts, WeightsFacts, WeightsFile, describe
from tests.weights.made import (
    BOOL,
    FLOAT,
    FLOAT16,
    FLOAT32,
    MXFP4,
    Q2_0,
    Q4_0,
    Q4_K,
    Q6_K,
    Q8_0,
    TEXT,
    UINT32,
    Gguf,
    Keys,
    Shapes,
    config,
    gguf,
    padded,
    safetensors,
    size_of,
)

Stored = dict[str, tuple[str, tuple[int, ...]]]

LLAMA: dict[str, tuple[int, Any]] = {
    "general.architecture": (TEXT, "llama"),
    "general.name": (TEXT, "Tiny Llama"),
    "general.organization": (TEXT, "acme"),
    "general.version": (TEXT, "v1"),
    "general.license": (TEXT, "mit"),
    "general.file_type": (UINT32, 2),
    "general.base_model.count": (UINT32, 1),
    "general.base_model.0.name": (TEXT, "Base"),
    "general.base_model.0.repo_url": (TEXT, "https://huggingface.co/acme/base"),
    "llama.context_length": (UINT32, 4096),
}
DENSE = {
    "token_embd.weight": (FLOAT32, (32, 10)),
    "blk.0.attn_q.weight": (Q4_0, (32, 32)),
    "blk.0.ffn_up.weight": (Q4_0, (32, 64)),
    "rope_freqs.weight": (FLOAT32, (16,)),
}


def _described(folder: Path, keys: Keys, tensors: Shapes, name: str = "m.gguf") -> WeightsFacts:
    return describe(gguf(folder / name, keys, tensors))


def test_a_gguf_file_tells_what_it_is(tmp_path: Path) -> None:
    facts = _described(tmp_path, LLAMA, DENSE, "Tiny-Q4_0.gguf")
    size = (tmp_path / "Tiny-Q4_0.gguf").stat().st_size
    assert facts == WeightsFacts(
        file_format="GGUF",
        files=(WeightsFile("Tiny-Q4_0.gguf", size),),
        weights_bytes=size,
        architecture="Dense",
        family="llama",
        parameter_count=320 + 1024 + 2048,
        active_parameter_count=320 + 1024 + 2048,
        expert_count=0,
        context_length=4096,
        quantization="Q4_0",
        named_quantization="Q4_0",
        bits_per_weight=(320 * 32 + 3072 * 4.5) / 3392,
        name="Tiny Llama",
        creator="acme",
        version="v1",
        base_model="acme/base",
        license="mit",
    )


def test_what_a_header_does_not_tell_stays_open(tmp_path: Path) -> None:
    facts = _described(tmp_path, {}, {})
    assert facts.unknown == {
        "architecture": "no tensor has the name of attention, experts or recurrence",
        "parameter_count": "the files hold no parameters",
        "active_parameter_count": "the files hold no parameters",
        "bits_per_weight": "the files hold no parameters",
    }
    assert (facts.family, facts.name, facts.quantization, facts.context_length) == (None,) * 4


MIXTURE = {
    "blk.0.attn_q.weight": (Q4_0, (32, 32)),
    "blk.0.ffn_gate_inp.weight": (FLOAT32, (32, 8)),
    "blk.0.ffn_up_exps.weight": (Q4_0, (32, 64, 8)),
    "blk.0.ffn_up_exps.bias": (FLOAT32, (64, 8)),
    "blk.0.ffn_up_shexp.weight": (Q4_0, (32, 64)),
}
EXPERTS = {"llama.expert_count": (UINT32, 8), "llama.expert_used_count": (UINT32, 2)}


def test_a_token_passes_through_some_of_the_experts(tmp_path: Path) -> None:
    facts = _described(tmp_path, LLAMA | EXPERTS, MIXTURE)
    rest, experts = 1024 + 256 + 2048, 8 * (2048 + 64)
    assert (facts.architecture, facts.expert_count, facts.experts_used) == ("MoE", 8, 2)
    assert facts.parameter_count == rest + experts
    assert facts.active_parameter_count == rest + experts // 4


def test_experts_may_be_tensors_of_their_own(tmp_path: Path) -> None:
    experts = {f"blk.0.ffn_up.{number}.weight": (Q4_0, (32, 2)) for number in range(8)}
    facts = _described(
        tmp_path, LLAMA | EXPERTS, {"blk.0.attn_q.weight": (Q4_0, (32, 1)), **experts}
    )
    assert facts.active_parameter_count == 32 + 2 * 64
    del experts["blk.0.ffn_up.7.weight"]
    facts = _described(tmp_path, LLAMA | EXPERTS, experts)
    assert facts.parameter_count == 7 * 64
    assert facts.active_parameter_count is None
    assert "is not of 8 experts of the same size" in facts.unknown["active_parameter_count"]


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({}, "there are experts, and the files do not say how many"),
        (
            {"llama.expert_count": (UINT32, 8)},
            "the files do not say how many experts a token passes through",
        ),
        (
            {"llama.expert_count": (UINT32, 5), "llama.expert_used_count": (UINT32, 2)},
            "`blk.0.ffn_up_exps.weight` is not made of 5 experts",
        ),
        (
            {"llama.expert_count": (UINT32, 8), "llama.expert_used_count": (UINT32, 9)},
            "the files do not say how many experts a token passes through",
        ),
    ],
)
def test_experts_that_do_not_fit_leave_the_active_parameters_open(
    tmp_path: Path, keys: Keys, reason: str
) -> None:
    facts = _described(tmp_path, {**LLAMA, **keys}, MIXTURE)
    assert facts.active_parameter_count is None
    assert facts.unknown == {"active_parameter_count": reason}


def test_experts_that_no_tensor_has_leave_the_active_parameters_open(tmp_path: Path) -> None:
    facts = _described(tmp_path, LLAMA | EXPERTS, DENSE)
    reason = "no tensor has the name of one that holds experts"
    assert facts.unknown == {"active_parameter_count": reason}


@pytest.mark.parametrize(
    ("stated", "tensors", "expected"),
    [
        (15, {"a": (Q4_K, (256, 4))}, "Q4_K_M"),
        (15 + 1024, {"a": (Q4_K, (256, 4))}, "Q4_K_M"),  # the flag of a guess
        # Ollama writes 4 into gpt-oss, which is Q4_1 with F16 to llama.cpp.
        (4, {"a": (MXFP4, (32, 9)), "b": (FLOAT16, (32,))}, "MXFP4"),
        (999, {"a": (Q6_K, (256, 1)), "b": (FLOAT32, (32,))}, "Q6_K"),
        (None, {"a": (Q8_0, (32, 3)), "b": (Q4_0, (32, 2))}, "Q8_0"),
        (None, {"a": (Q8_0, (32, 2)), "b": (Q4_0, (32, 2))}, "Q4_0"),
    ],
)
def test_the_stated_type_counts_where_the_tensors_bear_it_out(
    tmp_path: Path, stated: int | None, tensors: Shapes, expected: str
) -> None:
    keys = {} if stated is None else {"general.file_type": (UINT32, stated)}
    assert _described(tmp_path, keys, tensors).quantization == expected


def test_bits_are_of_the_whole_where_the_layout_of_a_type_is_not_known(tmp_path: Path) -> None:
    facts = _described(tmp_path, {}, {"a": (Q2_0, (64, 32))})
    assert facts.bits_per_weight == 2.25  # 18 bytes for 64 weights


@pytest.mark.parametrize(
    ("scaling", "expected"),
    [
        ({}, (4096, None, None)),
        ({"factor": (FLOAT, 4.0)}, (4096, None, None)),
        (
            {"factor": (FLOAT, 4.0), "original_context_length": (UINT32, 4096)},
            (4096, 4096, 16384),
        ),
        ({"original_context_length": (UINT32, 1024)}, (4096, 1024, 4096)),
        (
            {"factor": (FLOAT, float("inf")), "original_context_length": (UINT32, 1024)},
            (4096, 1024, 4096),
        ),
    ],
)
def test_the_context_is_told_with_and_without_its_extension(
    tmp_path: Path, scaling: Keys, expected: tuple[int | None, ...]
) -> None:
    keys = {f"llama.rope.scaling.{name}": value for name, value in scaling.items()}
    facts = _described(tmp_path, {**LLAMA, **keys}, DENSE)
    found = facts.context_length, facts.context_length_min, facts.context_length_max
    assert found == expected


@pytest.mark.parametrize(
    ("names", "keys", "expected"),
    [
        (["blk.0.ssm_in.weight"], {}, "SSM"),
        (["blk.0.time_mix_w0.weight"], {}, "SSM"),
        (["blk.0.ssm_in.weight", "blk.1.attn_qkv.weight"], {}, "Hybrid"),
        (["enc.blk.0.attn_q.weight", "dec.blk.0.attn_q.weight"], {}, "Encoder-decoder"),
        (["blk.0.attn_q.weight"], {"llama.attention.causal": (BOOL, False)}, "Encoder"),
        (["blk.0.attn_q.weight"], {"llama.attention.causal": (BOOL, True)}, "Dense"),
    ],
)
def test_the_architecture_is_told_by_the_tensors(
    tmp_path: Path, names: list[str], keys: Keys, expected: str
) -> None:
    tensors = dict.fromkeys(names, (FLOAT32, (2, 2)))
    facts = _described(tmp_path, {"general.architecture": (TEXT, "llama"), **keys}, tensors)
    assert facts.architecture == expected
    assert models.architecture(expected) is not None


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"general.base_model.count": (UINT32, 2)}, None),
        ({"general.base_model.0.repo_url": (TEXT, "https://example.org/x")}, "Base"),
    ],
)
def test_the_base_is_told_where_there_is_one(
    tmp_path: Path, keys: Keys, expected: str | None
) -> None:
    assert _described(tmp_path, {**LLAMA, **keys}, DENSE).base_model == expected


def _parts(folder: Path, *numbers: int, count: int = 3, tensors: int = 3) -> None:
    for place, number in enumerate(numbers):
        keys = {"split.no": (UINT32, number), "split.count": (UINT32, count)}
        keys["split.tensors.count"] = (UINT32, tensors)
        more: dict[str, tuple[int, Any]] = dict(LLAMA) if place == 0 else {}
        name = f"m-{place + 1:05}-of-{len(numbers):05}.gguf"
        gguf(folder / name, keys | more, {f"blk.{number}.attn_q.weight": (Q4_0, (32, 2))})


def test_parts_are_one_model(tmp_path: Path) -> None:
    _parts(tmp_path, 0, 1, 2)
    facts = describe(tmp_path / "m-00002-of-00003.gguf")
    assert (facts.parameter_count, facts.name, len(facts.files)) == (192, "Tiny Llama", 3)
    assert facts == describe(tmp_path)
    assert facts.weights_bytes == sum(file.size for file in facts.files)


def test_parts_that_do_not_belong_together_give_a_sentence(tmp_path: Path) -> None:
    _parts(tmp_path, 0, 2, 1)
    with pytest.raises(WeightsError, match="part 3 of 3 by its header and part 2 of 3 by its name"):
        describe(tmp_path)
    _parts(tmp_path, 0, 1, 2, tensors=4)
    with pytest.raises(WeightsError, match="its parts should have 4 tensors and have 3"):
        describe(tmp_path)
    _parts(tmp_path, 0, 1, 2)
    keys = {"split.no": (UINT32, 2), "split.count": (UINT32, 3)}
    gguf(tmp_path / "m-00003-of-00003.gguf", keys, {"blk.0.attn_q.weight": (Q4_0, (32, 2))})
    with pytest.raises(WeightsError, match=r"attn_q\.weight` is in another part too"):
        describe(tmp_path)


def test_one_part_under_the_name_of_a_whole_gives_a_sentence(tmp_path: Path) -> None:
    _parts(tmp_path, 0)
    with pytest.raises(WeightsError, match="it is part 1 of 3 by its header and part 1 of 1"):
        describe(tmp_path)


def test_a_gguf_adapter_tells_of_itself_and_its_base(tmp_path: Path) -> None:
    keys = {**LLAMA, "general.type": (TEXT, "adapter"), "adapter.type": (TEXT, "lora")}
    keys["adapter.lora.alpha"] = (FLOAT, 16.0)
    tensors = {
        "blk.0.attn_q.weight.lora_a": (FLOAT32, (32, 8)),
        "blk.0.attn_q.weight.lora_b": (FLOAT32, (8, 32)),
    }
    facts = _described(tmp_path, keys, tensors)
    assert facts.adapter == AdapterFacts(
        kind="LORA",
        base_model="acme/base",
        rank=8,
        alpha=16.0,
        target_modules=("attn_q",),
        parameter_count=512,
    )
    assert (facts.parameter_count, facts.architecture) == (None, None)


def _published(path: Path, base: int, mixed: int) -> WeightsFacts:
    """Describe a file with the shapes of Llama-3.1-8B, whose weights are a hole on the disk."""
    tensors: dict[str, tuple[int, tuple[int, ...]]] = {
        "token_embd.weight": (base, (4096, 128256)),
        "output.weight": (mixed, (4096, 128256)),
        "output_norm.weight": (FLOAT32, (4096,)),
        "rope_freqs.weight": (FLOAT32, (64,)),
    }
    for layer in range(32):
        # llama.cpp keeps every third layer, and those at both ends, in more bits.
        more = mixed if layer < 4 or layer >= 28 or (layer - 4) % 3 == 2 else base
        shapes = {"attn_q": (4096, 4096), "attn_k": (4096, 1024), "attn_output": (4096, 4096)}
        shapes |= {"ffn_gate": (4096, 14336), "ffn_up": (4096, 14336)}
        own: dict[str, tuple[int, tuple[int, ...]]] = {
            f"blk.{layer}.{name}.weight": (base, shape) for name, shape in shapes.items()
        }
        own[f"blk.{layer}.attn_v.weight"] = more, (4096, 1024)
        own[f"blk.{layer}.ffn_down.weight"] = more, (14336, 4096)
        own |= {f"blk.{layer}.{norm}_norm.weight": (FLOAT32, (4096,)) for norm in ("attn", "ffn")}
        tensors |= own
    made, offset = Gguf(), 0
    header = made.start(len(tensors), 1) + made.key("general.architecture", TEXT, "llama")
    for name, (kind, shape) in tensors.items():
        header += made.tensor(name, kind, shape, offset)
        offset += padded(size_of(kind, shape), 32)
    with path.open("wb") as file:
        file.write(header)
        file.truncate(padded(len(header), 32) + offset)
    return describe(path)


@pytest.mark.parametrize(
    ("base", "mixed", "name"),
    [(Q4_K, Q6_K, "q4_k_m"), (Q8_0, Q8_0, "q8_0"), (FLOAT16, FLOAT16, "")],
)
def test_bits_per_weight_are_those_that_llama_cpp_measures(
    tmp_path: Path, base: int, mixed: int, name: str
) -> None:
    # tools/quantize/README.md of llama.cpp, Llama-3.1-8B; its parameters: its model card's index.
    facts = _published(tmp_path / "a.gguf", base, mixed)
    assert facts.parameter_count == 8_030_261_248
    assert facts.bits_per_weight is not None
    row = models.quantization(name)
    measured = row.bits_per_weight if row else 16.0005
    assert round(facts.bits_per_weight, 4) == measured


def _hub(
    folder: Path, tensors: dict[str, tuple[str, tuple[int, ...]]], **values: Any
) -> WeightsFacts:
    safetensors(folder / "model.safetensors", tensors, {"format": "pt"})
    if values:
        config(folder, **values)
    return describe(folder)


PLAIN: Stored = {
    "model.embed_tokens.weight": ("BF16", (10, 4)),
    "model.layers.0.self_attn.q_proj.weight": ("BF16", (4, 4)),
    "model.layers.0.self_attn.rotary_emb.inv_freq": ("F32", (2,)),
    "model.norm.weight": ("F32", (4,)),
}
CAUSAL: dict[str, Any] = {"model_type": "llama", "architectures": ["LlamaForCausalLM"]}


def test_a_folder_of_the_hub_tells_what_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "models--acme--tiny" / "snapshots" / ("0123456789" * 4)
    folder.mkdir(parents=True)
    card = "---\nlicense: apache-2.0\nbase_model:\n- acme/base\n---\n# Tiny\n"
    (folder / "README.md").write_text(card, encoding="utf-8")
    facts = _hub(folder, PLAIN, max_position_embeddings=2048, dtype="bfloat16", **CAUSAL)
    size = (folder / "model.safetensors").stat().st_size
    assert facts == WeightsFacts(
        file_format="SafeTensors",
        files=(WeightsFile("model.safetensors", size),),
        weights_bytes=size,
        architecture="Dense",
        family="llama",
        parameter_count=60,
        active_parameter_count=60,
        expert_count=0,
        context_length=2048,
        quantization="BF16",
        bits_per_weight=(56 * 16 + 4 * 32) / 60,
        name="acme/tiny",
        creator="acme",
        revision="0123456789" * 4,
        base_model="acme/base",
        license="apache-2.0",
    )


def test_a_file_alone_tells_what_its_header_has(tmp_path: Path) -> None:
    facts = describe(safetensors(tmp_path / "x-bf16.safetensors", PLAIN))
    assert (facts.parameter_count, facts.quantization, facts.family) == (60, "BF16", None)
    assert (facts.named_quantization, facts.expert_count) == ("bf16", None)
    assert facts.unknown == {"architecture": "there is no `config.json`"}


def test_shards_are_summed_and_no_tensor_may_be_in_two(tmp_path: Path) -> None:
    names = [f"model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    safetensors(tmp_path / names[0], {"a.weight": ("F16", (3, 3))})
    safetensors(tmp_path / names[1], {"b.weight": ("F16", (2, 2))})
    assert describe(tmp_path).parameter_count == 13
    safetensors(tmp_path / names[1], {"a.weight": ("F16", (2, 2))})
    with pytest.raises(
        WeightsError, match=r"tensor `a\.weight` is in another file of the model too"
    ):
        describe(tmp_path)


def test_pickles_are_recognised_and_not_opened(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    config(tmp_path, torch_dtype="torch.float16", num_local_experts=8, **CAUSAL)
    facts = describe(tmp_path)
    assert (facts.file_format, facts.weights_bytes, facts.quantization) == (
        "PyTorch",
        25,
        "float16",
    )
    assert (facts.architecture, facts.expert_count, facts.parameter_count) == ("MoE", 8, None)
    reason = "PyTorch files have no header that tells it"
    assert facts.unknown == dict.fromkeys(
        ("parameter_count", "active_parameter_count", "bits_per_weight"), reason
    )


STACKED = {
    "model.layers.0.self_attn.q_proj.weight": ("F16", (4, 4)),
    "model.layers.0.mlp.experts.gate_up_proj": ("F16", (8, 4, 6)),
    "model.layers.0.mlp.router.weight": ("F16", (8, 4)),
    "model.layers.0.mlp.shared_experts.up_proj.weight": ("F16", (4, 4)),
}
SINGLE = {
    "model.layers.0.self_attn.q_proj.weight": ("F16", (4, 4)),
    **{f"model.layers.0.mlp.experts.{number}.up.weight": ("F16", (4, 4)) for number in range(8)},
}


@pytest.mark.parametrize(
    ("tensors", "keys", "total", "active"),
    [
        (STACKED, {"num_local_experts": 8, "num_experts_per_tok": 2}, 256, 64 + 48),
        (STACKED, {"n_routed_experts": 8, "moe_topk": 1}, 256, 64 + 24),
        (SINGLE, {"text_config": {"num_experts": 8, "num_experts_per_tok": 4}}, 144, 80),
        (SINGLE, {"ffn_config": {"moe_num_experts": 8, "moe_top_k": 4}}, 144, 80),
        (SINGLE, {"num_experts": [8, 4], "num_experts_per_tok": 4}, 144, None),
        (SINGLE, {}, 144, None),
    ],
)
def test_mixtures_of_the_hub_count_by_their_shapes(
    tmp_path: Path, tensors: Any, keys: dict[str, Any], total: int, active: int | None
) -> None:
    facts = _hub(tmp_path, tensors, **CAUSAL, **keys)
    assert (facts.parameter_count, facts.active_parameter_count) == (total, active)
    assert facts.architecture == ("MoE" if keys else "Dense")
    assert ("active_parameter_count" in facts.unknown) is (active is None)


def test_mixtral_has_the_parameters_that_its_makers_publish(tmp_path: Path) -> None:
    # arXiv:2401.04088: 47B parameters, of which a token uses 13B; the index of its repository has
    # 93,405,585,408 bytes of bfloat16.
    layer = {
        "input_layernorm": (4096,),
        "post_attention_layernorm": (4096,),
        "self_attn.q_proj": (4096, 4096),
        "self_attn.k_proj": (1024, 4096),
        "self_attn.v_proj": (1024, 4096),
        "self_attn.o_proj": (4096, 4096),
        "block_sparse_moe.gate": (8, 4096),
    }
    for number in range(8):
        expert = f"block_sparse_moe.experts.{number}"
        layer |= {f"{expert}.w1": (14336, 4096), f"{expert}.w3": (14336, 4096)}
        layer[f"{expert}.w2"] = (4096, 14336)
    shapes = {"model.embed_tokens": (32000, 4096), "lm_head": (32000, 4096), "model.norm": (4096,)}
    for number in range(32):
        shapes |= {f"model.layers.{number}.{name}": shape for name, shape in layer.items()}
    entries, offset = {}, 0
    for name, shape in shapes.items():
        end = offset + 2 * shape[0] * (shape[1] if len(shape) > 1 else 1)
        place = [offset, end]
        entries[f"{name}.weight"] = {"dtype": "BF16", "shape": shape, "data_offsets": place}
        offset = end
    header = json.dumps(entries).encode()
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + offset)  # a hole, which takes no room on the disk
    config(tmp_path, num_local_experts=8, num_experts_per_tok=2, **CAUSAL)
    facts = describe(tmp_path)
    assert offset == 93_405_585_408
    assert facts.parameter_count == 46_702_792_704
    assert facts.active_parameter_count == 12_879_925_248
    assert (facts.architecture, facts.bits_per_weight) == ("MoE", 16.0)


@pytest.mark.parametrize(
    ("rope", "length", "expected"),
    [
        # Llama-3.1: extended already in what it states.
        (
            {"factor": 8.0, "original_max_position_embeddings": 8192, "rope_type": "llama3"},
            *(131072, (131072, 8192, 131072)),
        ),
        # Qwen2.5 with YaRN: stated before the extension.
        (
            {"factor": 4.0, "original_max_position_embeddings": 32768, "type": "yarn"},
            *(32768, (32768, 32768, 131072)),
        ),
        ({"factor": 2.0, "type": "linear"}, 4096, (4096, None, None)),
        ({"factor": True, "original_max_position_embeddings": 1024}, 4096, (4096, 1024, 4096)),
        ("nonsense", 4096, (4096, None, None)),
        (None, -1, (None, None, None)),
    ],
)
def test_the_context_of_a_configuration(
    tmp_path: Path, rope: Any, length: int, expected: tuple[int | None, ...]
) -> None:
    facts = _hub(tmp_path, PLAIN, **CAUSAL, max_position_embeddings=length, rope_scaling=rope)
    assert (
        *(facts.context_length, facts.context_length_min, facts.context_length_max),
    ) == expected


@pytest.mark.parametrize(
    ("names", "values", "expected"),
    [
        (["backbone.layers.0.mixer.A_log"], {"architectures": ["MambaForCausalLM"]}, "SSM"),
        (
            ["model.layers.0.mamba.A_log", "model.layers.1.self_attn.q_proj.weight"],
            *({"architectures": ["JambaForCausalLM"], "num_experts": 16}, "Hybrid"),
        ),
        (["encoder.layer.0.attention.self.query.weight"], {"model_type": "bert"}, "Encoder"),
        (
            ["bert.encoder.layer.0.attention.self.query.weight"],
            {"model_type": "bert", "is_decoder": True, "architectures": ["BertLMHeadModel"]},
            "Dense",
        ),
        (["shared.weight"], {"is_encoder_decoder": True}, "Encoder-decoder"),
        (["model.layers.0.self_attn.q_proj.weight"], {"architectures": ["LlamaModel"]}, None),
        (["model.layers.0.self_attn.q_proj.weight"], {"architectures": "x", "a": 1}, None),
        (["x.weight"], {"architectures": ["XForCausalLM"]}, None),
    ],
)
def test_the_architecture_of_a_configuration(
    tmp_path: Path, names: list[str], values: dict[str, Any], expected: str | None
) -> None:
    facts = _hub(tmp_path, dict.fromkeys(names, ("F32", (2, 2))), **values)
    assert facts.architecture == expected
    assert ("architecture" in facts.unknown) is (expected is None)


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1, "a": 2}', "[" * 100_000, '{"a": 1e'])
def test_a_damaged_configuration_gives_a_sentence(tmp_path: Path, text: str) -> None:
    safetensors(tmp_path / "model.safetensors", PLAIN)
    (tmp_path / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(WeightsError, match=r"config\.json` cannot be read: its JSON "):
        describe(tmp_path)


def test_a_configuration_of_the_wrong_size_gives_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    safetensors(tmp_path / "model.safetensors", PLAIN)
    with (tmp_path / "config.json").open("wb") as file:
        file.truncate(2**25 + 1)
    with pytest.raises(WeightsError, match="it is longer than 33,554,432 bytes"):
        describe(tmp_path)


@pytest.mark.parametrize(
    "card",
    ["no front", "---\n- a\n---\n", "---\na: [\n---\n", "---\nlicense: [a, b]\n---\n", "---\na"],
)
def test_a_damaged_card_tells_nothing(tmp_path: Path, card: str) -> None:
    (tmp_path / "README.md").write_text(card, encoding="utf-8")
    facts = _hub(tmp_path, PLAIN, **CAUSAL)
    assert (facts.license, facts.base_model, facts.name) == (None, None, None)


@pytest.mark.parametrize(
    ("stated", "expected"), [("acme/tiny", "acme/tiny"), ("/a/b", None), ("./a/b", None), (3, None)]
)
def test_a_name_in_a_configuration_counts_where_it_is_one_of_the_hub(
    tmp_path: Path, stated: Any, expected: str | None
) -> None:
    assert _hub(tmp_path, PLAIN, _name_or_path=stated, **CAUSAL).name == expected


ADAPTER: dict[str, Any] = {
    "peft_type": "LORA",
    "base_model_name_or_path": "acme/base",
    "revision": "main",
    "r": 8,
    "lora_alpha": 16,
    "target_modules": ["v_proj", "q_proj"],
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {}),
        ({"target_modules": "all-linear"}, {"target_modules": ("all-linear",)}),
        ({"target_modules": None, "r": "x"}, {"target_modules": (), "rank": None}),
        ({"lora_alpha": True, "revision": ""}, {"alpha": None, "base_revision": None}),
    ],
)
def test_an_adapter_tells_of_itself_and_its_base(
    tmp_path: Path, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    text = json.dumps(ADAPTER | changes)
    (tmp_path / "adapter_config.json").write_text(text, encoding="utf-8")
    path = tmp_path / "adapter_model.safetensors"
    safetensors(path, {"a.lora_A.weight": ("F32", (8, 4)), "a.lora_B.weight": ("F32", (4, 8))})
    facts = describe(tmp_path)
    told: dict[str, Any] = {"kind": "LORA", "base_model": "acme/base", "base_revision": "main"}
    told |= {"rank": 8, "alpha": 16.0, "target_modules": ("q_proj", "v_proj")}
    assert facts.adapter == AdapterFacts(**told | {"parameter_count": 64} | expected)
    assert (facts.parameter_count, facts.base_model, facts.quantization) == (
        None,
        "acme/base",
        "F32",
    )


def test_a_pickled_adapter_keeps_its_parameters_to_itself(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text(json.dumps(ADAPTER), encoding="utf-8")
    (tmp_path / "adapter_model.bin").write_bytes(b"x")
    facts = describe(tmp_path)
    assert facts.adapter is not None
    assert (facts.adapter.rank, facts.adapter.parameter_count) == (8, None)
    assert facts.unknown["parameter_count"] == "PyTorch files have no header that tells it"
