"""Ollama's own API: schemas, levels of thinking, digests and durations.

POST `/api/chat`. Ollama would cut a prompt that is too long and answer all the same; here it is
told to refuse (`truncate` and `shift` are false). Models are never pulled.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from functools import cached_property
from typing import Any

import msgspec

from evalhouse.errors import UsageError
from evalhouse.providers import complaint as complaints
from evalhouse.providers.address import Api
from evalhouse.providers.client import HttpProvider
from evalhouse.providers.exchange import Exchange
from evalhouse.providers.frames import Frames
from evalhouse.providers.protocol import Endpoint
from evalhouse.providers.reply import (
    Finish,
    Reply,
    Timing,
    Usage,
    count,
    logprobs_of,
    parts_of,
    seconds_of,
)
from evalhouse.providers.request import Request, encoded
from evalhouse.providers.streams import events

FINISHES: dict[str, Finish] = {"stop": "stop", "length": "length"}
"""What Ollama says at the end of an answer; any other word means an error."""

_OPTIONS = {"max_tokens": "num_predict"}
_NANOSECONDS = 1e9
_CONTEXT = re.compile(r"^num_ctx\s+(\d+)", re.MULTILINE)


class _Message(msgspec.Struct):
    content: str | None = None
    thinking: Any = None


class _Body(msgspec.Struct):
    message: _Message
    done: bool = True
    done_reason: str | None = None
    model: str | None = None
    prompt_eval_count: Any = None
    eval_count: Any = None
    load_duration: Any = None
    prompt_eval_duration: Any = None
    eval_duration: Any = None
    logprobs: Any = None


class Ollama(HttpProvider):
    """A model that Ollama runs, here or elsewhere."""

    name = "ollama"
    api = Api(
        "http://127.0.0.1:11434",
        endings=("/api/chat", "/v1/chat/completions", "/api", "/v1"),
        port=11434,
    )
    path = "/api/chat"
    missing_model = "pull it there with `ollama pull`"

    def default_url(self) -> str:
        """Return `OLLAMA_HOST` as Ollama's own programs do, or the usual address."""
        return os.environ.get("OLLAMA_HOST", "").strip() or self.api.default

    @cached_property
    def _frames(self) -> Frames:
        return Frames(self.compose)

    def body(self, request: Request) -> bytes:
        """Return the body of a request as it is sent."""
        return self._frames.body(request)

    def compose(self, request: Request) -> dict[str, Any]:
        """Return the body of a request."""
        settings = self.settings
        body: dict[str, Any] = {"model": request.model, "messages": request.messages}
        options: dict[str, Any] = {}
        for name, value in request.parameters(settings.omit).items():
            match name:
                case "schema":
                    body["format"] = value
                case "effort":
                    body["think"] = value
                case "logprobs":
                    body |= {"logprobs": True, "top_logprobs": value}
                case "thinking_tokens":
                    raise UsageError("`ollama` has no `thinking_tokens`; use `effort`")
                case _:
                    options[_OPTIONS.get(name, name)] = value
        # Without it the server decides by its memory, often for 4,096 tokens.
        if settings.context_length:
            options["num_ctx"] = settings.context_length
        body |= {"options": options, "stream": settings.stream, "truncate": False, "shift": False}
        return body if settings.keep_alive is None else body | {"keep_alive": settings.keep_alive}

    def read(self, exchange: Exchange, request: Request) -> Reply:  # noqa: ARG002 - for others
        """Read a reply whose status is success."""
        first = None
        if exchange.lines is not None and exchange.content_type != "application/json":
            body, first = self._assembled(exchange)
        else:
            body = self.decoded(exchange, _Body)
        if not body.done:
            raise self.malformed("ends before the answer does", exchange)
        word = body.done_reason or ""
        return Reply(
            text=body.message.content or "",
            # Servers before version 0.1.40 gave no reason.
            finish=FINISHES.get(word or "stop", "error"),
            finish_word=word,
            reasoning=body.message.thinking if isinstance(body.message.thinking, str) else "",
            usage=Usage(count(body.prompt_eval_count), count(body.eval_count)),
            timing=_timing(body),
            logprobs=logprobs_of(body.logprobs),
            model=body.model,
            seconds_to_first_token=first,
        )

    def _assembled(self, exchange: Exchange) -> tuple[_Body, float | None]:
        content, thinking = "", ""
        logprobs: list[Any] = []
        first, last = None, None
        try:
            for seconds, event in events(exchange.lines or ()):
                self.raise_complaint(complaints.of(event), exchange)
                last = msgspec.convert(event, _Body)
                content += last.message.content or ""
                thinking += last.message.thinking or ""
                logprobs += last.logprobs or []
                if first is None and content + thinking:
                    first = seconds
        except (ValueError, TypeError, RecursionError) as problem:
            raise self.unreadable(problem, exchange) from None
        if last is None:
            raise self.malformed("is empty", exchange)
        last.message = _Message(content, thinking)
        last.logprobs = logprobs
        return last, first

    async def facts(self, found: Endpoint) -> Endpoint:
        """Add what the server says of itself and the model."""
        version = (await self.look("/api/version")).get("version")
        listed = (await self.look("/api/tags")).get("models")
        entries = [parts_of(entry) for entry in listed] if isinstance(listed, list) else []
        ours = next((entry for entry in entries if _is_called(entry, found.model)), {})
        shown = await self.look("/api/show", body=encoded({"model": found.model})) if ours else {}
        return replace(
            found,
            models=tuple(str(entry.get("name", "")) for entry in entries),
            model_present=bool(ours),
            context_length=self.settings.context_length or await self._served(found.model, shown),
            longest_context=_longest(parts_of(shown.get("model_info"))),
            revision=found.revision or _text(ours.get("digest")),
            server="Ollama",
            version=_text(version),
        )

    async def _served(self, model: str, shown: dict[str, Any]) -> int | None:
        """Return the context that the model has now, or will have by its own settings."""
        loaded = (await self.look("/api/ps")).get("models")
        for entry in loaded if isinstance(loaded, list) else ():
            if _is_called(parts_of(entry), model):
                return count(parts_of(entry).get("context_length"))
        # What it gets otherwise depends on the memory of the server, which does not tell.
        stated = _CONTEXT.search(str(shown.get("parameters", "")))
        return int(stated[1]) if stated else None


def _timing(body: _Body) -> Timing:
    durations = (body.load_duration, body.prompt_eval_duration, body.eval_duration)
    return Timing(*(seconds_of(duration, per_second=_NANOSECONDS) for duration in durations))


def _is_called(entry: dict[str, Any], model: str) -> bool:
    names = {entry.get("name"), entry.get("model")}
    return model in names or (":" not in model and f"{model}:latest" in names)


def _longest(info: dict[str, Any]) -> int | None:
    found = (count(value) for name, value in info.items() if name.endswith(".context_length"))
    return next(found, None)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
