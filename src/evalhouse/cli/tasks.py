"""Commands about annotation tasks: check."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalhouse.cli.output import Column, heading, print_rows, say, write_json
from evalhouse.cli.text import NOTHING, counted, near, safe, shortened

if TYPE_CHECKING:
    from evalhouse.tasks.faults import Fault, Severity
    from evalhouse.tasks.report import TaskReport
    from evalhouse.tasks.tally import FieldCounts

FAULTS_SHOWN = 20
_VALUES_SHOWN = 8
_LONGEST = 400


def check(
    folder: Annotated[
        str, typer.Argument(metavar="TASK", help="The task's folder: codebook and ground truth.")
    ],
    *,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Say what a task asks, how much of it is answered, and every fault with its place."""
    from evalhouse.tasks.check import check_task  # noqa: PLC0415 - heavy, and not needed for help

    report = check_task(folder)
    if json:
        write_json(_as_data(report))
    else:
        _tell(report)
    raise typer.Exit(1 if report.errors else 0)


def _tell(report: TaskReport) -> None:
    heading(f"{report.name}: {_amount(report)}")
    if report.codebook:
        book = report.codebook
        rows = f"rows by `{book.id_column}`" if book.id_column else "rows by position"
        say(f"{book.file}, hash {book.hash[:8]}; texts in `{book.text_column}`, {rows}")
    if report.fields:
        _print_fields(report.fields)
    for coder in report.coders:
        say(f"coder {coder.name}: {counted(coder.labels, 'label')} in {coder.source}")
    _tell_faults(report, "error")
    _tell_faults(report, "warning")
    if not report.counts:
        say("no faults")


def _amount(report: TaskReport) -> str:
    book = report.codebook
    parts = [counted(report.rows, "row")]
    parts += [counted(book.sections, "section"), counted(book.fields, "field")] if book else []
    parts += [counted(len(report.coders), "coder")] if report.coders else []
    return ", ".join(parts)


def _print_fields(fields: tuple[FieldCounts, ...]) -> None:
    titles = ("labels", "blank", "not applicable", "invalid")
    columns = [Column("field"), Column("type", is_name=True)]
    columns += [Column(title, "right") for title in titles] + [Column("answers")]
    columns += [Column("asked where", is_optional=True)]
    print_rows(
        columns,
        [
            (
                safe(field.column),
                field.kind,
                *(f"{getattr(field, title.replace(' ', '_')):,}" for title in titles),
                _answers(field),
                safe(field.condition or ""),
            )
            for field in fields
        ],
    )


def _answers(field: FieldCounts) -> str:
    shown = [f"{name}: {count:,}" for name, count in field.values.items()]
    more = f" and {len(shown) - _VALUES_SHOWN:,} more" if len(shown) > _VALUES_SHOWN else ""
    return safe(", ".join(shown[:_VALUES_SHOWN]) + more) or NOTHING


def _tell_faults(report: TaskReport, severity: Severity) -> None:
    faults = [fault for fault in report.faults if fault.severity == severity]
    if not faults:
        return
    total = report.errors if severity == "error" else report.warnings
    heading(counted(total, severity), apart=True)
    for kind in dict.fromkeys(fault.kind for fault in faults):
        alike = [fault for fault in faults if fault.kind == kind]
        say(f"  {kind}, {report.counts[kind]:,}")
        say(*(f"    {_sentence(report, fault)}" for fault in alike[:FAULTS_SHOWN]))
        if report.counts[kind] > FAULTS_SHOWN:
            say(f"    and {report.counts[kind] - FAULTS_SHOWN:,} more; `--json` lists them")


def _sentence(report: TaskReport, fault: Fault) -> str:
    path = near(str(Path(report.folder) / fault.place.file))
    return shortened(str(replace(fault, place=replace(fault.place, file=path))), _LONGEST)


def _as_data(report: TaskReport) -> dict[str, Any]:
    """Return the report as plain data."""
    return {
        "task": report.name,
        "folder": report.folder,
        "codebook": report.codebook,
        "rows": report.rows,
        "fields": report.fields,
        "coders": report.coders,
        "errors": report.errors,
        "warnings": report.warnings,
        "counts": report.counts,
        "faults": [
            {
                "severity": fault.severity,
                "kind": fault.kind,
                "file": fault.place.file,
                "line": fault.place.line,
                "where": fault.place.where,
                "found": fault.found,
                "expected": fault.expected,
                "advice": fault.advice,
            }
            for fault in report.faults
        ],
        "exit_code": 1 if report.errors else 0,
    }
