"""What the files of a model tell about it."""

from __future__ import annotations

from pathlib import Path

from evalhouse.weights.facts import WeightsFacts


def describe(path: Path) -> WeightsFacts:
    """Return what a file of weights, or a folder with a model or an adapter, tells.

    Only headers are read.

    Raises:
        WeightsError: where there are no weights, or their files contradict themselves.
    """
    return WeightsFacts(weights_bytes=path.stat().st_size)
