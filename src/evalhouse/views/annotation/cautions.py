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
    yield from record.assessment.warnings
    for field in fields:
        yield from _about_a_field(field)
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
    if assessment.unanswered:
        yield f"{_rows(assessment.unanswered)} of the ground truth have no answer in this run."
    if assessment.unknown:
        yield f"{_rows(assessment.unknown)} of this run are not in the ground truth."
    if assessment.definition == "codebook-lab":
        yield (
            "The scores are those of codebook-lab 1.4.0, with its faults, so that older results "
            "can be compared; they have no intervals."
        )
    if not assessment.fields:
        yield "No field was scored."


def _about_a_field(field: FieldReport) -> Iterator[str]:
    yield from (_about(warning, field.column) for warning in field.result.warnings)
    lost = {
        status: count
        for status, count in field.result.statuses.items()
        if status in _LOST and count
    }
    if lost:
        told = ", ".join(f"{count:,} {status}" for status, count in lost.items())
        total = sum(field.result.statuses.values())
        yield (
            f"{quoted(field.column)}: {sum(lost.values()):,} of {total:,} answers could not be "
            f"used ({told}); each counts as wrong."
        )


def _about(warning: str, column: str) -> str:
    """Return a warning as a sentence with the field it is about."""
    sentence = warning if column in warning else f"{quoted(column)}: {warning}"
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
