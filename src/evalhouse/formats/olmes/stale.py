"""Signs that one set of records was not made in one go: resumed or mixed launches."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from evalhouse.formats.olmes.record import Record
from evalhouse.records import Problem

_LAUNCH_MARKS = ("BEAKER_JOB_ID", "BEAKER_EXPERIMENT_ID", "GIT_REF")
_PAUSE = timedelta(hours=6)
_NO_DATE = datetime.min.replace(tzinfo=UTC)


def stale_records(records: Sequence[Record]) -> list[Problem]:
    """Report records that an earlier launch left: a resumed task keeps its old record.

    Records of one file are compared with one another: by the marks of their job, and by pauses
    longer than six hours between the end of one task and the start of the next.
    """
    by_file: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if not record.is_aggregate:
            by_file[record.path].append(record)
    return [problem for group in by_file.values() if len(group) > 1 for problem in _in_file(group)]


def _in_file(records: Sequence[Record]) -> list[Problem]:
    newest = max(records, key=lambda record: record.started_at or _NO_DATE)
    found = []
    for record in records:
        marks = [
            mark
            for mark in _LAUNCH_MARKS
            if mark in record.part("beaker_info")
            and record.part("beaker_info").get(mark) != newest.part("beaker_info").get(mark)
        ]
        if marks:
            found.append(
                _problem(record, f"its {', '.join(marks)} differ from the newest record's")
            )
    return found or _paused(records)


def _paused(records: Sequence[Record]) -> list[Problem]:
    timed = sorted(
        ((record.started_at, record) for record in records if record.started_at),
        key=lambda pair: pair[0],
    )
    last_pause = None
    for (start, record), (later, _) in itertools.pairwise(timed):
        if later - (start + timedelta(seconds=record.processing_time or 0)) > _PAUSE:
            last_pause = later
    if last_pause is None:
        return []
    reason = f"it started before a pause that ended {last_pause:%Y-%m-%d %H:%M} UTC"
    return [_problem(record, reason) for start, record in timed if start < last_pause]


def _problem(record: Record, reason: str) -> Problem:
    return Problem(
        path=record.path,
        kind="stale_record",
        severity="notice",
        line=record.line,
        task=record.alias,
        message=f"the record of `{record.alias}` comes from an earlier launch: {reason}",
    )
