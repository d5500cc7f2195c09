"""Replies as the servers of three APIs shape them, in one piece and in pieces."""

from __future__ import annotations

import json
from typing import Any

WORDS = "a small answer"


def openai(text: str | None = WORDS, **others: Any) -> dict[str, Any]:
    """Return a reply of a server that speaks as OpenAI does; `message` and `finish` can be set."""
    message = {"role": "assistant", "content": text, **others.pop("message", {})}
    choice = {"index": 0, "message": message, "finish_reason": others.pop("finish", "stop")}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "served-model",
        "choices": [choice | others.pop("choice", {})],
        "usage": {
            "prompt_tokens": 11,
            "completion_tokens": 7,
            "total_tokens": 18,
            "prompt_tokens_details": {"cached_tokens": 4},
            "completion_tokens_details": {"reasoning_tokens": 2},
        },
        **others,
    }


def ollama(text: str = WORDS, **others: Any) -> dict[str, Any]:
    """Return a reply of Ollama's own API."""
    return {
        "model": "served-model",
        "created_at": "2026-01-01T00:00:00Z",
        "message": {"role": "assistant", "content": text, **others.pop("message", {})},
        "done_reason": "stop",
        "done": True,
        "total_duration": 5_000_000_000,
        "load_duration": 1_000_000_000,
        "prompt_eval_count": 11,
        "prompt_eval_duration": 500_000_000,
        "eval_count": 7,
        "eval_duration": 3_500_000_000,
        **others,
    }


def anthropic(text: str = WORDS, **others: Any) -> dict[str, Any]:
    """Return a reply of Anthropic's API; `blocks` stand before the text."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "served-model",
        "content": [*others.pop("blocks", []), *([{"type": "text", "text": text}] if text else [])],
        "stop_reason": others.pop("finish", "end_turn"),
        "usage": {"input_tokens": 7, "cache_read_input_tokens": 4, "output_tokens": 7},
        **others,
    }


def openai_stream(text: str = WORDS, **others: Any) -> list[bytes]:
    """Return the events of a streamed reply."""
    deltas: list[Any] = [
        {"role": "assistant", "content": ""},
        *({"content": piece} for piece in _cut(text)),
    ]
    deltas[1:1] = others.pop("deltas", [])
    last: dict[str, Any] = {
        "choices": [{"delta": {}, "finish_reason": others.pop("finish", "stop")}]
    }
    usage: dict[str, Any] = {"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 7}}
    contents = [{"choices": [{"delta": delta, "finish_reason": None}]} for delta in deltas]
    named = [{"model": "served-model", **content} for content in (*contents, last, usage)]
    return [b": a comment\n\n", *map(_event, named), b"data: [DONE]\n\n"]


def ollama_stream(text: str = WORDS) -> list[bytes]:
    """Return the lines of a streamed reply."""
    begun = {"model": "served-model", "done": False}
    lines: list[dict[str, Any]] = [
        {**begun, "message": {"role": "assistant", "content": piece}} for piece in _cut(text)
    ]
    lines.append(ollama(""))
    return [json.dumps(line).encode() + b"\n" for line in lines]


def anthropic_stream(text: str = WORDS, block: dict[str, Any] | None = None) -> list[bytes]:
    """Return the events of a streamed reply; `block` is what its first block starts as."""
    started = block or {"type": "text", "text": ""}
    kind, name = {
        "text": ("text_delta", "text"),
        "thinking": ("thinking_delta", "thinking"),
        "tool_use": ("input_json_delta", "partial_json"),
    }[started["type"]]
    start = anthropic("", finish=None) | {"usage": {"input_tokens": 11, "output_tokens": 1}}
    end = {"delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}}
    pieces: list[dict[str, Any]] = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": kind, name: piece}}
        for piece in _cut(text)
    ]
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": started},
        {"type": "ping"},
        *pieces,
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", **end},
        {"type": "message_stop"},
    ]
    return [f"event: {event['type']}\n".encode() + _event(event) for event in events]


def _event(content: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(content).encode() + b"\n\n"


def _cut(text: str, size: int = 5) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]
