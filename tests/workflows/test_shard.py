from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.formats.base import TableRows, Unit, UnitFile
from evalhouse.lake import Lake
from evalhouse.records import Problem, Severity
from evalhouse.store import Store
from evalhouse.workflows.shard import PROBLEMS_SHOWN, ShardResult, Writers, deal

MOST = 1000


def _units(sizes: list[int]) -> list[Unit]:
    return [
        Unit(
            format="olmes",
            unit_id=f"{number:04d}",
            part=str(number),
            run_id="r",
            model_id="m",
            prompt_id="p",
            task_id="t",
            source_id="s",
            files=(UnitFile("/a", "a", "predictions", "f", size, 0),),
        )
        for number, size in enumerate(sizes)
    ]


def _problem(severity: Severity) -> Problem:
    return Problem(
        path="a", kind="line", severity=severity, message="it is broken", bytes=b"x" * 1000
    )


@given(st.lists(st.integers(0, 5000), max_size=60), st.integers(1, 70))
def test_every_unit_is_dealt_once(sizes: list[int], processes: int) -> None:
    units = _units(sizes)
    dealt = [unit for share in deal(units, processes, MOST) for unit in share]
    assert sorted(dealt, key=lambda unit: unit.unit_id) == units


@given(st.lists(st.integers(1, MOST // 10), min_size=1, max_size=300), st.integers(1, 8))
def test_a_share_is_hardly_larger_than_the_most(sizes: list[int], processes: int) -> None:
    for share in deal(_units(sizes), processes, MOST):
        assert sum(unit.size for unit in share) <= MOST + MOST // 10


def test_shares_of_many_units_shrink_and_begin_equal() -> None:
    shares = [sum(unit.size for unit in share) for share in deal(_units([1000] * 4000), 2, 10**9)]
    assert shares == pytest.approx(sorted(shares, reverse=True), abs=9000)
    assert shares[0] == pytest.approx(shares[1], abs=9000)
    assert shares[-1] < sum(shares) / 16


def test_one_process_gets_one_share_unless_it_is_too_large() -> None:
    assert len(list(deal(_units([10] * 20), 1, MOST))) == 1
    assert len(list(deal(_units([10] * 250), 1, MOST))) == 3


def test_units_without_files_are_dealt_too() -> None:
    assert [len(share) for share in deal(_units([0] * 5), 4, MOST)] == [5]
    assert list(deal([], 4, MOST)) == []


def test_a_ledger_gets_the_first_problems_of_each_severity_without_their_bytes() -> None:
    result = ShardResult()
    for severity in ("notice", "damage", "conflict"):
        for _ in range(PROBLEMS_SHOWN + 10):
            result.note(_problem(severity))
    assert set(result.problem_counts.values()) == {PROBLEMS_SHOWN + 10}
    assert len(result.problems) == 3 * PROBLEMS_SHOWN
    assert all(problem.bytes is None for problem in result.problems)


@pytest.mark.parametrize(
    ("metric", "stated", "expected"),
    [
        ("acc", {}, ("proportion", True)),
        ("judge_rating", {}, (None, None)),
        ("acc", {"unit": "percent", "higher_is_better": False}, ("percent", False)),
        ("judge_rating", {"unit": "points", "higher_is_better": True}, ("points", True)),
    ],
)
def test_metrics_get_a_meaning_where_they_state_none(
    store: Store, metric: str, stated: dict[str, object], expected: tuple[str | None, bool | None]
) -> None:
    row = {"metric": metric, "value": 0.5, **stated}
    lake = Lake(store.settings.lake)
    with Writers(store.settings.lake, "batch", "test") as writers:
        writers.write(TableRows("metrics", pa.RecordBatch.from_pylist([row])), "unit")
        [file] = writers.close()
    table = pq.read_table(f"{lake.place.address('metrics')}/{file.path}")
    [written] = table.to_pylist()
    assert (written["unit"], written["higher_is_better"]) == expected
