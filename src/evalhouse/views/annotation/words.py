"""What the package's own files say for reports: titles of metrics and settings, thresholds."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any, Literal

import msgspec

from evalhouse.assessment.results import ScoreLine
from evalhouse.metrics import METRICS

Group = Literal["quality", "stability", "people"]
Scale = Literal["proportion", "coefficient", "any"]


class Meaning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a metric is called, what it says, and where its values lie."""

    name: str
    title: str
    meaning: str = ""
    scale: Scale = "proportion"
    group: Group = "quality"
    of_label: bool = False


class Suffix(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An ending of names, and the title of what has it with `{}` for that of the rest."""

    ending: str
    title: str
    group: Group


class KnownSetting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key of a run's configuration; `default` is None where nothing is set by default.

    `option` is what the command line calls it, or two options, for yes and for no.
    """

    key: str
    title: str
    default: Any = None
    option: str = ""


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much a report shows."""

    confusions_shown: int
    labels_with_counts: int
    comparisons_shown: int
    examples_shown: int


class _Metrics(msgspec.Struct, forbid_unknown_fields=True):
    metrics: list[Meaning]
    suffixes: list[Suffix]


class _Settings(msgspec.Struct, forbid_unknown_fields=True):
    identity: tuple[str, ...]
    settings: list[KnownSetting]


def meaning_of(line: ScoreLine) -> Meaning:
    """Return what is known of a score's metric; one that nobody described keeps its own name.

    Example:
        >>> meaning_of(ScoreLine(metric="f1_macro", value=0.5, n=4)).title
        'macro F1'
        >>> meaning_of(ScoreLine(metric="made_up", value=0.5, n=4, unit="coefficient")).scale
        'coefficient'
    """
    is_of_label = line.label is not None
    known = _meanings().get((line.metric, is_of_label)) or _meanings().get((line.metric, False))
    return known or _with_suffix(line) or _unknown(line)


def _with_suffix(line: ScoreLine) -> Meaning | None:
    for suffix in _metrics().suffixes:
        if line.metric.endswith(suffix.ending):
            core = msgspec.structs.replace(line, metric=line.metric.removesuffix(suffix.ending))
            title = suffix.title.format(meaning_of(core).title)
            return Meaning(line.metric, title, scale="any", group=suffix.group)
    return None


def _unknown(line: ScoreLine) -> Meaning:
    unit = line.unit or _units().get(line.metric)
    scale: Scale = "any"
    if unit == "proportion":
        scale = "proportion"
    elif unit == "coefficient":
        scale = "coefficient"
    return Meaning(line.metric, line.metric.replace("_", " "), scale=scale)


def known_settings() -> dict[str, KnownSetting]:
    """Return the settings that reports know, by their keys, in the order in which they are told."""
    return {each.key: each for each in _settings().settings}


def identity_keys() -> tuple[str, ...]:
    """Return the keys of a configuration that name a run and are no settings."""
    return _settings().identity


@cache
def thresholds() -> Thresholds:
    """Return how much a report shows."""
    return msgspec.convert(tomllib.loads(_text("thresholds.toml")), Thresholds)


@cache
def _metrics() -> _Metrics:
    return msgspec.convert(tomllib.loads(_text("metrics.toml")), _Metrics)


@cache
def _meanings() -> dict[tuple[str, bool], Meaning]:
    return {(each.name, each.of_label): each for each in _metrics().metrics}


@cache
def _units() -> dict[str, str]:
    return {metric.name: metric.unit for metric in METRICS}


@cache
def _settings() -> _Settings:
    return msgspec.convert(tomllib.loads(_text("settings.toml")), _Settings)


def _text(name: str) -> str:
    return resources.files("evalhouse").joinpath("data", "reports", name).read_text("utf-8")
