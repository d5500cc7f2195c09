from __future__ import annotations

import gzip
import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhouse.errors import UsageError
from evalhouse.formats.files import (
    FoundFile,
    SkippedFile,
    file_sha256,
    read_head,
    read_whole,
    unpack_head,
    unpacked,
    walk,
)

Pack = Callable[[bytes], bytes]


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, 1, mtime=0)


def zstded(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


PACKS = pytest.mark.parametrize("pack", [gzipped, zstded])
# Random bytes do not shrink, so that members reach over the pieces that are read.
members = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.tuples(st.integers(0, 9), st.integers(0, 9000)).map(
            lambda seed: (hashlib.sha512(bytes([seed[0]])).digest() * 200)[: seed[1]]
        ),
    ),
    min_size=1,
    max_size=5,
)


def unpack(data: bytes, size: int = 1 << 20) -> bytes:
    return b"".join(unpacked(io.BytesIO(data), data[:4], size))


def unpack_until_damage(data: bytes, magic: bytes, size: int) -> tuple[bytes, bool]:
    pieces: list[bytes] = []
    try:
        for piece in unpacked(io.BytesIO(data), magic, size):
            pieces.append(piece)  # noqa: PERF402 - what came before the damage counts
    except EOFError:
        return b"".join(pieces), True
    return b"".join(pieces), False


# -- packed streams ------------------------------------------------------------------------------


@PACKS
@given(members, st.integers(1, 5000))
@settings(deadline=None, max_examples=60)
def test_packed_members_one_after_the_other_give_all_their_bytes(
    pack: Pack, parts: list[bytes], size: int
) -> None:
    assert unpack(b"".join(map(pack, parts)), size) == b"".join(parts)


@PACKS
@given(members, st.integers(1, 5000), st.data())
@settings(deadline=None, max_examples=60)
def test_a_cut_stream_gives_what_stands_before_the_cut_and_says_so(
    pack: Pack, parts: list[bytes], size: int, data: st.DataObject
) -> None:
    whole = b"".join(map(pack, parts))
    cut = data.draw(st.integers(1, len(whole) - 1))
    ends = {len(b"".join(map(pack, parts[:count]))) for count in range(1, len(parts))}
    found, is_damaged = unpack_until_damage(whole[:cut], whole[:4], size)
    assert b"".join(parts).startswith(found)
    assert is_damaged == (cut not in ends)


@PACKS
def test_members_before_a_damaged_one_are_read(pack: Pack) -> None:
    good, bad = pack(b"good" * 50), bytearray(pack(os.urandom(400)))
    bad[5:9] = b"\xff\xff\xff\xff"
    bad[-9:] = bytes(9)
    found, is_damaged = unpack_until_damage(good + bytes(bad), good[:4], 1 << 20)
    assert is_damaged
    assert found.startswith(b"good" * 50)


def test_pieces_of_a_bomb_stay_small() -> None:
    bomb = gzipped(bytes(20_000_000))
    assert max(map(len, unpacked(io.BytesIO(bomb), bomb[:4], 1000))) <= 4000


def test_rows_flushed_one_by_one_are_read() -> None:
    stream = io.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb", mtime=0) as packed:
        for number in range(100):
            packed.write(b"%d\n" % number)
            packed.flush()
    assert unpack(stream.getvalue(), 7).count(b"\n") == 100


# -- heads and whole files -----------------------------------------------------------------------


@PACKS
def test_the_head_of_a_packed_file_is_unpacked(pack: Pack, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.packed"
    path.write_bytes(pack(b"0123456789" * 10_000))
    assert read_head(str(path), 100) == (b"0123456789" * 10)[: len(read_head(str(path), 100))]
    assert unpack_head(pack(b"0123456789"), 4) == b"0123"


def test_the_head_of_a_file_is_as_long_as_asked(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    assert read_head(str(tmp_path / "a"), 4) == b"0123"


@pytest.mark.parametrize("magic", [b"\x1f\x8b", b"\x28\xb5\x2f\xfd"])
def test_the_head_of_a_damaged_packed_file_is_empty(magic: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(magic + b"\xff" * 100)
    assert read_head(str(tmp_path / "a")) == b""


@pytest.mark.parametrize("pack", [gzipped, zstded, bytes])
def test_a_whole_file_comes_as_stored_and_unpacked(pack: Pack, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(pack(b"text" * 1000))
    raw, text = read_whole(str(tmp_path / "a"))
    assert (raw, text) == (pack(b"text" * 1000), b"text" * 1000)


def test_a_cut_whole_file_comes_as_far_as_it_goes(tmp_path: Path) -> None:
    packed = gzipped(b"".join(hashlib.sha512(bytes([n])).digest() for n in range(100)))
    (tmp_path / "a").write_bytes(packed[:-100])
    raw, text = read_whole(str(tmp_path / "a"))
    assert raw == packed[:-100]
    assert 5000 < len(text) < 6400


def test_a_file_has_the_hash_of_its_bytes_and_a_missing_one_none(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert file_sha256(str(tmp_path / "a")) == hashlib.sha256(b"abc").hexdigest()
    assert file_sha256(str(tmp_path / "b")) == ""


# -- walking -------------------------------------------------------------------------------------


def tree(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return root


def found(*places: Path) -> list[str]:
    return [item.path for item in walk(places) if isinstance(item, FoundFile)]


def skipped(*places: Path) -> dict[str, str]:
    return {item.path: item.reason for item in walk(places) if isinstance(item, SkippedFile)}


def test_files_come_by_name_and_before_the_folders_beside_them(tmp_path: Path) -> None:
    tree(tmp_path, "b/2", "b/1", "a/x/1", "z", "c")
    names = [str(Path(path).relative_to(tmp_path)) for path in found(tmp_path)]
    assert names == ["c", "z", "a/x/1", "b/1", "b/2"]


def test_a_found_file_knows_its_size_name_folder_and_place(tmp_path: Path) -> None:
    (item,) = walk([tree(tmp_path, "a/name")])
    assert isinstance(item, FoundFile)
    assert (item.size, item.name, item.folder) == (6, "name", str(tmp_path / "a"))
    assert item.root == str(tmp_path)
    assert item.mtime_ns == (tmp_path / "a/name").stat().st_mtime_ns


def test_a_file_named_twice_is_found_once(tmp_path: Path) -> None:
    tree(tmp_path, "a/1", "a/2")
    places = (tmp_path / "a/2", tmp_path / "a", tmp_path, tmp_path / "a" / ".." / "a")
    assert sorted(found(*places)) == [str(tmp_path / "a/1"), str(tmp_path / "a/2")]


def test_a_place_that_is_not_there_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is nothing at"):
        list(walk([tmp_path / "nowhere"]))


def test_a_link_to_a_file_of_the_place_is_a_file(tmp_path: Path) -> None:
    tree(tmp_path, "a/1")
    (tmp_path / "link").symlink_to(tmp_path / "a/1")
    assert found(tmp_path) == [str(tmp_path / "link"), str(tmp_path / "a/1")]


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("outside/1", "a link out of the folder that was given"),
        ("outside", "a link out of the folder that was given"),
        ("inside/gone", "a link to nothing"),
        ("inside/folder", "a link to a folder, which is read where it stands"),
        ("inside", "a link to a folder, which is read where it stands"),
        ("inside/link", "a link to nothing"),
        ("inside-too/1", "a link out of the folder that was given"),
    ],
)
def test_other_links_are_not_followed(target: str, reason: str, tmp_path: Path) -> None:
    tree(tmp_path, "outside/1", "inside-too/1", "inside/folder/1")
    (tmp_path / "inside" / "link").symlink_to(tmp_path / target)
    assert skipped(tmp_path / "inside") == {str(tmp_path / "inside/link"): reason}
    assert found(tmp_path / "inside") == [str(tmp_path / "inside/folder/1")]


def test_a_place_may_itself_be_a_link(tmp_path: Path) -> None:
    tree(tmp_path, "real/1")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert found(tmp_path / "link") == [str(tmp_path / "real/1")]


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert found(tmp_path) == []
    assert "neither a file nor a folder" in skipped(tmp_path)[str(tmp_path / "pipe")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_that_cannot_be_listed_is_reported(tmp_path: Path) -> None:
    tree(tmp_path, "shut/1").joinpath("shut").chmod(0)
    assert "cannot be listed" in skipped(tmp_path)[str(tmp_path / "shut")]
    (tmp_path / "shut").chmod(0o700)
