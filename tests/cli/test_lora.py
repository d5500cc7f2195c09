from __future__ import annotations

import json
import os
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from evalhouse.cli.lora import use_one_thread
from tests.cli.conftest import Evalhouse
from tests.lora.made import MODULES, Numbers, factors, layers, pair, peft, safetensors


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    return peft(tmp_path / "adapter")


def test_an_audit_is_a_table_by_types_with_suggestions(call: Evalhouse, adapter: Path) -> None:
    done = call("lora", "audit", adapter)
    assert (done.code, done.err) == (0, "")
    assert "LoRA of rank 8, 4 layers, 2,816 parameters" in done.out
    for told in ("self_attn.q_proj", "mlp.up_proj", "uniform_p90", "error_budget", "findings"):
        assert told in done.out
    assert "model.layers.0" not in done.out
    assert "model.layers.0.self_attn.q_proj" in call("lora", "audit", adapter, "--layers").out


def test_an_audit_is_data_for_programs(call: Evalhouse, adapter: Path) -> None:
    found = call(
        "lora", "audit", adapter, "--json", "--allowed-ranks", "8,3", "--energy", "0.5",
        "--budget", "0.3",
    ).json  # fmt: skip
    assert (found["n_layers"], found["base_model"]) == (4, "org/base")
    assert found["allowed_ranks"] == [3, 8]
    assert found["total_lora_params"] == sum(8 * sum(shape) for shape in MODULES.values())
    layer = found["layers"][0]
    assert len(layer["singular_values"]) == 8
    assert len(layer["truncation_frobenius"]) == 9
    assert {"energy_rank_90", "energy_rank_95", "energy_rank_99"} <= set(layer)
    assert layer["gain"] is None
    assert found["suggestions"]["uniform_p90"]["rank"] == 3
    assert found["faults"] == []


def test_a_page_holds_its_pictures(call: Evalhouse, adapter: Path, tmp_path: Path) -> None:
    page = tmp_path / "pages" / "audit.html"
    done = call("lora", "audit", adapter, "--html", page)
    assert "has the pictures" in done.out
    text = page.read_text()
    assert text.count("<svg") == 3
    for told in ("Suggested ranks", "model.layers.1.mlp.up_proj", "Utilization", "<title"):
        assert told in text
    assert not re.search(r"(?:src|href)=.https?:", text)
    call("lora", "audit", adapter, "--html", tmp_path / "audit.md")
    assert "| mlp.up_proj |" in (tmp_path / "audit.md").read_text().replace("\\_", "_")


def test_gains_need_the_base(call: Evalhouse, adapter: Path, tmp_path: Path) -> None:
    base = {f"{module}.weight": np.ones(shape, "f4") for module, shape in MODULES.items()}
    place = safetensors(tmp_path / "base" / "model.safetensors", base)
    done = call("lora", "audit", adapter, "--base", place.parent, "--layers")
    assert "gain" in done.out
    found = call("lora", "audit", adapter, "--base", place, "--json").json
    assert found["layers"][0]["gain"]["base_spectral"] == pytest.approx((64 * 32) ** 0.5, rel=1e-5)
    page = tmp_path / "a.html"
    call("lora", "audit", adapter, "--base", place, "--html", page)
    assert "gain" in page.read_text()


def test_faults_are_sentences_and_a_failure_beside_what_could_be_measured(
    call: Evalhouse, tmp_path: Path
) -> None:
    tensors = layers()
    name = f"base_model.model.{min(MODULES)}.lora_"
    tensors[f"{name}A.weight"][0, :2] = np.nan
    del tensors["base_model.model.model.layers.1.mlp.up_proj.lora_B.weight"]
    folder = peft(tmp_path / "a", tensors)
    done = call("lora", "audit", folder, "--json", "--html", tmp_path / "a.html")
    assert done.code == 1
    assert done.err.splitlines() == [
        "evalhouse: `model.layers.1.mlp.up_proj` has no factor B (up)",
        f"evalhouse: `{min(MODULES)}` has 2 NaN or infinite numbers in `{name}A.weight`",
    ]
    assert done.json["n_layers"] == 2
    assert len(done.json["faults"]) == 2
    assert "What is wrong with it" in (tmp_path / "a.html").read_text()


def test_adapters_of_one_file_are_told_one_after_another(call: Evalhouse, tmp_path: Path) -> None:
    tensors = {
        key.replace(".weight", f".{adapter}.weight"): values
        for adapter, seed in (("one", 0), ("two", 9))
        for key, values in layers(seed=seed).items()
    }
    folder = peft(tmp_path / "a", tensors)
    out = call("lora", "audit", folder).out
    assert [f"a {name}\n" in out for name in ("one", "two")] == [True, True]
    assert [each["adapter_name"] for each in call("lora", "audit", folder, "--json").json] == [
        "one", "two"
    ]  # fmt: skip
    found = call("lora", "audit", folder, "--adapter", "two", "--json").json
    assert found["adapter_name"] == "two"
    assert call("lora", "audit", folder, "--adapter", "three").code == 2


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--allowed-ranks", "x"), "`--allowed-ranks x` is no list of whole numbers"),
        (("--allowed-ranks", "0,4"), "allowed ranks are whole numbers from 1"),
        (("--allowed-ranks", ","), "allowed ranks are whole numbers from 1"),
        (("--energy", "90"), "the share of the energy is 90"),
        (("--budget", "0"), "the error budget is 0"),
        (("--html", "page.pdf"), "a page is written as one of .html"),
    ],
)
def test_options_that_make_no_sense_are_told(
    call: Evalhouse, adapter: Path, options: tuple[str, str], told: str
) -> None:
    done = call("lora", "audit", adapter, *options)
    assert done.code == 2
    assert told in done.err
    assert not done.out


def test_places_without_an_adapter_are_told(call: Evalhouse, tmp_path: Path) -> None:
    done = call("lora", "audit", tmp_path / "nowhere")
    assert done.code == 1
    assert "there is no such file or folder" in done.err
    blocked = tmp_path / "file"
    blocked.write_text("x")
    done = call("lora", "audit", peft(tmp_path / "a"), "--html", blocked / "a.html")
    assert done.code == 2
    assert "cannot be written" in done.err


def test_an_adapter_is_made_smaller(call: Evalhouse, adapter: Path, tmp_path: Path) -> None:
    to = tmp_path / "small"
    done = call("lora", "compress", adapter, "--plan", "uniform:4", "--to", to)
    assert done.code == 0
    assert "rank 4, 1,408 parameters (50.0% fewer)" in done.out
    assert "the best truncation to these ranks has" in done.out
    assert call("lora", "audit", to, "--json").json["layers"][0]["rank"] == 4
    again = call("lora", "compress", adapter, "--plan", "uniform:2", "--to", to)
    assert again.code == 2
    assert "replace it by `--force`" in again.err
    found = call(
        "lora", "compress", adapter, "--plan", "uniform:2", "--to", to, "--force", "--json",
        "--dtype", "BF16",
    ).json  # fmt: skip
    assert found == json.loads((to / "compression.json").read_text())
    assert found["param_reduction"] == 0.75


def test_a_control_says_that_it_is_one(call: Evalhouse, adapter: Path, tmp_path: Path) -> None:
    out = call("lora", "compress", adapter, "--plan", "shuffled:0.9", "--to", tmp_path / "c").out
    assert "this is a control" in out


def test_adapters_are_added_up_by_weights(call: Evalhouse, adapter: Path, tmp_path: Path) -> None:
    words = ("lora", "compress", adapter, adapter, "--plan", "uniform:8", "--to")
    done = call(*words, tmp_path / "sum", "--weights", "0.5, 0.5", "--json")
    assert done.json["relative_error"] < 1e-6
    bad = call(*words, tmp_path / "bad", "--weights", "a")
    assert "`--weights a` is no list of numbers" in bad.err


def test_an_adapter_that_changes_nothing_is_told(call: Evalhouse, tmp_path: Path) -> None:
    zero = {name: values * 0 if "lora_B" in name else values for name, values in layers().items()}
    folder = peft(tmp_path / "a", zero)
    out = call("lora", "audit", folder, "--html", tmp_path / "a.html").out
    assert "suggested ranks" not in out
    assert "all 4 layers change nothing" in out
    assert "<svg" not in (tmp_path / "a.html").read_text()
    small = call("lora", "compress", folder, "--plan", "uniform:2", "--to", tmp_path / "b").out
    assert "most in" not in small


def test_a_plain_adapter_has_no_findings(call: Evalhouse, tmp_path: Path) -> None:
    folder = peft(tmp_path / "a", layers(4, fall=0.8), r=4, base_model_name_or_path=None)
    assert "findings" not in call("lora", "audit", folder).out
    call("lora", "audit", folder, "--html", tmp_path / "a.html")
    assert "Findings" not in (tmp_path / "a.html").read_text()


def test_more_types_than_a_picture_has_room_for_are_told(call: Evalhouse, tmp_path: Path) -> None:
    tensors: dict[str, Numbers] = {}
    for number in range(41):
        name = f"layers.0.{chr(97 + number % 26)}{'x' * (number // 26)}"
        tensors |= pair(name, *factors(6, 5, 2, seed=number))
    folder = peft(tmp_path / "a", tensors, r=2)
    call("lora", "audit", folder, "--html", tmp_path / "a.html")
    text = (tmp_path / "a.html").read_text()
    assert "1 blocks of 41 types are too many for a picture" in text
    assert text.count("<svg") == 1


def test_numbers_are_crunched_in_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evalhouse.cli.lora.sys", SimpleNamespace(modules={}))
    for name in ("OPENBLAS", "OMP", "MKL"):
        monkeypatch.setenv(f"{name}_NUM_THREADS", "3")
    del os.environ["OPENBLAS_NUM_THREADS"]
    use_one_thread()
    assert [os.environ[f"{name}_NUM_THREADS"] for name in ("OPENBLAS", "OMP")] == ["1", "3"]


def test_help_needs_no_numbers(call: Evalhouse) -> None:
    out = call("lora", "--help").out
    assert "audit" in out
    assert "compress" in out
