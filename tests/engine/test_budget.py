from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from evalhouse.engine.budget import Budget, BudgetError
from evalhouse.errors import UsageError
from evalhouse.providers import Usage
from evalhouse.providers.prices import Price

PRICE = Price(0.15, 0.075, 0.6, 2_000_000, "a page", date(2026, 6, 21))


@pytest.mark.parametrize("name", ["max_requests", "max_tokens", "max_cost"])
def test_a_limit_that_would_never_ask_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"`{name}` is 0 and must be more than 0"):
        Budget(**{name: 0}, price=PRICE)


def test_a_limit_in_money_needs_a_price() -> None:
    with pytest.raises(UsageError, match="the price of this model is not known"):
        Budget(max_cost=1.0)


def test_requests_are_counted_when_they_begin() -> None:
    budget = Budget(max_requests=2)
    budget.require()
    budget.require()
    with pytest.raises(BudgetError, match="the run has spent 2 of 2 requests, and stops; what"):
        budget.require()
    assert budget.requests == 2


def test_tokens_are_counted_when_a_reply_has_come() -> None:
    budget = Budget(max_tokens=1_000_000)
    budget.spend(Usage(900_000, 99_999))
    budget.require()
    budget.spend(Usage(0, 1))
    with pytest.raises(BudgetError, match="spent 1,000,000 of 1,000,000 tokens"):
        budget.require()


def test_money_is_counted_by_the_price_of_the_model() -> None:
    budget, usage = Budget(max_cost=0.5, price=PRICE), Usage(1_000_000, 1_000_000)
    budget.spend(usage)
    assert budget.cost == PRICE.cost(usage)
    with pytest.raises(BudgetError, match=r"spent 0\.75 of 0\.5 US dollars"):
        budget.require()


@pytest.mark.parametrize(
    ("limits", "usage"),
    [
        ({"max_tokens": 10}, Usage()),
        ({"max_tokens": 10}, Usage(5, None)),
        ({"max_cost": 1.0}, Usage(None, 5)),
        ({"max_cost": 1.0}, Usage(3_000_000, 5)),
    ],
)
def test_what_cannot_be_counted_is_not_spent_on(limits: dict[str, Any], usage: Usage) -> None:
    budget = Budget(**limits, price=PRICE)
    budget.require()
    budget.spend(usage)
    with pytest.raises(BudgetError, match=r"not known what a reply took, so that `max_.*` cannot"):
        budget.require()


def test_without_a_limit_nothing_need_be_known() -> None:
    budget = Budget(max_requests=3)
    budget.spend(Usage())
    budget.require()
    assert (budget.requests, budget.tokens, budget.cost) == (1, 0, 0.0)
