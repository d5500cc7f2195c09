"""Files that rows cannot rebuild are kept as they are, but for secrets."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse import ids
from evalhouse.records import SourceFile
from evalhouse.redact import Redactor
from evalhouse.store import Blobs
from evalhouse.workflows import keeping
from examples.olmes_dumps.decoys import provider_key


def listed(path: Path) -> SourceFile:
    return SourceFile(
        location_id=ids.file_location_id("source", str(path)),
        source_file_id=ids.source_file_id("source", path.name),
        source_id="source",
        path=str(path),
        relative_path=path.name,
        family="summary",
        bytes=0,
        mtime_ns=0,
        disposition="kept",
        reason="a summary",
    )


def kept(path: Path, folder: Path) -> tuple[SourceFile, bytes]:
    blobs = Blobs(str(folder / "blobs"))
    file = keeping.keep(listed(path), blobs, Redactor(b"test"))
    return file, blobs.read(file.blob or "")


def test_a_file_without_secrets_is_kept_byte_for_byte_packed_or_not(tmp_path: Path) -> None:
    text = json.dumps({"num_tokens": 3, "text": "x" * 100}).encode()
    for name, data in (("plain.json", text), ("packed.json.gz", gzip.compress(text, mtime=0))):
        path = tmp_path / name
        path.write_bytes(data)
        file, copy = kept(path, tmp_path)
        assert (copy, file.redactions, file.sha256) == (data, 0, ids.sha256_hex(data))


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_secrets_are_taken_out_wherever_they_stand_in_a_large_file(
    tmp_path: Path, pack: type[bytes]
) -> None:
    chance = Random(5)
    members = {f"key{number}": "word " * chance.randrange(40) for number in range(40_000)}
    for number in range(0, 40_000, 4001):
        members[f"key{number}"] = f"see {provider_key()}"
        members[f"api_key{number}_api_key"] = "hunter2hunter2"
    path = tmp_path / "large.json"
    path.write_bytes(pack(json.dumps(members).encode()))
    file, copy = kept(path, tmp_path)
    assert provider_key().encode() not in copy
    assert b"hunter2" not in copy
    assert file.redactions == 20
    assert len(json.loads(copy)) == len(members)


@given(st.lists(st.binary(max_size=50)), st.binary(max_size=20))
def test_cutting_anew_loses_nothing(pieces: list[bytes], tail: bytes) -> None:
    assert b"".join(keeping.whole_members([*pieces, tail])) == b"".join([*pieces, tail])


def test_what_is_kept_with_a_run_is_told_once_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("seen")
    kept = keeping.keep(
        listed(tmp_path / "notes.md"), Blobs(str(tmp_path / "blobs")), Redactor(b"test")
    )
    read = msgspec.structs.replace(kept, relative_path="rows.jsonl", blob=None)
    (artifact,) = keeping.artifacts("run", [kept, read, kept])
    assert (artifact.run_id, artifact.path) == ("run", kept.relative_path)
    assert (artifact.sha256, artifact.bytes) == (kept.blob, kept.bytes)
    assert artifact.kind == kept.family
