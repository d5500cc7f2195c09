"""One interview: all questions about one row, or a batch of rows, in the order of the codebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec
from msgspec.structs import replace

from evalhouse.engine.answers import Answer
from evalhouse.engine.asking import Asking
from evalhouse.engine.once import once
from evalhouse.engine.prompts import Form, Prompts
from evalhouse.engine.record import Given, Record
from evalhouse.engine.wording import sentence
from evalhouse.providers import Message
from evalhouse.scoring.cells import Cell
from evalhouse.tasks.codebook import Codebook
from evalhouse.tasks.conditions import Applies
from evalhouse.tasks.faults import shortened
from evalhouse.tasks.rows import Row
from evalhouse.tasks.statuses import cell_of

Answers = dict[str, Answer]
"""What became of the questions about a row, by column."""

_LONGEST_FAULT = 200
UNKNOWN = "it is not known whether the question arises"
NOT_GIVEN = Answer("invalid", reason="there is no answer")


class Numbered(msgspec.Struct, frozen=True):
    """A row with its number in the task, from 1."""

    number: int
    row: Row


class Question(msgspec.Struct, frozen=True, dict=True):
    """One request as it is meant: who is asked about what, how often, after what.

    `labels` are the keys of the rows in a reply about several. `before` are earlier turns; `told`
    is what is said in place of the prompt about a reply that cannot be used. `given` holds what is
    known of the rows, by number, when the question is asked.
    """

    prompts: Prompts
    rows: tuple[Numbered, ...]
    labels: tuple[str, ...]
    columns: tuple[str, ...]
    repeat: int
    attempt: int = 1
    before: tuple[Message, ...] = ()
    told: str = ""
    given: Mapping[int, Mapping[str, Answer]] = {}

    @once
    def form(self) -> Form:
        """What the request asks."""
        return self.prompts.form(self.columns)

    @once
    def prompt(self) -> str:
        """What is said: the prompt, or why the last reply cannot be used."""
        return self.told or self.prompts.text(self.form, [each.row for each in self.rows])

    @once
    def messages(self) -> tuple[Message, ...]:
        """All that is sent."""
        system = (Message("system", self.prompts.system),) if self.prompts.system else ()
        return (*system, *self.before, Message("user", self.prompt))

    @once
    def characters(self) -> int:
        """How many characters are sent."""
        return sum([len(each.content) for each in self.messages])

    @once
    def column(self) -> str:
        """The column that is asked; empty where all are."""
        return self.columns[0] if self.prompts.asking.request_unit == "field" else ""

    @once
    def key(self) -> str:
        """The name of this piece of work in the journal."""
        rows = "-".join([str(each.number) for each in self.rows])
        place = self.prompts.places[self.column] if self.column else "all"
        return f"{rows}/{place}/{self.repeat}/{self.attempt}"

    def again(self, record: Record) -> Question:
        """Return the question that says what was wrong with a reply, about that alone."""
        faults = [each for each in record.answers if each.status == "invalid"]
        numbers = {each.row for each in faults}
        kept = [place for place, each in enumerate(self.rows) if each.number in numbers]
        columns = _among(self.columns, (each.column for each in faults))
        labels = tuple(self.labels[place] for place in kept)
        # What hangs on an answer that cannot be used is asked again, and no fault of its own.
        own = [each for each in faults if each.reason != UNKNOWN] or faults
        told = sentence(
            "again",
            "one",
            faults="; ".join(dict.fromkeys(_fault(each, self) for each in own)),
            format=self.prompts.reply_form(columns, labels),
        )
        turns: tuple[Message, ...] = ()
        if record.text:
            turns = (Message("user", self.prompt), Message("assistant", record.text))
        else:  # an empty turn is none, and two of the same side are not allowed everywhere
            told = f"{self.prompt}\n\n{told}"
        return replace(
            self,
            rows=tuple(self.rows[place] for place in kept),
            labels=labels,
            columns=columns,
            attempt=self.attempt + 1,
            before=(*self.before, *turns),
            told=told,
        )


class Desk(Protocol):
    """Answers questions: from the journal what was answered before, from the model all else."""

    async def exchange(self, question: Question) -> Record:
        """Return the record of the exchange; one that brought no reply says so."""
        ...


@dataclass
class History:
    """Earlier turns that a request brings along, at most `window` exchanges of them.

    It `is_broken` where an exchange did not take place that a later session can make good: what
    follows is asked only then, so that every answer has the same history, whatever failed once.
    """

    window: int
    is_broken: bool = False
    _turns: list[tuple[Message, Message]] = field(default_factory=list)

    def add(self, prompt: str, reply: str) -> None:
        """Remember an exchange."""
        self._turns.append((Message("user", prompt), Message("assistant", reply)))
        del self._turns[: max(0, len(self._turns) - self.window)]

    def messages(self) -> tuple[Message, ...]:
        """Return the turns in order."""
        return tuple(message for turn in self._turns for message in turn)


class Interview:
    """Asks all there is to ask about some rows, one time."""

    def __init__(
        self,
        desk: Desk,
        prompts: Prompts,
        rows: Sequence[Numbered],
        *,
        repeat: int,
        history: History | None = None,
    ) -> None:
        self._desk, self._prompts = desk, prompts
        self._rows, self._repeat = tuple(rows), repeat
        self._given: dict[int, Answers] = {each.number: {} for each in rows}
        self._history = history or History(
            prompts.asking.history_window if self._asking.chat_mode == "per_text" else 0
        )

    @property
    def _asking(self) -> Asking:
        return self._prompts.asking

    @property
    def _is_followed(self) -> bool:
        """Whether later requests can come after one: of other fields, or of other rows."""
        return self._asking.request_unit == "field" or self._asking.is_sequential

    async def hold(self) -> dict[int, Answers]:
        """Ask, and return what became of every question, by row number and column."""
        if self._asking.request_unit == "field":
            for column in self._prompts.columns:
                await self._one_field(column)
        else:
            await self._ask(self._prompts.columns)
        return {
            number: settled(self._prompts.codebook, self._prompts.columns, given)
            for number, given in self._given.items()
        }

    async def _one_field(self, column: str) -> None:
        (row,) = self._rows
        codebook = self._prompts.codebook
        if codebook.by_column[column].condition is not None:
            states = applicability(codebook, self._given[row.number])
            if states[column] is not Applies.YES:
                return
        await self._ask((column,))

    async def _ask(self, columns: tuple[str, ...]) -> None:
        """Ask, and ask again for what cannot be used, as often as is allowed."""
        question = first = Question(
            self._prompts,
            self._rows,
            tuple(str(place) for place in range(1, len(self._rows) + 1)),
            columns,
            self._repeat,
            before=self._history.messages(),
            given=self._given,
        )
        if self._history.is_broken:
            self._fail(question, "an earlier question, which this one follows, has no answer yet")
            return
        record = await self._exchange(question)
        said = [(question, record.text)]
        while question.attempt <= self._asking.retries and _needs_another(record):
            if self._asking.retry_strategy == "reprompt":
                question = question.again(record)
            else:
                question = replace(question, attempt=question.attempt + 1)
            record = await self._exchange(question)
            if (question.rows, question.columns) == (first.rows, first.columns):
                said = [(first, record.text)]  # it stands for those that could not be used
            else:
                said.append((question, record.text))
        if self._history.window and self._is_followed:
            for asked, text in said:
                if text:
                    self._history.add(asked.prompt, text)

    async def _exchange(self, question: Question) -> Record:
        record = await self._desk.exchange(question)
        for each in record.answers:
            self._given[each.row][each.column] = each.answer
        if record.failure:
            self._fail(question, record.failure.message)
            is_followed = self._history.window > 0
            self._history.is_broken |= is_followed and not record.failure.is_lasting
        return record

    def _fail(self, question: Question, reason: str) -> None:
        failed = Answer("failed", reason=reason)
        for row in question.rows:
            self._given[row.number] |= dict.fromkeys(question.columns, failed)


def _needs_another(record: Record) -> bool:
    return not record.failure and any(each.status == "invalid" for each in record.answers)


def _among(columns: tuple[str, ...], names: Iterable[str]) -> tuple[str, ...]:
    found = set(names)
    return tuple(column for column in columns if column in found)


def _fault(given: Given, question: Question) -> str:
    fault = shortened(given.reason or "there is no answer", _LONGEST_FAULT)
    where = given.column if len(question.columns) > 1 or len(question.rows) > 1 else ""
    if question.prompts.asking.request_unit == "batch":
        labels = zip(question.rows, question.labels, strict=True)
        label = next(label for row, label in labels if row.number == given.row)
        where = sentence("again", "of_text", number=label, where=given.column)
    return sentence("again", "fault", where=where, fault=fault) if where else fault


def applicability(codebook: Codebook, given: Mapping[str, Answer]) -> dict[str, Applies]:
    """Return which questions arise by the answers so far; one that is not answered is unknown."""
    cells: dict[str, Cell] = {
        column: cell_of(answer.status, answer.cell)
        for column in codebook.triggers
        if (answer := given.get(column))
    }
    return codebook.applicability(cells)


def settled(
    codebook: Codebook, columns: Sequence[str], given: Mapping[str, Answer]
) -> dict[str, Answer]:
    """Return what became of each question, once those that do not arise are left out.

    A question that depends on an answer which is not there shares the fate of that answer.
    """
    if not codebook.triggers:
        return {column: given.get(column, NOT_GIVEN) for column in columns}
    states = applicability(codebook, given)
    found: dict[str, Answer] = {}
    for column in columns:
        if states[column] is Applies.YES:
            found[column] = given.get(column, NOT_GIVEN)
        elif states[column] is Applies.NO:
            found[column] = Answer("not_applicable")
        else:
            found[column] = _unknown(codebook, column, found)
    return found


def _unknown(codebook: Codebook, column: str, found: Mapping[str, Answer]) -> Answer:
    """Return the fate of a question of which it is not known whether it arises."""
    parents = (leaf for leaf in codebook.parents(column) if leaf in found)
    fates = [found[parent] for parent in parents if not found[parent].is_given]
    fate = next((each for each in fates if each.status != "not_applicable"), None)
    if fate is None:  # it depends on a field that was not asked
        return Answer("not_applicable")
    return Answer(fate.status, reason=UNKNOWN)
