from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhouse.formats.files import GZIP_MAGIC, ZSTD_MAGIC
from evalhouse.formats.lines import BOM, Chunk, Limits, LineFile

Numbered = tuple[int, int, bytes]
texts = (
    st.lists(
        st.one_of(
            st.sampled_from(
                [b"\n", b"\r", b"\r\n", BOM, b"\xef", b"\xef\xbb", b"\x85", b"\x0b", b""]
            ),
            st.binary(max_size=12),
        ),
        max_size=20,
    )
    .map(b"".join)
    .filter(lambda data: not data.startswith((GZIP_MAGIC, ZSTD_MAGIC)))
)
sizes = st.integers(1, 30)
packs = st.sampled_from([bytes, lambda data: gzip.compress(data, mtime=0), zstandard.compress])


def file_of(data: bytes, folder: str | Path, limits: Limits | None = None) -> LineFile:
    path = Path(folder) / "rows.jsonl"
    path.write_bytes(data)
    return LineFile(str(path), limits or Limits())


def numbered(chunks: list[Chunk]) -> list[Numbered]:
    found = []
    for chunk in chunks:
        offset = chunk.offset
        for place, line in enumerate(chunk.lines):
            found.append((chunk.first_line + place, offset, line))
            offset += len(line) + 1
    return found


def expected(data: bytes) -> list[Numbered]:
    offset = len(BOM) if data.startswith(BOM) else 0
    lines = data[offset:].split(b"\n")
    found = []
    for number, line in enumerate(lines if lines[-1] else lines[:-1], 1):
        found.append((number, offset, line))
        offset += len(line) + 1
    return found


@given(texts, sizes, packs)
@settings(max_examples=200)
def test_any_bytes_in_any_chunks_give_the_same_lines(
    data: bytes, size: int, pack: Callable[[bytes], bytes]
) -> None:
    with TemporaryDirectory() as folder:
        file = file_of(pack(data), folder, Limits(chunk=size))
        lines = numbered(list(file.chunks()))
    assert lines == expected(data)
    assert file.lines == len(lines)
    assert file.ends_with_newline == (data in {b"", BOM} or data.endswith(b"\n"))
    assert file.sha256 == hashlib.sha256(pack(data)).hexdigest()
    assert (file.size, file.live, file.problems) == (len(pack(data)), False, [])


@given(texts, sizes, st.integers(1, 12), packs)
@settings(max_examples=200)
def test_lines_that_are_too_long_are_reported_and_all_others_read(
    data: bytes, size: int, longest: int, pack: Callable[[bytes], bytes]
) -> None:
    with TemporaryDirectory() as folder:
        file = file_of(pack(data), folder, Limits(chunk=size, longest_line=longest))
        lines = numbered(list(file.chunks()))
    assert lines == [line for line in expected(data) if len(line[2]) <= longest]
    places = [(problem.line, problem.byte_offset) for problem in file.problems]
    assert places == [line[:2] for line in expected(data) if len(line[2]) > longest]
    assert {problem.kind for problem in file.problems} <= {"too_long_line"}
    assert file.lines == len(expected(data))


@pytest.mark.parametrize("cuts", [(), (1,), (1, 2), (2,), (3,)])
def test_a_byte_order_mark_is_seen_however_it_was_packed(
    cuts: tuple[int, ...], tmp_path: Path
) -> None:
    data, pieces, last = BOM + b"a\nb\n", [], 0
    for cut in (*cuts, len(data)):
        pieces.append(gzip.compress(data[last:cut], mtime=0))
        last = cut
    assert numbered(list(file_of(b"".join(pieces), tmp_path).chunks())) == expected(data)


def test_only_the_last_line_can_be_incomplete(tmp_path: Path) -> None:
    chunks = list(file_of(b"one\ntwo\nthree", tmp_path, Limits(chunk=5)).chunks())
    assert [chunk.complete for chunk in chunks][-1] is False
    assert all(chunk.complete for chunk in chunks[:-1])


def test_a_line_as_long_as_the_limit_is_read(tmp_path: Path) -> None:
    file = file_of(b"12345\n123456\n", tmp_path, Limits(longest_line=5))
    assert numbered(list(file.chunks())) == [(1, 0, b"12345")]
    (problem,) = file.problems
    assert problem.message.startswith("the line is 6 bytes long and at most 5 are read")
    assert (problem.line, problem.byte_offset) == (2, 6)


def test_a_line_that_is_too_long_shows_its_beginning(tmp_path: Path) -> None:
    file = file_of(b"short\nlong" + b"x" * 1000, tmp_path, Limits(chunk=10, longest_line=50))
    list(file.chunks())
    assert (file.problems[0].excerpt or "").startswith("long" + "x" * 40)


def test_who_reads_a_chunk_may_say_how_many_lines_it_has(tmp_path: Path) -> None:
    file = file_of(b"a\nb\nc\n", tmp_path, Limits(chunk=4))
    numbers = []
    for chunk in file.chunks():
        numbers.append(chunk.first_line)
        chunk.count = len(chunk.lines)
    assert (numbers, file.lines) == ([1, 3], 3)


def test_progress_adds_up_to_the_bytes_as_stored(tmp_path: Path) -> None:
    seen: list[int] = []
    file = file_of(gzip.compress(b"a\n" * 1000), tmp_path, Limits(chunk=16))
    list(file.chunks(seen.append))
    assert sum(seen) == file.size
    assert len(seen) > 0


@pytest.mark.parametrize("added", [b"c\n", b"c", b""])
def test_a_file_that_grows_while_it_is_read_is_live(added: bytes, tmp_path: Path) -> None:
    file = file_of(b"a\nb\n" * 10, tmp_path, Limits(chunk=4))
    chunks = file.chunks()
    lines = next(chunks).lines
    with Path(file.path).open("ab") as stream:
        stream.write(added)
    lines += [line for chunk in chunks for line in chunk.lines]
    assert lines == b"".join([b"a\nb\n" * 10, added]).rstrip(b"\n").split(b"\n")
    assert file.live == bool(added)
    assert file.sha256 == hashlib.sha256(Path(file.path).read_bytes()).hexdigest()


def test_a_file_that_is_replaced_while_it_is_read_is_live(tmp_path: Path) -> None:
    file = file_of(b"a\nb\n" * 10, tmp_path, Limits(chunk=4))
    chunks = file.chunks()
    next(chunks)
    (tmp_path / "new").write_bytes(b"z\n")
    (tmp_path / "new").rename(file.path)
    assert [line for chunk in chunks for line in chunk.lines] == [b"a", b"b"] * 9
    assert file.live


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_cut_packed_file_gives_the_lines_before_the_cut(
    pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    rows = b"".join(b"%s\n" % hashlib.sha512(bytes([n])).hexdigest().encode() for n in range(200))
    packed = pack(rows * 20)
    file = file_of(packed + packed[: len(packed) // 2], tmp_path)
    lines = [line for _, _, line in numbered(list(file.chunks()))]
    assert (rows * 40).startswith(b"\n".join(lines))
    assert [problem.kind for problem in file.problems] == ["cut_compression"]
    assert file.sha256 == hashlib.sha256(Path(file.path).read_bytes()).hexdigest()
    assert len(lines) >= 4000
