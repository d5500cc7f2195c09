"""A desk without a server and a journal: what is asked, and what comes of some replies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

from evalhouse.engine.desk import judged
from evalhouse.engine.interview import Answers, History, Interview, Numbered, Question
from evalhouse.engine.prompts import Prompts
from evalhouse.engine.record import Failure, Record
from evalhouse.engine.respondents import Replied, compose
from evalhouse.providers import Reply, Request
from evalhouse.tasks.rows import Row
from tests.engine.model import Asked, Troubles

Respond = Callable[[Request], Any]
DOWN = Failure("ServerFault", "the server is down")
TOO_LONG = Failure("ContextTooLong", "the text is too long", is_lasting=True)


def sensible(request: Request) -> str:
    """Answer as the model of the tests does."""
    content: dict[str, Any] = {"messages": [{"content": m.content} for m in request.messages]}
    if request.schema is not None:
        content["format"] = request.schema
    answer = Asked(content).reply(Troubles(), request.messages[-1].content.encode())
    return json.dumps(answer, ensure_ascii=False)


def scripted(*replies: Any) -> Respond:
    """Answer with one thing after the other: texts, objects, replies or failures."""
    left = iter(replies)
    return lambda _: next(left)


def asked(prompts: Prompts, *texts: str, columns: tuple[str, ...] = ()) -> Question:
    """Return the question about texts; in the unit `field` about the first, or the one named."""
    unit = prompts.asking.request_unit
    rows = tuple(Numbered(n, Row(f"r{n}", text, {})) for n, text in enumerate(texts, 1))
    columns = columns or (prompts.columns[:1] if unit == "field" else prompts.columns)
    return Question(prompts, rows, tuple(str(row.number) for row in rows), columns, 0)


class Desk:
    """Keeps what is asked."""

    def __init__(self, respond: Respond = sensible) -> None:
        self._respond = respond
        self.requests: list[Request] = []
        self.keys: list[str] = []

    async def exchange(self, question: Question) -> Record:
        request = compose(question, "the-model")
        self.requests.append(request)
        self.keys.append(question.key)
        reply = self._respond(request)
        if isinstance(reply, Failure):
            empty = judged(question, Replied(Reply("", "error")))
            return Record(
                rows=empty.rows, ids=empty.ids, repeat=0, unit=empty.unit, column=empty.column,
                attempt=empty.attempt, failure=reply,
            )  # fmt: skip
        if isinstance(reply, dict):
            reply = json.dumps(reply)
        return judged(question, Replied(Reply(reply, "stop") if isinstance(reply, str) else reply))

    @property
    def said(self) -> list[list[tuple[str, str]]]:
        """Return the messages of each request: who, and the last line of what."""
        return [
            [(m.role, m.content.rstrip().splitlines()[-1]) for m in request.messages]
            for request in self.requests
        ]


def interviewed(
    prompts: Prompts, rows: Sequence[Row], respond: Respond = sensible
) -> tuple[Desk, list[Answers]]:
    """Ask about rows one after the other, and return what became of each."""
    desk, asking = Desk(respond), prompts.asking
    history = History(asking.history_window) if asking.is_sequential else None
    size = asking.batch_size if asking.request_unit == "batch" else 1
    numbered = [Numbered(number, row) for number, row in enumerate(rows, 1)]

    async def hold() -> list[Answers]:
        found: dict[int, Answers] = {}
        for start in range(0, len(numbered), size):
            some = numbered[start : start + size]
            found |= await Interview(desk, prompts, some, repeat=0, history=history).hold()
        return [found[number] for number in sorted(found)]

    return desk, asyncio.run(hold())
