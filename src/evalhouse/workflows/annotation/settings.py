"""Everything that a run of annotation can be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from evalhouse.engine.asking import Asking
from evalhouse.engine.slots import Limits
from evalhouse.engine.transport import Persistence
from evalhouse.errors import UsageError
from evalhouse.providers import ProviderSettings
from evalhouse.scoring import Scoring

OUTPUTS = Path("outputs")
BASELINE = "baseline"
"""The provider of models that need no server."""


@dataclass(frozen=True)
class Spending:
    """What one session may spend; None is no limit. `max_cost` is in US dollars."""

    max_requests: int | None = None
    max_tokens: int | None = None
    max_cost: float | None = None

    def __post_init__(self) -> None:
        """Refuse what would never ask."""
        for name, value in vars(self).items():
            if value is not None and not value > 0:
                raise UsageError(f"`{name}` is {value} and must be more than 0")


@dataclass(frozen=True)
class RunSettings:
    """One run.

    Attributes:
        provider: which model, and where.
        asking: how questions become requests.
        limits: how many requests at once, and in a minute.
        persistence: how long to try.
        spending: what may be spent.
        limit: ask about the first rows alone.
        outputs: the folder below which run folders and tables are.
        cache: a folder of replies that need not be asked for again; None keeps none.
        record: a file to which exchanges are added, for the provider `replay`.
        country: where the machine stands, by three letters, for emissions.
        is_metered: whether energy is measured.
        is_new: whether to begin a run although one of the same configuration is there.
        quantization: of the model, for the table of runs.
        label: a name of the run for people.
        scoring: how answers are scored.
    """

    provider: ProviderSettings
    asking: Asking = field(default_factory=Asking)
    limits: Limits = field(default_factory=Limits)
    persistence: Persistence = field(default_factory=Persistence)
    spending: Spending = field(default_factory=Spending)
    limit: int | None = None
    outputs: Path = OUTPUTS
    cache: Path | None = None
    record: Path | None = None
    country: str = "USA"
    is_metered: bool = True
    is_new: bool = False
    quantization: str | None = None
    label: str | None = None
    scoring: Scoring = field(default_factory=Scoring)

    def __post_init__(self) -> None:
        """Refuse what asks about nothing."""
        if self.limit is not None and self.limit < 1:
            raise UsageError(f"`limit` is {self.limit} and must be at least 1")

    @property
    def is_baseline(self) -> bool:
        """Whether the model is a baseline."""
        return self.provider.provider == BASELINE
