"""The desk where questions are answered: once each, recorded before anybody is told."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from evalhouse.engine.answers import Answer, Found, find_object
from evalhouse.engine.interview import Numbered, Question, settled
from evalhouse.engine.logprobs import option_logprobs
from evalhouse.engine.progress import Tally
from evalhouse.engine.questions import KEY
from evalhouse.engine.record import (
    FAILED,
    Failure,
    Given,
    Record,
    as_payload,
    as_request,
    read_record,
    reply_fields,
)
from evalhouse.engine.respondents import Replied, Respondent
from evalhouse.engine.slots import StoppedError
from evalhouse.errors import EvalhouseError
from evalhouse.ids import random_id
from evalhouse.journal import Entry, Journal
from evalhouse.providers import Reply
from evalhouse.providers.failures import (
    ContentRefusedError,
    ContextTooLongError,
    ProviderError,
    RejectedRequestError,
    TransientError,
    UnsupportedParameterError,
)

_OF_ONE_REQUEST = (ContextTooLongError, RejectedRequestError, TransientError)
_MOST_IN_A_ROW = 20
_MOST_REJECTED = 3  # requests before any reply: then all of them are wrong


class GivingUpError(EvalhouseError):
    """So many requests failed one after the other that going on makes no sense."""

    def __init__(self, count: int, last: ProviderError) -> None:
        super().__init__(
            f"{count} requests failed one after the other, the last because {last}; what is "
            "answered is kept: run the same command again when the server is well"
        )


class Desk:
    """Takes questions, and records what comes of them in a journal.

    Once it `is_closed`, it still tells what is recorded.
    """

    def __init__(self, respondent: Respondent, journal: Journal, tally: Tally) -> None:
        self._respondent, self._journal, self._tally = respondent, journal, tally
        self._failures_in_a_row = 0
        self.is_closed = False

    async def exchange(self, question: Question) -> Record:
        """Return the record of an exchange, from the journal where it took place before."""
        done = self._journal.get(question.key)
        if done is not None:
            record = read_record(done)
            self._tally.replayed(record)
            return record
        if self.is_closed:
            raise StoppedError
        started = time.time()
        try:
            replied = await self._respondent.ask(question, self._note(question))
        except ContentRefusedError as refusal:
            replied = _refused(question, refusal)
        except ProviderError as failure:
            return self._failed(question, failure)
        self._failures_in_a_row = 0
        return await self._keep(question, replied, started)

    async def _keep(self, question: Question, replied: Replied, started: float) -> Record:
        record = judged(question, replied)
        entry = Entry(
            question.key,
            as_payload(record),
            as_request(replied.reply.raw_request),
            started=started,
            finished=time.time(),
        )
        redactions = self._journal.redactions
        kept = self._journal.append(entry)
        is_redacted = self._journal.redactions > redactions
        await kept
        self._tally.exchanged(record)
        # A later session knows what is recorded, and must not know anything else than this one.
        written = self._journal.get(question.key) if is_redacted else None
        return read_record(written) if written else record

    def _failed(self, question: Question, failure: ProviderError) -> Record:
        """Return the record of an exchange without a reply; nothing else can be asked, or raise."""
        is_general = isinstance(failure, UnsupportedParameterError)
        if is_general or not isinstance(failure, _OF_ONE_REQUEST):
            raise failure
        # A text that is too long says nothing about others.
        self._failures_in_a_row += not isinstance(failure, ContextTooLongError)
        is_first = self._tally.exchanges + self._tally.replayed_exchanges == 0
        if (
            is_first
            and isinstance(failure, RejectedRequestError)
            and self._failures_in_a_row >= _MOST_REJECTED
        ):
            raise failure
        if self._failures_in_a_row >= _MOST_IN_A_ROW:
            raise GivingUpError(self._failures_in_a_row, failure) from failure
        self._tally.failures += 1
        return _record(question, failure=_described(failure))

    def _note(self, question: Question) -> Any:
        """Return what takes down each try that brought no reply."""

        def note(failure: ProviderError, begun: float) -> None:
            self._tally.tries_failed += 1
            entry = Entry(
                f"{FAILED}{question.key}/{random_id()}",
                as_payload(
                    _record(
                        question,
                        failure=_described(failure),
                        seconds=failure.seconds or 0.0,
                        prompt_chars=question.characters,
                        raw_reply=failure.raw_reply.decode("utf-8", "replace"),
                    )
                ),
                as_request(failure.raw_request),
                started=begun,
                finished=time.time(),
            )
            # Nobody waits for it; if it cannot be written, neither can the answer that follows.
            self._journal.append(entry).add_done_callback(_looked_at)

        return note


def _looked_at(kept: asyncio.Future[bool]) -> None:
    if not kept.cancelled():
        kept.exception()


def _described(failure: ProviderError) -> Failure:
    kind = type(failure).__name__.removesuffix("Error")
    is_lasting = not isinstance(failure, TransientError)
    return Failure(kind, str(failure), failure.status, is_lasting)


def _refused(question: Question, failure: ContentRefusedError) -> Replied:
    """Return the refusal of a server's filter as the reply that it is."""
    reply = Reply(
        "",
        "content_filter",
        refusal=str(failure),
        raw_request=failure.raw_request,
        raw_reply=failure.raw_reply,
        seconds=failure.seconds or 0.0,
        status=failure.status or 400,
    )
    return Replied(reply, prompt_chars=question.characters)


def _record(question: Question, **others: Any) -> Record:
    return Record(
        rows=tuple(each.number for each in question.rows),
        ids=tuple(each.row.id for each in question.rows),
        repeat=question.repeat,
        unit=question.prompts.asking.request_unit,
        column=question.column,
        attempt=question.attempt,
        **others,
    )


def judged(question: Question, replied: Replied) -> Record:
    """Return the record of a reply: what became of each question that it was to answer."""
    reply = replied.reply
    asking = question.prompts.asking
    keys = question.labels if asking.request_unit == "batch" else _keys(question)
    found = find_object(reply, keys, may_think=asking.thinks_aloud)
    answers: list[Given] = []
    for row, label in zip(question.rows, question.labels, strict=True):
        answers += _of_row(question, reply, found, row, label)
    fields = reply_fields(reply)
    if asking.thinks_aloud and not reply.reasoning and found.value is not None:
        fields["reasoning"] = reply.text[: found.start].strip()
    return _record(
        question,
        answers=tuple(answers),
        prompt_chars=replied.prompt_chars,
        is_cached=replied.is_cached,
        **fields,
    )


def _keys(question: Question) -> tuple[str, ...]:
    return question.columns if question.form.is_keyed else (KEY,)


def _of_row(
    question: Question, reply: Reply, found: Found, row: Numbered, label: str
) -> list[Given]:
    """Return the answers to the questions about one row."""
    is_batch = question.prompts.asking.request_unit == "batch"
    is_keyed = question.form.is_keyed
    answers = _read(question, found, row, label if is_batch else None)
    codebook = question.prompts.codebook
    if is_keyed:
        known = {**question.given.get(row.number, {}), **answers}
        answers = settled(codebook, question.prompts.columns, known)
    number = row.number
    if is_batch or not reply.logprobs:
        return [
            Given(number, column, (answer := answers[column]).status, answer.cell, answer.reason)
            for column in question.columns
        ]
    given = []
    for column in question.columns:
        answer = answers[column]
        likely: dict[str, float] = {}
        if answer.is_given:
            path = (column,) if is_keyed else (KEY,)
            likely = option_logprobs(codebook.by_column[column].field, reply, path, found.start)
        given.append(Given(number, column, answer.status, answer.cell, answer.reason, likely))
    return given


def _read(question: Question, found: Found, row: Numbered, label: str | None) -> dict[str, Answer]:
    value: Any = found.value
    fault = found.fault
    if value is not None and label is not None:
        value = value.get(label)
        if not isinstance(value, dict):
            value, fault = None, Answer("invalid", reason=f"the reply has no answers to {label}")
    if value is None:
        return dict.fromkeys(question.columns, fault or Answer("invalid"))
    text = row.row.text
    return {
        column: (
            reader(value[key], text)
            if key in value
            else Answer("invalid", reason=f"the key `{key}` is missing")
        )
        for key, column, reader in question.form.readers
    }
