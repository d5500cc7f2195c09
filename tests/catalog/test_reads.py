from __future__ import annotations

from typing import Any

import msgspec
import pytest

from evalhouse import ids
from evalhouse.catalog import Catalog, stored_text
from evalhouse.records import Run, Source, SourceFile
from tests.catalog.samples import commit, everything, sample, unit

PATHS = ("/d/a", "/d/a.b", "/d/a/x", "/d/a/y/z", "/d/a0", "/d/ab", "/d/é", "/D/a")


def _file(path: str, **values: Any) -> SourceFile:
    place = ids.file_location_id("source", path)
    return msgspec.structs.replace(sample(SourceFile), path=path, location_id=place, **values)


@pytest.fixture
def tree(catalog: Catalog) -> Catalog:
    commit(catalog, [sample(Source), *map(_file, PATHS)])
    return catalog


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("/d/a", {"/d/a", "/d/a/x", "/d/a/y/z"}),
        ("/d/a/", {"/d/a", "/d/a/x", "/d/a/y/z"}),
        ("/d/a/x", {"/d/a/x"}),
        ("/d/é", {"/d/é"}),
        ("/d", {path for path in PATHS if path.startswith("/d/")}),
        ("/", set(PATHS)),
        ("/none", set()),
        ("/d/%", set()),
    ],
)
def test_files_below_a_folder_are_those_in_it(tree: Catalog, prefix: str, found: set[str]) -> None:
    assert set(tree.files_below(prefix)) == found


def test_a_known_file_is_as_it_was_written(catalog: Catalog) -> None:
    commit(catalog, everything())
    written = sample(SourceFile)
    assert catalog.files_below(written.path) == {written.path: written}


def test_a_path_that_no_database_holds_is_found_by_its_stored_text(catalog: Catalog) -> None:
    path = "/d/\udcff/x"
    commit(catalog, [sample(Source), _file(path)])
    assert set(catalog.files_below("/d/\udcff")) == {stored_text(path)}


def test_files_of_runs_are_those_of_their_sources(catalog: Catalog) -> None:
    other = msgspec.structs.replace(sample(Source), source_id=ids.random_id())
    stray = _file("/stray", source_id=other.source_id)
    commit(catalog, [*everything(), other, stray, _file("/again")])
    found = catalog.files_of_runs([sample(Run).run_id, ids.random_id()])
    assert [file.path for file in found] == sorted(["/again", sample(SourceFile).path])


def test_ids_in_any_number_can_be_asked_for(catalog: Catalog) -> None:
    commit(catalog, everything(), [unit("one"), unit("two")])
    run_ids = [ids.random_id() for _ in range(2000)] + [sample(Run).run_id]
    assert [live.part for live in catalog.live_units(run_ids)] == ["one", "two"]
    assert len(catalog.files_of_runs(run_ids)) == 1
    assert (catalog.live_units([]), catalog.files_of_runs([])) == ([], [])
