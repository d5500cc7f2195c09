from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from datetime import timedelta
from pathlib import Path

import pytest

from evalhouse import config
from evalhouse.errors import HouseError, NoHouseError
from evalhouse.store import Store
from tests.store.rows import RUN, fill, response, unit, values, write

COUNT = "SELECT count(*) FROM responses"
NOW = timedelta(0)


def rows(part: str = "arc", score: float = 1.0) -> dict[str, list[dict[str, object]]]:
    return {"responses": [response(part, 0, score=score), response(part, 1, score=score)]}


def test_a_new_house_is_empty_and_answers_queries(store: Store) -> None:
    assert values(store, COUNT) == [0]
    assert values(store, "SELECT count(*) FROM runs") == [0]


def test_without_create_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(NoHouseError, match="there is no house"):
        Store.open(config.load(tmp_path / "house"), create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_house_is_opened_again_as_it_was_left(tmp_path: Path) -> None:
    settings = config.load(tmp_path / "house", lake=str(tmp_path / "elsewhere"))
    with Store.open(settings, create=True) as store:
        write(store, rows(), unit("arc"))
    with Store.open(config.load(tmp_path / "house"), create=False) as store:
        assert values(store, COUNT) == [2]


def test_a_house_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    place = tmp_path / "a" / "house"
    settings = config.load(place, catalog="postgresql://nobody@127.0.0.1:9/none")
    with pytest.raises(Exception, match=r"127\.0\.0\.1") as failure:
        Store.open(settings, create=True)
    assert isinstance(failure.value, Exception)
    assert list(tmp_path.iterdir()) == []


def test_a_house_inside_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HouseError, match="there cannot be a house"):
        Store.open(config.load(tmp_path / "file" / "house"), create=True)


def test_a_password_never_reaches_the_disk(tmp_path: Path) -> None:
    settings = config.load(tmp_path / "house", catalog="postgresql://u:secret@127.0.0.1:9/none")
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever stops it first
        Store.open(settings, create=True)
    assert not list(tmp_path.rglob("house.toml"))


def test_a_committed_batch_is_seen_whole(store: Store) -> None:
    with store.begin() as batch:
        fill(store, batch, rows())
        assert values(store, COUNT) == [0]
        outcome = batch.commit(entities=[RUN], units=[unit("arc")])
    assert values(store, COUNT) == [2]
    assert (outcome.sequence, outcome.replaced, outcome.repeated) == (1, 0, 0)


def test_a_failed_batch_is_abandoned(store: Store) -> None:
    with pytest.raises(ValueError, match="no column"), store.begin() as batch:
        fill(store, batch, {**rows(), "metrics": [{"colour": "red"}]})
    assert values(store, "SELECT state FROM batches") == ["abandoned"]
    assert values(store, COUNT) == [0]


def test_a_batch_commits_once(store: Store) -> None:
    with store.begin() as batch:
        batch.commit()
        with pytest.raises(HouseError, match="is closed"):
            batch.commit()


def test_a_batch_that_repair_has_closed_cannot_commit(store: Store) -> None:
    with store.begin() as batch:
        fill(store, batch, rows())
        assert store.repair(NOW) == [batch.batch_id]
        with pytest.raises(HouseError):
            batch.commit(entities=[RUN], units=[unit("arc")])
    assert values(store, COUNT) == [0]


def test_repair_leaves_a_batch_that_shows_life(store: Store) -> None:
    with store.begin() as batch:
        batch.beat()
        assert store.repair() == []
        batch.commit()


def test_a_unit_that_comes_again_unchanged_is_not_seen_twice(store: Store) -> None:
    write(store, rows(), unit("arc"))
    assert write(store, rows(), unit("arc")).repeated == 1
    assert values(store, COUNT) == [2]


def test_a_changed_unit_replaces_its_rows(store: Store) -> None:
    write(store, rows(score=0.0), unit("arc"))
    assert write(store, rows(score=1.0), unit("arc", "bb")).replaced == 1
    assert values(store, "SELECT sum(score) FROM responses") == [2.0]


def test_other_units_of_the_same_file_stay(store: Store) -> None:
    both = {"responses": rows("arc")["responses"] + rows("boolq")["responses"]}
    write(store, both, unit("arc"), unit("boolq"))
    write(store, rows("arc", score=0.0), unit("arc", "bb"))
    found = values(store, "SELECT task || score FROM responses ORDER BY ALL")
    assert found == ["arc0.0", "arc0.0", "boolq1.0", "boolq1.0"]


def test_retired_units_are_seen_no_more(store: Store) -> None:
    write(store, rows("arc"), unit("arc"))
    write(store, rows("boolq"), unit("boolq"), retired=[unit("arc").unit_id])
    assert values(store, "SELECT DISTINCT task FROM responses") == ["boolq"]


KILLED = """
    import os, signal
    from evalhouse import config
    from evalhouse.store import Store
    from tests.store import test_store as tests
    store = Store.open(config.load({place!r}), create=False)
    batch = store.begin()
    tests.fill(store, batch, tests.rows(score=0.0))
    store.catalog.commit_batch = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)
    batch.commit(entities=[tests.RUN], units=[tests.unit("arc", "bb")])
"""


def test_a_process_killed_between_lake_and_catalog_changes_nothing(store: Store) -> None:
    write(store, rows(), unit("arc"))
    program = textwrap.dedent(KILLED).format(place=str(store.settings.folder))
    path = os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, sys.path)])
    killed = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": path}, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert len(store.lake.files("responses")) == 2
    assert values(store, "SELECT sum(score) FROM responses") == [2.0]
    assert len(store.repair(NOW)) == 1
    assert values(store, "SELECT sum(score) FROM responses") == [2.0]
    write(store, rows(score=0.0), unit("arc", "bb"))
    assert values(store, "SELECT sum(score) FROM responses") == [0.0]


def test_a_house_works_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    settings = config.load(tmp_path / "house", catalog=postgres_url)
    with Store.open(settings, create=True) as store:
        write(store, rows(), unit("arc"))
        write(store, rows(score=0.0), unit("arc", "bb"))
        assert values(store, "SELECT sum(score) FROM responses JOIN runs USING (run_id)") == [0.0]
