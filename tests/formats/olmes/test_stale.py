from __future__ import annotations

from typing import Any

from evalhouse.formats.olmes.record import Record
from evalhouse.formats.olmes.stale import stale_records
from tests.formats.olmes.made import as_record, suite, task, task_value

DATE = "2025-11-{:02d} {:02d}:00:00 UTC"


def at(day: int, hour: int, *, name: str = "t", **changes: Any) -> Record:
    value = task_value(f"{name}{day}-{hour}", current_date=DATE.format(day, hour), **changes)
    return as_record(value, line=day * 100 + hour)


def stale(*records: Record) -> list[str | None]:
    return [problem.task for problem in stale_records(records)]


def test_records_of_one_launch_are_not_stale() -> None:
    job = {"BEAKER_JOB_ID": "a", "GIT_REF": "b"}
    assert stale(*(at(3, hour, beaker_info=job) for hour in (1, 4, 9))) == []
    assert stale(at(3, 1)) == stale() == []


def test_a_record_of_another_job_than_the_newest_is_stale() -> None:
    records = [
        at(3, hour, beaker_info={"BEAKER_JOB_ID": job}) for hour, job in ((2, "b"), (1, "a"))
    ]
    (problem,) = stale_records(records)
    assert (problem.task, problem.severity, problem.line) == ("t3-1", "notice", 301)
    assert "BEAKER_JOB_ID differ" in problem.message


def test_every_mark_that_differs_is_named() -> None:
    old = at(3, 1, beaker_info={"GIT_REF": "a", "BEAKER_EXPERIMENT_ID": "a", "BEAKER_NODE": "a"})
    new = at(3, 2, beaker_info={"GIT_REF": "b", "BEAKER_EXPERIMENT_ID": "b", "BEAKER_NODE": "b"})
    assert "BEAKER_EXPERIMENT_ID, GIT_REF" in stale_records([old, new])[0].message


def test_records_before_the_last_long_pause_are_stale() -> None:
    records = [at(3, 1), at(3, 2), at(4, 1), at(5, 1), at(5, 2)]
    assert stale(*reversed(records)) == ["t3-1", "t3-2", "t4-1"]
    assert "a pause that ended 2025-11-05 01:00 UTC" in stale_records(records)[0].message


def test_a_task_that_took_long_is_no_pause() -> None:
    assert stale(at(3, 1, processing_time=20 * 3600.0), at(3, 23)) == []
    assert stale(at(3, 1, processing_time=None), at(3, 23)) == ["t3-1"]


def test_a_pause_of_six_hours_is_not_yet_long() -> None:
    assert stale(at(3, 1, processing_time=0.0), at(3, 7)) == []
    assert stale(at(3, 1, processing_time=0.0), at(3, 8)) == ["t3-1"]


def test_records_of_several_files_are_not_compared() -> None:
    one, other = (
        task_value(name, current_date=DATE.format(day, 1)) for name, day in (("a", 3), ("b", 9))
    )
    assert stale(as_record(one, path="x"), as_record(other, path="y")) == []
    assert stale(as_record(one, path="x"), as_record(other, path="x")) == ["a"]


def test_aggregates_and_records_without_a_date_are_left_out() -> None:
    first = task("piqa", current_date=DATE.format(3, 1))
    assert stale(suite("core", [first]), at(9, 1)) == []
    assert stale(task("t", current_date=None), at(9, 1)) == []


def test_a_record_without_a_date_is_not_the_newest() -> None:
    undated = task("undated", current_date=None, beaker_info={"GIT_REF": "a"})
    assert stale(undated, at(3, 1, beaker_info={"GIT_REF": "b"})) == ["undated"]
