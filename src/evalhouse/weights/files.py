"""Which files of a place hold the weights of a model or of an adapter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from evalhouse.errors import WeightsError
from evalhouse.weights.reading import read_object, reading

GGUF, SAFETENSORS, PYTORCH, ONNX, MLX = "GGUF", "SafeTensors", "PyTorch", "ONNX", "MLX"
ADAPTER_CONFIG = "adapter_config.json"
_ADAPTER = "adapter_model"
_MAGIC = b"GGUF"
_FORMATS = {
    ".gguf": GGUF,
    ".safetensors": SAFETENSORS,
    ".bin": PYTORCH,
    ".pt": PYTORCH,
    ".pth": PYTORCH,
    ".onnx": ONNX,
    ".npz": MLX,
}
_PART = re.compile(
    r"(?P<stem>.*)[-.](?P<number>\d{5})-of-(?P<count>\d{5})(?P<ending>\.[a-z]+)", re.DOTALL
)
# Files of these endings that hold other things than weights of the model.
_OTHERS = re.compile(
    r"training_args\.bin|optimizer\.(?:bin|pt|pth)|scheduler\.(?:bin|pt|pth)|rng_state.*|"
    r"mmproj.*\.gguf|.*imatrix.*\.gguf|random_states.*"
)
_OF_META = re.compile(r"consolidated\.\d\d\.pth")  # parts that do not say how many there are
_INDEXES = {SAFETENSORS: ".safetensors.index.json", PYTORCH: ".bin.index.json"}
_PREFERRED = (SAFETENSORS, GGUF, PYTORCH, MLX, ONNX)
_NAME_ONE = "name one file of weights, or a folder with one model"


@dataclass(frozen=True)
class WeightFiles:
    """The files that hold the weights.

    Attributes:
        place: what was named.
        folder: where they, and configurations beside them, are.
        file_format: a name of `model_file_formats`.
        paths: the files, in the order of their names.
        is_adapter: whether a PEFT adapter is what they hold.
    """

    place: Path
    folder: Path
    file_format: str
    paths: tuple[Path, ...]
    is_adapter: bool = False


def weight_files(place: Path) -> WeightFiles:
    """Return the files of weights at a place: of a file all its parts, of a folder its model.

    Of a folder with weights in several formats safetensors count, then GGUF, then PyTorch: what
    programs load first.

    Raises:
        WeightsError: where there are none, a part is missing, or several models are in a folder.
    """
    with reading(place):
        if place.is_dir():
            return _of_folder(place)
        if place.is_file():
            return _of_file(place)
        exists = place.exists()
    what = "it is no regular file" if exists else "there is no such file or folder"
    raise WeightsError(str(place), what, _NAME_ONE)


def _of_file(path: Path) -> WeightFiles:
    file_format = _format(path)
    if file_format is None:
        known = ", ".join(_FORMATS)
        what = f"it is neither GGUF nor named like a file of weights ({known})"
        raise WeightsError(str(path), what, _NAME_ONE)
    is_adapter = path.name.startswith(_ADAPTER) and (path.parent / ADAPTER_CONFIG).is_file()
    return WeightFiles(path, path.parent, file_format, _parts(path), is_adapter)


def _of_folder(folder: Path) -> WeightFiles:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    if (folder / ADAPTER_CONFIG).is_file():
        adapters = [path for path in files if path.stem == _ADAPTER and path.suffix in _FORMATS]
        adapters.sort(key=lambda path: _PREFERRED.index(_FORMATS[path.suffix]))
        if adapters:
            path = adapters[0]
            return WeightFiles(folder, folder, _FORMATS[path.suffix], (path,), is_adapter=True)
    weights = [path for path in files if path.suffix in _FORMATS]
    weights = [path for path in weights if not _OTHERS.fullmatch(path.name)]
    for file_format in _PREFERRED:
        paths = [path for path in weights if _FORMATS[path.suffix] == file_format]
        if paths:
            return WeightFiles(folder, folder, file_format, _model_of(folder, file_format, paths))
    what = f"none of its {len(files):,} files is one of weights ({', '.join(_FORMATS)})"
    raise WeightsError(str(folder), what, _NAME_ONE)


def _model_of(folder: Path, file_format: str, paths: list[Path]) -> tuple[Path, ...]:
    """Return the files of one model among those of a format in a folder."""
    index = next(iter(sorted(folder.glob(f"*{_INDEXES.get(file_format, '.no index')}"))), None)
    if index is not None:
        return _listed(index)
    whole = [path for path in paths if path.stem in {"model", "pytorch_model", "weights"}]
    if all(_OF_META.fullmatch(path.name) for path in paths):
        return tuple(paths)
    models = _models(whole or paths)
    # The same weights once more, in the layout of their maker.
    models = [model for model in models if not model[0].stem.startswith("consolidated")] or models
    if len(models) > 1:
        names = ", ".join(f"`{model[0].name}`" for model in models[:4])
        more = f" and {len(models) - 4} more" if len(models) > 4 else ""
        raise WeightsError(str(folder), f"it holds several models: {names}{more}", _NAME_ONE)
    return models[0]


def _models(paths: Iterable[Path]) -> list[tuple[Path, ...]]:
    """Return each file, or the files of which each is a part, in the order of their names."""
    found: dict[Path, tuple[Path, ...]] = {}
    for path in paths:
        if not any(path in parts for parts in found.values()):
            found[path] = _parts(path)
    return list(found.values())


def _listed(index: Path) -> tuple[Path, ...]:
    """Return the files that the index of a model names."""
    names = read_object(index).get("weight_map")
    if not isinstance(names, dict) or not names:
        raise WeightsError(str(index), "it has no `weight_map`", "download the index again")
    found = sorted({str(name) for name in names.values()})
    for name in found:
        if name in {"", ".", ".."} or re.search(r"[/\\\0]", name):
            what = f"it names `{name[:80]}`, which is no file beside it"
            raise WeightsError(str(index), what, "download the index again")
    return _there(index.parent, found)


def _parts(path: Path) -> tuple[Path, ...]:
    """Return all parts of the file that a file is a part of; itself where it is none."""
    found = _PART.fullmatch(path.name)
    if not found:
        return (path,)
    count, between = int(found["count"]), path.name[len(found["stem"])]
    if not 1 <= int(found["number"]) <= count:
        what = f"it is part {int(found['number'])} of {count}"
        raise WeightsError(str(path), what, "give the file its name again")
    names = [
        f"{found['stem']}{between}{number:05}-of-{count:05}{found['ending']}"
        for number in range(1, count + 1)
    ]
    return _there(path.parent, names)


def _there(folder: Path, names: list[str]) -> tuple[Path, ...]:
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        what = f"{len(missing):,} of its {len(names):,} files are missing, first `{missing[0]}`"
        raise WeightsError(str(folder), what, "download what is missing")
    return tuple(folder / name for name in names)


def _format(path: Path) -> str | None:
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) == _MAGIC:
            return GGUF
    return _FORMATS.get(path.suffix)
