from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evalhouse.errors import UnknownNameError, WeightsError
from evalhouse.lora.adapter import Adapter
from evalhouse.lora.reading import natural, read_adapter, read_adapters
from evalhouse.lora.stored import opened
from tests.lora.made import MODULES, PREFIX, factors, layers, pair, peft, safetensors

Q = "model.layers.0.self_attn.q_proj"


def _faults(adapter: Adapter) -> list[str]:
    return [fault.sentence for fault in adapter.faults]


def test_an_adapter_of_peft_is_read_in_the_order_of_the_model(tmp_path: Path) -> None:
    tensors = {**pair("layers.10.q", *factors(8, 8)), **pair("layers.9.q", *factors(8, 8))}
    found = read_adapter(peft(tmp_path, tensors))
    assert [layer.module for layer in found.layers] == ["layers.9.q", "layers.10.q"]
    assert (found.spelling, found.name, found.faults, found.notes) == ("PEFT", None, (), ())
    layer = found.layers[0]
    assert (layer.rank, layer.scale, layer.out_size, layer.in_size) == (8, 2.0, 8, 8)
    assert (layer.parameters, found.parameters, found.bytes) == (128, 256, 1024)


def test_natural_order_counts() -> None:
    assert sorted(["a.10", "a.9", "a", "a.9.b"], key=natural) == ["a", "a.9", "a.9.b", "a.10"]


def test_ranks_and_alphas_by_patterns_are_those_of_the_layers(tmp_path: Path) -> None:
    tensors = {**pair("layers.1.q", *factors(9, 8, 4)), **pair("layers.11.q", *factors(9, 8))}
    folder = peft(
        tmp_path, tensors, rank_pattern={"layers.1.q": 4}, alpha_pattern={r"layers\.1\.q": 8},
        use_rslora=True,
    )  # fmt: skip
    scales = {layer.module: layer.scale for layer in read_adapter(folder).layers}
    assert scales == pytest.approx({"layers.1.q": 4.0, "layers.11.q": 16 / 8**0.5})


def test_a_rank_that_the_configuration_does_not_state_is_a_fault(tmp_path: Path) -> None:
    folder = peft(tmp_path, {**layers(), **pair("odd", *factors(9, 8, 4))})
    found = read_adapter(folder)
    assert len(found.layers) == 4
    assert _faults(found) == ["`odd` has rank 4, as A is 4 × 8, and its configuration says 8"]


def test_factors_that_lie_the_other_way_round_are_read_by_the_stated_rank(tmp_path: Path) -> None:
    down, up = factors(64, 64)
    found = read_adapter(peft(tmp_path, pair("m", down.T, up.T)))
    assert (found.layers[0].rank, found.layers[0].is_transposed) == (8, True)
    assert "other way round" in found.notes[0]
    # Without a configuration the smaller of both is the rank.
    path = safetensors(tmp_path / "b" / "a.safetensors", pair("m", down.T, up.T))
    assert read_adapter(path).layers[0].rank == 8


def test_an_embedding_is_a_layer(tmp_path: Path) -> None:
    down, up = factors(32, 100)
    name = f"{PREFIX}model.embed_tokens.lora_embedding_"
    [layer] = read_adapter(peft(tmp_path, {f"{name}A": down, f"{name}B": up})).layers
    assert (layer.module, layer.is_embedding, layer.in_size) == ("model.embed_tokens", True, 100)


def test_magnitudes_biases_and_heads_are_kept_apart(tmp_path: Path) -> None:
    tensors = {
        **pair(Q, *factors(48, 32)),
        f"{PREFIX}{Q}.lora_magnitude_vector": np.ones(48, np.float32),
        f"{PREFIX}{Q}.lora_B.bias": np.ones(48, np.float32),
        f"{PREFIX}classifier.weight": np.ones((2, 32), np.float32),
        f"{PREFIX}classifier.alpha": np.ones(1, np.float32),
    }
    found = read_adapter(peft(tmp_path, tensors, modules_to_save=["classifier"]))
    [layer] = found.layers
    assert layer.has_magnitude
    assert layer.parameters == 8 * 80 + 96
    assert found.other_parameters == 65
    assert [word in " ".join(found.notes) for word in ("DoRA", "65 parameters beside")] == [1, 1]


def test_a_head_that_is_not_saved_is_a_fault(tmp_path: Path) -> None:
    found = read_adapter(peft(tmp_path, modules_to_save=["score"]))
    assert _faults(found) == ["`score` is listed in `modules_to_save`, and no tensor is of it"]


def test_a_start_that_changed_the_base_is_told(tmp_path: Path) -> None:
    found = read_adapter(peft(tmp_path, init_lora_weights="pissa"))
    assert "started with `pissa`" in found.notes[0]


def test_kohya_states_alpha_beside_each_layer(tmp_path: Path) -> None:
    name = "lora_unet_down_blocks_0_attentions_0_to_q"
    down, up = factors(48, 32)
    tensors = {
        f"{name}.lora_down.weight": down,
        f"{name}.lora_up.weight": up,
        f"{name}.alpha": np.array(4.0, np.float32),
        "lora_te_x.lora_down.weight": down,
        "lora_te_x.lora_up.weight": up,
    }
    found = read_adapter(safetensors(tmp_path / "style.safetensors", tensors))
    assert found.spelling == "kohya"
    assert {layer.module: layer.scale for layer in found.layers} == {"lora_te_x": 1.0, name: 0.5}
    assert found.parameters == 2 * 8 * 80


def test_diffusers_states_alpha_in_the_header_or_not_at_all(tmp_path: Path) -> None:
    down, up = factors(48, 32)
    tensors = {
        "unet.mid.to_q.lora_A.weight": down, "unet.mid.to_q.lora_B.weight": up,
        "text_encoder.q.lora_A.weight": down, "text_encoder.q.lora_B.weight": up,
    }  # fmt: skip
    stated = {"unet.r": 4, "unet.rank_pattern": {"mid.to_q": 8}, "unet.lora_alpha": 24}
    path = safetensors(
        tmp_path / "pytorch_lora_weights.safetensors",
        tensors,
        {"lora_adapter_metadata": json.dumps(stated)},
    )
    found = read_adapter(tmp_path)
    assert found.spelling == "diffusers"
    scales = {layer.module: layer.scale for layer in found.layers}
    assert scales == {"unet.mid.to_q": 3.0, "text_encoder.q": 1.0}
    safetensors(path, tensors, {"lora_adapter_metadata": "{"})
    with pytest.raises(WeightsError, match="its `lora_adapter_metadata` is no JSON"):
        read_adapter(path)


def test_without_a_configuration_the_scale_is_not_known(tmp_path: Path) -> None:
    path = safetensors(tmp_path / "adapter.safetensors", layers())
    found = read_adapter(path)
    assert {layer.scale for layer in found.layers} == {None}
    assert "nothing tells alpha" in found.notes[0]
    with pytest.raises(WeightsError, match=r"there is no `adapter_config\.json`"):
        read_adapter(tmp_path)


def test_several_adapters_of_a_file_are_told_apart(tmp_path: Path) -> None:
    tensors = {
        name.replace(".weight", f".{adapter}.weight"): values
        for adapter, seed in (("one", 0), ("two", 9))
        for name, values in layers(seed=seed).items()
    }
    folder = peft(tmp_path, tensors)
    first, second = read_adapters(folder)
    assert (first.name, second.name, len(first.layers)) == ("one", "two", 4)
    assert read_adapter(folder, "two").name == "two"
    with pytest.raises(WeightsError, match="it holds 2 adapters: `one`, `two`"):
        read_adapter(folder)
    with pytest.raises(UnknownNameError, match="no adapter of the file is called `too`"):
        read_adapter(folder, "too")


def _broken(**changes: Any) -> dict[str, Any]:
    found = {**layers(), **pair("odd", *factors(48, 32))}
    for name, value in changes.items():
        key = f"{PREFIX}odd.lora_{name}.weight"
        if value is None:
            del found[key]
        else:
            found[key] = value
    return found


FAULTS: dict[str, dict[str, Any]] = {
    "`odd` has no factor B (up)": {"B": None},
    "`odd` has no factor A (down)": {"A": None},
    "`odd` has factors that do not fit: A is 8 × 32 and B 48 × 9": {"B": np.ones((48, 9), "f4")},
    "`odd` has an empty tensor": {"A": np.ones((8, 0), "f4")},
    "which are no matrices": {"A": np.ones(8, "f4")},
    "of the type I8, which is not read": {"A": np.ones((8, 32), "i1")},
}


@pytest.mark.parametrize(("message", "changes"), FAULTS.items())
def test_a_broken_layer_is_a_fault_and_the_others_are_read(
    tmp_path: Path, message: str, changes: dict[str, Any]
) -> None:
    found = read_adapter(peft(tmp_path, _broken(**changes)))
    assert len(found.layers) == 4
    [fault] = _faults(found)
    assert message in fault


KOHYA_FAULTS: dict[str, dict[str, Any]] = {
    "has inf as its alpha": {"alpha": np.array(np.inf, np.float32)},
    "has an alpha that is no single number": {"alpha": np.ones(2, np.float32)},
    "has factors of LoHa and LoRA": {"hada_w1_a": np.ones((2, 2), np.float32)},
    "do not fit: 8 × 32, 2 × 2 × 3 × 3 and 48 × 8": {
        "lora_mid.weight": np.ones((2, 2, 3, 3), np.float32)
    },
    "has 5 magnitudes for 48 outputs": {"dora_scale": np.ones(5, np.float32)},
}


@pytest.mark.parametrize(("message", "changes"), KOHYA_FAULTS.items())
def test_parts_that_do_not_fit_are_told(
    tmp_path: Path, message: str, changes: dict[str, Any]
) -> None:
    down, up = factors(48, 32)
    tensors = {"lora_te_x.lora_down.weight": down, "lora_te_x.lora_up.weight": up}
    tensors |= {f"lora_te_x.{name}": value for name, value in changes.items()}
    with pytest.raises(WeightsError) as told:
        read_adapter(safetensors(tmp_path / "a.safetensors", tensors))
    assert message in str(told.value)


PRODUCTS: dict[str, dict[str, tuple[int, ...]]] = {
    "has no factor w2_b": {"hada_w1_a": (4, 2), "hada_w1_b": (2, 3), "hada_w2_a": (4, 2)},
    "of a Hadamard product that do not fit": {
        "hada_w1_a": (4, 2), "hada_w1_b": (2, 3), "hada_w2_a": (5, 2), "hada_w2_b": (2, 3)
    },
    "that are no matrices": {
        "hada_w1_a": (4,), "hada_w1_b": (2, 3), "hada_w2_a": (5, 2), "hada_w2_b": (2, 3)
    },
    "is a LoHa in Tucker's form": {
        "hada_w1_a": (4, 2), "hada_w1_b": (2, 3), "hada_w2_a": (4, 2), "hada_w2_b": (2, 3),
        "hada_t1": (2, 2, 3, 3),
    },
    "is a LoHa of rank 33, and ranks up to 32": {
        "hada_w1_a": (4, 33), "hada_w1_b": (33, 3), "hada_w2_a": (4, 33), "hada_w2_b": (33, 3)
    },
    "has no factor w2, whole or as w2_a and w2_b": {"lokr_w1": (2, 2)},
    "has factors w2_a and w2_b that do not fit: 4 × 2 and 3 × 3": {
        "lokr_w1": (2, 2), "lokr_w2_a": (4, 2), "lokr_w2_b": (3, 3)
    },
}  # fmt: skip


@pytest.mark.parametrize(("message", "shapes"), PRODUCTS.items())
def test_products_that_do_not_fit_are_told(
    tmp_path: Path, message: str, shapes: dict[str, tuple[int, ...]]
) -> None:
    tensors = {f"lora_te_x.{name}": np.ones(shape, "f4") for name, shape in shapes.items()}
    with pytest.raises(WeightsError, match=message):
        read_adapter(safetensors(tmp_path / "a.safetensors", tensors))


def test_a_stated_rank_of_products_must_be_theirs(tmp_path: Path) -> None:
    shapes = {"w1_a": (4, 2), "w1_b": (2, 3), "w2_a": (4, 2), "w2_b": (2, 3)}
    tensors = {f"{PREFIX}x.hada_{name}": np.ones(shape, "f4") for name, shape in shapes.items()}
    with pytest.raises(WeightsError, match="has rank 2, and its configuration says 8"):
        read_adapter(peft(tmp_path, tensors, peft_type="LOHA", alpha=16))


def test_one_factor_under_two_names_is_a_fault(tmp_path: Path) -> None:
    down, up = factors(48, 32)
    tensors = {"unet.a.lora.down.weight": down, "unet.a.lora.up.weight": up}
    tensors["unet.a.lora_A.weight"] = down
    with pytest.raises(WeightsError, match="has a factor twice"):
        read_adapter(safetensors(tmp_path / "a.safetensors", tensors))


def test_places_without_an_adapter_are_told(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="there is no such file or folder"):
        read_adapter(tmp_path / "nowhere")
    with pytest.raises(WeightsError, match="none of its 0 files"):
        read_adapter(tmp_path)
    peft(tmp_path / "sub")
    peft(tmp_path / "other")
    with pytest.raises(WeightsError, match="holds folders of adapters: `other`, `sub`"):
        read_adapter(tmp_path)
    empty = safetensors(tmp_path / "e" / "adapter_model.safetensors", {})
    with pytest.raises(WeightsError, match="it holds no tensors"):
        read_adapter(empty)
    plain = safetensors(tmp_path / "p" / "a.safetensors", {"w": np.ones(2, "f4")})
    with pytest.raises(WeightsError, match="none of its 1 tensors is named like a part"):
        read_adapter(plain)
    (tmp_path / "m.onnx").write_bytes(b"x")
    with pytest.raises(WeightsError, match="of the format ONNX"):
        read_adapter(tmp_path / "m.onnx")


def test_a_file_that_ends_early_is_told(tmp_path: Path) -> None:
    folder = peft(tmp_path)
    path = folder / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(WeightsError, match="its tensors have"):
        read_adapter(folder)


def test_parts_of_one_adapter_in_several_files_are_one(tmp_path: Path) -> None:
    tensors = list(layers().items())
    for number, some in enumerate((tensors[:3], tensors[3:]), 1):
        safetensors(tmp_path / f"a-0000{number}-of-00002.safetensors", dict(some))
    assert len(read_adapter(tmp_path / "a-00001-of-00002.safetensors").layers) == len(MODULES)
    safetensors(tmp_path / "a-00002-of-00002.safetensors", dict(tensors[:1]))
    with pytest.raises(WeightsError, match="is in another file of the adapter too"):
        read_adapter(tmp_path / "a-00001-of-00002.safetensors")


def test_a_pytorch_file_is_read_as_its_safetensors(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is what writes these files")
    tensors = layers()
    peft(tmp_path / "a")
    (tmp_path / "b").mkdir()
    saved = {name: torch.from_numpy(values) for name, values in tensors.items()}
    torch.save(saved, tmp_path / "b" / "adapter_model.bin")
    (tmp_path / "a" / "adapter_config.json").rename(tmp_path / "b" / "adapter_config.json")
    found = read_adapter(tmp_path / "b")
    assert [layer.module for layer in found.layers] == sorted(MODULES)
    assert found.layers[0].scale == 2.0


def test_a_file_that_is_cut_while_it_is_read_is_told(tmp_path: Path) -> None:
    folder = peft(tmp_path)
    found = read_adapter(folder)
    path = folder / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:-5])
    last = max(
        (tensor for layer in found.layers for tensor in layer.factors), key=lambda each: each.start
    )
    with opened() as files, pytest.raises(WeightsError, match="it ends 5 bytes before its tensor"):
        files.values(last)
