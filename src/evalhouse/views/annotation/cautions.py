"""What a reader of a run's numbers must know first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalhouse.views.annotation.costs import Costs
from evalhouse.views.annotation.fields import FieldReport
from evalhouse.views.annotation.record import RunRecord

_LOST = ("invalid", "refused", "truncated", "failed", "missing")


def quoted(text: str) -> str:
    """Return text of a source between backticks, as names stand in sentences."""
    return f"`{text.replace('`', chr(39))}`"


def cautions(record: RunRecord, fields: Sequence[FieldReport], costs: Costs) -> Iterator[str]:
    """Yield sentences about a run, what concerns all of it first."""
    yield from _about_the_run(record)
    yield from map(_sentence, record.assessment.warnings)
    yield from (_about(field) for field in fields if field.result.warnings)
    yield from _lost(fields)
    if costs.energy is not None and costs.energy.scope == "client_only":
        yield (
            "Energy is that of the client alone: the model ran on another machine, whose energy "
            "nobody measured."
        )


def _about_the_run(record: RunRecord) -> Iterator[str]:
    config, assessment = record.config, record.assessment
    if config.get("status") == "incomplete":
        yield "The run is incomplete: it was stopped before every text was answered."
    for what, key, found in (
        ("ground truth", "ground_truth_sha256", assessment.ground_truth_sha256),
        ("codebook", "codebook_hash", assessment.codebook_hash),
    ):
        expected = config.get(key)
        if expected and found and expected != found:
            yield (
                f"The {what} has changed: the run was made with {quoted(str(expected)[:12])} and "
                f"scored with {quoted(found[:12])}."
            )
    if assessment.definition == "codebook-lab":
        yield (
            "The scores are those of codebook-lab 1.4.0, with its faults, so that older results "
            "can be compared; they have no intervals."
        )
    if not assessment.fields:
        yield "No field was scored."


def _lost(fields: Sequence[FieldReport]) -> Iterator[str]:
    """Yield one sentence about all answers that could not be used."""
    told = []
    for field in fields:
        statuses = field.result.statuses
        kinds = [f"{statuses[kind]:,} {kind}" for kind in _LOST if statuses.get(kind)]
        if kinds:
            total = sum(statuses.values())
            told.append(f"{quoted(field.column)} {', '.join(kinds)} of {total:,}")
    if told:
        yield (
            f"Some answers could not be used: {'; '.join(told)}. They count as wrong, but in "
            "scores that are of valid answers alone."
        )


def _about(field: FieldReport) -> str:
    """Return all that is to be known of a field."""
    told = " ".join(map(_sentence, field.result.warnings))
    return f"{quoted(field.column)}: {told}"


def _sentence(warning: str) -> str:
    text = warning[:1].upper() + warning[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
