from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evalhouse.lora.audit import Audit, Options, audit, suggested
from evalhouse.lora.base_weights import read_base
from evalhouse.lora.findings import findings
from evalhouse.lora.reading import read_adapter
from evalhouse.lora.summary import Summary, summary
from tests.lora.made import (
    MODULES,
    Numbers,
    factors,
    layers,
    pair,
    peft,
    product,
    safetensors,
    with_values,
)


def _audited(folder: Path, tensors: dict[str, Numbers] | None = None, **config: Any) -> Audit:
    return audit(read_adapter(peft(folder, tensors, **config)))


def _spectra(*lists: list[float], out: int = 40, size: int = 30) -> dict[str, Numbers]:
    """Return layers with these singular values, before a scale of 1."""
    found: dict[str, Numbers] = {}
    for number, values in enumerate(lists):
        down, up = with_values(out, size, np.array(values, np.float64), seed=number)
        found |= pair(f"model.layers.{number}.self_attn.q_proj", down, up)
    return found


def _names(audited: Audit) -> list[str]:
    return [each.name for each in findings(audited, summary(audited))]


def test_every_layer_is_measured_like_its_dense_matrix(tmp_path: Path) -> None:
    tensors = layers()
    found = _audited(tmp_path, tensors)
    assert [layer.module for layer in found.layers] == sorted(MODULES)
    total = 0.0
    for layer in found.layers:
        name = f"base_model.model.{layer.module}"
        whole = product(tensors[f"{name}.lora_A.weight"], tensors[f"{name}.lora_B.weight"])
        values = np.linalg.svd(whole, compute_uv=False)[:8]
        assert np.allclose(layer.values, values, rtol=1e-5)
        assert layer.frobenius == pytest.approx(float(np.linalg.norm(whole)), rel=1e-9)
        assert layer.spectral == pytest.approx(float(np.linalg.norm(whole, 2)), rel=1e-9)
        assert layer.truncation[3] == pytest.approx(float(np.sqrt((values[3:] ** 2).sum())))
        assert layer.utilization == pytest.approx(float((values**2).sum() / values[0] ** 2 / 8))
        assert layer.policies["knee"]
        total += layer.frobenius**2
    assert found.frobenius == pytest.approx(total**0.5)
    assert (found.rank, len(found.used)) == (8, 4)


def test_the_scale_of_rslora_is_in_the_norms(tmp_path: Path) -> None:
    plain = _audited(tmp_path / "a").layers[0]
    stabilised = _audited(tmp_path / "b", use_rslora=True).layers[0]
    assert stabilised.spectral / plain.spectral == pytest.approx(5.656854 / 2.0)
    assert stabilised.stable_rank == pytest.approx(plain.stable_rank)


def test_tiny_updates_have_the_ranks_of_large_ones(tmp_path: Path) -> None:
    usual = _audited(tmp_path / "a", layers())
    small = {
        name: values * np.float32(2.0**-60) if "lora_B" in name else values
        for name, values in layers().items()
    }
    tiny = _audited(tmp_path / "b", small)
    for one, other in zip(usual.layers, tiny.layers, strict=True):
        assert other.stable_rank == pytest.approx(one.stable_rank)
        assert other.energy_ranks == one.energy_ranks


def test_layers_that_change_nothing_are_counted_and_in_no_mean(tmp_path: Path) -> None:
    tensors = layers()
    name = f"base_model.model.{min(MODULES)}"
    usual = summary(_audited(tmp_path / "a", tensors)).types[1]
    tensors[f"{name}.lora_B.weight"] *= 0
    found = _audited(tmp_path / "b", tensors)
    zero = found.layers[0]
    assert (zero.stable_rank, zero.utilization, zero.energy_ranks[0.9]) == (None, None, None)
    assert suggested(zero, found.options) == 1
    summed = summary(found)
    assert (summed.whole.layers, summed.whole.zero_layers) == (4, 1)
    assert summed.types[1].stable_rank_mean == usual.stable_rank_mean
    assert summed.types[0].layers == 2
    assert "zero_updates" in _names(found)


def test_an_adapter_that_changes_nothing_has_no_suggestions(tmp_path: Path) -> None:
    tensors = {
        name: values * 0 if "lora_B" in name else values for name, values in layers().items()
    }
    found = _audited(tmp_path, tensors)
    summed = summary(found)
    assert summed.suggestions == ()
    assert (summed.concentration, summed.whole.share) == (None, None)
    assert summed.whole.stable_rank_mean is None
    assert [each.sentence for each in findings(found, summed)] == [
        "all 4 layers change nothing, and are in no mean"
    ]


def test_layers_with_broken_numbers_are_faults_and_the_others_are_measured(tmp_path: Path) -> None:
    tensors = layers()
    tensors["base_model.model.model.layers.0.mlp.up_proj.lora_A.weight"][2, 3] = np.nan
    found = _audited(tmp_path, tensors)
    assert len(found.layers) == 3
    [fault] = found.faults
    assert fault.sentence.startswith("`model.layers.0.mlp.up_proj` has 1 NaN or infinite number in")


def test_suggested_ranks_keep_what_they_promise(tmp_path: Path) -> None:
    values = [list(0.8 ** np.arange(12)), list(0.5 ** np.arange(12)), list(0.9 ** np.arange(12))]
    found = _audited(tmp_path, _spectra(*values), r=12, lora_alpha=12)
    summed = summary(found)
    by_rule = {each.rule: each for each in summed.suggestions}
    assert [layer.energy_ranks[0.9] for layer in found.layers] == [6, 2, 9]
    assert summed.whole.energy_rank_p50 == 6
    assert summed.whole.energy_rank_p90 == pytest.approx(8.4)
    assert by_rule["uniform_median"].rank == 8
    assert by_rule["uniform_p90"].rank == 12
    assert list(by_rule["per_layer"].ranks.values()) == [8, 2, 12]
    assert by_rule["per_type"].ranks == {"self_attn.q_proj": 12}
    assert by_rule["per_layer"].parameters == 22 * 70
    assert by_rule["per_layer"].reduction == pytest.approx(1 - 22 / 36)
    assert by_rule["error_budget"].error <= 0.1
    for each in summed.suggestions:
        ranks = dict(each.ranks)
        cut = 0.0
        for layer in found.layers:
            kept = ranks.get(layer.module, ranks.get(layer.place.type, 0))
            cut += float((layer.values[kept:] ** 2).sum())
        assert each.error == pytest.approx((cut / found.frobenius**2) ** 0.5, abs=1e-9)


def test_options_change_what_is_suggested(tmp_path: Path) -> None:
    folder = peft(tmp_path, _spectra(list(0.8 ** np.arange(12))), r=12, lora_alpha=12)
    found = audit(read_adapter(folder), Options((3, 5, 7), 0.5, 0.3))
    assert suggested(found.layers[0], found.options) == 3
    assert {each.rank for each in summary(found).suggestions[:2]} == {3}


def test_findings_name_their_thresholds(tmp_path: Path) -> None:
    idle = [1.0, *[0.01] * 31]
    names = _names(_audited(tmp_path / "a", _spectra(idle, idle, out=50, size=40), r=32))
    assert names == ["low_utilization", "compressible", "peaked"]
    flat = [1.0] * 8
    assert _names(_audited(tmp_path / "b", _spectra(flat, flat))) == ["full"]
    strong = [[9.0 if number == 2 else 1.0] * 8 for number in range(6)]
    found = _audited(tmp_path / "c", _spectra(*strong))
    told = {each.name: each for each in findings(found, summary(found))}
    assert "highly concentrated in few of 6 blocks" in told["concentrated"].sentence
    assert told["concentrated"].threshold == 0.4
    assert told["concentrated"].value == pytest.approx((81**2 + 5) / 86**2)


def test_factors_that_cancel_are_a_finding(tmp_path: Path) -> None:
    down, up = np.zeros((2, 40)), np.zeros((30, 2))
    chance = np.random.default_rng(0)
    down[0], down[1] = 1e12 * chance.normal(size=40), 1e-12 * chance.normal(size=40)
    up[:, 1], up[:, 0] = 1e12 * chance.normal(size=30), 1e-12 * chance.normal(size=30)
    assert "unresolved" in _names(_audited(tmp_path, pair("m", down, up), r=2))


def _base(path: Path, prefix: str = "", modules: dict[str, Any] | None = None) -> Path:
    chance = np.random.default_rng(5)
    shapes = MODULES if modules is None else modules
    tensors = {
        f"{prefix}{module}.weight": chance.normal(size=shape).astype(np.float32)
        for module, shape in shapes.items()
    }
    return safetensors(path / "model.safetensors", tensors)


def _gains(found: Audit, base: Path, folder: Path) -> tuple[Audit, Summary]:
    audited = audit(found.adapter, found.options, read_base(base))
    assert folder.exists()
    return audited, summary(audited)


@pytest.mark.parametrize("prefix", ["", "language_model."])
def test_gains_are_ratios_to_the_base_weight(tmp_path: Path, prefix: str) -> None:
    found = _audited(tmp_path / "a")
    base = _base(tmp_path / "b", prefix)
    audited, _ = _gains(found, base, tmp_path)
    chance = np.random.default_rng(5)
    weights = {module: chance.normal(size=shape).astype("f4") for module, shape in MODULES.items()}
    for layer in audited.layers:
        weight = weights[layer.module].astype(np.float64)
        assert layer.gain is not None
        norm = float(np.linalg.norm(weight, 2))
        assert layer.gain.base_spectral == pytest.approx(norm, rel=1e-4)
        assert abs(layer.gain.base_spectral - norm) <= max(layer.gain.base_spectral_error, 1e-9)
        assert layer.gain.spectral == pytest.approx(layer.spectral / norm, rel=1e-4)
        assert layer.gain.frobenius == pytest.approx(
            layer.frobenius / float(np.linalg.norm(weight)), rel=1e-6
        )


def test_a_base_whose_names_begin_with_less_is_matched(tmp_path: Path) -> None:
    # As GPT-2 is on the hub: `h.0…` for the adapter's `transformer.h.0…`.
    tensors = pair("transformer.h.0.attn.c_attn", *factors(48, 32))
    base = _base(tmp_path / "b", modules={"h.0.attn.c_attn": (32, 48)})  # the other way round
    audited, _ = _gains(_audited(tmp_path / "a", tensors), base, tmp_path)
    assert audited.layers[0].gain is not None


def test_weights_that_are_not_there_or_of_another_shape_are_told(tmp_path: Path) -> None:
    base = _base(tmp_path / "b", modules=dict.fromkeys(MODULES, (9, 9)))
    audited, summed = _gains(_audited(tmp_path / "a"), base, tmp_path)
    assert all(layer.gain is None for layer in audited.layers)
    told = {each.name: each.sentence for each in findings(audited, summed)}
    assert told["no_base_weight"] == "the base has no weight of the name and shape of all 4 layers"


def test_updates_that_outweigh_their_weights_are_a_warning(tmp_path: Path) -> None:
    tensors = {name: values * np.float32(30) for name, values in layers().items()}
    audited, summed = _gains(_audited(tmp_path / "a", tensors), _base(tmp_path / "b"), tmp_path)
    found = {each.name: each for each in findings(audited, summed)}
    assert found["dominant"].level == "warning"
    assert "more than 30% of the spectral norm" in found["dominant"].sentence
    assert "noticeable" not in found


def test_a_weight_that_is_zero_gives_no_ratio(tmp_path: Path) -> None:
    weights = {f"{module}.weight": np.zeros(shape, "f4") for module, shape in MODULES.items()}
    base = safetensors(tmp_path / "b" / "model.safetensors", weights)
    audited, _ = _gains(_audited(tmp_path / "a"), base, tmp_path)
    assert all(layer.gain is None for layer in audited.layers)


def test_products_of_other_kinds_are_measured_with_the_rank_they_have(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    shapes = {"w1_a": (20, 3), "w1_b": (3, 14), "w2_a": (20, 3), "w2_b": (3, 14)}
    tensors = {f"lora_te_x.hada_{role}": chance.normal(size=each) for role, each in shapes.items()}
    tensors |= {
        "lora_te_y.lokr_w1": chance.normal(size=(4, 3)),
        "lora_te_y.lokr_w2": chance.normal(size=(5, 5)),
    }
    found = audit(read_adapter(safetensors(tmp_path / "a.safetensors", tensors)))
    assert [(layer.method, layer.rank, layer.stored_type) for layer in found.layers] == [
        ("LoHa", 9, "F64"), ("LoKr", 15, "F64")
    ]  # fmt: skip
    cut = {each.rule: each for each in summary(found).suggestions}["per_layer"]
    costs = {"lora_te_x": 34, "lora_te_y": 35}
    assert cut.parameters == sum(cut.ranks[name] * cost for name, cost in costs.items())


def test_what_was_seen_while_reading_is_a_finding(tmp_path: Path) -> None:
    found = audit(read_adapter(safetensors(tmp_path / "a.safetensors", layers())))
    told = findings(found, summary(found))
    assert told[0].sentence.startswith("nothing tells alpha")
    assert all(layer.scale is None for layer in found.layers)
    assert found.layers[0].spectral == pytest.approx(
        _audited(tmp_path / "b").layers[0].spectral / 2
    )
