"""Reports of runs: their files read, what a report shows made of them, one file written."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from evalhouse.errors import HouseError, UsageError
from evalhouse.formats.codebook_lab.layout import ANSWERS, CONFIG
from evalhouse.journal import read as read_journal
from evalhouse.providers import Usage
from evalhouse.reports.html import html
from evalhouse.reports.markdown import markdown
from evalhouse.reports.run_page import run_document
from evalhouse.reports.sweep_page import sweep_document
from evalhouse.tasks.task import open_task
from evalhouse.views.annotation.costs import needs_every_usage
from evalhouse.views.annotation.record import RunRecord
from evalhouse.views.annotation.run import run_report
from evalhouse.views.annotation.sweep import sweep_report
from evalhouse.workflows.annotation.row_by_row import compared, examples_of
from evalhouse.workflows.annotation.run_record import is_scored, read_run

OUTPUTS = Path("outputs")
FORMS = {".html": html, ".htm": html, ".md": markdown, ".markdown": markdown}
"""What writes a report, by the ending of its name."""
_RUN_ID = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True)
class Written:
    """A report that was written; `left_out` are the runs of its folders without scores."""

    path: Path
    bytes: int
    runs: int
    left_out: tuple[Path, ...] = ()


def report(
    places: Sequence[str | Path], to: str | Path, *, task: str | Path | None = None
) -> Written:
    """Write a report of one run, or of several side by side.

    Args:
        places: folders of runs, folders that hold some, or ids of runs below `./outputs`.
        to: the file; its name ends with `.html` or `.md`.
        task: the folder of the task, for rows with other answers than the gold (of one run), and
            for comparisons row by row (of several), which also look where the task was when asked.

    Raises:
        UsageError: for a place without a run, a run without scores, files that are damaged, and a
            name that no form of report has.
    """
    path = Path(to)
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise UsageError(
            f"`{path}` names no form of report; expected a name that ends with `.html` or `.md`"
        )
    opened = open_task(task) if task is not None else None
    folders, left_out = _resolved(places)
    records = [_whole(read_run(folder)) for folder in folders]
    if len(records) == 1:
        examples = examples_of(records[0], opened) if opened else ()
        document = run_document(run_report(records[0], examples))
    else:
        document = sweep_document(sweep_report(records, compared(records, opened)))
    data = form(document).encode()
    _write(path, data)
    return Written(path, len(data), len(records), tuple(left_out))


def _resolved(places: Sequence[str | Path]) -> tuple[list[Path], list[Path]]:
    """Return the folders of scored runs, each once, and those of runs without scores.

    A run that is named itself must have scores.
    """
    found: dict[Path, Path] = {}
    left_out: list[Path] = []
    for place in places:
        folders, is_named = _runs_at(Path(place))
        for folder in folders:
            if is_scored(folder):
                found.setdefault(folder.resolve(), folder)
            elif is_named:
                raise UsageError(_unscored(folder))
            else:
                left_out.append(folder)
    if not found:
        where = ", ".join(f"`{place}`" for place in places) or "no place"
        raise UsageError(f"no run in {where} has scores; make them with `evalhouse score RUN`")
    return list(found.values()), left_out


def _unscored(folder: Path) -> str:
    """Say why a run has no scores, and what can be done."""
    if b'"run_uuid"' in (folder / CONFIG).read_bytes():
        return f"the run `{folder}` has no scores yet; make them with `evalhouse score {folder}`"
    return (
        f"the run `{folder}` is not one of `evalhouse annotate`, and reports need all that such a "
        f"run keeps; `evalhouse score {folder} --task TASK` shows its scores"
    )


def _runs_at(place: Path) -> tuple[list[Path], bool]:
    """Return the runs at a place, and whether it names one of them."""
    if (place / CONFIG).is_file():
        return [place], True
    if place.is_dir():
        folders = sorted({path.parent for path in _configurations(place)})
        if folders:
            return folders, False
    if not place.exists() and _RUN_ID.fullmatch(str(place)):
        named = sorted(path.parent for path in OUTPUTS.glob(f"*/{place}/{CONFIG}"))
        if named:
            return named, True
    raise UsageError(
        f"there is no run at `{place}`; expected a run's folder, such as "
        f"`{OUTPUTS}/<task>/<run id>`, or the folder of a task's runs"
    )


def _configurations(place: Path) -> Iterator[Path]:
    """Yield the configurations of the runs of a task, or of all tasks below an outputs folder."""
    yield from place.glob(f"*/{CONFIG}")
    yield from place.glob(f"*/*/{CONFIG}")


def _whole(record: RunRecord) -> RunRecord:
    """Add the tokens of every exchange where the price of a run depends on them."""
    journal = Path(record.folder) / ANSWERS
    if not needs_every_usage(record) or not journal.is_file():
        return record
    usages = [
        Usage(**{name: found.get(name) for name in ("input", "output", "reasoning", "cached")})
        for entry in read_journal(journal)
        if isinstance(entry.payload, dict) and isinstance(found := entry.payload.get("usage"), dict)
    ]
    return replace(record, usages=tuple(usages))


def _write(path: Path, data: bytes) -> None:
    """Write a file whole, or leave what was there."""
    waiting = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        waiting.write_bytes(data)
        waiting.replace(path)
    except OSError as failure:
        raise HouseError(f"`{path}` cannot be written: {failure.strerror or failure}") from failure
    finally:
        with suppress(OSError):
            waiting.unlink()
