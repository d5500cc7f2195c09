"""The files of `data/lookups`: a list of rows each, with where they come from."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any

from evalhouse.errors import HouseError

_FOLDER = resources.files("evalhouse") / "data" / "lookups"


def read_file(name: str) -> dict[str, Any]:
    """Return what `data/lookups/<name>.toml` holds; `source` says where its facts come from.

    Raises:
        HouseError: where the file is damaged or tells no source.
    """
    try:
        found = tomllib.loads(_FOLDER.joinpath(f"{name}.toml").read_text("utf-8"))
    except (OSError, ValueError) as failure:
        raise HouseError(f"`data/lookups/{name}.toml` cannot be read: {failure}") from failure
    if not found.get("source"):
        raise HouseError(f"`data/lookups/{name}.toml` does not say where its facts come from")
    return found
