"""What an audit means, as sentences; each names its threshold, which `data/lora.toml` holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from evalhouse.lora.audit import Audit, LayerAudit
from evalhouse.lora.summary import Summary
from evalhouse.lora.thresholds import threshold

_NAMED = 3  # layers that a sentence names


@dataclass(frozen=True)
class Finding:
    """Something that an audit shows.

    Attributes:
        name: for programs.
        level: `warning` where numbers mean less than they seem, or training may have gone wrong.
        sentence: for people.
        value: what was found.
        threshold: what it was held against; None where there is none.
    """

    name: str
    level: Literal["note", "warning"]
    sentence: str
    value: float | None = None
    threshold: float | None = None


def findings(audit: Audit, summary: Summary) -> tuple[Finding, ...]:
    """Return what an audit shows, warnings first."""
    found = [each for rule in _RULES for each in rule(audit, summary)]
    return tuple(sorted(found, key=lambda each: each.level == "note"))


def _notes(audit: Audit, _: Summary) -> Iterator[Finding]:
    for note in audit.adapter.notes:
        yield Finding("reading", "note", note)


def _zero(audit: Audit, _: Summary) -> Iterator[Finding]:
    zero = [layer for layer in audit.layers if layer.is_zero]
    if zero:
        what = f"{_layers(zero, audit)} change nothing, and are in no mean"
        yield Finding("zero_updates", "warning", what, len(zero))


def _unresolved(audit: Audit, _: Summary) -> Iterator[Finding]:
    broken = [layer for layer in audit.layers if not layer.is_resolved]
    if broken:
        what = (
            f"the singular values of {_layers(broken, audit)} are not resolved to 1e-6 of the "
            "largest one, as their factors nearly cancel"
        )
        yield Finding("unresolved", "warning", what, len(broken), 1e-6)


def _utilization(audit: Audit, summary: Summary) -> Iterator[Finding]:
    used, limit = summary.whole.utilization_mean, threshold("low_utilisation")
    if used is not None and used < limit and audit.rank >= threshold("low_utilisation_rank"):
        what = (
            f"of rank {audit.rank} the layers use {used:.0%} on average (stable rank over rank, "
            f"below {limit:.0%}): most of it is idle"
        )
        yield Finding("low_utilization", "note", what, used, limit)


def _compressible(audit: Audit, summary: Summary) -> Iterator[Finding]:
    high, limit = summary.whole.energy_rank_p90, threshold("compressible_share")
    if high is not None and high <= limit * audit.rank:
        what = (
            f"nine in ten layers keep {audit.options.share:.0%} of their energy in rank "
            f"{high:.3g}, at most {limit:.0%} of rank {audit.rank}: a smaller one may do"
        )
        yield Finding("compressible", "note", what, high, limit * audit.rank)


def _full(audit: Audit, _: Summary) -> Iterator[Finding]:
    share, limit = threshold("full_share"), threshold("full_layers")
    full = [
        each for each in audit.choices
        if each.needed is not None and each.rank > 1 and each.needed >= share * each.rank
    ]  # fmt: skip
    if audit.used and len(full) >= limit * len(audit.used):
        part = len(full) / len(audit.used)
        what = (
            f"{part:.0%} of the layers need {share:.0%} or more of their rank for "
            f"{audit.options.share:.0%} of their energy: cutting costs, and the rank may be too "
            "small"
        )
        yield Finding("full", "note", what, part, limit)


def _peaked(audit: Audit, summary: Summary) -> Iterator[Finding]:
    mean, limit = summary.whole.stable_rank_mean, threshold("peaked_stable_rank")
    if mean is not None and mean < limit and audit.rank > 1:
        what = (
            f"the mean stable rank is {mean:.3g}, below {limit:g}: one direction carries most of "
            "each update, as after little training"
        )
        yield Finding("peaked", "note", what, mean, limit)


def _concentration(audit: Audit, summary: Summary) -> Iterator[Finding]:
    value, high = summary.concentration, threshold("highly_concentrated")
    limit = threshold("concentrated")
    blocks = len({layer.place.block for layer in audit.layers})
    if value is not None and blocks > 1 / limit and value > limit:
        word = "highly" if value > high else "moderately"
        limit = high if value > high else limit
        what = (
            f"the energy is {word} concentrated in few of {blocks} blocks (sum of squared shares "
            f"{value:.2f}, above {limit:g})"
        )
        yield Finding("concentrated", "note", what, value, limit)


def _gains(audit: Audit, _: Summary) -> Iterator[Finding]:
    if not audit.has_base:
        return
    found = [layer for layer in audit.layers if layer.gain is None]
    if found:
        what = f"the base has no weight of the name and shape of {_layers(found, audit)}"
        yield Finding("no_base_weight", "warning", what, len(found))
    for name in ("dominant", "noticeable"):
        limit = threshold(name)
        large = [layer for layer in audit.layers if layer.gain and layer.gain.spectral > limit]
        if large:
            most = max(layer.gain.spectral for layer in large if layer.gain)
            what = (
                f"the updates of {_layers(large, audit)} have more than {limit:.0%} of the "
                f"spectral norm of the weight they change, at most {most:.0%}"
            )
            level: Literal["note", "warning"] = "warning" if name == "dominant" else "note"
            yield Finding(name, level, what, most, limit)
            return


def _layers(found: Sequence[LayerAudit], audit: Audit) -> str:
    """Return layers in words: all, or the first by name."""
    if len(found) == len(audit.layers):
        return f"all {len(found):,} layers" if len(found) > 1 else "the only layer"
    names = ", ".join(f"`{layer.module}`" for layer in found[:_NAMED])
    more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
    return f"{len(found):,} of {len(audit.layers):,} layers ({names}{more})"


_RULES: tuple[Callable[[Audit, Summary], Iterator[Finding]], ...] = (
    _notes,
    _zero,
    _unresolved,
    _utilization,
    _compressible,
    _full,
    _peaked,
    _concentration,
    _gains,
)
