"""Keeping a file as it is, but for secrets; memory does not grow with its size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from evalhouse.formats.files import GZIP_MAGIC, ZSTD_MAGIC, file_sha256, unpacked
from evalhouse.records import Artifact, SourceFile
from evalhouse.redact import Redactor
from evalhouse.store import Blobs

_PIECE = 1 << 20
_LONGEST_SECRET = 32 << 10  # bytes held back at a cut that falls inside a value


def keep(file: SourceFile, blobs: Blobs, redactor: Redactor) -> SourceFile:
    """Store a copy of a file, and say under which name and how many secrets it lost.

    A packed file that holds secrets is kept unpacked.
    """
    try:
        with Path(file.path).open("rb") as stream:
            is_packed = stream.read(4).startswith((GZIP_MAGIC, ZSTD_MAGIC))
        count = sum(found for _, found in _cleaned(file.path, redactor))
        blob = blobs.put_stream(
            (piece for piece, _ in _cleaned(file.path, redactor)) if count else _raw(file.path)
        )
    except OSError as failure:
        return msgspec.structs.replace(file, reason=f"cannot be read: {failure.strerror}")
    reason = file.reason
    if count and is_packed:
        reason = f"{reason}; kept unpacked, since secrets were taken out"
    return msgspec.structs.replace(
        file, blob=blob, sha256=file_sha256(file.path), redactions=count, reason=reason
    )


def artifacts(run_id: str, files: Iterable[SourceFile]) -> list[Artifact]:
    """Return what is kept whole with a run, by its path inside the source."""
    kept = {file.relative_path: file for file in files if file.blob is not None}
    return [
        Artifact(run_id=run_id, path=path, kind=file.family, sha256=file.blob, bytes=file.bytes)
        for path, file in kept.items()
        if file.blob is not None
    ]


def _raw(path: str) -> Iterator[bytes]:
    with Path(path).open("rb") as stream:
        while piece := stream.read(_PIECE):
            yield piece


def _content(path: str) -> Iterator[bytes]:
    """Yield what a file holds, unpacked as far as it goes."""
    with Path(path).open("rb") as stream:
        magic = stream.read(4)
        stream.seek(0)
        if not magic.startswith((GZIP_MAGIC, ZSTD_MAGIC)):
            yield from _raw(path)
            return
        try:
            yield from unpacked(stream, magic)
        except EOFError:  # what came before the damage counts
            return


def _cleaned(path: str, redactor: Redactor) -> Iterator[tuple[bytes, int]]:
    """Yield the content without secrets, with how many each piece lost."""
    for piece in whole_members(_content(path)):
        yield redactor.settings(piece)


def whole_members(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Cut a stream of JSON anew, between members or lines, so that no secret is cut."""
    held = b""
    for piece in pieces:
        held += piece
        if len(held) < _PIECE:
            continue
        cut = max(held.rfind(b"\n"), held.rfind(b', "'))
        if cut <= 0:
            cut = max(len(held) - _LONGEST_SECRET, 0)
        yield held[:cut]
        held = held[cut:]
    if held:
        yield held
