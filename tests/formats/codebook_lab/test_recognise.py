from __future__ import annotations

import os
from pathlib import Path

import pytest

from evalhouse.formats.codebook_lab import layout
from evalhouse.formats.codebook_lab.recognise import family_of, header_of, recognise
from evalhouse.formats.files import FoundFile, walk
from tests.formats.codebook_lab.folders import OwnRun, write_manifest, write_own
from tests.formats.codebook_lab.samples import FOLDERS, OUTPUTS, needs_samples

FAMILIES = {
    layout.OUTPUT: "output",
    layout.CONFIG: "config",
    layout.TIMING: "timing",
    layout.CHARACTERS: "characters",
    layout.TRACES: "traces",
    layout.EMISSIONS: "emissions",
    layout.ENERGY: "energy",
    layout.REPORTS: "reports",
    layout.ENVIRONMENT: "environment",
    layout.SCORES: "scores",
    layout.MANIFEST: "manifest",
    layout.ANSWERS: "answers",
}


def claimed(folder: Path) -> dict[str, str]:
    files = [item for item in walk([folder]) if isinstance(item, FoundFile)]
    return {claim.file.name: claim.family for claim in recognise(files)}


def test_every_file_of_a_run_is_known_by_what_it_holds(tmp_path: Path) -> None:
    assert claimed(write_own(tmp_path)) == FAMILIES


def test_other_names_make_no_difference(tmp_path: Path) -> None:
    folder = write_own(tmp_path)
    renamed = {}
    for number, (name, family) in enumerate(sorted(FAMILIES.items())):
        (folder / name).rename(folder / f"{number}.dat")
        renamed[f"{number}.dat"] = family
    assert claimed(folder) == renamed


def test_the_shared_tables_are_known_by_their_columns(tmp_path: Path) -> None:
    write_own(tmp_path)
    for number, path in enumerate(sorted((tmp_path / "metrics").iterdir())):
        path.rename(path.with_name(f"{number}.csv"))
    assert claimed(tmp_path / "metrics") == {
        "0.csv": "metrics-log",
        "1.csv": "metrics-log-classes",
        "2.csv": "metrics-log-runs",
    }


@needs_samples
def test_genuine_folders_and_tables_are_known() -> None:
    for folder in FOLDERS:
        found = claimed(folder)
        assert found == {name: FAMILIES[name] for name in os.listdir(folder)}  # noqa: PTH208
    assert sorted(claimed(OUTPUTS / "metrics").values()) == ["metrics-log", "metrics-log-runs"]


def test_a_table_beside_a_run_is_not_its_answers(tmp_path: Path) -> None:
    folder = write_own(tmp_path)
    (folder / "a-table.csv").write_text("author,letter,Stance_Direction_of_travel\n1,2,3\n")
    (folder / "codecarbon.csv").write_text("a,b\n1,2\n")
    assert claimed(folder) == FAMILIES


@needs_samples
def test_a_run_that_was_stopped_has_its_answers_by_name_or_alone(tmp_path: Path) -> None:
    for name in (layout.CONFIG, layout.OUTPUT):
        (tmp_path / name).write_bytes((FOLDERS[0] / name).read_bytes())
    (tmp_path / "other.csv").write_text("a_b,c\n1,2\n")
    assert claimed(tmp_path) == {layout.CONFIG: "config", layout.OUTPUT: "output"}
    (tmp_path / "other.csv").unlink()
    (tmp_path / layout.OUTPUT).rename(tmp_path / "mine.csv")
    assert claimed(tmp_path) == {layout.CONFIG: "config", "mine.csv": "output"}


@pytest.mark.parametrize("kept", [[layout.CONFIG], [layout.CONFIG, layout.TIMING]])
def test_settings_without_any_answer_are_no_run(tmp_path: Path, kept: list[str]) -> None:
    folder = write_own(tmp_path)
    for path in folder.iterdir():
        if path.name not in kept:
            path.unlink()
    assert claimed(folder) == {}


def test_what_belongs_to_runs_is_left_alone_without_settings(tmp_path: Path) -> None:
    folder = write_own(tmp_path, OwnRun(without=[layout.CONFIG, layout.ANSWERS, layout.TIMING]))
    assert claimed(folder) == {}


def test_whatever_the_manifest_lists_belongs_to_the_run(tmp_path: Path) -> None:
    folder = write_own(tmp_path)
    for name in ("notes.txt", "picture.png", "stranger.txt"):
        (folder / name).write_bytes(b"\x89PNG")
    (folder / "stranger.txt").rename(tmp_path / "stranger.txt")
    write_manifest(folder)
    (tmp_path / "stranger.txt").rename(folder / "stranger.txt")
    assert claimed(folder) == {**FAMILIES, "notes.txt": "listed", "picture.png": "listed"}


@pytest.mark.parametrize("name", [layout.CONFIG, layout.TIMING, layout.SCORES, layout.ANSWERS])
def test_a_damaged_file_counts_by_its_name_among_sound_ones(tmp_path: Path, name: str) -> None:
    folder = write_own(tmp_path)
    (folder / name).write_bytes(b'{"run')
    assert claimed(folder) == FAMILIES


def test_files_that_are_longer_than_what_is_looked_at_are_known_by_their_beginning() -> None:
    long = b" " * 65_536
    beginnings = {
        "scores": b'{"task":"t","ground_truth_sha256":"' + long,
        "answers": b'{"journal":1,"id":"x","configuration":"' + long,
        "traces": b'{"row_num": 1, "annotation_name": "' + long,
    }
    assert {name: family_of(head) for name, head in beginnings.items()} == {
        name: name for name in beginnings
    }


@pytest.mark.parametrize(
    ("head", "columns"),
    [
        (b"a,b\n1,2", ("a", "b")),
        (b'\xef\xbb\xbf"a, x","b\nc"\r\n1,2', ("a, x", "b\nc")),
        (b"one column\n", ()),
        (b"", ()),
        (b'a,"never closed', ()),
        (bytes(range(256)), ()),
    ],
)
def test_columns_are_those_of_the_first_row(head: bytes, columns: tuple[str, ...]) -> None:
    assert header_of(head) == columns
