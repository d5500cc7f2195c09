"""What a model is, read from its files: headers only, never whole tensors."""

from __future__ import annotations

from evalhouse.weights.describe import describe
from evalhouse.weights.digests import digest
from evalhouse.weights.facts import AdapterFacts, WeightsFacts, WeightsFile

__all__ = ["AdapterFacts", "WeightsFacts", "WeightsFile", "describe", "digest"]
