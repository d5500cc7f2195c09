"""The lines of the row files of a task.

A document and its prompt stand in every request: their JSON is made once and put together.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.olmes_dumps.answers import Answered
    from examples.olmes_dumps.plans import Kind, RunPlan, Task

UNCOND_OFFSET = 1_000_000
"""Added to the document number of a request without its question."""
_TYPES: dict[Kind, str] = {
    "rc": "loglikelihood",
    "mc": "loglikelihood",
    "perplexity": "loglikelihood_rolling",
}
_dumps = json.JSONEncoder().encode


def _object(**members: str) -> str:
    """An object of JSON texts, spelled as Python's json spells it."""
    return "{" + ", ".join(f'"{key}": {text}' for key, text in members.items()) + "}"


def _turns(answered: Answered) -> str:
    """The prompt as one text."""
    query = answered.doc.get("query", "")
    shots = "".join(f"Question: {asked}\nAnswer: {said}\n\n" for asked, said in answered.shots)
    return shots + str(query)


def _messages(answered: Answered) -> list[dict[str, str]]:
    """The prompt as the turns of a chat."""
    messages = []
    for asked, said in answered.shots:
        messages.append({"role": "user", "content": f"Question: {asked}\nAnswer:"})
        messages.append({"role": "assistant", "content": said})
    return [*messages, {"role": "user", "content": str(answered.doc.get("query", ""))}]


def _rendered(answered: Answered) -> str:
    """The prompt as a chat template puts it together."""
    turns = "".join(f"<|{turn['role']}|>\n{turn['content']}\n" for turn in _messages(answered))
    return f"{turns}<|assistant|>\n"


@dataclass(frozen=True)
class RequestLines:
    """Lines of the requests and recorded inputs of one document."""

    task: Task
    plan: RunPlan
    answered: Answered

    def requests(self) -> Iterator[str]:
        """One line for each request with its question."""
        context = self._context()
        common = self._common(self.answered.doc_id)
        for idx, body in enumerate(self._bodies(context)):
            yield self._line(body, idx, common)

    def twins(self) -> Iterator[str]:
        """One line for each request without its question; none where the task has none."""
        if not self.task.has_twins:
            return
        common = self._common(self.answered.doc_id + UNCOND_OFFSET)
        for idx, body in enumerate(self._bodies(_dumps("Answer:"))):
            yield self._line(body, idx, common)

    def recorded(self) -> str:
        """The line that groups the requests of the document, the prompt as the model saw it."""
        chat = self.plan.chat and self.task.kind != "perplexity"
        context = _dumps(_rendered(self.answered)) if chat else self._context()
        asked = _dumps(self._type)
        bodies = (
            _object(request_type=asked, request=body, idx=str(idx))
            for idx, body in enumerate(self._bodies(context))
        )
        return _object(
            doc=self._doc,
            task_name=_dumps(self.task.name),
            doc_id=str(self.answered.doc_id),
            native_id=_dumps(self.answered.native_id),
            label=_dumps(self.answered.label),
            requests=f"[{', '.join(bodies)}]",
        )

    @property
    def _type(self) -> str:
        return _TYPES.get(self.task.kind, "generate_until")

    def _context(self) -> str:
        if self.task.kind == "perplexity":
            return _dumps(self.answered.doc["text"])
        if self.plan.chat:
            return _dumps({"messages": _messages(self.answered), "assistant_prefix": None})
        return _dumps(_turns(self.answered))

    def _bodies(self, context: str) -> Iterator[str]:
        if self.answered.continuations:
            for said in self.answered.continuations:
                yield _object(context=context, continuation=_dumps(said))
        elif self.task.kind == "perplexity":
            yield _object(context=context)
        else:
            stop = _dumps(["\n\n", "Question:"])
            options = _dumps({"max_gen_toks": 512, "temperature": 0.0, "do_sample": False})
            body = _object(context=context, stop_sequences=stop, generation_kwargs=options)
            yield from [body] * self.task.repeats

    def _common(self, doc_id: int) -> str:
        answered = self.answered
        return (
            f'"task_name": {_dumps(self.task.name)}, "doc_id": {doc_id}, '
            f'"native_id": {_dumps(answered.native_id)}, "label": {_dumps(answered.label)}'
        )

    def _line(self, body: str, idx: int, common: str) -> str:
        return (
            f'{{"request_type": "{self._type}", "doc": {self._doc}, "request": {body}, '
            f'"idx": {idx}, {common}}}'
        )

    @cached_property
    def _doc(self) -> str:
        return _dumps(self.answered.doc)
