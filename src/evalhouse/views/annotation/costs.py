"""What a run took: requests, time, tokens, energy, and money by the price list of its service."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from evalhouse.providers import Usage
from evalhouse.providers.prices import Price, price_of
from evalhouse.views.annotation.record import RunRecord

Scope = Literal["local", "client_only", "none"]
_THOUSAND = 1000


@dataclass(frozen=True)
class Energy:
    """Energy of the machine that ran the client, over all sessions of a run.

    `kwh` is in kilowatt-hours, `kg` in kilograms of CO₂ equivalents, `seconds` measured. `scope`
    says whether the model ran on that machine (`local`) or elsewhere, unmeasured.
    """

    kwh: float
    kg: float | None
    seconds: float | None
    sessions: int
    scope: Scope
    hardware: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bill:
    """US dollars by list price; None with a note that says why, where they are not known."""

    dollars: float | None
    price: Price | None = None
    note: str = ""


@dataclass(frozen=True)
class Costs:
    """What a run took; None is what nobody counted.

    `inference_seconds` are summed over requests, which may overlap; `wall_seconds` are what the
    clock on the wall said. Tokens are as the server counts them.
    """

    rows: int
    requests: int | None = None
    reprompts: int | None = None
    failures: int | None = None
    cached_replies: int | None = None
    inference_seconds: float | None = None
    mean_seconds: float | None = None
    first_token_seconds: float | None = None
    wall_seconds: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    input_characters: int | None = None
    output_characters: int | None = None
    energy: Energy | None = None
    bill: Bill = Bill(None)

    @property
    def watt_hours(self) -> float | None:
        """Watt-hours for a thousand texts, where the model ran on the machine that was measured."""
        if self.energy is None or self.energy.scope != "local" or not self.rows:
            return None
        return self.energy.kwh * _THOUSAND / self.rows * _THOUSAND

    @property
    def dollars(self) -> float | None:
        """US dollars for a thousand texts."""
        if self.bill.dollars is None or not self.rows:
            return None
        return self.bill.dollars / self.rows * _THOUSAND


def costs_of(record: RunRecord) -> Costs:
    """Return what a run took."""
    timing, characters = record.timing, record.characters
    return Costs(
        rows=record.rows,
        requests=_count(timing, "requests"),
        reprompts=_count(timing, "reprompts"),
        failures=_count(timing, "transport_failures"),
        cached_replies=_count(timing, "cached"),
        inference_seconds=_number(timing.get("total_inference_time")),
        mean_seconds=_number(timing.get("avg_inference_time")),
        first_token_seconds=_number(timing.get("seconds_to_first_token")),
        wall_seconds=_number(timing.get("wall_seconds")),
        input_tokens=_count(timing, "tokens_input"),
        output_tokens=_count(timing, "tokens_output"),
        reasoning_tokens=_count(timing, "tokens_reasoning"),
        cached_tokens=_count(timing, "tokens_cached"),
        input_characters=_count(characters, "input_chars"),
        output_characters=_count(characters, "output_chars"),
        energy=energy_of(record.emissions, str(record.config.get("energy_scope") or "none")),
        bill=bill_of(record),
    )


def energy_of(rows: Sequence[Mapping[str, str]], scope: str) -> Energy | None:
    """Add up the sessions of a run; None where nothing was measured.

    Example:
        >>> energy_of([{"energy_consumed": "0.2"}, {"energy_consumed": "0.1"}], "local").sessions
        2
    """
    known: dict[str, Scope] = {"local": "local", "client_only": "client_only"}
    kwh = _total(rows, "energy_consumed")
    if kwh is None or scope not in known:
        return None
    parts = (row.get(name, "") for row in rows for name in ("cpu_model", "gpu_model"))
    hardware = tuple(dict.fromkeys(part for part in parts if part))
    total = (_total(rows, "emissions"), _total(rows, "duration"))
    return Energy(kwh, *total, len(rows), known[scope], hardware)


def bill_of(record: RunRecord) -> Bill:
    """Return what the tokens of a run cost by the price list that ships with the package."""
    if record.is_baseline:
        return Bill(None, None, "a baseline asks no model")
    price = list_price(record.config)
    if price is None:
        host = urlsplit(str(record.config.get("base_url") or "")).hostname
        where = f"at `{host}`" if host else "without an address"
        return Bill(None, None, f"no list price is known for this model {where}")
    usages = record.usages or (usage_of(record.timing),)
    dollars = [price.cost(usage) for usage in usages]
    known = [each for each in dollars if each is not None]
    if len(known) < len(dollars):
        is_untold = any(usage.input is None or usage.output is None for usage in usages)
        why = "the server did not count all tokens" if is_untold else _beyond(price)
        return Bill(None, price, why)
    return Bill(math.fsum(known), price)


def list_price(config: Mapping[str, Any]) -> Price | None:
    """Return the price of the model that a configuration names; None where none is known."""
    address = str(config.get("base_url") or "")
    names = (config.get("served_model"), config.get("model"))
    prices = (price_of(address, str(name)) for name in names if name)
    return next((price for price in prices if price), None)


def usage_of(timing: Mapping[str, Any]) -> Usage:
    """Return the tokens of a whole run."""
    names = ("tokens_input", "tokens_output", "tokens_reasoning", "tokens_cached")
    return Usage(*(_count(timing, name) for name in names))


def needs_every_usage(record: RunRecord) -> bool:
    """Whether the cost depends on how long single prompts were, which totals do not tell."""
    price, total = list_price(record.config), usage_of(record.timing).input
    if price is None or price.longest_prompt is None or total is None:
        return False
    return total > price.longest_prompt


def _beyond(price: Price) -> str:
    return f"a prompt was longer than the {price.longest_prompt:,} tokens that the price holds for"


def _total(rows: Iterable[Mapping[str, str]], name: str) -> float | None:
    numbers = [_number(row.get(name)) for row in rows]
    told = [number for number in numbers if number is not None]
    return math.fsum(told) if told else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _count(found: Mapping[str, Any], name: str) -> int | None:
    number = _number(found.get(name))
    return None if number is None else int(number)
