"""The files of `data/weights`: types of tensors, names of tensors, keys of configurations."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from evalhouse.errors import HouseError

_FOLDER = resources.files("evalhouse") / "data" / "weights"


@dataclass(frozen=True)
class BlockType:
    """A type of tensors of GGUF files.

    Attributes:
        name: as ggml calls it.
        weights: of a block; None where the number is used for several layouts.
        size: of a block in bytes; None as above.
    """

    name: str
    weights: int | None = None
    size: int | None = None


@dataclass(frozen=True)
class FileType:
    """A type of GGUF files, with the types of tensors of which one at least must be there."""

    name: str
    holds: tuple[str, ...]


@cache
def block_types() -> dict[int, BlockType]:
    """Return the types of tensors by their numbers."""
    return {entry[0]: BlockType(*entry[1:]) for entry in read_table("ggml")["types"]}


@cache
def file_types() -> dict[int, FileType]:
    """Return the types of files by their numbers."""
    return {
        number: FileType(name, tuple(holds)) for number, name, *holds in read_table("ggml")["files"]
    }


@cache
def bits_of(dtype: str) -> int | None:
    """Return the bits of a type of safetensors; None of one that is not known."""
    found = read_table("tensors")["bits"].get(dtype)
    return found if isinstance(found, int) else None


@cache
def pattern(name: str) -> re.Pattern[str]:
    """Return the pattern of names of tensors of a kind: expert, attention, buffer and others."""
    return re.compile("|".join(read_table("tensors")["patterns"][name]))


@cache
def words(name: str) -> tuple[str, ...]:
    """Return a list of keys, or of their values, of configurations."""
    return tuple(read_table("config")[name])


@cache
def read_table(name: str) -> dict[str, Any]:
    """Return what `data/weights/<name>.toml` holds.

    Raises:
        HouseError: where the file is damaged or tells no source.
    """
    try:
        found = tomllib.loads(_FOLDER.joinpath(f"{name}.toml").read_text("utf-8"))
    except (OSError, ValueError) as failure:
        raise HouseError(f"`data/weights/{name}.toml` cannot be read: {failure}") from failure
    if not found.get("source"):
        raise HouseError(f"`data/weights/{name}.toml` does not say where its facts come from")
    return found
