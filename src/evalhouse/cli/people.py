"""Commands about people's labels: reliability, estimate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalhouse.cli.output import Column, heading, print_rows, say, write_json
from evalhouse.cli.text import NOTHING, counted, near, safe
from evalhouse.errors import UnknownNameError

if TYPE_CHECKING:
    from evalhouse.coders.agreement import FieldAgreement, OptionAgreement, PairAgreement
    from evalhouse.coders.estimates import Line
    from evalhouse.coders.findings import Findings
    from evalhouse.stats.results import Interval
    from evalhouse.workflows.estimate import Estimates, Statistic
    from evalhouse.workflows.reliability import Reliability


def reliability(  # noqa: PLR0913 - each parameter is an option of the command
    coders: Annotated[
        list[str] | None,
        typer.Argument(metavar="CODERS…", help="CSV files, one a coder; else the task's coders."),
    ] = None,
    *,
    codebook: Annotated[
        str | None, typer.Option(metavar="FILE", help="Codebook; else the one beside the files.")
    ] = None,
    task: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="A task: its codebook, texts and coders.")
    ] = None,
    id_column: Annotated[
        str | None,
        typer.Option("--id", metavar="COLUMN", help="Column of ids; else the codebook's."),
    ] = None,
    assignment: Annotated[
        str | None, typer.Option(metavar="CSV", help="Who was to read what.")
    ] = None,
    adjudications: Annotated[
        str | None, typer.Option(metavar="CSV", help="Labels decided by hand; they win.")
    ] = None,
    to: Annotated[
        str, typer.Option(metavar="FOLDER", help="Where to write the tables.")
    ] = "reliability",
    level: Annotated[float, typer.Option(help="Confidence of the intervals.")] = 0.95,
    force: Annotated[
        bool, typer.Option("--force", help="Replace tables that are there and differ.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Compare coders: issues, agreement with intervals, disagreements, a consensus and a queue."""
    from evalhouse.workflows.reliability import (  # noqa: PLC0415 - heavy, and not for help
        ReliabilityOptions,
        compare_coders,
    )

    options = ReliabilityOptions(
        coders=tuple(coders or ()),
        codebook=codebook,
        task=task,
        id_column=id_column,
        assignment=assignment,
        adjudications=adjudications,
        to=to,
        level=level,
        is_forced=force,
    )
    found = compare_coders(options)
    if json:
        write_json(_as_data(found))
    else:
        _tell(found)


def estimate(  # noqa: PLR0913 - each parameter is an option of the command
    answers: Annotated[
        str,
        typer.Argument(metavar="RUN_OR_CSV", help="A run's folder, or a CSV of model labels."),
    ],
    *,
    task: Annotated[
        str, typer.Option(metavar="FOLDER", help="The task: its codebook and gold labels.")
    ],
    field: Annotated[str, typer.Option(metavar="COLUMN", help="The field to estimate.")],
    statistic: Annotated[
        str | None,
        typer.Option(metavar="S", help="proportions, mean, difference or regression."),
    ] = None,
    of: Annotated[str | None, typer.Option(metavar="LABEL", help="One label, not all.")] = None,
    by: Annotated[str | None, typer.Option(metavar="COLUMN", help="A column of groups.")] = None,
    on: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Numeric covariate of a regression; may be repeated."),
    ] = None,
    gold: Annotated[
        str | None, typer.Option(metavar="CSV", help="Gold labels, in place of the task's.")
    ] = None,
    sampling: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Each row's chance of a gold label; else all alike."),
    ] = None,
    clusters: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="What rows come in, as documents.")
    ] = None,
    id_column: Annotated[
        str | None,
        typer.Option("--id", metavar="COLUMN", help="Column of ids; else the codebook's."),
    ] = None,
    asked: Annotated[
        bool, typer.Option("--asked", help="Count only rows in which the question arises.")
    ] = False,
    plan: Annotated[
        float | None,
        typer.Option(metavar="W", help="How many gold labels give plus or minus W."),
    ] = None,
    level: Annotated[float, typer.Option(help="Confidence of the intervals.")] = 0.95,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Estimate what people would find in all rows, from model labels and some gold labels."""
    from evalhouse.workflows import estimate as estimating  # noqa: PLC0415 - heavy

    options = estimating.EstimateOptions(
        answers=answers,
        task=task,
        field=field,
        statistic=_known(statistic, estimating.STATISTICS),
        label=of,
        by=by,
        covariates=tuple(on or ()),
        gold=gold,
        sampling=sampling,
        clusters=clusters,
        id_column=id_column,
        is_asked=asked,
        level=level,
        half_width=plan,
    )
    found = estimating.estimate(options)
    if json:
        write_json(_estimates_as_data(found))
    else:
        _tell_estimates(found)


def _known(word: str | None, known: tuple[Statistic, ...]) -> Statistic | None:
    if word is None:
        return None
    for each in known:
        if each == word:
            return each
    raise UnknownNameError("statistic", word, known)


def _tell(found: Reliability) -> None:
    from evalhouse.coders.issues import counted as by_type  # noqa: PLC0415 - loaded by now
    from evalhouse.coders.summary import next_steps  # noqa: PLC0415 - loaded by now

    findings = found.findings
    panel = findings.panel
    heading(f"{counted(len(panel.coders), 'coder')}, {counted(len(panel.items), 'item')}")
    say(f"intervals of level {findings.level:g}; alpha of scales is ordinal, of spans over tokens")
    _print_fields(findings)
    for kind, count in by_type(findings.issues).items():
        say(f"issue {kind}: {count:,}")
    say(f"in the queue: {counted(len(findings.consensus.queue), 'item')}")
    if findings.consensus.decided:
        say(f"decided by hand: {counted(findings.consensus.decided, 'label')}")
    say(f"written to {near(found.to)}: {', '.join(found.files)}")
    heading("next", apart=True)
    say(*(f"  {step}" for step in next_steps(findings)))


def _print_fields(findings: Findings) -> None:
    columns = [Column("field"), Column("type", is_name=True), Column("items", "right")]
    columns += [Column("agreement", "right"), Column("alpha", "right")]
    columns += [Column("unanimous", "right"), Column("undecided", "right")]
    print_rows(
        columns,
        [
            (
                safe(found.column),
                found.kind,
                f"{found.n_items:,}",
                between(found.agreement),
                between(found.alpha),
                between(found.unanimity),
                f"{findings.consensus.counts[found.column]:,}",
            )
            for found in findings.fields
        ],
    )


def between(found: Interval) -> str:
    """Return a number with its bounds for people."""
    if math.isnan(found.estimate):
        return NOTHING
    if math.isnan(found.low):
        return f"{found.estimate:.3f}"
    return f"{found.estimate:.3f} [{found.low:.3f}, {found.high:.3f}]"


def _as_data(found: Reliability) -> dict[str, Any]:
    """Return what was found as plain data."""
    from evalhouse.coders.issues import counted as by_type  # noqa: PLC0415 - loaded by now

    findings = found.findings
    return {
        "coders": findings.panel.coders,
        "items": len(findings.panel.items),
        "level": findings.level,
        "fields": [_field(each, findings) for each in findings.fields],
        "issues": by_type(findings.issues),
        "queue": len(findings.consensus.queue),
        "decided": findings.consensus.decided,
        "folder": found.to,
        "files": found.files,
    }


def _field(found: FieldAgreement, findings: Findings) -> dict[str, Any]:
    return {
        "field": found.column,
        "type": found.kind,
        "n_applicable_items": found.n_applicable,
        "n_items": found.n_items,
        "n_undecided": findings.consensus.counts[found.column],
        "alpha_level": found.alpha_level,
        "alpha_unit": found.alpha_unit,
        **_numbers(
            {
                "pair_agreement": found.agreement,
                "krippendorff_alpha": found.alpha,
                "krippendorff_alpha_nominal": found.alpha_nominal,
                "fleiss_kappa": found.fleiss,
                "gwet_ac1": found.gwet,
                "unanimity_rate": found.unanimity,
                "majority_agreement_rate": found.majority,
                **found.more,
            }
        ),
        "pairs": [_pair(pair) for pair in found.pairs],
        "options": [_option(option) for option in found.options],
    }


def _pair(pair: PairAgreement) -> dict[str, Any]:
    told = {"percentage_agreement": pair.agreement, "cohen_kappa": pair.kappa}
    told |= {"krippendorff_alpha": pair.alpha, **pair.more}
    sides = {"coder_a": pair.first, "coder_b": pair.second, "n_compared": pair.n}
    return {**sides, **_numbers(told)}


def _option(option: OptionAgreement) -> dict[str, Any]:
    told = {"pair_agreement": option.agreement, "krippendorff_alpha": option.alpha}
    return {"option": option.option, **_numbers({**told, "gwet_ac1": option.gwet})}


def _numbers(found: Mapping[str, Interval]) -> dict[str, Any]:
    return {name: as_numbers(each) for name, each in found.items()}


def as_numbers(found: Interval) -> dict[str, Any]:
    """Return an interval as plain data; what is not defined is null, and the note says why."""
    values = {"value": found.estimate, "low": found.low, "high": found.high}
    values["stderr"] = found.stderr
    told = {name: _defined(number) for name, number in values.items()}
    return {**told, "n": found.n, "method": found.method, "note": found.note}


def _tell_estimates(found: Estimates) -> None:
    heading(f"{found.column}: {found.statistic}")
    say(
        f"{counted(found.rows, 'row')} with a label of the model, {found.n_human:,} of them with a "
        f"gold label; intervals of level {found.level:g}"
    )
    say(*(f"warning: {warning}" for warning in found.warnings))
    columns = [Column("label"), Column("group", is_optional=True)]
    columns += [Column("model alone", "right"), Column("gold alone", "right")]
    columns += [Column("corrected", "right"), Column("gold", "right")]
    columns += [Column("as good as", "right")]
    print_rows(columns, [_line(line) for line in found.lines])
    for note, names in _notes(found).items():
        say(f"note: {', '.join(names)}: {note}")
    _tell_plans(found)


def _notes(found: Estimates) -> dict[str, list[str]]:
    """Return each note with the estimates that it is about; differences repeat those of groups."""
    groups = {line.group for line in found.lines if not line.is_difference}
    about: dict[str, list[str]] = {}
    for line in found.lines:
        if line.corrected.note and not (line.is_difference and groups):
            about.setdefault(line.corrected.note, []).append(_named(line))
    return about


def _line(line: Line) -> list[str]:
    worth = NOTHING if math.isnan(line.effective_n) else f"{line.effective_n:,.0f} gold"
    cells = [line.label, line.group, f"{line.model.estimate:.3f}", between(line.human)]
    return [safe(cell) for cell in [*cells, between(line.corrected), f"{line.n_human:,}", worth]]


def _named(line: Line) -> str:
    return f"{line.label} in {line.group}" if line.group else line.label


def _tell_plans(found: Estimates) -> None:
    for line in found.lines:
        plan = line.plan
        if plan is None:
            continue
        if math.isnan(plan.labels):
            told = plan.note or "there is no plan"
        else:
            more = f"{plan.labels:,.0f} gold labels, {plan.more:,.0f} more than there are"
            alone = (
                "" if math.isnan(plan.human_alone) else f" (gold alone: {plan.human_alone:,.0f})"
            )
            told = f"{more}{alone}{plan.note and '; '}{plan.note}"
        say(f"plan: {_named(line)}, plus or minus {plan.width / 2:g}: {told}")


def _estimates_as_data(found: Estimates) -> dict[str, Any]:
    return {
        "field": found.column,
        "type": found.kind,
        "statistic": found.statistic,
        "level": found.level,
        "rows": found.rows,
        "n_gold": found.n_human,
        "estimates": [_line_as_data(line) for line in found.lines],
        "warnings": found.warnings,
        "answers": found.answers,
        "gold": found.gold,
    }


def _line_as_data(line: Line) -> dict[str, Any]:
    plan = line.plan
    numbers = {"effective_n": line.effective_n, "weight": line.weight}
    planned = plan and {
        name: _defined(getattr(plan, name))
        for name in ("width", "labels", "more", "width_now", "narrowest", "human_alone")
    }
    return {
        "label": line.label,
        "group": line.group or None,
        "corrected": as_numbers(line.corrected),
        "gold_alone": as_numbers(line.human),
        "model_alone": as_numbers(line.model),
        "n_gold": line.n_human,
        "n_model": line.n_model,
        **{name: _defined(number) for name, number in numbers.items()},
        "plan": planned and {**planned, "note": plan.note if plan else ""},
    }


def _defined(number: float) -> float | None:
    return None if math.isnan(number) else number
