"""What `data/lora.toml` holds: allowed ranks, thresholds of findings, parts of models."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from evalhouse.errors import HouseError

_FILE = "lora.toml"
OTHER = "other"
_NEEDED = frozenset(
    {
        "source",
        "allowed_ranks",
        "energy_shares",
        "error_budget",
        "changes_base",
        "thresholds",
        "parts",
    }
)


@cache
def table() -> Mapping[str, Any]:
    """Return the file.

    Raises:
        HouseError: where it is damaged, tells no source, or lacks something.
    """
    try:
        text = resources.files("evalhouse").joinpath("data", _FILE).read_text("utf-8")
        found = tomllib.loads(text)
    except (OSError, ValueError) as failure:
        raise HouseError(f"`data/{_FILE}` cannot be read: {failure}") from failure
    lacking = _NEEDED - set(found)
    if lacking:
        raise HouseError(f"`data/{_FILE}` lacks `{min(lacking)}`")
    ranks = found["allowed_ranks"]
    if ranks != sorted(set(ranks)) or min(ranks) < 1:
        raise HouseError(f"`allowed_ranks` of `data/{_FILE}` do not rise from 1 or more")
    return found


def threshold(name: str) -> float:
    """Return a threshold of findings."""
    return float(table()["thresholds"][name])


def words(name: str) -> tuple[str, ...]:
    """Return a list of words."""
    return tuple(table()[name])


def allowed_ranks() -> tuple[int, ...]:
    """Return the ranks that are suggested, rising."""
    return tuple(table()["allowed_ranks"])


@cache
def part_of_model(module: str) -> str:
    """Return the part of a model that a module belongs to: attention, feed_forward.

    Example:
        >>> part_of_model("model.layers.0.self_attn.q_proj")
        'attention'
        >>> part_of_model("h.0.mlp.c_proj"), part_of_model("score")
        ('feed_forward', 'other')
    """
    # The module's own part of the model is told by what stands nearest to its end.
    best, place = OTHER, -1
    for part, pattern in _parts().items():
        for found in pattern.finditer(module):
            if found.start() > place or (found.start() == place and best == OTHER):
                best, place = part, found.start()
    return best


@cache
def _parts() -> dict[str, re.Pattern[str]]:
    return {part: re.compile("|".join(each)) for part, each in table()["parts"].items()}
