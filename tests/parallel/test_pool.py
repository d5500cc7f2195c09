from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evalhouse.errors import EvalhouseError, UnknownNameError
from evalhouse.parallel import Counter, Workers, processors
from tests.parallel import tasks

each_number = pytest.mark.parametrize("processes", [1, 2, 3])


@each_number
@pytest.mark.parametrize("count", [0, 1, 2, 40])
def test_the_results_of_all_tasks_come_back(processes: int, count: int) -> None:
    with Workers(processes) as workers:
        found = list(workers.run(tasks.square, range(count)))
    assert sorted(found) == [number * number for number in range(count)]


@each_number
def test_workers_count_what_all_processes_did(processes: int) -> None:
    with Workers(processes) as workers:
        assert workers.counted.bytes == 0
        list(workers.run(tasks.square, range(10)))
        assert workers.counted.bytes == sum(range(10))
        list(workers.run(tasks.square, range(5)))
        assert workers.counted.bytes == sum(range(10)) + sum(range(5))


@each_number
def test_who_watches_sees_the_count_grow(processes: int) -> None:
    seen: list[int] = []
    with Workers(processes) as workers:
        list(workers.run(tasks.square, range(20), watch=lambda count: seen.append(count.bytes)))
    assert seen == sorted(seen)
    assert 0 < seen[-1] <= sum(range(20))


def test_one_process_runs_everything_here_and_in_order() -> None:
    here: list[int] = []

    def note(number: int, _: Counter) -> int:  # could not be sent to another process
        here.append(number)
        return number

    with Workers(1) as workers:
        assert list(workers.run(note, [3, 1, 2])) == [3, 1, 2]
    assert here == [3, 1, 2]


@pytest.mark.parametrize("processes", [0, -3])
def test_there_is_always_one_process(processes: int) -> None:
    with Workers(processes) as workers:
        assert workers.processes == 1
        assert list(workers.run(tasks.square, [3])) == [9]


def test_this_process_works_beside_the_fresh_ones(tmp_path: Path) -> None:
    with Workers(2) as workers:
        found = set(workers.run(tasks.process_of, [str(tmp_path)] * 2))
    assert len(found) == 2
    assert os.getpid() in found


@each_number
def test_a_task_that_raises_raises_its_own_error_here(processes: int) -> None:
    with Workers(processes) as workers, pytest.raises(UnknownNameError) as caught:
        list(workers.run(tasks.refuse_odd, [2, 4, 6, 1, 8, 11]))
    assert str(caught.value).startswith("no number is called `1")
    assert caught.value.name in {"1", "11"}


def test_a_failure_elsewhere_ends_the_run(tmp_path: Path) -> None:
    given = [(os.getpid(), str(tmp_path), number) for number in range(20)]
    with Workers(2) as workers, pytest.raises(ValueError, match="no good"):
        list(workers.run(tasks.fail_elsewhere, given))
    assert len(list(tmp_path.glob("ran-*"))) < 10


def test_a_killed_process_gives_one_clear_sentence() -> None:
    with Workers(2) as workers, pytest.raises(EvalhouseError) as caught:
        list(workers.run(tasks.die_elsewhere, [os.getpid()] * 8))
    assert str(caught.value) == (
        "a worker process was killed (out of memory?); nothing was stored, try fewer processes "
        "with `--processes`"
    )


def test_the_count_can_be_read_when_a_killed_process_held_its_lock() -> None:
    with Workers(2) as workers:
        list(workers.run(tasks.square, [3, 4]))
        with workers._total.get_lock():
            thread = ThreadPoolExecutor(1).submit(lambda: workers.counted.bytes)
            assert thread.result(timeout=60) == 7


def test_a_run_that_is_left_early_leaves_nothing_behind() -> None:
    with Workers(2) as workers:
        for _ in workers.run(tasks.is_warm, range(30)):
            break
        assert len(dict(workers.run(tasks.is_warm, range(30)))) == 2


def test_fresh_processes_warm_up_before_their_first_task() -> None:
    with Workers(3, warm=tasks.warm_up) as workers:
        found = dict(workers.run(tasks.is_warm, range(12)))
    assert found.pop(os.getpid(), None) is None
    assert set(found.values()) == {"yes"}


def test_fresh_processes_do_without_pandas() -> None:
    pytest.importorskip("pandas")
    with Workers(2) as workers:
        found = set(workers.run(tasks.knows_pandas, range(8)))
    assert False in found


def test_a_counter_counts_in_its_own_process() -> None:
    counter = Counter()
    counter.add(3)
    counter.add(4)
    assert counter.here.bytes == 7


def test_processors_are_those_this_process_may_use() -> None:
    assert 1 <= processors() <= (os.cpu_count() or 1)
