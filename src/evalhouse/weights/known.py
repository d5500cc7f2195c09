"""Figures that files tell or do not, gathered with the reasons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from evalhouse.weights.counting import Counted, NotKnownError

Figure = TypeVar("Figure")


@dataclass
class Reasons:
    """Collects why figures are not known, by the names of fields."""

    found: dict[str, str] = field(default_factory=dict)

    def of(self, name: str, figure: Callable[[], Figure]) -> Figure | None:
        """Return a figure; where it is not known None, with the reason kept."""
        try:
            return figure()
        except NotKnownError as reason:
            self.found[name] = str(reason)
            return None

    def of_all(
        self,
        name: str,
        counts: Sequence[Counted] | None,
        figure: Callable[[Sequence[Counted]], Figure],
    ) -> Figure | None:
        """Return a figure about all tensors; where they could not be counted None, for that reason.

        The reason why they could not stands under `parameter_count`.
        """
        if counts is None:
            self.found[name] = self.found["parameter_count"]
            return None
        return self.of(name, lambda: figure(counts))
