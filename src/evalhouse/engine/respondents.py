"""Who answers: a model behind a provider, or a baseline that needs none."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

from evalhouse.engine.asking import Asking
from evalhouse.engine.interview import Question
from evalhouse.engine.questions import KEY
from evalhouse.engine.transport import Transport, Unanswered
from evalhouse.providers import Reply, Request, Sampling
from evalhouse.tasks.codebook import Codebook
from evalhouse.tasks.examples import response

_SAMPLES = 1_000_000  # above all repeats: tells a question asked again from the next repeat


class Replied(msgspec.Struct, frozen=True):
    """A reply, whether it had been kept from before, and how many characters were sent for it."""

    reply: Reply
    is_cached: bool = False
    prompt_chars: int = 0


class Respondent(Protocol):
    """Answers questions."""

    async def ask(self, question: Question, unanswered: Unanswered) -> Replied:
        """Return the reply; raises ProviderError where there is none."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True)
class Asked:
    """A model that is asked through its provider."""

    transport: Transport
    model: str

    async def ask(self, question: Question, unanswered: Unanswered) -> Replied:
        """Send the question."""
        request = compose(question, self.model)
        reply, is_cached = await self.transport.ask(request, unanswered)
        return Replied(reply, is_cached, question.characters)

    async def close(self) -> None:
        """Close the provider."""
        await self.transport.provider.close()


def compose(question: Question, model: str) -> Request:
    """Return the request that a question is."""
    asking = question.prompts.asking
    is_identical = question.attempt > 1 and asking.retry_strategy != "reprompt"
    return Request(
        question.messages,
        model,
        _sampling(asking, question),
        question.prompts.schema(question.form, question.labels),
        asking.logprobs,
        # What is asked a second time in the same words must not be answered by a kept reply.
        question.repeat + (_SAMPLES * (question.attempt - 1) if is_identical else 0),
    )


def _sampling(asking: Asking, question: Question) -> Sampling:
    sampling = asking.sampling
    if question.attempt > 1 and asking.retry_strategy == "temperature":
        sampling = replace(sampling, temperature=asking.retry_temperature)
    if sampling.seed is not None and question.repeat:
        sampling = replace(sampling, seed=sampling.seed + question.repeat)
    return sampling


@dataclass(frozen=True)
class Baseline:
    """A baseline: it has answered everything beforehand, for each repeat by row number.

    `cells` has for each repeat the cells by column, row after row. It is asked about one row at a
    time.
    """

    name: str
    codebook: Codebook
    cells: Sequence[Mapping[str, Sequence[str]]]

    async def ask(self, question: Question, unanswered: Unanswered) -> Replied:  # noqa: ARG002 - as others
        """Return the answers as a model would write them."""
        by_column = self.cells[question.repeat]
        (row,) = question.rows
        content: dict[str, Any] = {
            column if question.form.is_keyed else KEY: response(
                self.codebook.by_column[column].field, by_column[column][row.number - 1]
            )
            for column in question.columns
        }
        text = json.dumps(content, ensure_ascii=False)
        sent = json.dumps({"baseline": self.name, "row": row.number}).encode()
        return Replied(Reply(text, "stop", raw_request=sent, model=self.name))

    async def close(self) -> None:
        """Do nothing: nothing is open."""
