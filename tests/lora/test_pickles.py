from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evalhouse.errors import WeightsError
from evalhouse.lora.pickles import read_pickle
from evalhouse.lora.stored import opened


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch", reason="torch is what writes these files")


def _saved(path: Path, what: Any) -> Path:
    import torch

    torch.save(what, path)
    return path


def _values(path: Path) -> dict[str, Any]:
    with opened() as files:
        return {name: files.values(tensor) for name, tensor in read_pickle(path).items()}


def test_tensors_of_all_types_are_read_as_torch_wrote_them(torch: Any, tmp_path: Path) -> None:
    kinds = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
    tensors = {str(kind): torch.randn(3, 5).to(kind) for kind in kinds}
    found = _values(_saved(tmp_path / "a.bin", OrderedDict(tensors)))
    for name, tensor in tensors.items():
        assert np.array_equal(found[name], tensor.double().numpy())


def test_views_of_one_storage_are_read_where_they_are(torch: Any, tmp_path: Path) -> None:
    whole = torch.arange(24.0).reshape(4, 6)
    views = {"turned": whole.T, "part": whole[1:3, 2:4], "row": whole[2], "one": whole[3, 5]}
    found = _values(_saved(tmp_path / "a.bin", views))
    for name, view in views.items():
        assert np.array_equal(found[name], view.double().numpy())
    with opened() as files:
        tensors = read_pickle(tmp_path / "a.bin")
        assert files.raw(tensors["turned"]) == whole.T.contiguous().numpy().tobytes()
        assert files.raw(tensors["row"]) == whole[2].numpy().tobytes()


def test_parameters_state_and_wrappers_are_looked_through(torch: Any, tmp_path: Path) -> None:
    module = torch.nn.Linear(3, 2)
    found = _values(_saved(tmp_path / "a.bin", module.state_dict()))
    assert set(found) == {"weight", "bias"}
    saved = {"epoch": 3, "state_dict": {"w": torch.nn.Parameter(torch.ones(2))}}
    assert _values(_saved(tmp_path / "b.pt", saved))["w"].tolist() == [1.0, 1.0]


def test_tensors_that_are_no_floats_are_known_by_name(torch: Any, tmp_path: Path) -> None:
    found = read_pickle(_saved(tmp_path / "a.bin", {"n": torch.tensor([1, 2])}))
    assert found["n"].type == "I64"
    with opened() as files, pytest.raises(WeightsError, match="`n` is of the type I64"):
        files.values(found["n"])


class _Harm:
    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("this was executed",)


def test_nothing_that_a_pickle_names_is_executed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _archive(tmp_path / "a.bin", pickle.dumps({"w": 1, "x": _Harm()}))
    with pytest.raises(WeightsError, match=r"names `builtins\.print`.*may be harmful"):
        read_pickle(path)
    assert not capsys.readouterr().out


STATES = (
    b"}X\x05\x00\x00\x00_nameX\x01\x00\x00\x00xsb.",  # set on the object
    b"N}X\x05\x00\x00\x00_nameX\x01\x00\x00\x00xs\x86b.",  # and on its slots
)


@pytest.mark.parametrize("state", STATES)
def test_allowed_names_cannot_be_changed_from_a_pickle(tmp_path: Path, state: bytes) -> None:
    code = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n" + state
    with pytest.raises(WeightsError, match="its pickle is damaged"):
        read_pickle(_archive(tmp_path / "a.bin", code))


def _archive(path: Path, code: bytes, how: int = zipfile.ZIP_STORED, **more: bytes) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        archive.writestr("archive/data.pkl", code)
        for name, data in more.items():
            archive.writestr(f"archive/{name.replace('__', '/')}", data)
    return path


def _view(offset: Any = 0, shape: Any = (2,), strides: Any = (1,), count: Any = 2) -> bytes:
    """Return a pickle of one tensor, made of plain instructions."""
    place = ("storage", "@", "0", "cpu", count)
    body = pickle.dumps((place, offset, shape, strides, False, None), 2)
    stream = io.BytesIO()
    storage = b"ctorch\nFloatStorage\n"
    front, _, back = body[2:-1].partition(pickle.dumps("@", 2)[2:-3])
    mark = back.index(b"t")  # the end of the tuple that names the storage
    stream.write(b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n")
    stream.write(front + storage + back[2 : mark + 1] + b"Q" + back[mark + 3 :])
    stream.write(b"Rs.")
    return stream.getvalue()


def test_a_tensor_made_of_plain_instructions_is_read(tmp_path: Path) -> None:
    path = _archive(tmp_path / "a.bin", _view(), data__0=np.ones(2, "<f4").tobytes())
    assert _values(path)["w"].tolist() == [1.0, 1.0]


FAULTS: dict[str, dict[str, Any]] = {
    "a tensor reaches beyond its storage": {"offset": 1},
    "reaches beyond its storage": {"shape": (2**40,), "strides": (0,)},
    "other strides than dimensions": {"shape": (1, 2)},
    "a tensor is not told of as it should be": {"offset": -1},
    "a storage is not told of as it should be": {"count": -2},
}


@pytest.mark.parametrize(("message", "changes"), FAULTS.items())
def test_a_tensor_that_lies_is_told(tmp_path: Path, message: str, changes: dict[str, Any]) -> None:
    path = _archive(tmp_path / "a.bin", _view(**changes), data__0=bytes(8))
    with pytest.raises(WeightsError, match=message):
        read_pickle(path)


def test_archives_that_are_not_as_torch_writes_them_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(pickle.dumps({"w": 1}))
    with pytest.raises(WeightsError, match="it is no ZIP archive"):
        read_pickle(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other", b"")
    with pytest.raises(WeightsError, match=r"holds 0 files `data\.pkl`"):
        read_pickle(path)
    with pytest.raises(WeightsError, match="a storage that the archive has not"):
        read_pickle(_archive(path, _view()))
    with pytest.raises(WeightsError, match="compressed or shorter"):
        read_pickle(_archive(path, _view(), data__0=bytes(4)))
    with pytest.raises(WeightsError, match="compressed or shorter"):
        read_pickle(_archive(path, _view(), zipfile.ZIP_DEFLATED, data__0=bytes(8)))
    with pytest.raises(WeightsError, match="not little-endian"):
        read_pickle(_archive(path, _view(), data__0=bytes(8), byteorder=b"big"))
    with pytest.raises(WeightsError, match="its pickle is damaged"):
        read_pickle(_archive(path, b"\x80\x02nonsense"))
    with pytest.raises(WeightsError, match="holds a list and no tensors"):
        read_pickle(_archive(path, pickle.dumps([1])))
    with pytest.raises(WeightsError, match="its archive is damaged"):
        read_pickle(_broken(path))


def _broken(path: Path) -> Path:
    _archive(path, _view(), data__0=bytes(8))
    data = bytearray(path.read_bytes())
    place = data.index(b"archive/data.pkl") + len("archive/data.pkl")
    data[place] ^= 0xFF
    path.write_bytes(bytes(data))
    return path


def test_a_pickle_that_is_too_long_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evalhouse.lora.pickles._LONGEST_PICKLE", 10)
    with pytest.raises(WeightsError, match="at most 10 can be read"):
        read_pickle(_archive(tmp_path / "a.bin", _view()))
    monkeypatch.undo()
    monkeypatch.setattr("evalhouse.lora.pickles._MOST_TENSORS", 0)
    path = _archive(tmp_path / "b.bin", _view(), data__0=bytes(8))
    with pytest.raises(WeightsError, match="it has 1 tensors; at most 0"):
        read_pickle(path)


def test_names_that_are_no_text_are_told(torch: Any, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="a name of its tensors is no text"):
        read_pickle(_saved(tmp_path / "a.bin", {1: torch.ones(1)}))


def test_names_of_an_archive_that_are_no_text_are_told(tmp_path: Path) -> None:
    path = _archive(tmp_path / "a.bin", _view(), data__ä=bytes(8))
    path.write_bytes(path.read_bytes().replace("ä".encode(), b"\xde\xff"))
    with pytest.raises(WeightsError, match="its archive is damaged: 'utf-8' codec"):
        read_pickle(path)
