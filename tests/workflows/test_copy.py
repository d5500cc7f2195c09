"""A house that moves: between both databases, between folders and buckets."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import evalhouse
from evalhouse import config
from evalhouse.catalog import Catalog, copying
from evalhouse.errors import DamagedHouseError, HouseError, NoHouseError, UsageError
from evalhouse.house import House, open_house
from evalhouse.schema import CATALOG_TABLES
from evalhouse.store import Store
from evalhouse.workflows import copy as workflow
from evalhouse.workflows.copy import MARK, copy_house
from tests.catalog.samples import everything
from tests.store.rows import RUN, response, unit, write

DUMPS = Path(__file__).parents[2] / "examples" / "dumps"
QUERIES = (
    "select * from responses order by run_id, task, doc_id, attempt",
    "select * from metrics order by all",
    "select * from items order by run_id, task, doc_id",
    "select * from task_scores order by all",
)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the place of a house with dumps, and a row in every table of entities."""
    place = tmp_path_factory.mktemp("source") / "house"
    with evalhouse.open(place) as house:
        house.ingest(DUMPS)
        with house.store.begin() as batch:
            batch.commit(entities=everything())
        house.store.begin()  # somebody who is still writing
    return place


def contents(house: House) -> dict[str, list[Any]]:
    """Return every row of the catalog and the answers to some questions, in a fixed order."""
    tables = {
        table.name: house.store.catalog.arrow(table.name).sort_by(
            [(key, "ascending") for key in table.keys]
        )
        for table in CATALOG_TABLES
    }
    answers = {query: house.sql(query) for query in QUERIES}
    return {name: rows.to_pylist() for name, rows in (tables | answers).items()}


def same(one: Path, other: Path) -> bool:
    with evalhouse.open(one, create=False) as ours, evalhouse.open(other, create=False) as theirs:
        return contents(ours) == contents(theirs)


def test_a_copy_in_another_folder_is_the_same_house(source: Path, tmp_path: Path) -> None:
    report = copy_house(source, tmp_path / "copy")
    assert same(source, tmp_path / "copy")
    assert report.catalog["runs"] == 4 + 2
    assert report.lake["responses"] == 96
    assert report.unfinished == 1
    assert not list((tmp_path / "copy").rglob("*copy*"))


def test_a_house_goes_to_postgresql_and_back(
    source: Path, tmp_path: Path, postgres_url: str
) -> None:
    there, back = tmp_path / "there", tmp_path / "back"
    report = copy_house(source, there, catalog=postgres_url)
    assert same(source, there)
    assert copy_house(there, back).catalog == report.catalog
    assert same(source, back)
    with closing(sqlite3.connect(source / "catalog.db")) as ours:
        ours.execute("ATTACH ? AS theirs", (str(back / "catalog.db"),))
        for table in CATALOG_TABLES:  # to the last byte, spelling of times included
            sql = f"SELECT * FROM {table.name} EXCEPT SELECT * FROM theirs.{table.name}"
            assert ours.execute(sql).fetchall() == []


def test_a_house_goes_to_a_bucket(source: Path, tmp_path: Path, bucket: str) -> None:
    copy_house(source, tmp_path / "copy", lake=f"{bucket}/lake")
    assert same(source, tmp_path / "copy")
    with evalhouse.open(tmp_path / "copy") as copied, evalhouse.open(source) as house:
        (sha, *_) = copied.sql("select blob from files where blob is not null")["blob"]
        assert copied.store.blobs.read(str(sha)) == house.store.blobs.read(str(sha))


def test_every_version_of_a_lake_with_checkpoints_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evalhouse.lake.delta.CHECKPOINT_EVERY", 2)
    with Store.open(config.load(tmp_path / "house"), create=True) as store:
        for number in range(5):
            rows = {"responses": [response("arc", doc, score=number / 4) for doc in range(3)]}
            write(store, rows, unit("arc", f"{number:02}"), entities=(RUN,))
    copy_house(tmp_path / "house", tmp_path / "copy")
    logs = [tmp_path / name / "lake" / "responses" / "_delta_log" for name in ("house", "copy")]
    ours, theirs = ({file.name: file.read_bytes() for file in log.iterdir()} for log in logs)
    assert ours.pop("_last_checkpoint", None) is not None
    assert theirs == ours
    with open_house(tmp_path / "copy", create=False) as house:
        assert house.sql("select avg(score) as mean from responses").to_pylist() == [{"mean": 1.0}]
        again = {"responses": [response("arc", 0, score=0.5)]}
        write(house.store, again, unit("arc", "ff"))
        assert house.sql("select score from responses")["score"].to_pylist() == [0.5]


def test_what_is_written_meanwhile_is_not_in_the_copy(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(source, tmp_path / "house")
    before = _runs(tmp_path / "house")

    def wait_for_others(mark: workflow._Mark) -> None:
        begin(mark)
        with Store.open(config.load(tmp_path / "house"), create=False) as other:
            write(other, {"responses": [response("arc", 0)]}, unit("arc"))

    begin = workflow._Mark.begin
    monkeypatch.setattr(workflow._Mark, "begin", wait_for_others)
    copy_house(tmp_path / "house", tmp_path / "copy")
    assert _runs(tmp_path / "house") == before + 1
    assert _runs(tmp_path / "copy") == before
    with evalhouse.open(tmp_path / "copy") as copied:
        assert copied.sql("select count(*) as n from responses").to_pylist() == [{"n": 96}]


def _runs(place: Path) -> int:
    with evalhouse.open(place, create=False) as house:
        return int(house.sql("select count(*) from runs").column(0)[0].as_py())


@pytest.fixture
def interrupted(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Give a source, and the place of a copy that was killed before its catalog was there."""
    with monkeypatch.context() as patched:
        patched.setattr(copying, "counts", _killed)
        with pytest.raises(KeyboardInterrupt):
            copy_house(source, tmp_path / "copy")
    return source, tmp_path / "copy"


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_interrupted_copy_is_no_house_and_goes_on(interrupted: tuple[Path, Path]) -> None:
    source, place = interrupted
    with pytest.raises(NoHouseError):
        evalhouse.open(place, create=False)
    report = copy_house(source, place)
    assert (report.files.copied, report.files.bytes) == (0, 0)
    assert report.files.present == 21
    assert same(source, place)


def test_a_file_that_was_cut_is_copied_anew(interrupted: tuple[Path, Path]) -> None:
    source, place = interrupted
    (cut, *_) = sorted((place / "lake" / "responses").glob("*.parquet"))
    cut.write_bytes(cut.read_bytes()[:100])
    assert copy_house(source, place).files.copied == 1
    assert same(source, place)


def test_a_copy_killed_after_its_catalog_is_ended(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(workflow, "_report", _killed)
        with pytest.raises(KeyboardInterrupt):
            copy_house(source, tmp_path / "copy", lake=str(tmp_path / "lake"))
    assert (tmp_path / "lake" / MARK).exists()
    report = copy_house(source, tmp_path / "copy", lake=str(tmp_path / "lake"))
    assert report.files.copied == 0
    assert not (tmp_path / "lake" / MARK).exists()
    assert same(source, tmp_path / "copy")


def test_a_catalog_that_others_made_meanwhile_is_not_taken_for_the_copy(
    interrupted: tuple[Path, Path],
) -> None:
    source, place = interrupted
    (place / "lake" / MARK).write_text(
        (place / "lake" / MARK).read_text().replace("null", '{"runs": 1}')
    )
    Catalog(f"sqlite:///{place / 'catalog.db'}").prepare()
    with pytest.raises(UsageError, match="is not the one that an interrupted copy left there"):
        copy_house(source, place)


def test_the_beginning_of_another_copy_is_refused(
    interrupted: tuple[Path, Path], tmp_path: Path
) -> None:
    _, place = interrupted
    evalhouse.open(tmp_path / "other").close()
    with pytest.raises(UsageError, match="the beginning of a copy of another house"):
        copy_house(tmp_path / "other", place)


def test_a_note_that_is_none_is_told(interrupted: tuple[Path, Path]) -> None:
    source, place = interrupted
    (place / "lake" / MARK).write_text("{")
    with pytest.raises(DamagedHouseError, match="is no note of a copy"):
        copy_house(source, place)


def test_a_log_of_another_table_is_refused(interrupted: tuple[Path, Path]) -> None:
    source, place = interrupted
    (log,) = (place / "lake" / "metrics" / "_delta_log").glob("*.json")
    log.write_text("{}")
    with pytest.raises(HouseError, match="is not of the house that is copied"):
        copy_house(source, place)


@pytest.mark.parametrize(
    ("name", "message"),
    [("lake/mine.txt", "is not empty: it holds `mine.txt`"), ("blobs/mine.txt", "is not empty")],
)
def test_a_place_with_files_of_others_is_refused(
    source: Path, tmp_path: Path, name: str, message: str
) -> None:
    there = tmp_path / "copy" / name
    there.parent.mkdir(parents=True)
    there.write_text("mine")
    with pytest.raises(UsageError, match=message):
        copy_house(source, tmp_path / "copy")
    assert [path.name for path in (tmp_path / "copy").rglob("*.*")] == ["mine.txt"]


def test_a_house_is_not_copied_over_another_or_itself(source: Path, tmp_path: Path) -> None:
    evalhouse.open(tmp_path / "other").close()
    with pytest.raises(UsageError, match="there is a house with the catalog"):
        copy_house(source, tmp_path / "other")
    elsewhere: tuple[tuple[Path, dict[str, Any]], ...] = (
        (source, {}),
        (tmp_path / "new", {"lake": str(source / "lake")}),
        (tmp_path / "new", {"catalog": f"sqlite:///{source / 'catalog.db'}"}),
    )
    for place, where in elsewhere:
        with pytest.raises(UsageError, match="the copy would have the"):
            copy_house(source, place, **where)
    assert not (tmp_path / "new").exists()


def test_a_database_of_others_and_a_password_are_refused(
    source: Path, tmp_path: Path, postgres_url: str
) -> None:
    with pytest.raises(UsageError, match="holds a password"):
        copy_house(source, tmp_path / "new", catalog="postgresql://me:hidden@localhost/db")
    assert not (tmp_path / "new").exists()
    catalog = Catalog(postgres_url)
    with catalog._database.write() as session:
        session.execute("CREATE TABLE theirs (number INTEGER)")
    with pytest.raises(HouseError, match=r"holds other tables \(`theirs`\)"):
        copy_house(source, tmp_path / "new", catalog=postgres_url)
    catalog.close()


def test_a_source_whose_files_are_gone_is_damage(source: Path, tmp_path: Path) -> None:
    shutil.copytree(source, tmp_path / "house")
    for file in (tmp_path / "house" / "lake" / "metrics").glob("*.parquet"):
        file.unlink()
    with pytest.raises(DamagedHouseError, match="which is missing; the house cannot be copied"):
        copy_house(tmp_path / "house", tmp_path / "copy")


def test_rows_that_get_lost_on_the_way_leave_nothing(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "_insert", _insert_less)
    with pytest.raises(HouseError, match="the copy of `runs` has 5 rows, and 6 were expected"):
        copy_house(source, tmp_path / "copy")
    with pytest.raises(NoHouseError):
        evalhouse.open(tmp_path / "copy", create=False)


_insert = copying._insert


def _insert_less(session: Any, table: Any, rows: Any) -> None:
    listed = list(rows)
    _insert(session, table, listed[1:] if table.name == "runs" else listed)


def test_there_must_be_a_house_to_copy(tmp_path: Path) -> None:
    with pytest.raises(NoHouseError):
        copy_house(tmp_path / "none", tmp_path / "copy")
    assert not list(tmp_path.iterdir())


def test_a_copy_on_a_file_says_what_is_there(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "file", tmp_path / "file" / "copy"):
        with pytest.raises(UsageError, match=r"/file` is a file, and a house is a folder"):
            copy_house(source, place)


def test_a_copy_within_its_source_or_around_it_is_refused(source: Path) -> None:
    for place in (source / "sub", source / "lake" / "sub", source.parent):
        with pytest.raises(UsageError, match="one within the other; name a place beside it"):
            copy_house(source, place)
    assert not (source / "sub").exists()
