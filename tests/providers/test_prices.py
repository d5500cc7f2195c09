from __future__ import annotations

from datetime import date

import pytest

from evalhouse.providers import Usage
from evalhouse.providers.prices import Price, load_prices, price_of

PRICE = Price(2.0, 0.5, 8.0, 1000, "https://example.org", date(2026, 1, 1))


@pytest.mark.parametrize(
    ("usage", "dollars"),
    [
        (Usage(1000, 500), (1000 * 2 + 500 * 8) / 1e6),
        (Usage(1000, 500, reasoning=400), (1000 * 2 + 500 * 8) / 1e6),
        (Usage(1000, 500, cached=600), (400 * 2 + 600 * 0.5 + 500 * 8) / 1e6),
        (Usage(0, 0), 0.0),
        (Usage(1001, 500), None),
        (Usage(None, 500), None),
        (Usage(1000, None), None),
    ],
)
def test_tokens_are_priced_where_everything_is_known(usage: Usage, dollars: float | None) -> None:
    assert PRICE.cost(usage) == dollars


def test_every_price_is_plausible_and_says_where_it_is_from() -> None:
    assert len(load_prices()) > 20
    for (host, model), price in load_prices().items():
        assert 0 < price.cached < price.input < price.output, (host, model)
        assert price.source.startswith("https://")
        assert date(2025, 1, 1) < price.checked


@pytest.mark.parametrize("model", ["claude-haiku-4-5", "claude-haiku-4-5-20251001"])
def test_snapshots_cost_what_their_model_costs(model: str) -> None:
    found = price_of("https://api.anthropic.com", model)
    assert found is not None
    assert (found.input, found.output) == (1.0, 5.0)


@pytest.mark.parametrize(
    ("url", "model"),
    [
        ("https://api.openai.com/v1", "gpt-0"),
        ("https://api.openai.com/v1", "gpt-4.1-mini-tuned"),
        ("http://127.0.0.1:8000/v1", "gpt-4.1"),
        ("recordings.jsonl", "gpt-4.1"),
    ],
)
def test_what_is_on_no_list_has_no_price(url: str, model: str) -> None:
    assert price_of(url, model) is None
