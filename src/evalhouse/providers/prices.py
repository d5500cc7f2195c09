"""What hosted models cost by their services' lists; `data/prices.toml` holds them.

A cost is shown and never stored: prices change, tokens stay.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from urllib.parse import urlsplit

import msgspec

from evalhouse.providers.reply import Usage

_DATE = re.compile(r"-\d{4}-?\d{2}-?\d{2}$")  # of a snapshot, at the end of a model's name
_MILLION = 1_000_000


class _Model(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    input: float
    cached: float
    output: float
    longest_prompt: int | None = None


class _Service(msgspec.Struct, forbid_unknown_fields=True):
    host: str
    source: str
    checked: date
    models: list[_Model]


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens; `cached` is for input that the service had seen before.

    They hold for prompts of up to `longest_prompt` tokens (None: of any length), and stood on the
    page `source` on the day `checked`.
    """

    input: float
    cached: float
    output: float
    longest_prompt: int | None
    source: str
    checked: date

    def cost(self, usage: Usage) -> float | None:
        """Return US dollars for the tokens of one reply; None where it is not known.

        Example:
            >>> from datetime import date
            >>> price = Price(2.0, 0.5, 8.0, None, "a page", date(2026, 6, 21))
            >>> price.cost(Usage(input=1_000_000, output=500_000, cached=200_000))
            5.7
        """
        if usage.input is None or usage.output is None:
            return None
        if self.longest_prompt is not None and usage.input > self.longest_prompt:
            return None
        cached = usage.cached or 0
        fresh = usage.input - cached
        total = fresh * self.input + cached * self.cached + usage.output * self.output
        return total / _MILLION


def price_of(base_url: str, model: str) -> Price | None:
    """Return the price of a model at an address, also of its dated snapshots; None if unknown."""
    host = urlsplit(base_url).hostname or ""
    prices = load_prices()
    return prices.get((host, model)) or prices.get((host, _DATE.sub("", model)))


@cache
def load_prices() -> dict[tuple[str, str], Price]:
    """Read and check the prices that ship with the package, by host and model."""
    text = resources.files("evalhouse").joinpath("data/prices.toml").read_text("utf-8")
    services = msgspec.convert(tomllib.loads(text)["services"], list[_Service])
    return {
        (service.host, model.name): Price(
            model.input,
            model.cached,
            model.output,
            model.longest_prompt,
            service.source,
            service.checked,
        )
        for service in services
        for model in service.models
    }
