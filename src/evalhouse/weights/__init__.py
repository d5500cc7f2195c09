"""What a model is, read from its files: headers only, never whole tensors.

Names load on first use: readers of one format do without those of the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalhouse.weights.facts import AdapterFacts, WeightsFacts, WeightsFile

if TYPE_CHECKING:
    from evalhouse.weights.description import describe
    from evalhouse.weights.digests import digest

__all__ = ["AdapterFacts", "WeightsFacts", "WeightsFile", "describe", "digest"]


def __getattr__(name: str) -> object:
    """Import what reads files when it is first asked for (PEP 562)."""
    if name == "describe":
        from evalhouse.weights.description import (  # noqa: PLC0415 - this is what makes it lazy
            describe,
        )

        return describe
    if name == "digest":
        from evalhouse.weights.digests import digest  # noqa: PLC0415 - same

        return digest
    raise AttributeError(f"module `evalhouse.weights` has no attribute `{name}`")
