from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from evalhouse.errors import WeightsError
from evalhouse.weights.files import weight_files
from tests.weights.made import Gguf, safetensors_bytes

GGUF = Gguf().file({}, {})
ONE = safetensors_bytes({"a": ("F32", ())})


def _fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).write_bytes(GGUF if name.endswith(".gguf") else ONE)
    return folder


def _index(folder: Path, *names: str) -> Path:
    weight_map = {f"tensor {number}": name for number, name in enumerate(names)}
    text = json.dumps({"weight_map": weight_map})
    (folder / "model.safetensors.index.json").write_text(text, encoding="utf-8")
    return folder


def _names(place: Path) -> list[str]:
    return [path.name for path in weight_files(place).paths]


PARTS = ["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"]
HUB = [f"model-0000{number}-of-00003.safetensors" for number in (1, 2, 3)]


@pytest.mark.parametrize(
    ("names", "file_format", "found"),
    [
        (["model.safetensors"], "SafeTensors", ["model.safetensors"]),
        (HUB, "SafeTensors", HUB),
        ([*HUB, "consolidated.safetensors"], "SafeTensors", HUB),
        (["consolidated.safetensors"], "SafeTensors", ["consolidated.safetensors"]),
        (
            ["consolidated.00.safetensors", "model.safetensors"],
            *("SafeTensors", ["model.safetensors"]),
        ),
        (
            ["model.safetensors", "m.gguf", "pytorch_model.bin"],
            "SafeTensors",
            ["model.safetensors"],
        ),
        (["m-Q4_0.gguf", "mmproj-F16.gguf", "x.imatrix.gguf"], "GGUF", ["m-Q4_0.gguf"]),
        (PARTS, "GGUF", PARTS),
        (
            ["pytorch_model.bin", "training_args.bin", "optimizer.pt"],
            "PyTorch",
            ["pytorch_model.bin"],
        ),
        (
            ["consolidated.00.pth", "consolidated.01.pth"],
            *("PyTorch", ["consolidated.00.pth", "consolidated.01.pth"]),
        ),
        (["model.onnx"], "ONNX", ["model.onnx"]),
        (["weights.npz"], "MLX", ["weights.npz"]),
    ],
)
def test_the_model_of_a_folder_is_found(
    tmp_path: Path, names: list[str], file_format: str, found: list[str]
) -> None:
    files = weight_files(_fill(tmp_path, "README.md", *names))
    assert (files.file_format, [path.name for path in files.paths]) == (file_format, found)
    assert not files.is_adapter


def test_a_part_stands_for_all_parts(tmp_path: Path) -> None:
    _fill(tmp_path, *PARTS, "other.gguf")
    assert _names(tmp_path / PARTS[1]) == PARTS
    assert _names(tmp_path / "other.gguf") == ["other.gguf"]


def test_the_index_says_which_files_are_the_model(tmp_path: Path) -> None:
    _fill(_index(tmp_path, "b.safetensors", "a.safetensors"), *"abc")
    _fill(tmp_path, "a.safetensors", "b.safetensors", "c.safetensors")
    assert _names(tmp_path) == ["a.safetensors", "b.safetensors"]


def test_a_file_without_an_ending_is_gguf_where_it_begins_so(tmp_path: Path) -> None:
    (tmp_path / "sha256-0123").write_bytes(GGUF)  # as Ollama keeps them
    assert weight_files(tmp_path / "sha256-0123").file_format == "GGUF"


def test_an_adapter_is_told_by_its_configuration(tmp_path: Path) -> None:
    _fill(tmp_path, "adapter_model.bin", "adapter_model.safetensors", "adapter_config.json")
    _fill(tmp_path, "model.safetensors")
    for place in (tmp_path, tmp_path / "adapter_model.safetensors"):
        files = weight_files(place)
        assert files.is_adapter
        assert [path.name for path in files.paths] == ["adapter_model.safetensors"]
    assert not weight_files(tmp_path / "model.safetensors").is_adapter
    (tmp_path / "adapter_model.bin").unlink()
    (tmp_path / "adapter_model.safetensors").unlink()
    assert not weight_files(tmp_path).is_adapter


def _fails(place: Path, sentence: str) -> None:
    with pytest.raises(WeightsError) as failure:
        weight_files(place)
    assert sentence in str(failure.value)


def test_what_is_no_model_gives_a_sentence(tmp_path: Path) -> None:
    _fails(tmp_path / "none", "there is no such file or folder; name one file of weights")
    _fails(tmp_path, "none of its 0 files is one of weights (.gguf, .safetensors")
    _fill(tmp_path, "notes.txt")
    _fails(tmp_path / "notes.txt", "it is neither GGUF nor named like a file of weights")
    os.mkfifo(tmp_path / "pipe.gguf")
    _fails(tmp_path / "pipe.gguf", "it is no regular file")


def test_several_models_in_a_folder_are_named(tmp_path: Path) -> None:
    _fill(tmp_path, *(f"{name}.gguf" for name in "abcdef"))
    _fails(tmp_path, "several models: `a.gguf`, `b.gguf`, `c.gguf`, `d.gguf` and 2 more; name one")


def test_missing_parts_are_named(tmp_path: Path) -> None:
    _fill(tmp_path, HUB[1])
    sentence = f"2 of its 3 files are missing, first `{HUB[0]}`; download what is missing"
    _fails(tmp_path, sentence)
    _fails(tmp_path / HUB[1], sentence)
    _fails(_index(tmp_path, *HUB), sentence)


def test_a_part_beyond_the_last_is_no_part(tmp_path: Path) -> None:
    _fill(tmp_path, "m-00003-of-00002.gguf")
    _fails(tmp_path / "m-00003-of-00002.gguf", "it is part 3 of 2; give the file its name again")


@pytest.mark.parametrize("name", ["../x.safetensors", "..", "", "a/b", "a\\b", "a\0b"])
def test_an_index_reaches_no_other_folder(tmp_path: Path, name: str) -> None:
    _fails(_index(_fill(tmp_path, "model.safetensors"), name), "which is no file beside it")


@pytest.mark.parametrize("text", ["{}", '{"weight_map": {}}', '{"weight_map": []}'])
def test_an_index_without_a_map_gives_a_sentence(tmp_path: Path, text: str) -> None:
    _fill(tmp_path, "a.safetensors")
    (tmp_path / "model.safetensors.index.json").write_text(text, encoding="utf-8")
    _fails(tmp_path, "it has no `weight_map`; download the index again")


def test_what_the_system_says_is_passed_on(tmp_path: Path) -> None:
    _fails(tmp_path / ("x" * 300), "File name too long; check the path and the rights to it")
