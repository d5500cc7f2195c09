"""How the tensors of adapters are called, by the programs that write them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Spelling = Literal["PEFT", "kohya", "diffusers"]
Method = Literal["LoRA", "LoHa", "LoKr"]

DOWN, UP, MIDDLE = "down", "up", "middle"
ALPHA, MAGNITUDE, BIAS = "alpha", "magnitude", "bias"
PREFIX = "base_model.model."
"""What PEFT writes before the names of the modules of a model."""


@dataclass(frozen=True, slots=True)
class Part:
    """What the name of a tensor says.

    Attributes:
        module: the layer it changes, as the base model calls it, or kohya with its underscores.
        role: `down` (r × in) and `up` (out × r) of low-rank updates, or another part.
        spelling: whose it is.
        method: of the update; None of parts that all have, such as `alpha`.
        adapter: the name of the adapter in the file, where the tensor has one.
        is_embedding: whether the update is of an embedding, whose weight lies the other way round.
    """

    module: str
    role: str
    spelling: Spelling
    method: Method | None = "LoRA"
    adapter: str | None = None
    is_embedding: bool = False


_ADAPTER = r"(?:\.(?P<adapter>(?!weight$|bias$)[^.]+))?"
_PEFT = re.compile(
    rf"(?P<module>.+)\.lora_(?P<embedding>embedding_)?(?P<side>A|B){_ADAPTER}"
    r"(?:\.(?P<end>weight|bias))?",
    re.DOTALL,
)
_MAGNITUDE = re.compile(rf"(?P<module>.+)\.lora_magnitude_vector{_ADAPTER}(?:\.weight)?", re.DOTALL)
_KOHYA = re.compile(r"(?P<module>.+)\.lora_(?P<side>down|up|mid)\.weight", re.DOTALL)
_DIFFUSERS = re.compile(
    r"(?P<module>.+)(?:\.lora|\.lora_linear_layer|_lora)\.(?P<side>down|up)\.weight", re.DOTALL
)
_PRODUCTS = re.compile(
    r"(?P<module>.+)\.(?P<role>hada_(?:w[12]_[ab]|t[12])|lokr_(?:w[12](?:_[ab])?|t2))"
    rf"{_ADAPTER}(?:\.weight)?",
    re.DOTALL,
)
_SCALES = re.compile(r"(?P<module>.+)\.(?P<role>alpha|dora_scale)", re.DOTALL)
_SIDES = {"A": DOWN, "B": UP, "down": DOWN, "up": UP, "mid": MIDDLE}


def part_of(name: str) -> Part | None:
    """Return what the name of a tensor says; None of one that is no part of an update.

    Example:
        >>> part_of("base_model.model.layers.0.q_proj.lora_A.weight").module
        'layers.0.q_proj'
        >>> part_of("lora_unet_mid_block_to_q.lora_up.weight").spelling
        'kohya'
        >>> part_of("classifier.weight") is None
        True
    """
    for pattern, read in _READERS:
        found = pattern.fullmatch(name)
        if found:
            return read(found)
    return None


def _peft(found: re.Match[str]) -> Part:
    is_bias = found["end"] == "bias"
    return Part(
        found["module"].removeprefix(PREFIX),
        BIAS if is_bias else _SIDES[found["side"]],
        "PEFT",
        adapter=found["adapter"],
        is_embedding=bool(found["embedding"]),
    )


def _magnitude(found: re.Match[str]) -> Part:
    module = found["module"].removeprefix(PREFIX)
    return Part(module, MAGNITUDE, "PEFT", None, found["adapter"])


def _kohya(found: re.Match[str]) -> Part:
    return Part(found["module"], _SIDES[found["side"]], "kohya")


def _diffusers(found: re.Match[str]) -> Part:
    # Attention processors were once where the weights are now.
    module = found["module"].replace(".processor.", ".")
    return Part(module, _SIDES[found["side"]], "diffusers")


def _product(found: re.Match[str]) -> Part:
    method: Method = "LoHa" if found["role"].startswith("hada") else "LoKr"
    is_peft = found["module"].startswith(PREFIX)
    module = found["module"].removeprefix(PREFIX)
    role = found["role"].partition("_")[2]
    return Part(module, role, "PEFT" if is_peft else "kohya", method, found["adapter"])


def _scale(found: re.Match[str]) -> Part:
    role = ALPHA if found["role"] == "alpha" else MAGNITUDE
    return Part(found["module"].replace(".processor.", "."), role, "kohya", None)


_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Part]], ...] = (
    (_PEFT, _peft),
    (_MAGNITUDE, _magnitude),
    (_KOHYA, _kohya),
    (_DIFFUSERS, _diffusers),
    (_PRODUCTS, _product),
    (_SCALES, _scale),
)
