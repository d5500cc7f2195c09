"""HTTP: bytes out, bytes in, and every way in which that fails."""

from __future__ import annotations

import io
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from evalhouse.providers.address import Address
from evalhouse.providers.exchange import Exchange
from evalhouse.providers.failures import (
    BrokenConnectionError,
    MalformedReplyError,
    ProviderError,
    TimedOutError,
    UnreachableError,
    WrongAddressError,
)
from evalhouse.providers.keys import Secrets
from evalhouse.version import __version__

LONGEST_REPLY = 64 << 20  # bytes, decompressed
_CONNECT_SECONDS = 15.0
_LARGE = 1 << 20  # bytes; aiohttp warns about larger bodies that are not read from a file
_KEPT_HEADERS = ("content-type", "location", "retry-after", "retry-after-ms", "server")


def _proxy(address: Address) -> str | None:
    if proxy_bypass(address.host):
        return None
    return getproxies().get(urlsplit(address.url).scheme)


class _TooLongError(Exception):
    pass


class _Received(NamedTuple):
    status: int
    headers: Mapping[str, str]
    pieces: list[tuple[float, bytes]]  # each with the seconds after which it had come


@dataclass(frozen=True)
class Limits:
    """How long a whole reply may take, in seconds, and how many requests run at once."""

    timeout: float
    connections: int
    use_proxy: bool = False


class Connection:
    """A pool of connections to one endpoint; opened when it is first used."""

    def __init__(
        self, address: Address, secrets: Secrets, limits: Limits, headers: Mapping[str, str]
    ) -> None:
        self.address = address
        self.secrets = secrets
        self.limits = limits
        self._headers = headers
        self._session: aiohttp.ClientSession | None = None

    async def post(self, path: str, body: bytes, *, stream: bool = False) -> Exchange:
        """Send a body to a path below the address; raises when no reply came back."""
        return await self._exchange("POST", self.address.url + path, body, stream=stream)

    async def get(self, path: str, *, from_root: bool = False) -> Exchange:
        """Get what is at a path below the address, or below its host."""
        base = self.address.origin if from_root else self.address.url
        return await self._exchange("GET", base + path)

    async def close(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session:
            await session.close()

    async def _exchange(
        self, method: str, url: str, body: bytes = b"", *, stream: bool = False
    ) -> Exchange:
        session = self._session or self._open()
        started = time.perf_counter()
        # A redirect would take key and text to wherever a server says, so none is followed.
        data = io.BytesIO(body) if len(body) > _LARGE else body or None
        status = None
        try:
            async with session.request(method, url, data=data, allow_redirects=False) as response:
                status = response.status
                received = await _read(response, started)
        except (aiohttp.ClientError, OSError, _TooLongError) as problem:
            failure = self._failure(problem)
        else:
            return self._kept(body, received, time.perf_counter() - started, stream=stream)
        # Raised out here, since what aiohttp raises holds the headers, and so the key.
        seconds = time.perf_counter() - started
        raise failure.observed(self.secrets.scrub(body), b"", seconds, status)

    def _open(self) -> aiohttp.ClientSession:
        limits = self.limits
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=limits.connections),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={
                "Accept": "*/*",
                "Content-Type": "application/json",
                "User-Agent": f"evalhouse/{__version__}",
                **self._headers,
                **self.secrets.headers(),
            },
            timeout=aiohttp.ClientTimeout(
                total=limits.timeout, sock_connect=min(_CONNECT_SECONDS, limits.timeout)
            ),
            # Not `trust_env`, which would also send what a .netrc file holds.
            proxy=_proxy(self.address) if limits.use_proxy else None,
        )
        return self._session

    def _kept(self, body: bytes, received: _Received, seconds: float, *, stream: bool) -> Exchange:
        pieces, scrub = received.pieces, self.secrets.scrub
        reply = pieces[0][1] if len(pieces) == 1 else b"".join(piece for _, piece in pieces)
        lines = None
        if stream:
            lines = tuple((when, scrub(line)) for when, line in _lines(pieces))
        # A server may put anything into a header, too.
        headers = {name: self.secrets.scrub_text(text) for name, text in received.headers.items()}
        return Exchange(scrub(body), received.status, headers, scrub(reply), seconds, lines)

    def _failure(self, problem: Exception) -> ProviderError:
        place = self.address.url
        reason = self.secrets.excerpt(str(problem)) or type(problem).__name__
        if isinstance(problem, _TooLongError):
            return MalformedReplyError(place, f"is longer than {LONGEST_REPLY >> 20} MiB")
        if isinstance(problem, aiohttp.ClientSSLError):
            return WrongAddressError(place, f"cannot be trusted: {reason}")
        if isinstance(problem, aiohttp.ConnectionTimeoutError | aiohttp.ClientConnectorError):
            return UnreachableError(place, _plain(problem) or reason)
        if isinstance(problem, TimeoutError):
            return TimedOutError(place, self.limits.timeout)
        if isinstance(problem, aiohttp.ClientResponseError):
            return MalformedReplyError(
                place, f"is no HTTP ({self.secrets.excerpt(problem.message)})"
            )
        return BrokenConnectionError(place, reason)


def _plain(problem: Exception) -> str:
    """Return what the system says of a connection that was not made, in its own words alone."""
    failure = getattr(problem, "os_error", None)
    if isinstance(failure, socket.gaierror):
        return str(failure.strerror or "")
    return os.strerror(failure.errno) if isinstance(failure, OSError) and failure.errno else ""


async def _read(response: aiohttp.ClientResponse, started: float) -> _Received:
    pieces, size = [], 0
    content = response.content
    while not content.at_eof():
        if piece := await content.readany():
            size += len(piece)
            if size > LONGEST_REPLY:
                raise _TooLongError
            pieces.append((time.perf_counter() - started, piece))
    headers = {name: text for name in _KEPT_HEADERS if (text := response.headers.get(name))}
    return _Received(response.status, headers, pieces)


def _lines(pieces: list[tuple[float, bytes]]) -> list[tuple[float, bytes]]:
    found: list[tuple[float, bytes]] = []
    begun: list[bytes] = []  # a line may come in many pieces
    for when, piece in pieces:
        first, *others = piece.split(b"\n")
        begun.append(first)
        for other in others:
            found.append((when, b"".join(begun)))
            begun = [other]
    if pieces:
        found.append((pieces[-1][0], b"".join(begun)))
    return found
