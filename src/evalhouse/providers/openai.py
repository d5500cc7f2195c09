"""Chat completions as OpenAI defined them and vLLM, llama.cpp, LM Studio and many more speak them.

POST `/chat/completions` below an address that usually ends in `/v1`. Servers differ in a few
parameters: a `Dialect` says how, and nothing that was asked is left out unless `omit` says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Literal

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
from evalhouse.providers.request import Request
from evalhouse.providers.streams import events

FINISHES: dict[str, Finish] = {
    "stop": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "content_filter",
    "safety": "content_filter",
    "tool_calls": "tool",
    "function_call": "tool",
}
"""What servers say at the end of an answer; any other word means an error."""


@dataclass(frozen=True)
class Dialect:
    """How a server calls the limit of tokens, wants a schema, and is told how much to think."""

    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    schema: Literal["json_schema", "json_object"] = "json_schema"
    effort: Literal["reasoning_effort", "reasoning", "template"] = "reasoning_effort"


DIALECTS = {
    "compatible": Dialect(),
    "openai": Dialect(limit="max_completion_tokens"),
    "openrouter": Dialect(effort="reasoning"),
    "vllm": Dialect(effort="template"),
    "llama.cpp": Dialect(effort="template"),
    "json-object": Dialect(schema="json_object"),
}
_OWN = {"api.openai.com": "openai", "openrouter.ai": "openrouter"}


class _Message(msgspec.Struct):
    content: str | list[dict[str, Any]] | None = None
    reasoning_content: Any = None
    reasoning: Any = None
    refusal: Any = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None
    logprobs: Any = None
    error: Any = None


class _Body(msgspec.Struct):
    choices: list[_Choice]
    model: str | None = None
    usage: Any = None
    timings: Any = None


class OpenAI(HttpProvider):
    """A model behind any server that speaks OpenAI's chat completions."""

    name = "openai"
    api = Api("https://api.openai.com/v1", root="/v1", endings=("/chat/completions",))
    path = "/chat/completions"
    dialects: ClassVar = DIALECTS

    @property
    def dialect(self) -> Dialect:
        """Return the dialect that was named, or the one of a known service."""
        own = _OWN.get(self.connection.address.host, "compatible")
        return DIALECTS[self.settings.dialect or own]

    @cached_property
    def _frames(self) -> Frames:
        return Frames(self.compose)

    def body(self, request: Request) -> bytes:
        """Return the body of a request as it is sent."""
        return self._frames.body(request)

    def compose(self, request: Request) -> dict[str, Any]:
        """Return the body of a request."""
        body: dict[str, Any] = {"model": request.model, "messages": request.messages}
        for name, value in request.parameters(self.settings.omit).items():
            body |= self._parameter(name, value)
        if self.settings.stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        return body

    def _parameter(self, name: str, value: Any) -> dict[str, Any]:
        match name:
            case "max_tokens":
                return {self.dialect.limit: value}
            case "schema":
                return {"response_format": self._format(value)}
            case "logprobs":
                return {"logprobs": True, "top_logprobs": value}
            case "effort":
                return self._effort(value)
            case "thinking_tokens":
                return {"reasoning": {"max_tokens": self._budget(value)}}
        return {name: value}

    def _format(self, schema: Any) -> dict[str, Any]:
        if self.dialect.schema == "json_object":
            return {"type": "json_object"}
        # Without `strict` some services take the schema for a hint.
        inner = {"name": "answer", "strict": True, "schema": schema}
        return {"type": "json_schema", "json_schema": inner}

    def _budget(self, tokens: int) -> int:
        if self.dialect.effort != "reasoning":
            raise UsageError("only the dialect `openrouter` takes `thinking_tokens`; use `effort`")
        return tokens

    def _effort(self, effort: str | bool) -> dict[str, Any]:  # noqa: FBT001 - a value, no switch
        way = self.dialect.effort
        if way == "reasoning":
            inner = {"enabled": effort} if isinstance(effort, bool) else {"effort": effort}
            return {"reasoning": inner}
        # Models that think or do not are told so by a variable of their chat template.
        if way == "template" and isinstance(effort, bool):
            return {"chat_template_kwargs": {"enable_thinking": effort}}
        if effort is True:
            raise UsageError(
                "this server wants a level of `effort`, such as `low` or `high`; with True or "
                "False only the dialects `vllm`, `llama.cpp` and `openrouter` can do something"
            )
        return {"reasoning_effort": effort or "none"}

    def read(self, exchange: Exchange, request: Request) -> Reply:  # noqa: ARG002 - for others
        """Read a reply whose status is success."""
        if exchange.lines is not None and "json" not in exchange.content_type:
            body, first = self._assembled(exchange)
        else:
            body, first = self.decoded(exchange, _Body), None
        if not body.choices:
            raise self.malformed("has no choices", exchange)
        choice = body.choices[0]
        if choice.error:
            self.raise_complaint(complaints.of({"error": choice.error}), exchange)
        return self._reply(body, choice, first)

    def _reply(self, body: _Body, choice: _Choice, first: float | None) -> Reply:
        message, word = choice.message, choice.finish_reason or ""
        text, thought = _texts(message.content)
        refusal = message.refusal if isinstance(message.refusal, str) else ""
        # Services behind routers write their words in capitals.
        finish = FINISHES.get(word.lower(), "error")
        return Reply(
            text=text,
            finish="content_filter" if refusal else finish,
            finish_word=word,
            reasoning=thought or _first_text(message.reasoning_content, message.reasoning),
            refusal=refusal,
            usage=_usage(body.usage),
            timing=_timing(body.timings),
            logprobs=logprobs_of(parts_of(choice.logprobs).get("content")),
            model=body.model,
            seconds_to_first_token=first,
        )

    def _assembled(self, exchange: Exchange) -> tuple[_Body, float | None]:
        body = _Body([_Choice(_Message(""))])
        first = None
        try:
            for seconds, event in events(exchange.lines or ()):
                self.raise_complaint(complaints.of(event), exchange)
                if _added(body, event) and first is None:
                    first = seconds
        except (ValueError, RecursionError) as problem:
            failure = self.unreadable(problem, exchange)
        else:
            if body.choices[0].finish_reason:
                return body, first
            # `[DONE]` is no proof: routers send it after a server that broke off.
            failure = self.malformed("ends before the answer does", exchange)
        raise failure

    async def facts(self, found: Endpoint) -> Endpoint:
        """Add what the server says of itself and the model."""
        listed = (await self.look("/models")).get("data")
        if not isinstance(listed, list):
            return found
        entries = [parts_of(entry) for entry in listed]
        models = tuple(str(entry["id"]) for entry in entries if "id" in entry)
        ours = next((entry for entry in entries if entry.get("id") == found.model), {})
        meta = parts_of(ours.get("meta"))
        served = count(ours.get("max_model_len")) or count(ours.get("context_length"))
        found = replace(
            found,
            models=models,
            model_present=bool(ours),
            context_length=served or count(meta.get("n_ctx")),
            longest_context=count(meta.get("n_ctx_train")),
        )
        return await self._software(found, str((ours or (entries or [{}])[0]).get("owned_by", "")))

    async def _software(self, found: Endpoint, owner: str) -> Endpoint:
        if owner == "vllm":
            version = (await self.look("/version", from_root=True)).get("version")
            return replace(found, server="vLLM", version=_word(version))
        if owner == "llamacpp":
            props = await self.look("/props", from_root=True)
            served = count(parts_of(props.get("default_generation_settings")).get("n_ctx"))
            return replace(
                found,
                server="llama.cpp",
                version=_word(props.get("build_info")),
                context_length=served or found.context_length,
            )
        return found


def _added(body: _Body, event: dict[str, Any]) -> bool:
    """Add an event of a stream to a body; tell whether it brought some of the answer."""
    body.model = body.model or _word(event.get("model"))
    body.usage = event.get("usage") or body.usage
    body.timings = event.get("timings") or body.timings
    choices = event.get("choices")
    if not isinstance(choices, list) or not choices:
        return False
    choice, part = body.choices[0], parts_of(choices[0])
    choice.finish_reason = _word(part.get("finish_reason")) or choice.finish_reason
    choice.error = part.get("error") or choice.error
    entries = parts_of(part.get("logprobs")).get("content")
    if isinstance(entries, list):
        choice.logprobs = {"content": [*parts_of(choice.logprobs).get("content", ()), *entries]}
    delta, message = parts_of(part.get("delta")), choice.message
    brought = False
    for name in ("content", "reasoning_content", "reasoning", "refusal"):
        piece = delta.get(name)
        if isinstance(piece, str) and piece:
            setattr(message, name, (getattr(message, name) or "") + piece)
            brought = True
    return brought


def _texts(content: str | list[dict[str, Any]] | None) -> tuple[str, str]:
    """Return the answer and the thinking of a message that may come in parts."""
    if not isinstance(content, list):
        return content or "", ""
    text = "".join(_first_text(part.get("text")) for part in content)
    thoughts = [part["thinking"] for part in content if isinstance(part.get("thinking"), list)]
    pieces = (_first_text(parts_of(piece).get("text")) for thought in thoughts for piece in thought)
    return text, "".join(pieces)


def _usage(found: Any) -> Usage:
    usage = parts_of(found)
    return Usage(
        count(usage.get("prompt_tokens")),
        count(usage.get("completion_tokens")),
        count(parts_of(usage.get("completion_tokens_details")).get("reasoning_tokens")),
        count(parts_of(usage.get("prompt_tokens_details")).get("cached_tokens")),
    )


def _timing(found: Any) -> Timing | None:
    if not isinstance(found, dict):
        return None
    prompt = seconds_of(found.get("prompt_ms"), per_second=1e3)
    return Timing(None, prompt, seconds_of(found.get("predicted_ms"), per_second=1e3))


def _first_text(*found: Any) -> str:
    return next((text for text in found if isinstance(text, str) and text), "")


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) else None
