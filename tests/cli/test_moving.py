"""The commands that bring a house elsewhere: migrate and copy."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from evalhouse.catalog import HEAD, Catalog
from tests.cli.conftest import DUMPS, Evalhouse


def test_a_migration_says_what_it_will_do_and_does_it(call: Evalhouse, tmp_path: Path) -> None:
    house = ("--house", tmp_path / "house")
    call(*house, "ingest", DUMPS)
    told = call(*house, "migrate", "--to", "0001", "--dry-run").out
    assert f"down from revision {HEAD} to 0001" in told
    assert "0003  undone: Machines and what was measured on them" in told
    assert "lost with run_hardware_metrics: 18 rows" in told
    assert "lost with tasks.category_id: 18 values" in told
    assert told.endswith("nothing was changed\n")
    refused = call(*house, "migrate", "--to", "0001")
    assert refused.code == 2
    assert "would lose rows: " in refused.err
    assert len(refused.err.strip().splitlines()) == 1
    done = call(*house, "migrate", "--to", "0001", "--yes")
    assert done.out.endswith("the catalog is at revision 0001\n")
    up = call(*house, "migrate")
    assert f"up from revision 0001 to {HEAD}" in up.out
    assert "new columns: environments.gpus, " in up.out
    again = call(*house, "migrate")
    assert "no table changes, missing lookups are written" in again.out


def test_a_migration_is_told_as_data(call: Evalhouse, tmp_path: Path) -> None:
    house = ("--house", tmp_path / "house")
    call(*house, "init")
    plan = call(*house, "migrate", "--to", "0002", "--dry-run", "--json").json
    assert (plan["found"], plan["wanted"], plan["losses"]) == (HEAD, "0002", [])


def test_a_house_that_is_not_there_is_not_migrated(call: Evalhouse, tmp_path: Path) -> None:
    done = call("--house", tmp_path / "none", "migrate")
    assert done.code == 1
    assert "there is no house at" in done.err
    assert not (tmp_path / "none").exists()


def test_whoever_opens_an_older_file_is_told_that_it_was_migrated(
    call: Evalhouse, tmp_path: Path
) -> None:
    house = ("--house", tmp_path / "house")
    call(*house, "init")
    call(*house, "migrate", "--to", "0001")
    first, second = call(*house, "runs"), call(*house, "runs")
    assert f"the catalog was migrated from revision 0001 of its schema to {HEAD}" in first.err
    assert (first.code, second.err) == (0, "")


def test_a_shared_database_is_migrated_by_its_own_command_alone(
    call: Evalhouse, tmp_path: Path, postgres_url: str
) -> None:
    house = ("--house", tmp_path / "house")
    call(*house, "init", "--catalog", postgres_url)
    call(*house, "migrate", "--to", "0001")
    for words in (("runs",), ("init",), ("ingest", DUMPS), ("copy", house[1], tmp_path / "copy")):
        done = call(*house, *words)
        assert done.code == 1
        assert "run `evalhouse migrate`" in done.err
        assert len(done.err.strip().splitlines()) == 1
    with closing(Catalog(postgres_url)) as catalog:
        assert catalog.revision() == "0001"
    assert call(*house, "migrate").code == 0
    assert call(*house, "runs").code == 0


def test_a_copy_says_what_it_holds_and_answers_alike(
    call: Evalhouse, house: Path, tmp_path: Path, postgres_url: str
) -> None:
    done = call("copy", house, tmp_path / "copy", "--catalog", postgres_url)
    assert done.code == 0
    assert "rows in 40 tables" in done.out
    assert "an earlier try" not in done.out
    board = ("leaderboard", "core_3mcqa:rc::olmes", "--format", "json")
    ours = call("--house", house, *board).json
    assert call("--house", tmp_path / "copy", *board).json == ours
    refused = call("copy", house, tmp_path / "copy")
    assert refused.code == 2
    assert "copy to an empty place" in refused.err
    told = call("copy", tmp_path / "copy", tmp_path / "again", "--json").json
    assert told["catalog"]["runs"] == 4
    assert told["unfinished"] == 0
