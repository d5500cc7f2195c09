from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from evalhouse.lora import ranks
from evalhouse.lora.measures import energy_rank, tails
from evalhouse.lora.ranks import Choice, rounded_up

ALLOWED = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64)


def choice(
    module: str, values: list[float], *, cost: int = 10, kind: str = "q", share: float = 0.9
) -> Choice:
    found = np.array(values, np.float64)
    return Choice(module, found, tails(found), len(values), cost, kind, energy_rank(found, share))


def needing(module: str, needed: int | None, rank: int = 16, kind: str = "q") -> Choice:
    return Choice(module, np.zeros(rank), np.zeros(rank + 1), rank, 10, kind, needed)


@pytest.mark.parametrize(
    ("value", "most", "rank"),
    [(6.8, 64, 8), (11.2, 64, 12), (12, 64, 12), (0.2, 64, 1), (6.8, 7, 7), (70, 128, 128)],
)
def test_ranks_are_rounded_up_and_never_above_the_one_there_is(
    value: float, most: int, rank: int
) -> None:
    assert rounded_up(value, ALLOWED, most) == rank


# The ranks for 90% of the energy in three stored audits of 24 layers of rank 16 (gradience 0.7,
# `bench_runs/regression_test`, `bench_runs/quality_gate_test`, `smoke_test_option_b`), with the
# median, the 90th percentile and the suggestions that stand beside them.
STORED = {
    (10.0, 12.0): "3 4 5 5 6 7 7 8 9 9 10 10 10 11 11 11 11 11 12 12 12 12 13 13",
    (11.0, 12.0): "4 4 6 7 7 8 9 9 9 10 10 11 11 11 11 11 12 12 12 12 12 12 13 13",
    (9.5, 12.0): "3 4 4 4 6 6 7 7 7 8 9 9 10 10 10 10 11 11 11 11 12 12 13 13",
}


@pytest.mark.parametrize(("quantiles", "stored"), STORED.items())
def test_one_rank_for_all_is_that_of_stored_audits(
    quantiles: tuple[float, float], stored: str
) -> None:
    needed = [int(each) for each in stored.split()]
    assert (ranks.quantile(needed, 0.5), ranks.quantile(needed, 0.9)) == quantiles
    layers = [needing(str(place), each) for place, each in enumerate(needed)]
    powers = (1, 2, 4, 8, 16, 32)
    assert ranks.uniform(layers, 0.5, powers) == 16
    assert ranks.uniform(layers, 0.9, powers) == 16
    assert ranks.uniform(layers, 0.9, ALLOWED) == 12


def test_layers_that_are_zero_count_in_no_quantile_and_get_the_least_rank() -> None:
    layers = [needing("a", None), needing("b", 9)]
    assert ranks.uniform(layers, 0.5, ALLOWED) == 12
    assert ranks.uniform(layers[:1], 0.5, ALLOWED) is None
    assert ranks.per_layer(layers, ALLOWED) == {"a": 1, "b": 12}
    assert ranks.per_type([needing("a", None, kind="k")], 0.9, ALLOWED) == {"k": 1}


def test_each_type_gets_what_nine_in_ten_of_its_layers_need() -> None:
    layers = [needing(f"q{place}", place % 4 + 1) for place in range(10)]
    layers += [needing("k", 7, kind="k")]
    assert ranks.per_type(layers, 0.9, ALLOWED) == {"q": 4, "k": 8}


def _steps(size: int, seed: int) -> list[Choice]:
    chance = np.random.default_rng(seed)
    return [
        choice(
            str(number),
            sorted(chance.exponential(size=4), reverse=True),
            cost=int(chance.integers(5, 20)),
        )
        for number in range(size)
    ]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("budget", [0.05, 0.2, 0.5])
def test_an_error_budget_is_kept_and_near_the_fewest_parameters(seed: int, budget: float) -> None:
    layers, allowed = _steps(4, seed), (1, 2, 3, 4)
    found = ranks.by_error(layers, budget, allowed)
    assert ranks.relative_error(layers, found) <= budget * (1 + 1e-9)
    spent = _price(layers, found)
    best = min(
        _price(layers, each)
        for each in _all(layers, allowed)
        if ranks.relative_error(layers, each) <= budget
    )
    # One step too many at most: what is gained most an expense comes first.
    assert best <= spent <= best + max(layer.cost for layer in layers)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("budget", [45, 90, 150])
def test_a_budget_of_parameters_is_kept_and_near_the_least_error(seed: int, budget: int) -> None:
    layers, allowed = _steps(4, seed), (1, 2, 3, 4)
    found = ranks.by_parameters(layers, budget, allowed)
    fitting = [each for each in _all(layers, allowed) if _price(layers, each) <= budget]
    if not fitting:
        assert found is None
        return
    assert found is not None
    assert _price(layers, found) <= budget
    best = min(ranks.relative_error(layers, each) for each in fitting)
    assert ranks.relative_error(layers, found) <= 1.3 * best + 1e-9


def test_the_whole_budget_keeps_everything() -> None:
    layers = _steps(3, 0)
    most = sum(layer.cost * 4 for layer in layers)
    assert ranks.by_parameters(layers, most, (1, 2, 4)) == {"0": 4, "1": 4, "2": 4}


def test_nothing_is_lost_of_nothing() -> None:
    assert ranks.relative_error([needing("a", None)], {"a": 1}) == 0


def _price(layers: list[Choice], chosen: dict[str, int]) -> int:
    return sum(layer.cost * chosen[layer.module] for layer in layers)


def _all(layers: list[Choice], allowed: tuple[int, ...]) -> list[dict[str, int]]:
    names = [layer.module for layer in layers]
    return [dict(zip(names, each, strict=True)) for each in product(allowed, repeat=len(names))]
