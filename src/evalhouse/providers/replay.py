"""Recorded exchanges instead of an endpoint: by the hash of the request, without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from evalhouse.errors import UsageError
from evalhouse.ids import sha256_hex
from evalhouse.providers.failures import MissingRecordingError
from evalhouse.providers.protocol import Endpoint, Provider
from evalhouse.providers.reply import Reply
from evalhouse.providers.request import Request, Target, encoded
from evalhouse.providers.settings import ProviderSettings


class Recording(msgspec.Struct, frozen=True):
    """One line of a recording: what was asked, and what came back."""

    request_sha256: str
    request: Request
    reply: Reply


class _Place(msgspec.Struct):
    request_sha256: str
    request: _Asked


class _Asked(msgspec.Struct):
    model: str


def recorded(request: Request, reply: Reply) -> bytes:
    """Return an exchange as a line of a recording."""
    return encoded(Recording(request.sha256, request, reply)) + b"\n"


class Replay:
    """Answers from a file of recordings, or from all files `*.jsonl` of a folder.

    The last recording of a request counts.
    """

    name = "replay"

    def __init__(self, settings: ProviderSettings, connections: int = 64) -> None:  # noqa: ARG002 - as others
        if not settings.base_url:
            raise UsageError("`replay` needs `base_url`: the file or folder of its recordings")
        self.settings = settings
        self._path = Path(settings.base_url)
        self._lines: dict[str, bytes] = {}
        self._models: set[str] = set()
        # Lines stay as they are until they are asked for: a reply is large, decoded.
        for place, line in _lines(self._path):
            self._add(place, line)

    def _add(self, place: str, line: bytes) -> None:
        try:
            found = msgspec.json.decode(line, type=_Place)
        except (ValueError, RecursionError) as problem:
            raise UsageError(f"{place} is no recording ({problem})") from None
        self._lines[found.request_sha256] = line
        self._models.add(found.request.model)

    @property
    def base_url(self) -> str:
        """Return where the recordings are."""
        return str(self._path)

    async def describe(self) -> Endpoint:
        """Say which models were recorded."""
        model = self.settings.model
        return Endpoint(
            self.name,
            self.base_url,
            model,
            reachable=True,
            is_local=True,
            models=tuple(sorted(self._models)),
            model_present=model in self._models,
            revision=self.settings.revision,
        )

    async def ask(self, request: Request) -> Reply:
        """Return what was recorded for the request."""
        line = self._lines.get(request.sha256)
        if line is None:
            beginning = " ".join(request.messages[-1].content[:60].split()).replace("`", "'")
            raise MissingRecordingError(self.base_url, request.sha256, beginning)
        return msgspec.json.decode(line, type=Recording).reply

    def canonical(self, request: Request, revision: str | None) -> bytes:
        """Return everything that the answer depends on: the request and where it was recorded."""
        target = Target(self.name, self.base_url, request.model, revision)
        return target.canonical(encoded(request), request.repeat)

    def cache_key(self, request: Request, revision: str | None) -> str:
        """Return the SHA-256 of `canonical`."""
        return sha256_hex(self.canonical(request, revision))

    async def close(self) -> None:
        """Do nothing: nothing is open."""


class Recorder:
    """A provider whose answers are appended to a file, to be replayed."""

    def __init__(self, provider: Provider, path: Path) -> None:
        self._provider = provider
        self._file: BinaryIO = path.open("ab")

    @property
    def base_url(self) -> str:
        """Return where the provider is."""
        return self._provider.base_url

    async def describe(self) -> Endpoint:
        """Return what the provider says."""
        return await self._provider.describe()

    async def ask(self, request: Request) -> Reply:
        """Ask the provider and record what it answers."""
        reply = await self._provider.ask(request)
        self._file.write(recorded(request, reply))
        self._file.flush()  # what was paid for survives a crash of this process
        return reply

    def canonical(self, request: Request, revision: str | None) -> bytes:
        """Return what the provider does."""
        return self._provider.canonical(request, revision)

    def cache_key(self, request: Request, revision: str | None) -> str:
        """Return what the provider does."""
        return self._provider.cache_key(request, revision)

    async def close(self) -> None:
        """Close the file and the provider."""
        self._file.close()
        await self._provider.close()


def _lines(path: Path) -> Iterator[tuple[str, bytes]]:
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    for file in files:
        try:
            content = file.read_bytes()
        except OSError as problem:
            raise UsageError(
                f"the recordings `{file}` cannot be read: {problem.strerror}"
            ) from None
        for number, line in enumerate(content.splitlines(), 1):
            if line.strip():
                yield f"line {number} of `{file}`", line
