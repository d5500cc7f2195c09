"""What a run may spend: requests, tokens, money."""

from __future__ import annotations

from dataclasses import dataclass, field

from evalhouse.errors import EvalhouseError, UsageError
from evalhouse.providers import Usage
from evalhouse.providers.prices import Price


class BudgetError(EvalhouseError):
    """What may be spent is spent."""

    def __init__(self, what: str, spent: str, most: str) -> None:
        super().__init__(
            f"the run has spent {spent} of {most} {what}, and stops; what is answered is kept: "
            "run the same command again to go on, as limits are those of one session"
        )


class UncountedError(BudgetError):
    """It is not known what was spent, so that a limit cannot be kept."""

    def __init__(self, name: str) -> None:
        EvalhouseError.__init__(
            self,
            f"it is not known what a reply took, so that `{name}` cannot be kept, and the run "
            "stops; what is answered is kept: limit `max_requests` instead and run again to go on",
        )


@dataclass
class Budget:
    """Limits of one session, and what it has spent; None is no limit.

    Tokens and money are known when a reply has come, so that requests under way may exceed them.

    `max_cost` is in US dollars and needs the `price` of the model.

    Raises:
        UsageError: for a limit that is not positive, or one in money without a price.
    """

    max_requests: int | None = None
    max_tokens: int | None = None
    max_cost: float | None = None
    price: Price | None = None
    requests: int = field(default=0, init=False)
    tokens: int = field(default=0, init=False)
    cost: float = field(default=0.0, init=False)
    _uncounted: str = field(default="", init=False)

    def __post_init__(self) -> None:
        """Refuse what would never ask, or could not be counted."""
        for name in ("max_requests", "max_tokens", "max_cost"):
            limit = getattr(self, name)
            if limit is not None and not limit > 0:
                raise UsageError(f"`{name}` is {limit} and must be more than 0")
        if self.max_cost is not None and self.price is None:
            raise UsageError(
                "the price of this model is not known, so `max_cost` cannot be kept; limit "
                "`max_total_tokens` or `max_requests` instead"
            )

    def require(self) -> None:
        """Count a request that begins; raise where it would be one too many."""
        for what, spent, most in (
            ("requests", self.requests, self.max_requests),
            ("tokens", self.tokens, self.max_tokens),
            ("US dollars", self.cost, self.max_cost),
        ):
            if most is not None and spent >= most:
                raise BudgetError(what, _shown(spent), _shown(most))
        if self._uncounted:
            raise UncountedError(self._uncounted)
        self.requests += 1

    def spend(self, usage: Usage) -> None:
        """Count what a reply took."""
        self.tokens += (usage.input or 0) + (usage.output or 0)
        cost = self.price.cost(usage) if self.price else None
        self.cost += cost or 0.0
        if self.max_cost is not None and cost is None:
            self._uncounted = "max_cost"
        if self.max_tokens is not None and None in (usage.input, usage.output):
            self._uncounted = "max_total_tokens"


def _shown(amount: float) -> str:
    if isinstance(amount, int):
        return f"{amount:,}"
    return f"{amount:,.4f}".rstrip("0").rstrip(".")
