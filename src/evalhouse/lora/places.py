"""Where in a model a layer stands: its block, and which of the block's modules it is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from evalhouse.lora.thresholds import part_of_model

_INDEX = re.compile(r"(?:^|(?<=[._]))\d+(?=[._]|$)")
_KOHYA = re.compile(r"^lora_(?:unet|te\d?|transformer)_")
NO_BLOCK = "–"


@dataclass(frozen=True)
class Place:
    """A place in a model.

    Attributes:
        block: up to the first number of the name; `–` where there is none.
        type: what follows, other numbers as `*`: layers that do the same in each block.
        part: of the model: attention, feed_forward, embedding or other.
    """

    block: str
    type: str
    part: str


def place_of(module: str) -> Place:
    """Return where a module stands.

    Example:
        >>> place_of("model.layers.3.self_attn.q_proj")
        Place(block='model.layers.3', type='self_attn.q_proj', part='attention')
        >>> place_of("model.layers.3.mlp.experts.7.w1").type, place_of("lm_head").block
        ('mlp.experts.*.w1', '–')
    """
    found = _INDEX.search(module)
    part = part_of_model(module)
    if found is None or found.end() == len(module):
        return Place(NO_BLOCK, _INDEX.sub("*", module), part)
    return Place(module[: found.end()], _INDEX.sub("*", module[found.end() + 1 :]), part)


def short_blocks(blocks: list[str]) -> dict[str, str]:
    """Return blocks without what all of them begin with.

    Example:
        >>> short_blocks(["model.layers.0", "model.layers.11"])
        {'model.layers.0': '0', 'model.layers.11': '11'}
    """
    starts = {block[: len(block) - len(_last_number(block))] for block in blocks}
    if len(starts) == 1:
        return {block: _last_number(block) or block for block in blocks}
    return {block: _KOHYA.sub("", block) for block in blocks}


def _last_number(block: str) -> str:
    found = re.search(r"\d+$", block)
    return found[0] if found else ""
