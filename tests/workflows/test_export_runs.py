"""The way back of run folders: what went into a house comes out of it, byte for byte."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from evalhouse.errors import UsageError
from evalhouse.formats.codebook_lab import layout
from evalhouse.redact import MARK
from evalhouse.store import Store
from evalhouse.workflows.export import ExportReport
from evalhouse.workflows.export_runs import export_run_folder
from evalhouse.workflows.ingest import ingest
from tests.formats.codebook_lab.folders import TASK, UUID, OwnRun, write_manifest, write_own
from tests.formats.codebook_lab.samples import OUTPUTS, needs_samples
from tests.workflows.conftest import make_run

TRANSIT = "transit-hearing"


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    return tmp_path / "work" / "outputs"


def take_in(store: Store, *places: Path) -> list[str]:
    return [line.run_id for line in ingest(store, places).runs]


def give_back(store: Store, target: Path, run_id: str = UUID) -> ExportReport:
    return export_run_folder(store, run_id, target)


def test_a_run_of_ours_comes_back_byte_for_byte_when_its_folder_is_gone(
    store: Store, outputs: Path, tmp_path: Path
) -> None:
    folder = write_own(outputs, OwnRun(without=[layout.ENVIRONMENT]))
    write_manifest(folder)
    before = files_of(folder)
    take_in(store, outputs)
    shutil.rmtree(outputs)
    report = give_back(store, tmp_path / "out")
    assert files_of(tmp_path / "out" / TASK / "aaaaaaaa") == before
    assert (report.different, report.omitted) == ((), ())
    assert len(report.files) == len(before) == 11


@needs_samples
def test_every_run_of_codebook_lab_comes_back_byte_for_byte(store: Store, tmp_path: Path) -> None:
    for number, run_id in enumerate(take_in(store, OUTPUTS)):
        give_back(store, tmp_path / str(number), run_id)
    found: dict[str, bytes] = {}
    for place in tmp_path.glob("[0-9]"):
        found |= files_of(place / TRANSIT)
    assert found == files_of(OUTPUTS / TRANSIT)
    assert len(found) == 25


def test_a_secret_stays_out_and_the_report_says_so(
    store: Store, outputs: Path, tmp_path: Path
) -> None:
    folder = write_own(outputs)
    secret = b"a-secret-of-somebody"
    assert secret in (folder / layout.ENVIRONMENT).read_bytes()
    take_in(store, outputs)
    report = give_back(store, tmp_path / "out")
    written = tmp_path / "out" / TASK / "aaaaaaaa" / layout.ENVIRONMENT
    assert secret not in written.read_bytes()
    assert MARK.encode() in written.read_bytes()
    assert [(Path(file.path).name, file.difference) for file in report.different] == [
        (layout.ENVIRONMENT, "1 secrets are replaced")
    ]


def test_a_second_export_of_the_same_run_changes_nothing(
    store: Store, outputs: Path, tmp_path: Path
) -> None:
    write_own(outputs)
    take_in(store, outputs)
    give_back(store, tmp_path / "out")
    before = files_of(tmp_path / "out")
    give_back(store, tmp_path / "out")
    assert files_of(tmp_path / "out") == before


def test_a_folder_that_holds_something_else_is_left_alone(
    store: Store, outputs: Path, tmp_path: Path
) -> None:
    write_own(outputs)
    take_in(store, outputs)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="export to a new or empty folder"):
        give_back(store, tmp_path / "out")
    assert files_of(tmp_path / "out") == {"mine.txt": b"mine"}


def test_of_two_places_where_a_run_lay_the_newest_counts_as_a_whole(
    store: Store, outputs: Path, tmp_path: Path
) -> None:
    folder = write_own(outputs)
    take_in(store, outputs)
    moved = Path(shutil.copytree(outputs, tmp_path / "moved")) / TASK / folder.name
    shutil.rmtree(outputs)
    (moved / layout.TRACES).unlink()
    reports = moved / layout.REPORTS
    reports.write_text(reports.read_text() + "\nmore\n")
    later = reports.stat().st_mtime_ns + 10**9
    os.utime(reports, ns=(later, later))
    take_in(store, tmp_path / "moved")
    give_back(store, tmp_path / "out")
    found = files_of(tmp_path / "out" / TASK / "aaaaaaaa")
    assert found[layout.REPORTS].endswith(b"\nmore\n")
    assert layout.TRACES not in found


def test_names_in_a_configuration_lead_to_no_other_folder(
    store: Store, outputs: Path, tmp_path: Path
) -> None:
    names = {"run_id": "../../up", "task_name": "/a/../b"}
    write_own(outputs, OwnRun(config=names, has_tables=False))
    (run_id,) = take_in(store, outputs)
    report = give_back(store, tmp_path / "deep" / "out", run_id)
    assert {Path(file.path).parts[:-1] for file in report.files} == {("_a_.._b", ".._.._up")}
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["out"]


def test_a_run_that_tables_alone_name_has_no_folder_to_give_back(
    store: Store, outputs: Path, tmp_path: Path
) -> None:
    folder = write_own(outputs)
    shutil.rmtree(folder)
    (run_id,) = take_in(store, outputs)
    with pytest.raises(UsageError, match="`aaaaaaaa` from shared tables alone"):
        give_back(store, tmp_path / "out", run_id)
    assert not (tmp_path / "out").exists()


def test_a_run_of_olmes_is_no_annotation_run(store: Store, tmp_path: Path) -> None:
    make_run(tmp_path / "dump")
    (run_id,) = take_in(store, tmp_path / "dump")
    with pytest.raises(UsageError, match="is no annotation run"):
        give_back(store, tmp_path / "out", run_id)


def test_what_was_never_kept_is_listed_with_the_reason(
    store: Store, outputs: Path, tmp_path: Path
) -> None:
    folder = write_own(outputs)
    (folder / "notes.docx").write_bytes(b"\x00\x01")
    take_in(store, outputs)
    report = give_back(store, tmp_path / "out")
    assert [Path(file.path).name for file in report.omitted] == ["notes.docx"]
    assert json.loads(files_of(tmp_path / "out" / TASK / "aaaaaaaa")[layout.CONFIG])
