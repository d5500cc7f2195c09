"""Several processes and threads on one catalog."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import timedelta
from typing import NoReturn

import pytest

from evalhouse import ids
from evalhouse.catalog import HEAD, Catalog, batches
from evalhouse.catalog.database import Session
from evalhouse.errors import HouseBusyError
from evalhouse.records import Creator
from tests.catalog.samples import commit, creators, everything, unit

BATCHES = 20


def _processes(number: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(number, mp_context=multiprocessing.get_context("spawn"))


def _creator(name: str) -> Creator:
    return Creator(creator_id=ids.creator_id(name), name=name)


def write_many(url: str, writer: str) -> list[int]:
    """Commit batches of one creator, one unit of the writer and one that all writers share."""
    catalog = Catalog(url)
    catalog.prepare()
    sequences = []
    for number in range(BATCHES):
        name = f"{writer}-{number}"
        outcome = commit(catalog, [_creator(name)], [unit(name), unit("shared", name)])
        sequences.append(outcome.sequence)
        assert name in creators(catalog)  # ADBC reads while the other process writes
    catalog.close()
    return sequences


def prepare_many(url: str) -> str | None:
    """Open a catalog that may not be there yet."""
    catalog = Catalog(url)
    catalog.prepare()
    revision = catalog.revision()
    catalog.close()
    return revision


def test_two_processes_that_commit_at_once_lose_nothing(catalog: Catalog, url: str) -> None:
    commit(catalog, everything())
    with _processes(2) as pool:
        sequences = [*pool.map(write_many, [url, url], ["left", "right"])]
    names = {f"{writer}-{number}" for writer in ("left", "right") for number in range(BATCHES)}
    live = {found.part: found for found in catalog.live_units([unit("").run_id])}
    assert sorted(itertools.chain(*sequences)) == list(range(2, 2 + 2 * BATCHES))
    assert names < set(creators(catalog))
    assert set(live) == names | {"shared"}
    assert len(catalog.snapshot().superseded) == 2 * BATCHES - 1


def write_some(url: str, writer: str) -> int:
    """Commit a few batches, each with a creator and a unit of its own and one of all."""
    catalog = Catalog(url)
    for number in range(3):
        name = f"{writer}-{number}"
        commit(catalog, [_creator(name), _creator("of all")], [unit(name), unit("shared", name)])
    catalog.close()
    return os.getpid()


def test_ten_processes_that_write_at_once_lose_nothing(catalog: Catalog, url: str) -> None:
    commit(catalog, everything())
    writers = [f"writer {number}" for number in range(10)]
    with _processes(10) as pool:
        assert len(set(pool.map(write_some, [url] * 10, writers))) > 1
    names = {f"{writer}-{number}" for writer in writers for number in range(3)}
    assert set(creators(catalog)) == names | {"of all", "creators.name of main: né 数 😀"}
    assert {found.part for found in catalog.live_units([unit("").run_id])} == names | {"shared"}
    assert len(catalog.snapshot().committed) == 31
    assert len(catalog.snapshot().superseded) == 29  # all but the last of those of the shared unit


def test_processes_that_create_a_catalog_at_once_all_succeed(url: str) -> None:
    with _processes(4) as pool:
        assert [*pool.map(prepare_many, [url] * 8)] == [HEAD] * 8


def die(session: Session, batch_id: str) -> NoReturn:
    """End this process as if it were killed."""
    os._exit(9)


def die_in_commit(url: str, batch_id: str) -> None:
    """Write all of a batch, and die just before it would be seen."""
    batches._close = die
    Catalog(url).commit_batch(batch_id, entities=everything(), units=[unit("one")])


def test_a_process_killed_in_a_commit_leaves_the_catalog_as_before(
    catalog: Catalog, url: str
) -> None:
    batch_id = ids.random_id()
    catalog.open_batch(batch_id)
    before = catalog.snapshot()
    killed = multiprocessing.get_context("spawn").Process(
        target=die_in_commit, args=(url, batch_id)
    )
    killed.start()
    killed.join()
    assert killed.exitcode == 9
    assert (catalog.snapshot(), creators(catalog)) == (before, [])
    assert catalog.abandon_expired(timedelta(0)) == [batch_id]
    assert commit(catalog, everything(), [unit("one")]).replaced == 0


def test_threads_share_a_catalog(catalog: Catalog) -> None:
    def write(number: int) -> int:
        commit(catalog, [_creator(str(number))])
        return int(catalog.arrow(Creator.table).num_rows)

    with ThreadPoolExecutor(4) as pool:
        assert max(pool.map(write, range(20))) == 20


def test_a_writer_that_waits_too_long_says_who_is_in_the_way(catalog: Catalog, url: str) -> None:
    impatient = Catalog(url, busy_seconds=0.2)
    batch_id = ids.random_id()
    catalog.open_batch(batch_id)
    other, held, done = Catalog(url), threading.Event(), threading.Event()

    def hold() -> None:
        with other._database.write(alone=True):
            held.set()
            done.wait(20)
        other.close()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(20)
    with pytest.raises(HouseBusyError, match="another process kept"):
        impatient.commit_batch(batch_id, entities=[], units=[])
    done.set()
    holder.join()
    impatient.close()
