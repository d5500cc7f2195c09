from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evalhouse.errors import WeightsError
from evalhouse.weights.safetensors import read_header
from tests.weights.made import safetensors, with_header


def _one(**changes: Any) -> bytes:
    entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changes}
    return with_header(json.dumps({"a": entry}).encode(), 8)


def test_names_types_shapes_and_sizes_are_read(tmp_path: Path) -> None:
    tensors = {"a.weight": ("BF16", (2, 3)), "b": ("F32", ()), "c": ("F4", (4,))}
    header = read_header(safetensors(tmp_path / "a.safetensors", tensors, {"format": "pt"}))
    assert header.metadata == {"format": "pt"}
    assert [(each.name, each.type, each.shape, each.size) for each in header.tensors] == [
        ("a.weight", "BF16", (2, 3), 12),
        ("b", "F32", (), 4),
        ("c", "F4", (4,), 2),
    ]
    end = (tmp_path / "a.safetensors").stat().st_size
    assert [each.start for each in header.tensors] == [end - 18, end - 6, end - 2]


def test_a_type_that_is_not_known_is_not_checked(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(_one(dtype="F5_NEW"))
    assert read_header(path).tensors[0].type == "F5_NEW"


def test_no_tensors_are_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(with_header(b"{}"))
    assert read_header(path).tensors == ()


TWICE = b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{}}'
FAULTS = {
    "its header should have 0 bytes and the file has 0": b"",
    "should have 2,147,483,648 bytes": (2**31).to_bytes(8, "little") + b"{}",
    "its JSON is damaged: Expecting value": with_header(b"hello"),
    "its JSON is not UTF-8 at byte 2": with_header(b'{"\xff":1}'),
    "its JSON is a list and an object is expected": with_header(b"[]"),
    "its JSON is nested too deeply": with_header(b"[" * 200_000),
    "its JSON is damaged: it has `a` twice": with_header(TWICE, 8),
    "its `__metadata__` is no object": with_header(b'{"__metadata__":[]}'),
    "told of as it should be: Expected `object`, got `int`": with_header(b'{"a":1}'),
    "Object missing required field `dtype`": with_header(b'{"a":{}}'),
    "Expected `str`, got `null` - at `$.dtype`": _one(dtype=None),
    "Expected `array`, got `int` - at `$.shape`": _one(shape=2),
    "Expected `int` >= 0 - at `$.shape[0]`": _one(shape=[-2]),
    "Expected `int`, got `bool` - at `$.shape[0]`": _one(shape=[True]),
    "Expected `array` of length <= 32 - at `$.shape`": _one(shape=[1] * 33),
    "Expected `array` of length 2, got 1 - at `$.data_offsets`": _one(data_offsets=[0]),
    "has -4 bytes, which F32 [2] has not": _one(data_offsets=[8, 4]),
    "has 8 bytes, which F32 [3] has not": _one(shape=[3]),
    "has 8 bytes, which NEW [9223372036854775807, 2] has not": _one(
        dtype="NEW", shape=[2**63 - 1, 2]
    ),
    "begins at byte 4 and 0 is expected": _one(data_offsets=[4, 12]),
    "its tensors have 8 bytes and the file has 9": _one() + b"\0",
    "its tensors have 8 bytes and the file has 7": _one()[:-1],
}


@pytest.mark.parametrize("sentence", FAULTS)
def test_a_header_that_is_not_right_gives_a_sentence(tmp_path: Path, sentence: str) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(FAULTS[sentence])
    with pytest.raises(WeightsError) as failure:
        read_header(path)
    assert sentence in str(failure.value)
    assert str(failure.value).startswith(f"the weights `{path}` cannot be read: ")
    assert "\n" not in str(failure.value)


def test_a_header_may_not_be_longer_than_any_model_needs(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    with path.open("wb") as file:
        file.write((2**25 + 1).to_bytes(8, "little"))
        file.truncate(2**26)  # a hole, which takes no room on the disk
    with pytest.raises(WeightsError, match="33,554,433 bytes; at most 33,554,432 can be read"):
        read_header(path)


def test_there_may_not_be_more_tensors_than_any_model_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evalhouse.weights.safetensors._MOST_TENSORS", 1)
    path = safetensors(tmp_path / "a.safetensors", {"a": ("F32", ()), "b": ("F32", ())})
    with pytest.raises(WeightsError, match="it has 2 tensors; at most 1 can be read"):
        read_header(path)
