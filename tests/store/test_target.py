from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.errors import HouseError, UsageError
from evalhouse.ids import sha256_hex
from evalhouse.store.target import Target, contained


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("a/b.json", "a/b.json"),
        ("/etc/passwd", "etc/passwd"),
        ("../../x", "x"),
        ("a/../../../b", "a/b"),
        ("./a//b", "a/b"),
        ("..", "_"),
        ("", "_"),
        ("a\x00b", "a_b"),
        ("...", "..."),
    ],
)
def test_no_path_leads_out_of_the_folder(path: str, inside: str) -> None:
    assert contained(path) == inside


@given(st.text())
def test_whatever_a_path_says_it_stays_inside(path: str) -> None:
    inside = contained(path)
    assert os.path.normpath(inside) == inside
    assert not inside.startswith(("/", "../"))
    assert "\x00" not in inside
    assert all(len(part.encode("utf-8", "surrogatepass")) <= 255 for part in inside.split("/"))


def test_a_name_that_is_too_long_keeps_its_end_and_stays_unique() -> None:
    one, other = (contained(f"task-001-{'é' * 200}{mark}-metrics.json") for mark in "ab")
    assert one != other
    assert one.endswith("-metrics.json")
    assert len(one.encode()) <= 255


def test_what_is_written_is_described(tmp_path: Path) -> None:
    written = Target(tmp_path / "new").write("a/b.json", [b"one", b"two"])
    assert (tmp_path / "new/a/b.json").read_bytes() == b"onetwo"
    assert (written.bytes, written.sha256) == (6, sha256_hex(b"onetwo"))


def test_a_failure_leaves_no_file(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError("the house burns")

    with pytest.raises(RuntimeError):
        Target(tmp_path).write("a.json", pieces())
    assert list(tmp_path.iterdir()) == []


def test_a_file_with_the_same_content_is_left_as_it_is(tmp_path: Path) -> None:
    target = Target(tmp_path)
    target.write("a", [b"x"])
    before = (tmp_path / "a").stat()
    target.write("a", [b"x"])
    assert (tmp_path / "a").stat().st_ino == before.st_ino


def test_a_file_with_other_content_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"theirs")
    with pytest.raises(UsageError, match="left as it was"):
        Target(tmp_path).write("a", [b"ours"])
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"theirs")]


def test_a_link_is_never_written_through(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"x")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a").symlink_to(tmp_path / "outside")
    with pytest.raises(UsageError):
        Target(tmp_path / "in").write("a", [b"x"])
    assert (tmp_path / "outside").read_bytes() == b"x"


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").write_text("")
    with pytest.raises(UsageError, match=r"mine/notes\.txt"):
        Target(tmp_path).admit(["a.json"])


def test_a_linked_folder_is_something_else(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "to").mkdir()
    (tmp_path / "to/sub").symlink_to(tmp_path / "real")
    with pytest.raises(UsageError, match="sub"):
        Target(tmp_path / "to").admit(["sub/a.json"])


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        Target(tmp_path / "a").admit([])


def test_what_a_killed_export_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / ".evalhouse-0123").write_text("half")
    (tmp_path / "a").write_text("whole")
    Target(tmp_path).admit(["a", "b"])
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HouseError, match="cannot write to"):
        Target(tmp_path / "file/below").write("a", [b""])
