from __future__ import annotations

import pytest

from evalhouse.errors import UsageError
from evalhouse.lora.plans import Plan, Terms, ranks_by, read_plan
from tests.lora.test_ranks import choice, needing

TERMS = Terms((1, 2, 4, 8), 0, {"a": 20, "b": 40})


@pytest.mark.parametrize(
    ("text", "rule", "value"),
    [
        ("uniform:8", "uniform", 8),
        ("uniform:median", "quantile", 0.5),
        ("uniform:p90", "quantile", 0.9),
        ("per-layer:0.95", "per-layer", 0.95),
        ("per-type:0.9", "per-type", 0.9),
        ("shuffled:0.9", "shuffled", 0.9),
        ("budget:0.1", "error", 0.1),
        ("budget:error=0.05", "error", 0.05),
        ("budget:params=0.5", "params", 0.5),
        ("budget:params=200000", "params", 200_000),
        ("budget:bytes=2.5MB", "bytes", 2_500_000),
    ],
)
def test_plans_are_read(text: str, rule: str, value: float) -> None:
    assert read_plan(text) == Plan(text, rule, value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    ["", "8", "uniform", "uniform:0", "uniform:-1", "uniform:x", "budget:bytes=lots", "budget:x=1",
     "budget:params=0", "budget:params=5MB", "median:8"],
)  # fmt: skip
def test_what_is_no_plan_is_told_with_those_there_are(text: str) -> None:
    with pytest.raises(UsageError, match="is no plan; plans are `uniform:8`"):
        read_plan(text)


@pytest.mark.parametrize("text", ["per-layer:9", "per-type:0", "shuffled:x", "budget:1.5"])
def test_shares_lie_between_0_and_1(text: str) -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        read_plan(text)


def _by(text: str, *layers: object, terms: Terms = TERMS) -> dict[str, int]:
    return ranks_by(read_plan(text), layers, terms)  # type: ignore[arg-type]


def test_no_layer_gets_more_than_it_has() -> None:
    layers = needing("a", 3, rank=4), needing("b", 6, rank=16)
    assert _by("uniform:12", *layers) == {"a": 4, "b": 12}
    assert _by("uniform:p90", *layers) == {"a": 4, "b": 8}
    assert _by("uniform:median", needing("a", None)) == {"a": 1}
    assert _by("per-layer:0.9", *layers) == {"a": 4, "b": 8}
    assert _by("per-type:0.9", *layers) == {"a": 4, "b": 8}


def test_the_control_has_the_same_ranks_at_other_layers() -> None:
    layers = [needing(str(number), number + 1, rank=32) for number in range(12)]
    honest = _by("per-layer:0.9", *layers)
    control = _by("shuffled:0.9", *layers)
    assert sorted(control.values()) == sorted(honest.values())
    assert control != honest
    assert control == _by("shuffled:0.9", *layers)
    assert control != _by("shuffled:0.9", *layers, terms=Terms((1, 2, 4, 8), 1, {}))
    assert read_plan("shuffled:0.9").is_control


def test_budgets_count_what_no_rank_changes() -> None:
    layers = choice("a", [4.0, 2.0, 1.0, 0.5]), choice("b", [1.0, 0.5, 0.2, 0.1])
    assert _by("budget:params=40", *layers) == {"a": 2, "b": 2}
    fixed = Terms((1, 2, 4), 0, {"a": 20, "b": 40}, (10, 30))
    assert _by("budget:params=40", *layers, terms=fixed) == {"a": 2, "b": 1}
    assert _by("budget:params=0.5", *layers, terms=fixed) == {"a": 2, "b": 1}  # of 90
    assert _by("budget:bytes=130", *layers, terms=fixed) == {"a": 2, "b": 1}
    assert _by("budget:0.9", *layers) == {"a": 1, "b": 1}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "budget:params=15",
            "allows 15 parameters, and the least allowed rank of every layer takes 20",
        ),
        ("budget:bytes=50", "allows 50 bytes, and the least allowed rank of every layer takes 60"),
    ],
)
def test_a_budget_that_is_too_small_is_told(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        _by(text, choice("a", [2.0, 1.0]), choice("b", [2.0, 1.0]))
