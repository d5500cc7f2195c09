"""What every provider can do, and what is known of an endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from evalhouse.providers.reply import Reply
from evalhouse.providers.request import Request


@dataclass(frozen=True)
class Endpoint:
    """What a server says of itself; what it does not say is None.

    `fault` says why it is not `reachable`. `models` are the names that it lists. `context_length`
    is how many tokens prompt and answer may take as the model is served, `longest_context` what
    the model could take. `revision` identifies the weights (a digest), `server` and `version` the
    software. `is_local` says whether this machine runs it.
    """

    provider: str
    base_url: str
    model: str
    reachable: bool
    is_local: bool = False
    fault: str = ""
    models: tuple[str, ...] | None = None
    model_present: bool | None = None
    context_length: int | None = None
    longest_context: int | None = None
    revision: str | None = None
    server: str | None = None
    version: str | None = None


class Provider(Protocol):
    """One model endpoint. Every failure is a `ProviderError` or a `UsageError`."""

    @property
    def base_url(self) -> str:
        """Return where it is, complete."""
        ...

    async def describe(self) -> Endpoint:
        """Ask the server about itself and the model; a server that is away is a fact, too."""
        ...

    async def ask(self, request: Request) -> Reply:
        """Ask once, without trying again."""
        ...

    def canonical(self, request: Request, revision: str | None) -> bytes:
        """Return everything that the answer depends on: provider, address, model, body as sent."""
        ...

    def cache_key(self, request: Request, revision: str | None) -> str:
        """Return the SHA-256 of `canonical`, under which an answer may be kept."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...
