"""The catalog's half of the commit protocol."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from evalhouse import ids
from evalhouse.catalog import BatchOutcome, Catalog
from evalhouse.errors import HouseError
from evalhouse.records import BatchUnit, Cell, Creator
from evalhouse.version import __version__
from tests.catalog.samples import cell, commit, creators, everything, rows, sample, unit

OLD, SAME, NEW = unit("one", "aa"), unit("one", "aa"), unit("one", "bb")
TWO = unit("two", "cc")
RUN = OLD.run_id


def _scores(catalog: Catalog) -> list[float]:
    return [row["score"] for row in rows(catalog, Cell.table)]


def _live(catalog: Catalog) -> dict[str, str]:
    return {live.part: live.fingerprint for live in catalog.live_units([RUN])}


def _state(catalog: Catalog, batch_id: str) -> str:
    states = {row["batch_id"]: row["state"] for row in rows(catalog, "batches")}
    return str(states[batch_id])


def _first(catalog: Catalog, *units: BatchUnit, score: float = 0.1) -> str:
    commit(catalog, [*everything(), cell(units[0] if units else None, score)], units)
    (batch_id,) = catalog.snapshot().committed
    return batch_id


def test_an_open_batch_says_who_writes_it(catalog: Catalog) -> None:
    before = datetime.now(UTC)
    catalog.open_batch(ids.random_id())
    (row,) = rows(catalog, "batches")
    assert (row["state"], row["sequence"], row["committed_at"]) == ("open", None, None)
    assert row["code_version"] == __version__
    assert before <= row["opened_at"] == row["heartbeat_at"] <= datetime.now(UTC)


def test_a_new_unit_is_live_with_its_cells(catalog: Catalog) -> None:
    batch_id = _first(catalog, OLD)
    (live,) = catalog.live_units([RUN])
    assert (live.unit_id, live.batch_id, live.run_id) == (OLD.unit_id, batch_id, RUN)
    assert _scores(catalog) == [0.1]
    assert catalog.snapshot().superseded == frozenset()


def test_a_changed_unit_takes_the_place_of_the_old_one(catalog: Catalog) -> None:
    first = _first(catalog, OLD)
    outcome = commit(catalog, [cell(NEW, 0.9)], [NEW])
    assert outcome == BatchOutcome(sequence=2, replaced=1, repeated=0)
    assert catalog.snapshot().superseded == {(OLD.unit_id, first)}
    assert _live(catalog) == {"one": "bb"}
    assert _scores(catalog) == [0.9]


def test_an_equal_unit_leaves_everything_as_it_was(catalog: Catalog) -> None:
    first = _first(catalog, OLD)
    outcome = commit(catalog, [cell(SAME, 0.9)], [SAME])
    assert outcome == BatchOutcome(sequence=2, replaced=0, repeated=1)
    assert [live.batch_id for live in catalog.live_units([RUN])] == [first]
    ((unit_id, batch_id),) = catalog.snapshot().superseded
    assert (unit_id, batch_id != first) == (OLD.unit_id, True)
    assert _scores(catalog) == [0.1]


def test_a_unit_can_change_and_change_back(catalog: Catalog) -> None:
    _first(catalog, OLD)
    commit(catalog, [cell(NEW, 0.9)], [NEW])
    outcome = commit(catalog, [cell(SAME, 0.3)], [SAME])
    assert (outcome.replaced, outcome.repeated) == (1, 0)
    assert _live(catalog) == {"one": "aa"}
    assert _scores(catalog) == [0.3]


def test_units_of_one_batch_are_judged_one_by_one(catalog: Catalog) -> None:
    _first(catalog, OLD, TWO)
    outcome = commit(catalog, [cell(NEW, 0.9)], [NEW, TWO, unit("three")])
    assert (outcome.replaced, outcome.repeated) == (1, 1)
    assert _live(catalog) == {"one": "bb", "two": "cc", "three": "aa"}


def test_a_changed_unit_without_cells_takes_its_old_ones_away(catalog: Catalog) -> None:
    _first(catalog, OLD)
    commit(catalog, [], [NEW])
    assert _scores(catalog) == []


def test_a_retired_unit_is_gone_with_its_cells(catalog: Catalog) -> None:
    first = _first(catalog, OLD, TWO)
    outcome = commit(catalog, retired=[OLD.unit_id, unit("never seen").unit_id])
    assert (outcome.replaced, outcome.repeated) == (0, 0)
    assert _live(catalog) == {"two": "cc"}
    assert catalog.snapshot().superseded == {(OLD.unit_id, first)}
    assert _scores(catalog) == []


def test_a_retired_unit_comes_back_with_its_evidence(catalog: Catalog) -> None:
    _first(catalog, OLD)
    commit(catalog, retired=[OLD.unit_id])
    outcome = commit(catalog, [*everything(), cell(SAME, 0.2)], [SAME])
    assert (outcome.replaced, outcome.repeated) == (0, 0)
    assert _live(catalog) == {"one": "aa"}
    assert 0.2 in _scores(catalog)


def test_a_unit_that_is_carried_is_not_retired(catalog: Catalog) -> None:
    _first(catalog, OLD)
    commit(catalog, [], [SAME], retired=[OLD.unit_id])
    assert _live(catalog) == {"one": "aa"}


def test_cells_of_units_that_the_batch_does_not_carry_are_not_written(catalog: Catalog) -> None:
    _first(catalog, OLD)
    commit(catalog, [cell(TWO, 0.9)])
    assert _scores(catalog) == [0.1]


def test_a_batch_that_was_abandoned_cannot_be_committed(catalog: Catalog) -> None:
    batch_id = ids.random_id()
    catalog.open_batch(batch_id)
    catalog.abandon(batch_id)
    with pytest.raises(HouseError, match="is abandoned and cannot be written to"):
        catalog.commit_batch(batch_id, entities=[sample(Creator)], units=[])
    with pytest.raises(HouseError, match="is abandoned"):
        catalog.beat(batch_id)
    assert creators(catalog) == []
    assert catalog.snapshot().committed == frozenset()


def test_a_batch_commits_once_and_is_not_abandoned_after(catalog: Catalog) -> None:
    batch_id = _first(catalog, OLD)
    catalog.abandon(batch_id)
    with pytest.raises(HouseError, match="is committed"):
        catalog.commit_batch(batch_id, entities=[], units=[])
    assert _state(catalog, batch_id) == "committed"


def test_a_batch_that_was_never_opened_cannot_be_committed(catalog: Catalog) -> None:
    with pytest.raises(HouseError, match="is not in the catalog"):
        catalog.commit_batch(ids.random_id(), entities=[], units=[])


def test_only_batches_without_sign_of_life_expire(catalog: Catalog) -> None:
    silent, alive = ids.random_id(), ids.random_id()
    catalog.open_batch(silent)
    catalog.open_batch(alive)
    committed = _first(catalog, OLD)
    with catalog._database.write() as session:
        hour_ago = session.time(datetime.now(UTC) - timedelta(hours=1))
        session.execute("UPDATE batches SET heartbeat_at = ?", hour_ago)
    catalog.beat(alive)
    assert catalog.abandon_expired(timedelta(hours=2)) == []
    assert catalog.abandon_expired(timedelta(minutes=15)) == [silent]
    states = [_state(catalog, batch_id) for batch_id in (silent, alive, committed)]
    assert states == ["abandoned", "open", "committed"]


def test_a_failed_commit_leaves_nothing_behind(catalog: Catalog) -> None:
    batch_id = ids.random_id()
    catalog.open_batch(batch_id)
    before = catalog.version()
    with pytest.raises(HouseError, match="refused"):
        catalog.commit_batch(batch_id, entities=[sample(Creator)], units=[OLD])
    assert (creators(catalog), catalog.version()) == ([], before)
    assert _state(catalog, batch_id) == "open"


def test_sequences_and_versions_grow_with_each_commit(catalog: Catalog) -> None:
    versions = [catalog.version()]
    for expected in (1, 2, 3):
        assert commit(catalog).sequence == expected
        versions.append(catalog.version())
    assert versions == sorted(set(versions))
    assert catalog.snapshot().version == versions[-1]


def test_heartbeats_do_not_tell_readers_to_read_again(catalog: Catalog) -> None:
    batch_id = ids.random_id()
    catalog.open_batch(batch_id)
    before = catalog.version()
    catalog.beat(batch_id)
    assert catalog.version() == before
