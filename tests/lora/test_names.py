from __future__ import annotations

import pytest

from evalhouse.lora.names import Part, part_of

Q = "model.layers.0.self_attn.q_proj"
NAMES = {
    f"base_model.model.{Q}.lora_A.weight": Part(Q, "down", "PEFT"),
    f"base_model.model.{Q}.lora_B.weight": Part(Q, "up", "PEFT"),
    f"base_model.model.{Q}.lora_B.bias": Part(Q, "bias", "PEFT"),
    f"base_model.model.{Q}.lora_A.default.weight": Part(Q, "down", "PEFT", adapter="default"),
    f"base_model.model.{Q}.lora_magnitude_vector": Part(Q, "magnitude", "PEFT", None),
    f"base_model.model.{Q}.lora_magnitude_vector.x.weight": Part(Q, "magnitude", "PEFT", None, "x"),
    "base_model.model.wte.lora_embedding_A": Part("wte", "down", "PEFT", is_embedding=True),
    "base_model.model.wte.lora_embedding_B.x": Part(
        "wte", "up", "PEFT", adapter="x", is_embedding=True
    ),
    f"base_model.model.{Q}.hada_w1_a": Part(Q, "w1_a", "PEFT", "LoHa"),
    f"base_model.model.{Q}.lokr_w2": Part(Q, "w2", "PEFT", "LoKr"),
    "lora_unet_mid_block_to_q.lora_down.weight": Part("lora_unet_mid_block_to_q", "down", "kohya"),
    "lora_te_x.lora_up.weight": Part("lora_te_x", "up", "kohya"),
    "lora_te_x.lora_mid.weight": Part("lora_te_x", "middle", "kohya"),
    "lora_te_x.alpha": Part("lora_te_x", "alpha", "kohya", None),
    "lora_te_x.dora_scale": Part("lora_te_x", "magnitude", "kohya", None),
    "lora_te_x.hada_w2_b": Part("lora_te_x", "w2_b", "kohya", "LoHa"),
    "lora_te_x.lokr_w1_a": Part("lora_te_x", "w1_a", "kohya", "LoKr"),
    "unet.mid.attn1.to_q.lora.down.weight": Part("unet.mid.attn1.to_q", "down", "diffusers"),
    "unet.mid.attn1.processor.to_q_lora.up.weight": Part("unet.mid.attn1.to_q", "up", "diffusers"),
    "text_encoder.q_proj.lora_linear_layer.up.weight": Part(
        "text_encoder.q_proj", "up", "diffusers"
    ),
}


@pytest.mark.parametrize(("name", "part"), NAMES.items())
def test_names_say_which_part_of_which_layer_a_tensor_is(name: str, part: Part) -> None:
    assert part_of(name) == part


@pytest.mark.parametrize(
    "name", ["base_model.model.classifier.weight", "lora_A.weight", "x.lora_C.weight", "", "alpha"]
)
def test_other_names_are_no_parts(name: str) -> None:
    assert part_of(name) is None
