from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from evalhouse.providers import Usage
from evalhouse.views.annotation.costs import (
    bill_of,
    costs_of,
    energy_of,
    needs_every_usage,
)
from tests.views.annotation.runs import record

OPENAI: dict[str, Any] = {"provider": "openai", "base_url": "https://api.openai.com/v1"}


def test_energy_is_told_for_a_thousand_texts() -> None:
    found = costs_of(record(kwh=0.05))
    assert found.energy is not None
    assert found.energy.kg == 0.0036
    assert found.watt_hours == pytest.approx(250.0)  # 50 Wh over 200 texts


def test_energy_of_the_client_alone_is_nobody_s_quality() -> None:
    found = costs_of(record(energy_scope="client_only"))
    assert found.energy is not None
    assert found.watt_hours is None


def test_energy_of_sessions_adds_up_and_damage_is_left_out() -> None:
    rows = [{"energy_consumed": "1"}, {"energy_consumed": "nan"}, {"energy_consumed": "2"}]
    found = energy_of(rows, "local")
    assert found is not None
    assert (found.kwh, found.kg, found.sessions) == (3.0, None, 3)
    assert energy_of(rows, "none") is None
    assert energy_of([], "local") is None


def test_a_hosted_model_costs_what_its_tokens_cost() -> None:
    found = bill_of(record("gpt-4.1", **OPENAI))
    assert found.dollars == pytest.approx(0.4 * 2 + 0.05 * 8)  # of a million tokens each
    assert found.price is not None
    assert found.price.source.startswith("https://")


def test_without_a_price_there_is_a_reason() -> None:
    assert bill_of(record()).note == "no list price is known for this model at `127.0.0.1`"
    assert bill_of(record(provider="baseline")).note == "a baseline asks no model"
    uncounted = record("gpt-4.1", timing={"tokens_input": None}, **OPENAI)
    assert bill_of(uncounted).note == "the server did not count all tokens"


def test_a_price_that_depends_on_single_prompts_is_summed_over_them() -> None:
    run = record("gpt-6-luna", **OPENAI)
    assert needs_every_usage(run)
    assert bill_of(run).dollars is None
    each = tuple(Usage(2_000, 250) for _ in range(200))
    assert bill_of(replace(run, usages=each)).dollars == pytest.approx(0.04 + 0.025)
    assert not needs_every_usage(record("gpt-4.1", **OPENAI))


def test_what_nobody_counted_is_empty() -> None:
    found = costs_of(replace(record(kwh=None), timing={"requests": "x", "cached": True}))
    assert (found.requests, found.cached_replies, found.energy) == (None, None, None)
    assert found.rows == 200
