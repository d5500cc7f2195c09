"""What lies around weights from the Hugging Face Hub: the card, and folders of its cache."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FRONT = re.compile(r"---\r?\n(?P<yaml>.*?)\r?\n---", re.DOTALL)
_LONGEST_CARD = 2**16  # bytes; what stands further down is no front matter
_CACHED = re.compile(r"models--(?P<owner>[^/]+?)--(?P<name>[^/]+)")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Card:
    """What is told around the weights; None where it is not.

    Attributes:
        name: of the repository, `owner/name`.
        revision: its commit.
        base_model: what the model was made of, where that is one model.
        license: as its card spells it.
    """

    name: str | None = None
    revision: str | None = None
    base_model: str | None = None
    license: str | None = None


def read_card(folder: Path) -> Card:
    """Return what the card of a folder and its place in the cache of the hub tell.

    A card that is damaged tells nothing: it is prose, and no part of the weights.
    """
    front = _front_matter(folder / "README.md")
    name, revision = _cached(folder)
    return Card(name, revision, _one(front.get("base_model")), _one(front.get("license")))


def _cached(folder: Path) -> tuple[str | None, str | None]:
    """Read `models--owner--name/snapshots/<commit>`."""
    place = folder.absolute()
    found = _CACHED.fullmatch(place.parent.parent.name)
    if not found or place.parent.name != "snapshots" or not _COMMIT.fullmatch(place.name):
        return None, None
    return f"{found['owner']}/{found['name']}", place.name


def _front_matter(path: Path) -> dict[str, Any]:
    import yaml  # noqa: PLC0415 - only folders with a card need it

    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST_CARD).decode("utf-8", "replace")
        found = _FRONT.match(text)
        values = yaml.safe_load(found["yaml"]) if found else None
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return {}
    return values if isinstance(values, dict) else {}


def _one(value: Any) -> str | None:
    """Return a text, or the only one of a list."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value.strip() or None if isinstance(value, str) else None
