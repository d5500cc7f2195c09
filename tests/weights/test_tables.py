from __future__ import annotations

from pathlib import Path

import pytest

from evalhouse.errors import HouseError
from evalhouse.lookups import models
from evalhouse.weights import tables


def test_blocks_take_the_bits_that_llama_cpp_documents() -> None:
    # Comments of ggml-common.h: "effectively 4.5 bits per weight" and the like.
    bits = {
        each.name: each.size * 8 / each.weights
        for each in tables.block_types().values()
        if each.size and each.weights
    }
    documented = {"Q2_K": 2.625, "Q3_K": 3.4375, "Q4_K": 4.5, "Q5_K": 5.5, "Q6_K": 6.5625}
    documented |= {"IQ1_S": 1.5625, "IQ1_M": 1.75, "IQ2_XXS": 2.0625, "IQ2_XS": 2.3125}
    documented |= {"IQ2_S": 2.5625, "IQ3_XXS": 3.0625, "IQ3_S": 3.4375, "IQ4_XS": 4.25}
    documented |= {"TQ1_0": 1.6875, "TQ2_0": 2.0625, "Q8_0": 8.5, "Q4_0": 4.5}
    assert documented.items() <= bits.items()


def test_rows_that_are_pure_have_the_bits_of_their_blocks() -> None:
    for number in (34, 35, 39, 40, 41):
        block = tables.block_types()[number]
        row = models.quantization(block.name)
        assert row is not None
        assert block.size is not None
        assert block.weights is not None
        assert row.bits_per_weight == block.size * 8 / block.weights


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("types = [", "`data/weights/ggml.toml` cannot be read: "),
        ("types = []", "`data/weights/ggml.toml` does not say where its facts come from"),
    ],
)
def test_a_damaged_table_gives_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, sentence: str
) -> None:
    (tmp_path / "ggml.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(tables, "_FOLDER", tmp_path)
    with pytest.raises(HouseError) as failure:
        tables.read_table.__wrapped__("ggml")
    assert sentence in str(failure.value)
