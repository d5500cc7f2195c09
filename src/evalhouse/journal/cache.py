"""Replies that need not be asked for again."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from evalhouse.errors import JournalError
from evalhouse.journal.scan import reason_of
from evalhouse.journal.shelf import CacheLimits, Damage, Pruned, Shelf
from evalhouse.redact import Redactor

_OK = 200


@dataclass(frozen=True)
class ReplyKey:
    """All that a reply depends on.

    Attributes:
        provider: Whose protocol is spoken.
        endpoint: The address that was asked.
        model: The model, by the name that the endpoint knows.
        revision: Its revision, or the hash of its weights; None where it is not known.
        request: Every byte that was sent.
    """

    provider: str
    endpoint: str
    model: str
    revision: str | None
    request: bytes

    def digest(self) -> bytes:
        """Return the SHA-256 of all parts, each with its length, so that none runs into another."""
        digest = hashlib.sha256()
        for part in (self.provider, self.endpoint, self.model, self.revision, self.request):
            data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
            digest.update(b"-" if data is None else b"%d:" % len(data))
            digest.update(data or b"")
        return digest.digest()


def fault_of(body: bytes, status: int, *, is_complete: bool) -> str:
    """Say why a reply is not worth keeping; nothing where it is."""
    if status != _OK:
        return f"its status is {status}"
    if not is_complete:
        return "it is not complete"
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "it is no JSON"
    if not isinstance(found, dict) or not found:
        return "it is no JSON object with anything in it"
    return "it reports an error" if found.get("error") else ""


class ResponseCache:
    """Complete replies by the hash of all that asked for them, in a folder that many may use.

    What another process keeps is seen within a second. What a crash of the machine takes, or the
    disk damages, is a miss: nothing but whole replies, found to be as they were written, is given
    out. Methods may be called from any thread.

    Attributes:
        hits: How many replies were given out.
        misses: How many were not there.
        refused: Why how many replies were not kept.
    """

    def __init__(
        self, folder: Path | str, *, redactor: Redactor, limits: CacheLimits | None = None
    ) -> None:
        """Open a cache, or begin it; a reply in which `redactor` finds a secret is not kept.

        Raises:
            JournalError: The folder cannot be read.
        """
        self.hits = self.misses = 0
        self.refused: Counter[str] = Counter()
        self._redactor = redactor
        self._lock = threading.Lock()
        try:
            self._shelf = Shelf(Path(folder), limits or CacheLimits())
        except OSError as failure:
            reason = reason_of(failure)
            raise JournalError(f"the cache `{folder}` cannot be opened: {reason}") from failure

    @property
    def damage(self) -> list[Damage]:
        """Return what was found not to be as it was written."""
        return self._shelf.damage

    def get(self, key: ReplyKey) -> bytes | None:
        """Return the body of the reply to a request; None where there is none."""
        digest = key.digest()
        with self._lock:
            found = self._shelf.find(digest)
            self.hits += found is not None
            self.misses += found is None
            return found

    def put(self, key: ReplyKey, body: bytes, *, is_complete: bool, status: int = _OK) -> bool:
        """Keep the body of a reply, and tell whether it is kept.

        Args:
            key: What was asked.
            body: The reply, which must be a JSON object that reports no error and holds no secret.
            is_complete: Whether the model said all it wanted: neither cut short, nor refused, nor
                failed.
            status: The HTTP status, which must be 200.
        """
        fault = fault_of(body, status, is_complete=is_complete)
        if not fault and self._redactor.secrets(body):
            fault = "it holds what looks like a secret"
        with self._lock:
            fault = fault or self._keep(key.digest(), body)
            self.refused.update([fault] if fault else [])
            return not fault

    def _keep(self, digest: bytes, body: bytes) -> str:
        """Keep a reply that is not there; say what is against it."""
        if self._shelf.find(digest) is not None:
            return ""
        try:
            self._shelf.add(digest, body)
        except OSError as failure:  # a run goes on without its cache
            return f"it cannot be written: {reason_of(failure)}"
        return ""

    def prune(self, *, max_age: float | None = None, max_bytes: int | None = None) -> Pruned:
        """Remove files whose newest reply is older than `max_age` seconds.

        Then the oldest go until all take no more than `max_bytes`. What another process writes
        is left.
        """
        with self._lock:
            return self._shelf.prune(max_age, max_bytes)

    def close(self) -> None:
        """Let other processes go on with the file that was written."""
        with self._lock:
            self._shelf.let_go()

    def __len__(self) -> int:
        """Return how many entries are known; one that was damaged and replaced counts twice."""
        return len(self._shelf)

    def __enter__(self) -> Self:
        """Return the cache, to be closed at the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()
