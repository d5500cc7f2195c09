"""The ledger of an ingest, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from evalhouse.cli.output import Column, heading, print_rows, say
from evalhouse.cli.session import Session
from evalhouse.cli.text import counted, near, safe, shortened, size

if TYPE_CHECKING:
    from evalhouse.records import Problem, SourceFile
    from evalhouse.workflows.ledger import Ledger

_EXAMPLES = 3
_LISTED = 12
_LONGEST = 400
_WIDTH = 96
_MARGIN = " " * 10


def tell(ledger: Ledger, session: Session, suggestion: str | None, *, quiet: bool = False) -> None:
    """Print what was found, what became of it, and what to try next."""
    if not quiet:
        _tell_runs(ledger)
        _tell_files(ledger)
        _tell_rows(ledger)
    _tell_redactions(ledger)
    _tell_unread(ledger)
    _tell_problems(ledger, session)
    if not quiet:
        _tell_next(ledger, session, suggestion)


def as_data(ledger: Ledger) -> dict[str, Any]:
    """Return the ledger as plain data."""
    return {
        "runs": [vars(run) for run in ledger.runs],
        "files": {
            **{name: ledger.count(name) for name in ("parsed", "kept", "ignored")},
            "unchanged": ledger.unchanged_files,
            "of_no_known_format": dict(ledger.skipped),
            "unread": dict(ledger.unread),
        },
        "kept_or_ignored": [
            {"path": file.path, "disposition": file.disposition, "reason": file.reason}
            for file in ledger.files
            if file.disposition != "parsed"
        ],
        "rows": dict(ledger.rows),
        "checks": dict(ledger.checks),
        "redactions": ledger.redactions,
        "problems": {
            "counts": [
                {"severity": severity, "kind": kind, "n": n}
                for (severity, kind), n in sorted(ledger.problem_counts.items())
            ],
            "first": [_problem_data(problem) for problem in ledger.problems],
        },
        "units": {"replaced": ledger.replaced, "repeated": ledger.repeated},
        "bytes_read": ledger.bytes_read,
        "bytes_written": ledger.bytes_written,
        "seconds": ledger.seconds,
        "batch_id": ledger.batch_id,
        "exit_code": ledger.exit_code,
    }


def _tell_runs(ledger: Ledger) -> None:
    rows = [
        (run.short_id, safe(run.label or ""), f"{run.units:,}", f"{run.unchanged:,}")
        for run in ledger.runs[:_LISTED]
    ]
    if not rows:
        known = f"nothing is new: {counted(ledger.unchanged_files, 'file')} known already"
        say(known if ledger.unchanged_files else "no dump was found")
        return
    counts = [Column("units read", "right"), Column("unchanged", "right")]
    print_rows([Column("run", is_name=True), Column("label"), *counts], rows)
    say("")
    if len(ledger.runs) > _LISTED:
        say(f"and {len(ledger.runs) - _LISTED:,} more runs; `evalhouse runs` lists them")


def _tell_files(ledger: Ledger) -> None:
    parsed, kept, ignored = (ledger.count(each) for each in ("parsed", "kept", "ignored"))
    known = f", {ledger.unchanged_files:,} known already" if ledger.unchanged_files else ""
    say(f"files     {parsed:,} parsed, {kept:,} kept as they are, {ignored:,} ignored{known}")
    for disposition in ("kept", "ignored"):
        for line in _by_reason([f for f in ledger.files if f.disposition == disposition]):
            say(f"          {disposition}: {line}")
    for reason, count in sorted(ledger.skipped.items()):
        say(f"          {counted(count, 'other file')}: {reason}")


def _by_reason(files: list[SourceFile]) -> Iterator[str]:
    """Yield a line for each reason with the files it stands for."""
    reasons: dict[str, list[str]] = {}
    for file in files:
        reasons.setdefault(file.reason or "no reason is stated", []).append(file.relative_path)
    for reason, paths in sorted(reasons.items()):
        more = f" and {len(paths) - 1:,} more" if len(paths) > 1 else ""
        yield f"{paths[0]}{more}: {reason}"


def _tell_rows(ledger: Ledger) -> None:
    total = sum(ledger.rows.values())
    tables = ", ".join(f"{name} {n:,}" for name, n in sorted(ledger.rows.items()) if n)
    say(
        f"rows      {total:,}",
        *wrap(tables, _WIDTH, initial_indent=_MARGIN, subsequent_indent=_MARGIN),
    )
    timed = ledger.seconds and ledger.bytes_read
    rate = f", {size(ledger.bytes_read / ledger.seconds)}/s" if timed else ""
    read, written = size(ledger.bytes_read), size(ledger.bytes_written)
    say(f"bytes     {read} read, {written} written, {ledger.seconds:.2f} s{rate}")
    if ledger.checks:
        say("checks    " + ", ".join(f"{n:,} {what}" for what, n in sorted(ledger.checks.items())))
        if ledger.checks["mismatch"]:
            say("          see them: evalhouse sql \"from checks where status = 'mismatch'\"")
    if ledger.replaced or ledger.repeated:
        say(f"units     {ledger.replaced:,} replaced, {ledger.repeated:,} repeated")


def _tell_redactions(ledger: Ledger) -> None:
    found = ledger.redactions
    if not found:
        return
    say(f"secrets   {sum(found.values()):,} redacted before anything was written, in")
    for path, count in sorted(found.items())[:_LISTED]:
        say(f"          {near(path)}: {count:,}")
    if len(found) > _LISTED:
        say(f"          and {counted(len(found) - _LISTED, 'more file')}; see `files.redactions`")


def _tell_unread(ledger: Ledger) -> None:
    found = sorted(ledger.unread.items())
    if found:
        say(f"unread    {counted(len(found), 'file or folder', 'files or folders')}")
        say(*(f"          {near(path)}: {reason}" for path, reason in found[:_LISTED]))
    if len(found) > _LISTED:
        say(f"          and {len(found) - _LISTED:,} more; `--json` lists them")


def _tell_problems(ledger: Ledger, session: Session) -> None:
    if not ledger.problem_counts:
        return
    paths = {file.source_file_id: file.path for file in ledger.files}
    heading(f"problems  {sum(ledger.problem_counts.values()):,}", apart=True)
    for (severity, kind), count in sorted(ledger.problem_counts.items()):
        say(f"  {severity}: {kind}, {count:,}")
        examples = [p for p in ledger.problems if (p.severity, p.kind) == (severity, kind)]
        say(*(f"    {_sentence(problem, paths)}" for problem in examples[:_EXAMPLES]))
    say(f"  all of them: {session.command('problems')}")


def _sentence(problem: Problem, paths: Mapping[str, str]) -> str:
    path = near(paths.get(problem.source_file_id or "", problem.path))
    place = path if problem.line is None else f"{path}:{problem.line}"
    return shortened(f"{place}: {problem.message}", _LONGEST)


def _problem_data(problem: Problem) -> dict[str, Any]:
    names = ("severity", "kind", "path", "line", "byte_offset", "message", "run_id", "task")
    return {name: getattr(problem, name) for name in names}


def _tell_next(ledger: Ledger, session: Session, suggestion: str | None) -> None:
    commands = [session.command("leaderboard", suggestion)] if suggestion else []
    if ledger.runs:
        commands.append(session.command("show", ledger.runs[0].short_id))
    if ledger.problem_counts:
        commands.append(session.command("problems"))
    commands += [session.command("sql"), session.command("tables")]
    heading("next", apart=True)
    say(*(f"  {command}" for command in commands[:3]))
