"""Anthropic's Messages API.

POST `/v1/messages`. A schema is asked with `output_config` (dialect `structured`), or, for models
that do not know it, as a tool that the model must call (dialect `tools`); current models refuse
such a tool. There is no seed and there are no log-probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import msgspec

from evalhouse.errors import UsageError
from evalhouse.providers import complaint as complaints
from evalhouse.providers.address import Api
from evalhouse.providers.client import HttpProvider
from evalhouse.providers.exchange import Exchange
from evalhouse.providers.protocol import Endpoint
from evalhouse.providers.reply import Finish, Reply, Usage, count, parts_of
from evalhouse.providers.request import Request
from evalhouse.providers.streams import events

FINISHES: dict[str, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
    "tool_use": "tool",
}
"""What the API says at the end of an answer; any other word means an error."""

DEFAULT_MAX_TOKENS = 4096
"""The API wants a limit; this one holds where none was asked for."""

TOOL = "answer"


class _Block(msgspec.Struct):
    type: str
    text: str = ""
    thinking: str = ""
    input: msgspec.Raw = msgspec.Raw(b"")


class _Body(msgspec.Struct):
    content: list[_Block]
    stop_reason: str | None = None
    model: str | None = None
    usage: Any = None


class Anthropic(HttpProvider):
    """A model of Anthropic's."""

    name = "anthropic"
    api = Api("https://api.anthropic.com", endings=("/messages", "/v1"))
    path = "/v1/messages"
    key_header = ("x-api-key", "")
    headers: ClassVar = {"anthropic-version": "2023-06-01"}
    dialects: ClassVar = {"structured": "output_config", "tools": "tools"}

    @property
    def uses_tools(self) -> bool:
        """Tell whether a schema is asked as a tool."""
        return self.settings.dialect == "tools"

    def compose(self, request: Request) -> dict[str, Any]:
        """Return the body of a request."""
        asked = request.parameters(self.settings.omit)
        self._check(asked)
        leading = [message for message in request.messages if message.role == "system"]
        if list(request.messages[: len(leading)]) != leading:
            raise UsageError("`anthropic` takes messages of the system only before all others")
        body: dict[str, Any] = {
            "model": request.model,
            "max_tokens": asked.pop("max_tokens", DEFAULT_MAX_TOKENS),
            "messages": request.messages[len(leading) :],
        }
        if leading:
            body["system"] = "\n\n".join(message.content for message in leading)
        for name in ("temperature", "top_p"):
            if name in asked:
                body[name] = asked[name]
        if "stop" in asked:
            body["stop_sequences"] = asked["stop"]
        body |= _thinking(asked) | self._schema(asked)
        return body | {"stream": True} if self.settings.stream else body

    def _check(self, asked: dict[str, Any]) -> None:
        for name in ("seed", "logprobs"):
            if name in asked:
                raise UsageError(f"`anthropic` has no `{name}`; leave it out with `omit`")
        thinks = "thinking_tokens" in asked or asked.get("effort")
        if self.uses_tools and "schema" in asked and thinks:
            raise UsageError(
                "`anthropic` does not let a model think that must call a tool; "
                "choose the dialect `structured`"
            )

    def _schema(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "schema" not in asked:
            effort = _effort(asked)
            return {"output_config": effort} if effort else {}
        if not self.uses_tools:
            shape = {"type": "json_schema", "schema": asked["schema"]}
            return {"output_config": _effort(asked) | {"format": shape}}
        tool = {"name": TOOL, "description": "Give the answer.", "input_schema": asked["schema"]}
        return {"tools": [tool], "tool_choice": {"type": "tool", "name": TOOL}}

    def read(self, exchange: Exchange, request: Request) -> Reply:
        """Read a reply whose status is success."""
        first = None
        if exchange.lines is not None and "json" not in exchange.content_type:
            body, first = self._assembled(exchange)
        else:
            body = self.decoded(exchange, _Body)
        word = body.stop_reason or ""
        finish = FINISHES.get(word, "error")
        called = [bytes(block.input) for block in body.content if block.type == "tool_use"]
        is_forced = self.uses_tools and request.schema is not None
        if called and is_forced and finish == "tool":
            finish = "stop"  # the tool is only how the answer is given
        text = "".join(block.text for block in body.content)
        if called and is_forced:
            text = called[0].decode()
        return Reply(
            text=text,
            finish=finish,
            finish_word=word,
            reasoning="\n\n".join(block.thinking for block in body.content if block.thinking),
            refusal=text if finish == "content_filter" else "",
            usage=_usage(body.usage),
            model=body.model,
            seconds_to_first_token=first,
        )

    def _assembled(self, exchange: Exchange) -> tuple[_Body, float | None]:
        stream = _Stream()
        try:
            for seconds, event in events(exchange.lines or ()):
                self.raise_complaint(complaints.of(event), exchange)
                stream.add(seconds, event)
            return msgspec.convert(stream.body(), _Body), stream.first
        except (ValueError, TypeError, LookupError, RecursionError) as problem:
            failure = self.unreadable(problem, exchange)
        raise failure

    async def facts(self, found: Endpoint) -> Endpoint:
        """Add what the server says of itself and the model."""
        listed = (await self.look("/v1/models?limit=1000")).get("data")
        if not isinstance(listed, list):
            return found
        entries = [parts_of(entry) for entry in listed]
        ours = next((entry for entry in entries if entry.get("id") == found.model), {})
        return replace(
            found,
            models=tuple(str(entry["id"]) for entry in entries if "id" in entry),
            model_present=bool(ours),
            context_length=count(ours.get("max_input_tokens")),
        )


@dataclass
class _Stream:
    """A message that is put together from the events of a stream."""

    message: dict[str, Any] = field(default_factory=dict)
    blocks: dict[Any, dict[str, Any]] = field(default_factory=dict)
    first: float | None = None
    is_complete: bool = False

    def add(self, seconds: float, event: dict[str, Any]) -> None:
        """Take in one event."""
        delta = parts_of(event.get("delta"))
        match event.get("type"):
            case "message_start":
                self.message = dict(parts_of(event.get("message")))
            case "content_block_start":
                block = parts_of(event.get("content_block"))
                self.blocks[event.get("index")] = {**block, "input": ""}
            case "content_block_delta":
                self.first = seconds if self.first is None else self.first
                block = self.blocks[event.get("index")]
                for name, target in _DELTAS.items():
                    block[target] = block.get(target, "") + delta.get(name, "")
            case "message_delta":
                usage = {**parts_of(self.message.get("usage")), **parts_of(event.get("usage"))}
                self.message |= delta | {"usage": usage}
            case "message_stop":
                self.is_complete = True

    def body(self) -> dict[str, Any]:
        """Return the message as it would have come in one piece."""
        if not self.is_complete:
            raise ValueError("it ends before the answer does")
        blocks = [
            # Raw, so that the order of keys and the spelling of numbers stay.
            {**block, "input": msgspec.Raw(block["input"].encode() or b"{}")}
            for block in self.blocks.values()
        ]
        return {**self.message, "content": blocks}


_DELTAS = {"text": "text", "thinking": "thinking", "partial_json": "input"}


def _thinking(asked: dict[str, Any]) -> dict[str, Any]:
    if "thinking_tokens" in asked:
        return {"thinking": {"type": "enabled", "budget_tokens": asked["thinking_tokens"]}}
    effort = asked.get("effort")
    if effort is None:
        return {}
    return {"thinking": {"type": "adaptive" if effort else "disabled"}}


def _effort(asked: dict[str, Any]) -> dict[str, Any]:
    effort = asked.get("effort")
    return {"effort": effort} if isinstance(effort, str) else {}


def _usage(found: Any) -> Usage:
    usage = parts_of(found)
    fresh, cached = count(usage.get("input_tokens")), count(usage.get("cache_read_input_tokens"))
    written = count(usage.get("cache_creation_input_tokens"))
    # The API counts what it read from its cache apart; everybody else counts it in.
    total = None if fresh is None else fresh + (cached or 0) + (written or 0)
    details = parts_of(usage.get("output_tokens_details"))
    return Usage(
        total, count(usage.get("output_tokens")), count(details.get("thinking_tokens")), cached
    )
