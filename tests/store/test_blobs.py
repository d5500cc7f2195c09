from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.errors import DamagedHouseError
from evalhouse.store import Blobs


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(str(tmp_path / "blobs"))


def stored(blobs: Blobs) -> list[Path]:
    return [path for path in Path(blobs._place.uri).rglob("*") if path.is_file()]


def test_bytes_come_back_under_their_hash(blobs: Blobs) -> None:
    sha = blobs.put(b"evidence")
    assert sha == hashlib.sha256(b"evidence").hexdigest()
    assert blobs.read(sha) == b"evidence"


def test_equal_bytes_are_kept_once(blobs: Blobs) -> None:
    assert blobs.put(b"evidence" * 9) == blobs.put_stream([b"evidence"] * 9)
    assert len(stored(blobs)) == 1


def test_bytes_are_compressed_on_disk(blobs: Blobs) -> None:
    blobs.put(b"a" * 1_000_000)
    assert stored(blobs)[0].stat().st_size < 1_000


def test_nothing_but_whole_files_lies_in_the_folder(blobs: Blobs) -> None:
    def chunks() -> list[bytes]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        blobs.put_stream(chunk for chunk in [b"a", *chunks()])
    assert stored(blobs) == []


@given(st.data())
def test_a_flipped_byte_never_gives_other_bytes(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    blobs = Blobs(str(tmp_path_factory.mktemp("blobs")))
    sha = blobs.put(b"evidence, all of it")
    [path] = stored(blobs)
    kept = bytearray(path.read_bytes())
    kept[data.draw(st.integers(0, len(kept) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(kept)
    # A few bits of a frame's header change nothing; then the bytes are as they were.
    with suppress(DamagedHouseError):
        assert blobs.read(sha) == b"evidence, all of it"


def test_other_bytes_under_a_hash_are_detected(blobs: Blobs) -> None:
    sha, other = blobs.put(b"evidence"), blobs.put(b"something else")
    for path in stored(blobs):
        if path.name.startswith(other):
            altered = path.read_bytes()
    [kept] = [path for path in stored(blobs) if path.name.startswith(sha)]
    kept.write_bytes(altered)
    with pytest.raises(DamagedHouseError, match="was altered"):
        blobs.read(sha)


def test_a_missing_file_is_damage(blobs: Blobs) -> None:
    with pytest.raises(DamagedHouseError, match="is missing"):
        blobs.read("0" * 64)


def test_an_empty_file_is_kept(blobs: Blobs) -> None:
    assert blobs.read(blobs.put(b"")) == b""
