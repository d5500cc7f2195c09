"""How far a model agrees with each human coder, beside how far they agree with one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from evalhouse.assessment.agreement import agreement, read
from evalhouse.assessment.limits import limits
from evalhouse.assessment.matching import FieldRows
from evalhouse.assessment.results import Human
from evalhouse.scoring import Scoring

MODEL, GOLD = "model", "gold"


def compare_humans(rows: FieldRows, options: Scoring) -> tuple[Human, ...]:
    """Compare every two sides: the model, each coder, and the gold.

    First come the pairs of the model with coders, then with the gold, then those of coders, last
    of coders with the gold. Gold that was made of these very coders agrees with them more than
    anybody else can. Without coders there is nothing to compare.
    """
    if not rows.coders:
        return ()
    settings = replace(options, resamples=min(options.resamples, limits().humans.resamples))
    sides = {
        MODEL: read(rows.field, rows.model or ()),
        GOLD: read(rows.field, rows.gold or ()),
        **{_name(name): read(rows.field, cells) for name, cells in rows.coders.items()},
    }
    coders = list(sides)[2:]
    return tuple(
        Human(first=one, second=other, scores=agreement(rows, sides[one], sides[other], settings))
        for one, other in _pairs(coders)
    )


def _pairs(coders: Sequence[str]) -> Iterator[tuple[str, str]]:
    yield from ((MODEL, name) for name in (*coders, GOLD))
    yield from combinations(coders, 2)
    yield from ((name, GOLD) for name in coders)


def _name(coder: str) -> str:
    """Keep a coder apart from the two sides that have names of their own."""
    return f"coder {coder}" if coder in (MODEL, GOLD) else coder
