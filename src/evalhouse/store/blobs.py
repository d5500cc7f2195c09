"""Content-addressed files: what rows cannot rebuild is kept as it was, under its SHA-256."""

from __future__ import annotations

import hashlib
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from shutil import copyfileobj
from typing import IO

import zstandard
from pyarrow import fs

from evalhouse.errors import DamagedHouseError, HouseError, boundary
from evalhouse.lake import Place

_LEVEL = 3
_CHUNK = 1 << 20
_SPOOL = 8 << 20


class Blobs:
    """Files by the SHA-256 of their content, compressed with zstd, in a folder or a bucket."""

    def __init__(self, uri: str, storage_options: Mapping[str, str] | None = None) -> None:
        self._place = Place(uri, storage_options)

    def put(self, data: bytes) -> str:
        """Keep bytes and return their SHA-256; equal bytes are kept once."""
        return self.put_stream([data])

    def put_stream(self, chunks: Iterable[bytes]) -> str:
        """Keep bytes that come in pieces, without holding them all."""
        digest = hashlib.sha256()
        with tempfile.SpooledTemporaryFile(max_size=_SPOOL) as spool:
            compressor = zstandard.ZstdCompressor(level=_LEVEL)
            with compressor.stream_writer(spool, closefd=False) as sink:
                for chunk in chunks:
                    digest.update(chunk)
                    sink.write(chunk)
            sha = digest.hexdigest()
            if not self.has(sha):
                spool.seek(0)
                self._keep(sha, spool)
        return sha

    def has(self, sha: str) -> bool:
        """Return whether there is a file of that hash."""
        with boundary(HouseError, on=(OSError,)):
            found = self._place.filesystem.get_file_info(self._place.path(*_parts(sha)))
        return bool(found.type == fs.FileType.File)

    def read(self, sha: str) -> bytes:
        """Return the bytes of that hash; DamagedHouseError where they are missing or altered."""
        return b"".join(self.read_stream(sha))

    def read_stream(self, sha: str) -> Iterator[bytes]:
        """Yield the bytes in pieces; the hash is checked once the last piece is out."""
        digest = hashlib.sha256()
        try:
            with self._place.filesystem.open_input_stream(
                self._place.path(*_parts(sha)), compression=None
            ) as raw:
                reader = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
                while chunk := reader.read(_CHUNK):
                    digest.update(chunk)
                    yield chunk
        except FileNotFoundError:
            raise DamagedHouseError(f"the kept file `{sha}` is missing from the house") from None
        except (zstandard.ZstdError, OSError) as failure:
            raise DamagedHouseError(f"the kept file `{sha}` cannot be read: {failure}") from failure
        if digest.hexdigest() != sha:
            raise DamagedHouseError(
                f"the kept file `{sha}` was altered: its bytes now have the SHA-256 "
                f"`{digest.hexdigest()}`"
            )

    def _keep(self, sha: str, compressed: IO[bytes]) -> None:
        """Make the file appear whole or not at all."""
        folder, name = _parts(sha)
        self._place.make_folder(folder)
        with boundary(HouseError, on=(OSError,)):
            if self._place.is_bucket:  # an object appears when its stream is closed
                with self._place.filesystem.open_output_stream(
                    self._place.path(folder, name), compression=None
                ) as to:
                    copyfileobj(compressed, to, _CHUNK)
                return
            final = Path(self._place.path(folder, name))
            waiting = final.with_name(f".{name}.{uuid.uuid4().hex}")
            try:
                with waiting.open("wb") as to:
                    copyfileobj(compressed, to, _CHUNK)
                waiting.replace(final)
            finally:
                waiting.unlink(missing_ok=True)


def _parts(sha: str) -> tuple[str, str]:
    return sha[:2], f"{sha}.zst"
