"""When an assessment warns: the numbers of `data/assessment.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from evalhouse.errors import HouseError

FILE = "data/assessment.toml"


class Imbalance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How rare a label may be: gold answers, and their share of all."""

    count: int
    share: float


class Units(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many gold answers are enough for intervals."""

    count: int


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A share of rows, from 0 to 1."""

    share: float


class Resamples(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many resamples an interval takes at most."""

    resamples: int


class Annotators(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the alternative annotator test is done, and from how many annotators on."""

    epsilon: float
    annotators: int


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every limit of an assessment."""

    imbalance: Imbalance
    units: Units
    validity: Share
    coverage: Share
    humans: Resamples
    alternative_annotator: Annotators


def checked(data: Mapping[str, Any]) -> Limits:
    """Return the limits that a document holds.

    Raises:
        HouseError: for keys that are missing or unknown, and what is no number.
    """
    try:
        found = msgspec.convert(data, Limits)
    except msgspec.ValidationError as failure:
        raise HouseError(f"`{FILE}` cannot be used: {failure}; put back its contents") from failure
    shares = (found.imbalance.share, found.validity.share, found.coverage.share)
    if not all(0 <= share <= 1 for share in (*shares, found.alternative_annotator.epsilon)):
        raise HouseError(f"`{FILE}` has a share that is not from 0 to 1; correct it")
    return found


@cache
def limits() -> Limits:
    """Return the limits that hold."""
    text = resources.files("evalhouse").joinpath(FILE).read_text("utf-8")
    return checked(tomllib.loads(text))
