"""What providers that speak HTTP share: send, look at the status, read, keep the evidence."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

import msgspec

from evalhouse.errors import UnknownNameError
from evalhouse.ids import sha256_hex
from evalhouse.providers import complaint as complaints
from evalhouse.providers.address import Api, complete
from evalhouse.providers.connection import Connection, Limits
from evalhouse.providers.exchange import Asked, Exchange
from evalhouse.providers.failures import ProviderError, TransientError
from evalhouse.providers.keys import read_headers, variable_for
from evalhouse.providers.protocol import Endpoint
from evalhouse.providers.reply import Reply
from evalhouse.providers.request import Request, Target, encoded
from evalhouse.providers.settings import ProviderSettings
from evalhouse.providers.thinking import split

Shape = TypeVar("Shape")


class HttpProvider(ABC):
    """A provider over HTTP; what makes an API this one is in its subclasses."""

    name: ClassVar[str]
    api: ClassVar[Api]
    path: ClassVar[str]
    key_header: ClassVar[tuple[str, str]] = ("Authorization", "Bearer ")
    headers: ClassVar[Mapping[str, str]] = {}
    dialects: ClassVar[Mapping[str, object]] = {}
    missing_model: ClassVar[str] = ""

    def __init__(self, settings: ProviderSettings, connections: int = 64) -> None:
        if settings.dialect is not None and settings.dialect not in self.dialects:
            raise UnknownNameError(f"dialect of `{self.name}`", settings.dialect, self.dialects)
        self.settings = settings
        address = complete(settings.base_url or self.default_url(), self.api)
        variable = variable_for(self.name, address.host, settings.key_variable)
        secrets = read_headers(settings.header_variables, self.key_header, variable)
        limits = Limits(settings.timeout, connections, settings.use_proxy)
        self.connection = Connection(address, secrets, limits, self.headers)
        self._asked = Asked(address.url, settings.model, secrets, self.missing_model)

    def __repr__(self) -> str:
        """Say which model where."""
        return f"<{self.name} {self.settings.model} at {self.base_url}>"

    @property
    def base_url(self) -> str:
        """Return where it is, complete."""
        return self.connection.address.url

    def default_url(self) -> str:
        """Return the address that is taken where none is given."""
        return self.api.default

    @abstractmethod
    def compose(self, request: Request) -> dict[str, Any]:
        """Return the body of a request."""

    def body(self, request: Request) -> bytes:
        """Return the body of a request as it is sent."""
        return encoded(self.compose(request))

    @abstractmethod
    def read(self, exchange: Exchange, request: Request) -> Reply:
        """Read a reply whose status is success."""

    @abstractmethod
    async def facts(self, found: Endpoint) -> Endpoint:
        """Add what the server says of itself and the model."""

    async def ask(self, request: Request) -> Reply:
        """Ask once, without trying again."""
        body = self.body(request)
        exchange = await self.connection.post(self.path, body, stream=self.settings.stream)
        if not exchange.is_success:
            raise replace(self._asked, model=request.model).failed(exchange)
        reply = self.read(exchange, request)
        return self._completed(reply, exchange)

    def canonical(self, request: Request, revision: str | None) -> bytes:
        """Return everything that the answer depends on: provider, address, model, body as sent."""
        target = Target(self.name, self.base_url, request.model, revision)
        return target.canonical(self.body(request), request.repeat)

    def cache_key(self, request: Request, revision: str | None) -> str:
        """Return the SHA-256 of `canonical`, under which an answer may be kept."""
        return sha256_hex(self.canonical(request, revision))

    async def describe(self) -> Endpoint:
        """Ask the server about itself and the model; a server that is away is a fact, too."""
        address, settings = self.connection.address, self.settings
        found = Endpoint(
            self.name,
            address.url,
            settings.model,
            reachable=True,
            is_local=address.is_local,
            revision=settings.revision,
        )
        try:
            return await self.facts(found)
        # A refused key is no fact about the server: it is raised.
        except TransientError as failure:
            return replace(found, reachable=False, fault=str(failure))

    async def close(self) -> None:
        """Close every connection."""
        await self.connection.close()

    def decoded(self, exchange: Exchange, shape: type[Shape]) -> Shape:
        """Decode a reply into a shape; an error in the place of a reply is raised."""
        kind = exchange.content_type
        if kind and "json" not in kind:
            shown = self._asked.secrets.excerpt(kind)
            raise self._asked.malformed(f"is `{shown}` and not JSON", exchange)
        try:
            return msgspec.json.decode(exchange.reply, type=shape)
        except (ValueError, RecursionError) as problem:
            failure = self.unreadable(problem, exchange)
        # Some routers send their errors with status 200.
        self.raise_complaint(complaints.read(exchange.reply), exchange)
        raise failure

    def raise_complaint(self, said: complaints.Complaint, exchange: Exchange) -> None:
        """Raise what a server complains of although the status is success."""
        if said.is_error:
            raise self._asked.failed(exchange, said)

    def malformed(self, fault: str, exchange: Exchange) -> ProviderError:
        """Return the failure for a reply that is not what the API promises."""
        return self._asked.malformed(fault, exchange)

    def unreadable(self, problem: Exception, exchange: Exchange) -> ProviderError:
        """Return the failure for a reply that cannot be decoded."""
        return self.malformed(
            f"cannot be read ({self._asked.secrets.excerpt(str(problem))})", exchange
        )

    async def look(
        self, path: str, *, from_root: bool = False, body: bytes = b""
    ) -> dict[str, Any]:
        """Return the object at a path, or an empty one where the server has none."""
        if body:
            exchange = await self.connection.post(path, body)
        else:
            exchange = await self.connection.get(path, from_root=from_root)
        if exchange.status in {401, 403} or exchange.status >= 500:
            raise self._asked.failed(exchange)
        try:
            content = msgspec.json.decode(exchange.reply)
        except (ValueError, RecursionError):
            return {}
        return content if isinstance(content, dict) and exchange.is_success else {}

    def _completed(self, reply: Reply, exchange: Exchange) -> Reply:
        reasoning, text = reply.reasoning, reply.text
        if self.settings.think_tags:
            thought, text = split(text, self.settings.think_tags)
            reasoning = "\n\n".join(filter(None, (reasoning, thought)))
        # Again, since a stream may bring a key in pieces.
        scrub = self._asked.secrets.scrub_text
        return msgspec.structs.replace(
            reply,
            text=scrub(text),
            reasoning=scrub(reasoning),
            refusal=scrub(reply.refusal),
            raw_request=exchange.request,
            raw_reply=exchange.reply,
            seconds=exchange.seconds,
            status=exchange.status,
        )
