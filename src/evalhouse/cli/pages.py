"""Pages of one run, one task, one item."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from evalhouse.cli.output import Column, heading, print_rows, say
from evalhouse.cli.session import Session
from evalhouse.cli.text import NOTHING, counted, near, number, safe, shortened, size, with_error

if TYPE_CHECKING:
    from evalhouse.views.items import Item
    from evalhouse.views.runs import RunPage, TaskPage
    from evalhouse.views.took import Took

_LONGEST_CELL = 60
_LONGEST_SETTING = 200


def print_run(page: RunPage, session: Session) -> None:
    """Print a run."""
    heading(f"run {page.short_id}  {page.label or ''}")
    _print_facts(
        {
            "id": page.run_id,
            "status": page.status,
            "started": _time(page.started_at),
            "finished": _time(page.finished_at),
            "taken in": _time(page.submitted_at),
            "runner": " ".join(filter(None, (page.runner, page.runner_version))) or None,
            "git commit": page.git_commit,
            "took": _took(page.took),
            "checks": _counts(page.checks),
            "problems": _counts(page.problems) or "none",
        }
    )
    for source in page.sources:
        files = f"{counted(source.files, 'file')}, {size(source.bytes)}"
        say(f"  {'source':<11} {near(source.uri)} ({source.format}, {files})")
    heading("results", apart=True)
    print_rows(
        [
            Column("task", is_name=True),
            Column("metric"),
            Column("value ± stderr", "right"),
            Column("items", "right"),
            Column("origin"),
            Column("note", is_optional=True),
        ],
        [
            [
                safe(("suite " if result.is_suite else "") + result.task),
                safe(result.score.metric or NOTHING),
                with_error(result.score.value, result.score.stderr, result.score.unit),
                f"{result.score.n_items:,}" if result.score.n_items is not None else NOTHING,
                result.score.origin,
                safe(result.score.note or ""),
            ]
            for result in page.results
        ],
    )
    heading("settings", apart=True)
    _print_facts({key: shortened(str(v), _LONGEST_SETTING) for key, v in _told(page.settings)})
    tasks = [result.task for result in page.results if not result.is_suite]
    if tasks:
        say("", f"next: {session.command('show', page.short_id, '--task', tasks[0])}")


def print_task(page: TaskPage, session: Session) -> None:
    """Print a task of a run."""
    heading(f"{page.task} in run {page.short_id}: {counted(page.items, 'item')}")
    columns = [Column("metric"), Column("value ± stderr", "right"), Column("n", "right")]
    columns += [Column("unit"), Column("scope"), Column("origin"), Column("note", is_optional=True)]
    print_rows(
        columns,
        [
            [
                safe(line.metric),
                with_error(line.value, line.stderr, line.unit),
                f"{line.n:,}" if line.n is not None else NOTHING,
                line.unit or NOTHING,
                safe(" ".join(filter(None, (line.scope_type, line.scope)))),
                line.origin or NOTHING,
                safe(line.note or ""),
            ]
            for line in page.metrics
        ],
    )
    if not page.first_items:
        return
    heading("first items", apart=True)
    columns = [Column("doc", "right"), Column("native id"), Column("label"), Column("answer")]
    print_rows(
        [*columns, Column("score", "right")],
        [
            [
                str(line.doc_id),
                *(_cell(text) for text in (line.native_id, line.label, line.answer)),
                number(line.score),
            ]
            for line in page.first_items
        ],
    )
    first = str(page.first_items[0].doc_id)
    say("", f"next: {session.command('show', page.short_id, '--task', page.task, '--doc', first)}")


def print_item(item: Item) -> None:
    """Print an item whole."""
    heading(f"item {item.doc_id} of {item.task} in run {item.short_id}")
    model = " ".join(filter(None, (item.model, item.revision)))
    attempt = str(item.attempt) if item.attempt else None
    _print_facts(
        {
            "model": model or None,
            "run": item.run_label,
            "native id": item.native_id,
            "document": item.item_sha256,
            "attempt": attempt,
            "label": item.label,
            "answer": item.answer,
            "score": None if item.score is None else number(item.score),
            "status": " ".join(filter(None, (item.status, item.failure_reason))) or None,
        }
    )
    for each in item.evidence:
        lines = ", ".join(str(line) for line in each.lines)
        place = near(each.path) if each.path else "a file that is not listed"
        copies = f" (and {counted(each.places - 1, 'copy', 'copies')})" if each.places > 1 else ""
        say(f"  {each.table:<11} {place}:{lines}{copies}")
    for title, text in (
        ("document", item.doc),
        ("model output", item.model_output),
        ("metrics", item.metrics),
        ("requests", item.requests),
        ("recorded input", item.inputs),
    ):
        _print_json(title, text)


def _print_json(title: str, text: str | None) -> None:
    if text is None:
        return
    heading(title, apart=True)
    say(*_indented(text).split("\n"))


def _indented(text: str) -> str:
    """Return JSON over several lines, all its tokens as written; what is no JSON as it is."""
    try:
        return msgspec.json.format(text, indent=2)
    except msgspec.DecodeError:
        return text


def _print_facts(facts: Mapping[str, str | None]) -> None:
    longest = max([11, *(len(name) for name in facts)])
    for name, value in facts.items():
        if value is not None:
            say(f"  {name:<{longest}} {value}")


def _told(settings: Mapping[str, str | None]) -> list[tuple[str, str]]:
    return [(key, value) for key, value in settings.items() if value is not None]


def _counts(counts: Mapping[tuple[str, str], int]) -> str:
    together: dict[str, int] = {}
    for (first, second), count in counts.items():
        name = f"{first} {second}"
        together[name] = together.get(name, 0) + count
    return ", ".join(f"{count:,} {name}" for name, count in together.items())


def _took(took: Took) -> str | None:
    told = {
        "s": took.seconds,
        "tokens in": took.prompt_tokens,
        "tokens out": took.completion_tokens,
        "Wh": took.energy_wh,
        "kg CO₂e": took.emissions_kg,
    }
    known = ((unit, value) for unit, value in told.items() if value is not None)
    return (
        ", ".join(
            f"{value:,} {unit}" if isinstance(value, int) else f"{number(value)} {unit}"
            for unit, value in known
        )
        or None
    )


def _cell(text: str | None) -> str:
    return NOTHING if text is None else safe(shortened(text, _LONGEST_CELL))


def _time(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC") if moment else None
