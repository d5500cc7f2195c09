"""The texts that baselines learn from, taken apart once for all fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from evalhouse.engine.baselines.pieces import PieceRows, read_pieces
from evalhouse.engine.baselines.sparse import SparseRows
from evalhouse.engine.baselines.terms import read_terms


@dataclass(frozen=True, eq=False)
class Material:
    """Texts with their ids, and the seed of everything that is drawn."""

    texts: Sequence[str]
    ids: Sequence[str]
    seed: int

    @cached_property
    def terms(self) -> SparseRows:
        """How often each text has each term, on a logarithmic scale."""
        return read_terms(self.texts)

    @cached_property
    def pieces(self) -> PieceRows:
        """The words and signs of each text with their places."""
        return read_pieces(self.texts)
