"""What `adapter_config.json` says about an adapter."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalhouse.errors import WeightsError
from evalhouse.lora.patterns import Patterns
from evalhouse.lora.thresholds import words
from evalhouse.weights.reading import read_object

_MEND = "mend the file, or save the adapter again"
METHODS = {"LORA": "LoRA", "LOHA": "LoHa", "LOKR": "LoKr"}
_LARGEST_RANK = 2**20


@dataclass(frozen=True)
class Settings:
    """The configuration of an adapter of PEFT.

    Attributes:
        path: the file.
        values: all that it states, as it states it.
        rank, alpha: where no pattern says otherwise.
        ranks, alphas: by patterns of names.
    """

    path: Path
    values: Mapping[str, Any]
    rank: int
    alpha: float
    ranks: Patterns[int] = field(repr=False)
    alphas: Patterns[float] = field(repr=False)

    @property
    def method(self) -> str:
        """Return LoRA, LoHa or LoKr."""
        return METHODS[self.values["peft_type"]]

    @property
    def is_rank_stabilised(self) -> bool:
        """Tell whether the scale is alpha over the root of the rank (rsLoRA)."""
        return bool(self.values.get("use_rslora"))

    @property
    def is_decomposed(self) -> bool:
        """Tell whether magnitudes are learnt apart (DoRA)."""
        return bool(self.values.get("use_dora"))

    @property
    def base_model(self) -> str | None:
        """Return the model that the adapter is on, as stated."""
        found = self.values.get("base_model_name_or_path")
        return found if isinstance(found, str) and found else None

    @property
    def changes_base(self) -> str | None:
        """Return the way of starting that changed the weights of the base model, if one did."""
        found = self.values.get("init_lora_weights")
        if not isinstance(found, str):
            return None
        changing = words("changes_base")
        return found if found.lower().partition("_niter")[0] in changing else None

    def rank_of(self, module: str) -> int:
        """Return the rank of a module."""
        found = self.ranks.of(module)
        return self.rank if found is None else found

    def alpha_of(self, module: str) -> float:
        """Return alpha of a module."""
        found = self.alphas.of(module)
        return self.alpha if found is None else found

    def scale_of(self, module: str, rank: int) -> float:
        """Return what the product of the factors of a module is multiplied with."""
        root = self.is_rank_stabilised and self.method == "LoRA"
        return self.alpha_of(module) / (math.sqrt(rank) if root else rank)


def read_settings(path: Path) -> Settings:
    """Return what the configuration of an adapter says.

    Raises:
        WeightsError: where it is damaged, or of a kind of adapter that is not read here.
    """
    return settings_from(path, read_object(path))


def settings_from(path: Path, values: Mapping[str, Any]) -> Settings:
    """Return what values that a file states say; WeightsError as above."""
    kind = values.get("peft_type")
    if kind not in METHODS:
        known = ", ".join(METHODS)
        what = f"its `peft_type` is {_told(kind)}, and {known} are read"
        raise WeightsError(str(path), what, "name an adapter of one of these kinds")
    rank, alpha_name = values.get("r"), "lora_alpha" if kind == "LORA" else "alpha"
    alpha = values.get(alpha_name)
    if not isinstance(rank, int) or not _is_rank(rank):
        what = f"its `r` is {_told(rank)} and a whole number from 1 is expected"
        raise WeightsError(str(path), what, _MEND)
    if not isinstance(alpha, (int, float)) or not _is_number(alpha):
        what = f"its `{alpha_name}` is {_told(alpha)} and a number is expected"
        raise WeightsError(str(path), what, _MEND)
    return Settings(
        path,
        values,
        rank,
        float(alpha),
        Patterns(_compiled(path, values, "rank_pattern", _is_rank)),
        Patterns(_compiled(path, values, "alpha_pattern", _is_number)),
    )


def _compiled(path: Path, values: Mapping[str, Any], name: str, is_valid: Any) -> dict[str, Any]:
    found = values.get(name) or {}
    if not isinstance(found, dict):
        what = f"its `{name}` is {_told(found)} and an object is expected"
        raise WeightsError(str(path), what, _MEND)
    for pattern, value in found.items():
        if not is_valid(value):
            what = f"its `{name}` has {_told(value)} for `{pattern[:80]}`"
            raise WeightsError(str(path), what, _MEND)
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as failure:
            what = f"its `{name}` has `{pattern[:80]}`, which is no regular expression: {failure}"
            raise WeightsError(str(path), what, _MEND) from failure
    return found


def _is_rank(value: Any) -> bool:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return is_whole and 1 <= value <= _LARGEST_RANK


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and abs(value) <= 1e300


def _told(value: Any) -> str:
    return "not there" if value is None else f"`{str(value)[:80]}`"
