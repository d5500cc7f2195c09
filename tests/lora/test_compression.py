from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evalhouse.errors import UsageError, WeightsError
from evalhouse.lora.adapter import Adapter, Layer
from evalhouse.lora.factors import update_of
from evalhouse.lora.floats import Floats
from evalhouse.lora.reading import read_adapter
from evalhouse.lora.stored import opened
from evalhouse.workflows.lora.compress import Compressed, CompressOptions, compress_adapters
from tests.lora.made import (
    MODULES,
    PREFIX,
    Numbers,
    bfloat16,
    factors,
    layers,
    pair,
    peft,
    safetensors,
)


def _dense(layer: Layer) -> Floats:
    with opened() as files:
        found = update_of(layer, files)
        return found.scale * (found.left.values() @ found.right.values().T)


def _updates(place: Path) -> dict[str, Floats]:
    return {layer.module: _dense(layer) for layer in read_adapter(place).layers}


def _compress(*adapters: Path, plan: str, to: Path, **options: Any) -> Compressed:
    return compress_adapters(CompressOptions(adapters, plan, to, **options))


def _config(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "adapter_config.json").read_text())
    return found


def _best(update: Floats, rank: int) -> float:
    values = np.linalg.svd(update, compute_uv=False)
    return float(np.sqrt((values[rank:] ** 2).sum()))


@pytest.mark.parametrize("plan", ["uniform:3", "per-layer:0.9", "budget:0.2", "shuffled:0.8"])
@pytest.mark.parametrize("config", [{}, {"use_rslora": True}, {"alpha_pattern": {"up_proj": 5}}])
def test_truncated_adapters_reach_the_best_error(
    tmp_path: Path, plan: str, config: dict[str, Any]
) -> None:
    source = peft(tmp_path / "a", **config)
    made = _compress(source, plan=plan, to=tmp_path / "b")
    before, after = _updates(source), _updates(tmp_path / "b")
    assert set(before) == set(after)
    for cut in made.compression.cuts:
        norm = float(np.linalg.norm(before[cut.module]))
        error = float(np.linalg.norm(before[cut.module] - after[cut.module]))
        assert error <= _best(before[cut.module], cut.rank) + 1e-6 * norm
        assert cut.error == pytest.approx(error, abs=1e-9 * norm)
        assert cut.optimal == pytest.approx(_best(before[cut.module], cut.rank), abs=1e-7 * norm)
        spectral = float(np.linalg.norm(before[cut.module] - after[cut.module], 2))
        assert spectral == pytest.approx(cut.error_bound, abs=1e-6 * norm)
    total = sum(float(np.linalg.norm(each)) ** 2 for each in before.values()) ** 0.5
    assert made.compression.frobenius == pytest.approx(total)


def test_each_layer_has_its_rank_and_its_scale(tmp_path: Path) -> None:
    tensors = layers()
    source = peft(tmp_path / "a", tensors, alpha_pattern={"layers.1.self_attn.q_proj": 4})
    plan = "per-layer:0.97"
    made = _compress(source, plan=plan, to=tmp_path / "b", allowed=range(1, 9))
    found = read_adapter(tmp_path / "b")
    assert {layer.module: layer.rank for layer in found.layers} == made.compression.ranks
    assert len(set(made.compression.ranks.values())) > 1
    scales = {layer.module: layer.scale for layer in found.layers}
    assert scales == pytest.approx({
        module: 0.5 if module == "model.layers.1.self_attn.q_proj" else 2.0 for module in MODULES
    })  # fmt: skip
    config = _config(tmp_path / "b")
    ranks = list(made.compression.ranks.values())
    assert config["r"] == max(sorted(set(ranks), reverse=True), key=ranks.count)
    assert len(config["rank_pattern"]) == sum(rank != config["r"] for rank in ranks)
    assert config["base_model_name_or_path"] == "org/base"


def test_layers_that_lose_nothing_stay_byte_for_byte(tmp_path: Path) -> None:
    tensors = {name: bfloat16(values) for name, values in layers().items()}
    source = peft(tmp_path / "a", tensors, rank_pattern={}, lora_dropout=0.1)
    made = _compress(source, plan="uniform:8", to=tmp_path / "b")
    assert _config(tmp_path / "b") == _config(source)
    with opened() as files:
        before, after = (
            {each.name: files.raw(each) for layer in read_adapter(place).layers
             for each in layer.tensors.values()}
            for place in (source, tmp_path / "b")
        )  # fmt: skip
    assert before == after
    assert (made.relative_error, made.relative_optimum) == (0, 0)
    assert made.parameters == made.parameters_before


def test_what_is_beside_the_updates_stays(tmp_path: Path) -> None:
    module = "model.layers.0.self_attn.q_proj"
    beside: dict[str, Numbers] = {
        f"{PREFIX}{module}.lora_magnitude_vector": np.arange(48, dtype=np.float32),
        f"{PREFIX}{module}.lora_B.bias": np.arange(48, dtype=np.float32),
        f"{PREFIX}classifier.weight": np.random.default_rng(0).normal(size=(2, 32)),
        f"{PREFIX}classifier.steps": np.array([7]),
    }
    source = peft(
        tmp_path / "a", {**pair(module, *factors(48, 32)), **beside}, use_dora=True,
        modules_to_save=["classifier"],
    )  # fmt: skip
    made = _compress(source, plan="uniform:2", to=tmp_path / "b")
    found = read_adapter(tmp_path / "b")
    [layer] = found.layers
    stored = {each.name: each for each in (*layer.tensors.values(), *found.others)}
    with opened() as files:
        for name, values in beside.items():
            assert files.raw(stored[name]) == values.tobytes()
    assert made.other_parameters == 65
    assert made.parameters == 2 * 80 + 96
    assert _config(tmp_path / "b")["use_dora"] is True


def test_embeddings_and_convolutions_keep_their_form(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    down, up = factors(32, 100)
    tensors = {
        f"{PREFIX}emb.lora_embedding_A": down,
        f"{PREFIX}emb.lora_embedding_B": up,
        **pair(
            "conv",
            chance.normal(size=(8, 6, 3, 3)).astype(np.float32),
            chance.normal(size=(10, 8, 1, 1)).astype(np.float32),
        ),
    }
    source = peft(tmp_path / "a", tensors)
    _compress(source, plan="uniform:4", to=tmp_path / "b")
    found = {layer.module: layer for layer in read_adapter(tmp_path / "b").layers}
    assert found["emb"].is_embedding
    assert found["conv"].tensors["down"].shape == (4, 6, 3, 3)
    assert found["conv"].tensors["up"].shape == (10, 4, 1, 1)
    before, after = _updates(source), _updates(tmp_path / "b")
    for module, update in before.items():
        error = float(np.linalg.norm(update - after[module]))
        assert error == pytest.approx(_best(update, 4), rel=1e-5)


def test_factors_that_lay_the_other_way_round_are_turned(tmp_path: Path) -> None:
    down, up = factors(64, 40)
    source = peft(tmp_path / "a", pair("m", down.T, up.T))
    _compress(source, plan="uniform:8", to=tmp_path / "b")
    [layer] = read_adapter(tmp_path / "b").layers
    assert (layer.is_transposed, layer.rank) == (False, 8)
    assert np.allclose(_dense(layer), _updates(source)["m"], rtol=0, atol=1e-8)


def test_a_rank_above_what_there_is_to_keep_is_filled_with_zeros(tmp_path: Path) -> None:
    source = peft(tmp_path / "a", pair("head", *factors(2, 32)))
    _compress(source, plan="uniform:4", to=tmp_path / "b")
    assert np.allclose(_updates(source)["head"], _updates(tmp_path / "b")["head"], atol=1e-8)


def _kohya(path: Path, *, alpha: bool) -> Path:
    down, up = factors(48, 32)
    name = "lora_te_x"
    tensors: dict[str, Any] = {f"{name}.lora_down.weight": down, f"{name}.lora_up.weight": up}
    if alpha:
        tensors[f"{name}.alpha"] = np.array(4.0, np.float32)
    return safetensors(path, tensors)


@pytest.mark.parametrize("alpha", [True, False])
def test_files_of_kohya_stay_files_of_kohya(tmp_path: Path, *, alpha: bool) -> None:
    source = _kohya(tmp_path / "a" / "style.safetensors", alpha=alpha)
    made = _compress(source, plan="uniform:3", to=tmp_path / "b")
    assert made.weights == tmp_path / "b" / "style.safetensors"
    assert not (tmp_path / "b" / "adapter_config.json").exists()
    [layer] = read_adapter(made.weights).layers
    assert (layer.rank, layer.scale) == (3, 0.5 if alpha else 1.0)
    before = _updates(source)["lora_te_x"]
    assert np.linalg.norm(before - _dense(layer)) == pytest.approx(_best(before, 3), rel=1e-5)


def test_a_middle_goes_into_the_factors(tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    shapes = {"down": (4, 6, 1, 1), "mid": (4, 4, 3, 3), "up": (10, 4, 1, 1)}
    tensors = {
        f"lora_unet_a.lora_{side}.weight": chance.normal(size=shape).astype(np.float32)
        for side, shape in shapes.items()
    }
    source = safetensors(tmp_path / "a" / "s.safetensors", tensors)
    made = _compress(source, plan="uniform:3", to=tmp_path / "b")
    [layer] = read_adapter(made.weights).layers
    assert {role: tensor.shape for role, tensor in layer.tensors.items()} == {
        "down": (3, 6, 3, 3), "up": (10, 3, 1, 1)
    }  # fmt: skip
    before = _updates(source)["lora_unet_a"]
    assert np.linalg.norm(before - _dense(layer)) == pytest.approx(_best(before, 3), rel=1e-5)


def test_a_scale_that_diffusers_keeps_in_the_header_goes_into_the_factors(tmp_path: Path) -> None:
    down, up = factors(48, 32)
    tensors = {"unet.q.lora_A.weight": down, "unet.q.lora_B.weight": up}
    stated = json.dumps({"unet.r": 8, "unet.lora_alpha": -24})
    path = safetensors(
        tmp_path / "a" / "pytorch_lora_weights.safetensors", tensors,
        {"lora_adapter_metadata": stated},
    )  # fmt: skip
    made = _compress(path.parent, plan="uniform:8", to=tmp_path / "b")
    [layer] = read_adapter(made.weights).layers
    assert (layer.scale, layer.rank) == (1.0, 8)
    assert np.allclose(_dense(layer), _updates(path)["unet.q"], atol=1e-7)


@pytest.mark.parametrize("name", ["F32", "BF16", "F16"])
def test_the_type_can_be_chosen_and_its_rounding_is_in_the_error(tmp_path: Path, name: str) -> None:
    made = _compress(peft(tmp_path / "a"), plan="uniform:4", to=tmp_path / "b", type_name=name)
    rounding = {"F32": 1e-7, "F16": 1e-3, "BF16": 1e-2}[name]
    extra = made.relative_error**2 - made.relative_optimum**2
    assert -1e-12 <= extra <= rounding**2
    assert {layer.type for layer in read_adapter(tmp_path / "b").layers} == {name}


def test_numbers_that_a_type_cannot_hold_are_told(tmp_path: Path) -> None:
    tensors = {name: values * np.float32(1e6) for name, values in layers().items()}
    with pytest.raises(UsageError, match="which F16 cannot hold; write it as `--dtype F32`"):
        _compress(
            peft(tmp_path / "a", tensors), plan="uniform:4", to=tmp_path / "b", type_name="F16"
        )
    assert not list((tmp_path / "b").glob("*"))


def test_a_budget_of_bytes_holds_for_the_file(tmp_path: Path) -> None:
    source = peft(tmp_path / "a")
    for size in (4000, 6000, 9000):
        made = _compress(source, plan=f"budget:bytes={size}", to=tmp_path / str(size))
        assert size * 0.7 < made.bytes <= size
        assert made.weights.stat().st_size == made.bytes


def _sum(tmp_path: Path, weights: tuple[float, float]) -> tuple[dict[str, Floats], Path, Path]:
    one = peft(tmp_path / "one", layers(), use_rslora=True)
    some = dict(list(layers(4, seed=7).items())[:4])
    two = peft(tmp_path / "two", some, r=4, target_modules=["q_proj"])
    wanted = {module: weights[0] * each for module, each in _updates(one).items()}
    for module, each in _updates(two).items():
        wanted[module] = wanted[module] + weights[1] * each
    return wanted, one, two


def test_several_adapters_are_added_up(tmp_path: Path) -> None:
    weights = (0.7, -0.3)
    wanted, one, two = _sum(tmp_path, weights)
    made = _compress(one, two, plan="uniform:64", to=tmp_path / "sum", weights=weights)
    found = _updates(tmp_path / "sum")
    for module, update in wanted.items():
        assert np.linalg.norm(found[module] - update) <= 1e-6 * np.linalg.norm(update)
    assert made.compression.ranks == {
        module: 12 if module.startswith("model.layers.0") else 8 for module in sorted(MODULES)
    }
    config = _config(tmp_path / "sum")
    assert config["target_modules"] == sorted(MODULES)
    cut = _compress(one, two, plan="uniform:5", to=tmp_path / "cut", weights=weights)
    for each in cut.compression.cuts:
        assert each.optimal == pytest.approx(_best(wanted[each.module], 5), rel=1e-6)


def test_one_adapter_times_a_weight_is_scaled(tmp_path: Path) -> None:
    source = peft(tmp_path / "a")
    _compress(source, plan="uniform:8", to=tmp_path / "b", weights=(0.5,))
    before, after = _updates(source), _updates(tmp_path / "b")
    for module, update in before.items():
        assert np.allclose(0.5 * update, after[module], atol=1e-8)


def _head(value: float) -> dict[str, Any]:
    return {**layers(), f"{PREFIX}score.weight": np.full((2, 3), value, np.float32)}


def test_heads_are_merged_where_they_are_the_same(tmp_path: Path) -> None:
    folders = [peft(tmp_path / name, _head(1.0), modules_to_save=["score"]) for name in ("a", "b")]
    _compress(*folders, plan="uniform:4", to=tmp_path / "c")
    assert _config(tmp_path / "c")["modules_to_save"] == ["score"]
    assert read_adapter(tmp_path / "c").other_parameters == 6
    other = peft(tmp_path / "d", _head(2.0), modules_to_save=["score"])
    with pytest.raises(UsageError, match=r"score\.weight` of .* is another one than that of"):
        _compress(folders[0], other, plan="uniform:4", to=tmp_path / "e")


def test_what_has_no_sum_is_told(tmp_path: Path) -> None:
    plain = peft(tmp_path / "a")
    to = tmp_path / "to"
    magnitude = {f"{PREFIX}{min(MODULES)}.lora_magnitude_vector": np.ones(64, np.float32)}
    dora = peft(tmp_path / "b", {**layers(), **magnitude}, use_dora=True)
    with pytest.raises(UsageError, match="has a magnitude or bias, which has no sum"):
        _compress(plain, dora, plan="uniform:4", to=to)
    other = peft(tmp_path / "c", base_model_name_or_path="org/other")
    with pytest.raises(UsageError, match=r"is on `org/other` and .* on `org/base`"):
        _compress(plain, other, plan="uniform:4", to=to)
    odd = peft(tmp_path / "d", pair(min(MODULES), *factors(9, 9)))
    with pytest.raises(UsageError, match="is 9 × 9, and in another of the adapters it is not"):
        _compress(plain, odd, plan="uniform:4", to=to)
    kohya = _kohya(tmp_path / "e" / "s.safetensors", alpha=True)
    with pytest.raises(UsageError, match="only adapters of PEFT are merged"):
        _compress(plain, kohya, plan="uniform:4", to=to)


def test_adapters_that_cannot_be_made_smaller_are_told(tmp_path: Path) -> None:
    to = tmp_path / "to"
    nan = layers()
    nan[f"{PREFIX}{min(MODULES)}.lora_A.weight"][0, 0] = np.nan
    with pytest.raises(WeightsError, match="has 1 NaN or infinite number"):
        _compress(peft(tmp_path / "a", nan), plan="uniform:4", to=to)
    lacking = dict(list(layers().items())[1:-1])
    with pytest.raises(WeightsError, match=r"has no factor .*, and 1 more faults"):
        _compress(peft(tmp_path / "b", lacking), plan="uniform:4", to=to)
    with pytest.raises(WeightsError, match="started with `olora`, which changes the base"):
        _compress(peft(tmp_path / "c", init_lora_weights="olora"), plan="uniform:4", to=to)
    alone = safetensors(tmp_path / "d.safetensors", layers())
    with pytest.raises(WeightsError, match="nothing tells the scale"):
        _compress(alone, plan="uniform:4", to=to)
    loha = {f"{PREFIX}x.hada_{name}": np.ones((2, 2), "f4") for name in
            ("w1_a", "w1_b", "w2_a", "w2_b")}  # fmt: skip
    folder = peft(tmp_path / "e", loha, peft_type="LOHA", alpha=2, r=2)
    with pytest.raises(WeightsError, match="is LoHa, and only LoRA is made smaller"):
        _compress(folder, plan="uniform:1", to=to)
    assert not to.exists()


def test_options_that_make_no_sense_are_told(tmp_path: Path) -> None:
    source = peft(tmp_path / "a")
    with pytest.raises(UsageError, match="1 adapters and 2 weights"):
        _compress(source, plan="uniform:4", to=tmp_path / "b", weights=(1.0, 2.0))
    with pytest.raises(UsageError, match="`F8` is no type of factors; known: F64, F32"):
        _compress(source, plan="uniform:4", to=tmp_path / "b", type_name="F8")
    with pytest.raises(UsageError, match="is where an adapter is read from"):
        _compress(source, plan="uniform:4", to=tmp_path / "x" / ".." / "a", is_forced=True)


def test_what_is_there_is_replaced_only_when_told(tmp_path: Path) -> None:
    source, to = peft(tmp_path / "a"), tmp_path / "b"
    _compress(source, plan="uniform:4", to=to)
    with pytest.raises(UsageError, match=r"adapter_model\.safetensors` is there already"):
        _compress(source, plan="uniform:2", to=to)
    _compress(source, plan="uniform:2", to=to, is_forced=True)
    assert read_adapter(to).layers[0].rank == 2
    assert sorted(path.name for path in to.iterdir()) == [
        "adapter_config.json", "adapter_model.safetensors", "compression.json"
    ]  # fmt: skip


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match=r"cannot be written: .*; name another place"):
        _compress(peft(tmp_path / "a"), plan="uniform:4", to=tmp_path / "file" / "b")


def test_names_that_a_pattern_would_confuse_are_in_an_order_that_does_not(tmp_path: Path) -> None:
    tensors = {
        **pair("q", *factors(48, 32, fall=0.2)),
        **pair("layers.0.q", *factors(48, 32, fall=0.95)),
        **pair("layers.1.q", *factors(48, 32, fall=0.95)),
        **pair("layers.2.q", *factors(48, 32, fall=0.5)),
    }
    source = peft(tmp_path / "a", tensors)
    made = _compress(source, plan="per-layer:0.95", to=tmp_path / "b", allowed=range(1, 9))
    ranks = {layer.module: layer.rank for layer in read_adapter(tmp_path / "b").layers}
    assert ranks == made.compression.ranks
    assert ranks["q"] < ranks["layers.0.q"]


def test_names_that_no_pattern_can_tell_apart_are_refused(tmp_path: Path) -> None:
    tensors = {
        **pair("a.[b]b", *factors(48, 32, fall=0.2)),
        **pair("a.bb", *factors(48, 32, fall=0.95)),
        **pair("a.bc", *factors(48, 32, fall=0.95)),
    }
    with pytest.raises(UsageError, match="would be read with another rank or scale"):
        _compress(
            peft(tmp_path / "a", tensors), plan="per-layer:0.9", to=tmp_path / "b",
            allowed=range(1, 9),
        )  # fmt: skip
    assert not (tmp_path / "b").exists()


def _report(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "compression.json").read_text())
    return found


def test_the_report_says_what_was_done(tmp_path: Path) -> None:
    source = peft(tmp_path / "a")
    made = _compress(source, plan="shuffled:0.9", to=tmp_path / "b", seed=3)
    report = _report(tmp_path / "b")
    assert report["is_control"] is True
    assert report["sources"] == [{"path": str(source), "weight": 1.0}]
    assert report["params_before"] == sum(8 * sum(shape) for shape in MODULES.values())
    assert report["params"] == made.parameters
    assert report["bytes"] == (tmp_path / "b" / "adapter_model.safetensors").stat().st_size
    assert report["energy_retained"] == pytest.approx(1 - report["relative_optimal_error"] ** 2)
    assert [layer["module"] for layer in report["layers"]] == sorted(MODULES)


def test_adapters_that_change_nothing_lose_nothing(tmp_path: Path) -> None:
    tensors = {
        name: values * 0 if "lora_B" in name else values for name, values in layers().items()
    }
    made = _compress(peft(tmp_path / "a", tensors), plan="uniform:2", to=tmp_path / "b")
    assert made.relative_error == 0
    assert all(not update.any() for update in _updates(tmp_path / "b").values())


def _of_peft(adapter: Path) -> dict[str, Any]:
    """Return the updates of an adapter as PEFT loads them."""
    peft_package = pytest.importorskip("peft", reason="PEFT loads what is written")
    torch = pytest.importorskip("torch", reason="PEFT needs torch")

    class Block(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.self_attn, self.mlp = torch.nn.Module(), torch.nn.Module()
            self.self_attn.q_proj = torch.nn.Linear(32, 48, bias=False)
            self.mlp.up_proj = torch.nn.Linear(32, 64, bias=False)

    class Model(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.model = torch.nn.Module()
            self.model.layers = torch.nn.ModuleList([Block(), Block()])

    loaded = peft_package.PeftModel.from_pretrained(Model(), str(adapter))
    return {
        name: module.get_delta_weight("default").double().numpy(force=True)
        for name, module in loaded.base_model.model.named_modules()
        if hasattr(module, "get_delta_weight")
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("plan", ["uniform:3", "per-layer:0.95", "uniform:8"])
def test_peft_loads_what_is_written(tmp_path: Path, plan: str) -> None:
    source = peft(tmp_path / "a", use_rslora=True, alpha_pattern={"layers.1.mlp.up_proj": 3})
    _compress(source, plan=plan, to=tmp_path / "b", allowed=range(1, 9))
    theirs, ours = _of_peft(tmp_path / "b"), _updates(tmp_path / "b")
    assert set(theirs) == set(ours)
    for module, update in ours.items():
        assert np.allclose(theirs[module], update, atol=1e-7)


def test_adapters_are_named(tmp_path: Path) -> None:
    tensors = {
        name.replace(".weight", f".{adapter}.weight"): values
        for adapter, seed in (("one", 0), ("two", 9))
        for name, values in layers(seed=seed).items()
    }
    source = peft(tmp_path / "a", tensors)
    _compress(source, plan="uniform:8", to=tmp_path / "b", name="two")
    found: Adapter = read_adapter(tmp_path / "b")
    assert found.name is None
    second = read_adapter(source, "two")
    assert np.array_equal(_dense(found.layers[0]), _dense(second.layers[0]))
