from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evalhouse.errors import WeightsError
from evalhouse.lora.patterns import Patterns
from evalhouse.lora.settings import Settings, read_settings
from tests.lora.made import CONFIG


def _read(folder: Path, **changes: Any) -> Settings:
    path = folder / "adapter_config.json"
    values = {**CONFIG, **changes}
    path.write_text(json.dumps({key: value for key, value in values.items() if value is not ...}))
    return read_settings(path)


def test_the_scale_is_alpha_over_the_rank(tmp_path: Path) -> None:
    found = _read(tmp_path)
    assert (found.rank, found.alpha, found.method, found.base_model) == (8, 16, "LoRA", "org/base")
    assert found.scale_of("any", 8) == 2.0
    assert not found.is_decomposed


def test_the_scale_of_rslora_is_alpha_over_the_root_of_the_rank(tmp_path: Path) -> None:
    # Kalajdzievski (2023), https://arxiv.org/abs/2312.03732: 16 / sqrt(8).
    assert _read(tmp_path, use_rslora=True).scale_of("any", 8) == pytest.approx(5.656854249)
    loha = _read(tmp_path, peft_type="LOHA", alpha=16, use_rslora=True)
    assert loha.scale_of("any", 8) == 2.0


def test_patterns_match_whole_ends_of_names_in_their_order(tmp_path: Path) -> None:
    found = _read(
        tmp_path,
        rank_pattern={"layers.1.q": 4, "q": 5, "^model.k": 6, r"layers\.\d+\.v": 7},
        alpha_pattern={"layers.1": 32},
    )
    ranks = {
        "model.layers.1.q": 4,
        "model.layers.11.q": 5,  # `layers.1` is no end of it
        "q": 5,
        "xq": 8,
        "model.k": 6,
        "x.model.k": 8,
        "layers.12.v": 7,
    }
    assert {name: found.rank_of(name) for name in ranks} == ranks
    assert found.alpha_of("model.layers.1") == 32
    assert found.alpha_of("model.layers.11") == 16
    assert found.alpha_of("model.layers.1.q") == 16


def test_a_key_that_is_the_name_itself_counts_even_where_it_is_no_pattern_of_it() -> None:
    assert Patterns({"a+b": 3}).of("a+b") == 3
    assert Patterns({"a+b": 3}).of("aab") == 3
    assert Patterns({"a+b": 3}).of("b") is None


STARTS = [("pissa", "pissa"), ("pissa_niter_4", "pissa_niter_4"), ("gaussian", None), (True, None)]


@pytest.mark.parametrize(("stated", "told"), STARTS)
def test_a_start_that_changes_the_base_is_known(tmp_path: Path, stated: Any, told: Any) -> None:
    assert _read(tmp_path, init_lora_weights=stated).changes_base == told


FAULTS: dict[str, dict[str, Any]] = {
    "its `peft_type` is `IA3`, and LORA, LOHA, LOKR are read": {"peft_type": "IA3"},
    "its `peft_type` is not there": {"peft_type": ...},
    "its `r` is `0`": {"r": 0},
    "its `r` is `True`": {"r": True},
    "its `r` is not there": {"r": ...},
    "its `lora_alpha` is `x` and a number": {"lora_alpha": "x"},
    "its `rank_pattern` is `3` and an object": {"rank_pattern": 3},
    "its `rank_pattern` has `a` for `q`": {"rank_pattern": {"q": "a"}},
    r"its `rank_pattern` has `\(`, which is no regular expression": {"rank_pattern": {"(": 3}},
}


@pytest.mark.parametrize(("message", "changes"), FAULTS.items())
def test_a_configuration_that_makes_no_sense_is_told(
    tmp_path: Path, message: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(WeightsError, match=message):
        _read(tmp_path, **changes)
