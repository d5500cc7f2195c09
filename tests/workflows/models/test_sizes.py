"""Sizes that no model has, wherever they are stated: refused in a sentence, never stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evalhouse.errors import UsageError
from evalhouse.house import House
from evalhouse.records import Model
from evalhouse.weights import describe
from evalhouse.workflows.models import Said
from evalhouse.workflows.models.figures import parameters, tokens
from tests.weights.made import FLOAT32, TEXT, UINT32, UINT64, gguf
from tests.workflows.models.test_registering import descriptor, house, rows

__all__ = ["house"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"parameter_count": 2**62}, r"`parameter_count` is .*below 10\^16"),
        ({"parameter_count_b": 1e8}, "a number of billions from 0 and below 10,000,000"),
        ({"parameter_count_b": 10**400}, "`parameter_count_b` is|cannot be read"),
        ({"context_length": {"max": 10**9}}, r"`context_length.max` is .*below 10\^9"),
        ({"weights_bytes": 2**62}, r"below 2\^62"),
        ({"active_parameter_count_b": 9}, "`active_parameter_count` is 9,000,000,000, more than"),
        ({"context_length_min": 9000}, "`context_length_min` is 9,000, more than the 8,192 of"),
        ({"context_length_max": 8191}, "more than the 8,191 of `context_length_max`"),
        ({"predecessor_model_id": "garbage"}, 'is `"garbage"`, expected a UUID'),
        (
            {"predecessor_model_id": "0f29eaa6-c443-490b-836f-c8ab496b187e"},
            "register that model first",
        ),
    ],
)
def test_a_descriptor_with_impossible_figures_is_refused(
    house: House, tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        house.models.register(descriptor(tmp_path, **changes))
    assert not rows(house, "SELECT * FROM models")


def test_a_descriptor_of_endless_brackets_is_refused(house: House, tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_text("[" * 100_000)
    with pytest.raises(UsageError, match="nested too deeply"):
        house.models.register(path)


@pytest.mark.parametrize("text", ["1e400", "1e16", "9" * 5000, "99999999T"])
def test_an_option_beyond_any_model_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"below 10\^16"):
        parameters(text)
    with pytest.raises(UsageError, match=r"below 10\^9"):
        tokens(text)


def test_options_that_contradict_each_other_are_refused(house: House) -> None:
    with pytest.raises(UsageError, match="`active_parameter_count` is 9, more than the 8"):
        house.models.register("org/m", Said(parameter_count=8, active_parameter_count=9))


@pytest.mark.parametrize(("before", "length"), [(1, 2**64 - 1), (8192, 4096)])
def test_a_context_that_weights_cannot_have_is_unknown_with_its_reason(
    house: House, tmp_path: Path, before: int, length: int
) -> None:
    keys: dict[str, tuple[int, Any]] = {
        "general.architecture": (TEXT, "llama"),
        "llama.context_length": (UINT64, length),
        "llama.rope.scaling.original_context_length": (UINT32, before),
    }
    path = gguf(tmp_path / "m.gguf", keys, {"blk.0.attn_q.weight": (FLOAT32, (4,))})
    facts = describe(path)
    told = "context_length" if before == 1 else "context_length_min"
    assert getattr(facts, told) is None
    assert facts.unknown[told].startswith("the files say")
    assert house.models.register(path).outcome == "new"


def test_sizes_that_are_there_already_overflow_nowhere(house: House) -> None:
    vast = Model(model_id="m", provider="p", model_name="m", parameter_count=2**62)
    with house.store.begin() as batch:
        batch.commit(entities=[vast])
    [row] = rows(house, "SELECT * FROM model_compute")
    assert row["flops_per_token_theoretical"] is None
    assert row["gflops_per_token"] == pytest.approx(2**63 / 1e9)
    assert house.models.show("m").model_id == "m"
