from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

import evalhouse
from evalhouse.catalog import Catalog
from evalhouse.errors import NoHouseError, UnknownNameError, UsageError
from evalhouse.house import House, prepare_house
from evalhouse.views.items import Item
from evalhouse.views.leaderboard import Groups, Leaderboard
from evalhouse.views.runs import RunPage, TaskPage

DUMPS = Path(__file__).parents[1] / "examples" / "dumps"
TASK = "boolq:rc::olmes"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Give a house that holds the example dumps; for reading alone."""
    with evalhouse.open(tmp_path_factory.mktemp("house") / "house") as opened:
        opened.ingest(DUMPS)
        yield opened


def _run(house: House) -> str:
    query = "select run from task_scores where task = 'gsm8k::olmes' order by run limit 1"
    return str(house.sql(query).column("run")[0].as_py())


def test_a_house_is_made_where_there_is_none(tmp_path: Path) -> None:
    with evalhouse.open(tmp_path / "new") as made:
        assert made.settings.folder == tmp_path / "new"
        assert made.sql("select * from runs").num_rows == 0


def test_a_house_that_only_answers_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(NoHouseError):
        evalhouse.open(tmp_path / "none", create=False)
    assert not list(tmp_path.iterdir())


def test_a_second_ingest_changes_nothing(tmp_path: Path) -> None:
    with evalhouse.open(tmp_path / "house") as made:
        first, second = made.ingest(DUMPS), made.ingest(DUMPS)
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.rows["responses"] == 96
    assert not second.rows


def test_sql_gives_arrow_and_takes_parameters(house: House) -> None:
    query = "select count(*) as n from responses where task = $task"
    assert house.sql(query, {"task": TASK}).to_pylist() == [{"n": 12}]


@pytest.mark.parametrize(("rows", "query"), [(3, "from range(3)"), (0, "from range(3) limit 0")])
def test_a_result_is_written_to_a_file(house: House, rows: int, query: str) -> None:
    sink = io.BytesIO()
    assert house.write_sql(query, sink, "arrow") == rows
    table = pa.ipc.open_file(pa.BufferReader(sink.getvalue())).read_all()
    assert (table.num_rows, table.column_names) == (rows, ["range"])


def test_a_leaderboard_takes_one_value_or_several_of_a_key(house: House) -> None:
    one = house.leaderboard(TASK, where={"model": "meta-llama/Llama-3.1-8B"})
    both = ["meta-llama/Llama-3.1-8B", "allenai/OLMo-2-0425-1B"]
    two = house.leaderboard(TASK, where={"model": both})
    assert isinstance(one, Leaderboard)
    assert isinstance(two, Leaderboard)
    assert (len(one.rows), len(two.rows)) == (1, 2)


def test_a_leaderboard_can_have_groups(house: House) -> None:
    board = house.leaderboard(TASK, group_by=["snapshot"])
    assert isinstance(board, Groups)
    assert [group.runs for group in board.groups] == [1, 2]


def test_a_pivot_stands_beside_the_leaderboard(house: House) -> None:
    assert house.pivot("core_3mcqa::olmes").tasks[0] == "core_3mcqa::olmes"
    assert house.suggestion() == "core_3mcqa:rc::olmes"


def test_a_run_its_tasks_and_their_items_are_shown(house: House) -> None:
    run = _run(house)
    assert isinstance(house.show(run), RunPage)
    assert isinstance(house.show(run, TASK), TaskPage)
    assert isinstance(house.show(run, TASK, 0), Item)


def test_an_item_needs_its_task(house: House) -> None:
    with pytest.raises(UsageError, match="name the task too"):
        house.show(_run(house), doc=0)


def test_runs_problems_and_tables_are_listed(house: House) -> None:
    assert house.runs().to_arrow().num_rows == 4
    assert house.problems(kind="no_record").to_arrow().num_rows == 1
    assert house.tables("runs").to_arrow().num_rows > 10
    assert house.tables().to_arrow().num_rows > 20


def test_a_run_is_exported_by_its_short_id(house: House, tmp_path: Path) -> None:
    report = house.export_olmes(_run(house), tmp_path / "out")
    assert {file.path for file in report.files} >= {"metrics-all.jsonl"}


def test_the_export_of_an_unknown_run_is_refused(house: House, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="no run is called"):
        house.export_olmes("nobody", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_house_without_open_batches_needs_no_repair(house: House) -> None:
    assert house.repair() == []


def test_a_house_is_prepared_twice_without_harm(tmp_path: Path) -> None:
    first = prepare_house(tmp_path / "house", lake=str(tmp_path / "lake"))
    again = prepare_house(tmp_path / "house")
    assert (first.lake, again.lake) == (str(tmp_path / "lake"),) * 2


def test_an_old_catalog_is_brought_up_to_date(tmp_path: Path) -> None:
    settings = prepare_house(tmp_path / "house")
    catalog = Catalog(settings.catalog)
    catalog.move("base", lose_rows=True)
    catalog.close()
    prepare_house(tmp_path / "house")
    with evalhouse.open(tmp_path / "house", create=False) as opened:
        assert opened.runs().to_arrow().num_rows == 0


@pytest.mark.parametrize("part", ["lake", "catalog"])
def test_a_house_does_not_move_its_parts(tmp_path: Path, part: str) -> None:
    prepare_house(tmp_path / "house")
    elsewhere = {"lake": str(tmp_path / "other"), "catalog": f"sqlite:///{tmp_path / 'other.db'}"}
    with pytest.raises(UsageError, match=f"has its {part} at"):
        prepare_house(tmp_path / "house", **{part: elsewhere[part]})
