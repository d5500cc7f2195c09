from __future__ import annotations

from typing import Any

import pytest

from evalhouse.errors import HouseError
from evalhouse.lora import thresholds
from evalhouse.lora.places import NO_BLOCK, place_of, short_blocks
from evalhouse.lora.thresholds import part_of_model

PLACES = {
    "model.layers.11.mlp.up_proj": ("model.layers.11", "mlp.up_proj", "feed_forward"),
    "transformer.h.0.attn.c_proj": ("transformer.h.0", "attn.c_proj", "attention"),
    "model.embed_tokens": (NO_BLOCK, "model.embed_tokens", "embedding"),
    "classifier.3": (NO_BLOCK, "classifier.*", "other"),
    "lora_unet_down_blocks_0_attentions_1_to_q": (
        "lora_unet_down_blocks_0",
        "attentions_*_to_q",
        "attention",
    ),
}


@pytest.mark.parametrize(("module", "place"), PLACES.items())
def test_a_place_is_a_block_and_what_a_module_is_there(
    module: str, place: tuple[str, str, str]
) -> None:
    found = place_of(module)
    assert (found.block, found.type, found.part) == place


# Names of DistilBERT, GPT-2, T5, BERT and mixtures, which other audits took for something else.
PARTS = {
    "distilbert.transformer.layer.0.attention.q_lin": "attention",
    "distilbert.transformer.layer.0.ffn.lin1": "feed_forward",
    "transformer.h.0.mlp.c_proj": "feed_forward",
    "encoder.block.0.layer.1.DenseReluDense.wi_0": "feed_forward",
    "bert.encoder.layer.0.attention.output.dense": "attention",
    "model.layers.0.mlp.experts.3.w2": "feed_forward",
    "lm_head": "embedding",
    "score": "other",
}


@pytest.mark.parametrize(("module", "part"), PARTS.items())
def test_parts_of_models_are_told_by_names(module: str, part: str) -> None:
    assert part_of_model(module) == part


def test_blocks_are_short_where_all_begin_alike() -> None:
    assert short_blocks(["a.0", "b.0"]) == {"a.0": "a.0", "b.0": "b.0"}
    assert short_blocks(["lora_unet_x_0", "lora_te_y_0"])["lora_te_y_0"] == "y_0"
    assert short_blocks([NO_BLOCK]) == {NO_BLOCK: NO_BLOCK}


class _File:
    def __init__(self, text: str) -> None:
        self._text = text

    def joinpath(self, *_: str) -> _File:
        return self

    def read_text(self, _: str) -> str:
        return self._text


_FALLING = """
source = "s"
allowed_ranks = [2, 1]
energy_shares = [0.9]
error_budget = 0.1
changes_base = []
thresholds = {}
parts = {}
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = ", "cannot be read: Invalid value"),
        ("x = 1", "lacks `allowed_ranks`"),
        (_FALLING, "do not rise from 1 or more"),
    ],
)
def test_a_damaged_data_file_is_told(monkeypatch: pytest.MonkeyPatch, text: str, told: str) -> None:
    monkeypatch.setattr("evalhouse.lora.thresholds.resources.files", lambda _: _File(text))
    thresholds.table.cache_clear()
    try:
        with pytest.raises(HouseError, match=told):
            thresholds.table()
    finally:
        thresholds.table.cache_clear()


def test_the_data_file_says_where_its_facts_come_from() -> None:
    found: Any = thresholds.table()
    assert found["source"].strip()
    assert thresholds.allowed_ranks() == (1, 2, 4, 8, 12, 16, 24, 32, 48, 64)
