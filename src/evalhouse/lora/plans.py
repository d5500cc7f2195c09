"""Plans by which an adapter is made smaller: which layer gets which rank.

uniform:8            rank 8 for all; also uniform:median and uniform:p90, over the layers
per-layer:0.9        each layer what it needs for that share of its energy
per-type:0.9         each type of layers what nine in ten of them need for it
shuffled:0.9         the ranks of per-layer at random layers: a control, that placing matters
budget:0.1           at most that relative error of all updates together (also budget:error=0.1)
budget:params=0.5    at most that share of the parameters, or that many; budget:bytes=20MB
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import Literal

import numpy as np

from evalhouse.errors import UsageError
from evalhouse.lora import ranks
from evalhouse.lora.ranks import Choice

Rule = Literal[
    "uniform", "quantile", "per-layer", "per-type", "shuffled", "error", "params", "bytes"
]
_QUANTILES = {"median": 0.5, "p90": 0.9}
_HIGH = 0.9
_SHARES: tuple[Rule, ...] = ("per-layer", "per-type", "shuffled")
_UNITS = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9}
_SIZE = re.compile(r"(\d+(?:\.\d+)?(?:e\d{1,2})?) ?(B|kB|MB|GB|)")
_KNOWN = (
    "`uniform:8`, `uniform:median`, `uniform:p90`, `per-layer:0.9`, `per-type:0.9`, "
    "`shuffled:0.9`, `budget:0.1`, `budget:params=0.5`, `budget:bytes=20MB`"
)


@dataclass(frozen=True)
class Plan:
    """A plan.

    Attributes:
        text: as it was given.
        rule: how ranks are chosen; `quantile` over the layers for one rank of all.
        value: the rank, quantile, share, error, parameters or bytes.
    """

    text: str
    rule: Rule
    value: float

    @property
    def share(self) -> float | None:
        """Return the share of the energy that a layer is to keep, where the plan says one."""
        return self.value if self.rule in _SHARES else None

    @property
    def is_control(self) -> bool:
        """Tell whether the plan is there to be compared with, never to be used."""
        return self.rule == "shuffled"


def read_plan(text: str) -> Plan:
    """Return the plan of a text.

    Raises:
        UsageError: where it is none.

    Example:
        >>> read_plan("uniform:8")
        Plan(text='uniform:8', rule='uniform', value=8)
        >>> read_plan("budget:bytes=20MB").value
        20000000.0
    """
    name, _, rest = text.strip().partition(":")
    if name == "uniform" and rest in _QUANTILES:
        return Plan(text, "quantile", _QUANTILES[rest])
    if name == "uniform" and rest.isdecimal() and int(rest) > 0:
        return Plan(text, "uniform", int(rest))
    for rule in _SHARES:
        if name == rule:
            return Plan(text, rule, _between(text, rest, "share of the energy"))
    if name == "budget":
        return _budget(text, rest)
    raise UsageError(f"`{text}` is no plan; plans are {_KNOWN}")


def _budget(text: str, rest: str) -> Plan:
    kind, equals, amount = rest.partition("=")
    if not equals or kind == "error":
        return Plan(text, "error", _between(text, amount or rest, "relative error"))
    found = _SIZE.fullmatch(amount)
    if kind == "bytes" and found:
        return Plan(text, "bytes", float(found[1]) * _UNITS[found[2]])
    if kind == "params" and found and not found[2] and float(found[1]) > 0:
        return Plan(text, "params", float(found[1]))
    raise UsageError(f"`{text}` is no plan; plans are {_KNOWN}")


def _between(text: str, rest: str, what: str) -> float:
    try:
        value = float(rest)
    except ValueError:
        value = -1.0
    if not 0 < value < 1:
        raise UsageError(f"`{text}` needs a {what} between 0 and 1, such as 0.9 or 0.1")
    return value


@dataclass(frozen=True)
class Terms:
    """What a plan is carried out with.

    Attributes:
        allowed: ranks that may be chosen; a plan that names a rank may choose any.
        seed: of the control.
        bytes_of_rank: of one rank of a layer, by its module.
        fixed: parameters and bytes that no plan changes, such as biases.
    """

    allowed: Sequence[int]
    seed: int
    bytes_of_rank: Mapping[str, int]
    fixed: tuple[int, int] = (0, 0)


def ranks_by(plan: Plan, choices: Sequence[Choice], terms: Terms) -> dict[str, int]:
    """Return the rank of each layer by a plan, never above the one it has.

    Raises:
        UsageError: where no ranks are that small.
    """
    most = {each.module: each.rank for each in choices}
    if plan.rule in ("uniform", "quantile"):
        rank: float | None = plan.value
        if plan.rule == "quantile":
            rank = ranks.uniform(choices, plan.value, terms.allowed) or 1
        return {module: min(int(rank or 1), limit) for module, limit in most.items()}
    if plan.rule == "per-type":
        typed = ranks.per_type(choices, _HIGH, terms.allowed)
        return {each.module: min(typed[each.type], each.rank) for each in choices}
    if plan.rule in ("per-layer", "shuffled"):
        found = ranks.per_layer(choices, terms.allowed)
        return found if plan.rule == "per-layer" else _shuffled(found, most, terms.seed)
    if plan.rule == "error":
        return ranks.by_error(choices, plan.value, terms.allowed)
    return _within(plan, choices, terms)


def _shuffled(found: Mapping[str, int], most: Mapping[str, int], seed: int) -> dict[str, int]:
    modules = list(found)
    order = np.random.default_rng(seed).permutation(len(modules))
    return {
        module: min(found[modules[place]], most[module])
        for module, place in zip(modules, order, strict=True)
    }


def _within(plan: Plan, choices: Sequence[Choice], terms: Terms) -> dict[str, int]:
    """Return ranks within a number of parameters or bytes, of the whole adapter."""
    if plan.rule == "bytes":
        priced = [_priced(each, terms.bytes_of_rank[each.module]) for each in choices]
        budget = plan.value - terms.fixed[1]
    else:
        priced = list(choices)
        now = sum(each.cost * each.rank for each in choices) + terms.fixed[0]
        budget = (plan.value * now if plan.value <= 1 else plan.value) - terms.fixed[0]
    found = ranks.by_parameters(priced, budget, terms.allowed)
    if found is None:
        least = sum(each.cost * min(*terms.allowed, each.rank) for each in priced)
        unit = "bytes" if plan.rule == "bytes" else "parameters"
        fixed = terms.fixed[plan.rule == "bytes"]
        raise UsageError(
            f"`{plan.text}` allows {floor(budget + fixed):,} {unit}, and the least allowed rank of "
            f"every layer takes {least + fixed:,}; allow more, or smaller ranks"
        )
    return found


def _priced(each: Choice, cost: int) -> Choice:
    return Choice(each.module, each.values, each.lost, each.rank, cost, each.type, each.needed)
