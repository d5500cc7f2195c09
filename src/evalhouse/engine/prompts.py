"""Prompts: codebook, style and row become the messages and the schema of a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evalhouse.engine.answers import Reader
from evalhouse.engine.asking import Asking
from evalhouse.engine.questions import (
    KEY,
    answers_schema,
    closed,
    example_text,
    examples_of,
    questions_of,
    schema_of,
)
from evalhouse.engine.wording import Template, load_template, read_template, sentence
from evalhouse.errors import UsageError
from evalhouse.ids import sha256_hex
from evalhouse.tasks.codebook import Annotation, Codebook
from evalhouse.tasks.examples import CODEBOOK, Example, response
from evalhouse.tasks.rows import Row


@dataclass(frozen=True)
class Form:
    """What one kind of request asks: its fields, the prompt but for the rows, and the schema.

    `is_keyed` says that answers stand under their columns, not under one key.
    """

    annotations: tuple[Annotation, ...]
    is_keyed: bool
    questions: str
    reply: str
    examples: str
    schema: Mapping[str, Any]

    @cached_property
    def readers(self) -> tuple[tuple[str, str, Reader], ...]:
        """The key, the column and the reader of each answer."""
        return tuple(
            (each.column if self.is_keyed else KEY, each.column, Reader(each))
            for each in self.annotations
        )


class Prompts:
    """The prompts of one task, asked in one way.

    Raises:
        UsageError: for a template that cannot be read or used, and where no field is asked.
    """

    def __init__(
        self, codebook: Codebook, asking: Asking, examples: Mapping[str, Sequence[Example]]
    ) -> None:
        self.codebook, self.asking = codebook, asking
        self._examples = examples if asking.use_examples else {}
        self.template: Template = (
            load_template(asking.prompt_type)
            if asking.template is None
            else read_template(asking.template)
        )
        self._forms: dict[tuple[str, ...], Form] = {}
        self._schemas: dict[tuple[int, tuple[str, ...]], Mapping[str, Any]] = {}
        self._check()

    def _check(self) -> None:
        """Refuse to ask nothing, and a template in which all fields would be the same question."""
        if not self.annotations:
            raise UsageError(
                "no field is left to ask: the codebook has none but those that `process_textbox` "
                "and `process_span` leave out; let one of them be asked"
            )
        is_told = any(place == "questions" for _, place in self.template.pieces)
        if not is_told and self.asking.request_unit == "field" and len(self.annotations) > 1:
            raise UsageError(
                f"the template `{self.asking.template}` has no `{{{{questions}}}}`, so that every "
                "field would be asked in the same words; add it, or use the request unit `text`"
            )

    @cached_property
    def annotations(self) -> tuple[Annotation, ...]:
        """The fields that are asked at all."""
        left_out = {
            kind
            for kind, is_asked in (
                ("textbox", self.asking.process_textbox),
                ("span", self.asking.process_span),
            )
            if not is_asked
        }
        return tuple(each for each in self.codebook.annotations if each.field.kind not in left_out)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of these fields, in the order in which they are asked."""
        return tuple(each.column for each in self.annotations)

    @cached_property
    def places(self) -> dict[str, int]:
        """The place of each column among them, from 1."""
        return {column: place for place, column in enumerate(self.columns, 1)}

    @property
    def system(self) -> str:
        """The system message; empty where the codebook has none."""
        return self.codebook.settings.system_message

    def form(self, columns: tuple[str, ...]) -> Form:
        """Return what a request for some fields looks like."""
        if columns not in self._forms:
            self._forms[columns] = self._form(columns)
        return self._forms[columns]

    def _form(self, columns: tuple[str, ...]) -> Form:
        asked = tuple(each for each in self.annotations if each.column in columns)
        is_keyed = self.asking.request_unit != "field"
        return Form(
            asked,
            is_keyed,
            "\n\n".join(questions_of(self.codebook, asked, is_keyed=is_keyed)),
            self.reply_form(columns, ["1"]),
            self._shown_examples(asked, is_keyed=is_keyed),
            answers_schema(asked) if is_keyed else closed({KEY: schema_of(asked[0].field)}),
        )

    def _shown_examples(self, asked: Sequence[Annotation], *, is_keyed: bool) -> str:
        held = {each.column: self._examples.get(each.column, ()) for each in asked}
        few_shot = self.codebook.settings.few_shot
        if is_keyed and few_shot and few_shot.source != CODEBOOK:
            head, parts = "head", _together(asked, held)
        else:
            head = "head_partial" if is_keyed and len(asked) > 1 else "head"
            parts = [examples_of(each, held[each.column], is_keyed=is_keyed) for each in asked]
        shown = [part for part in parts if part]
        return "\n\n".join([sentence("example", head), *shown]) if shown else ""

    def text(self, form: Form, rows: Sequence[Row]) -> str:
        """Return the prompt about one row, or several."""
        if self.asking.request_unit != "batch":
            row = rows[0]
            return self._filled(form, form.reply, _metadata(row), _quoted("text", row))
        texts = [
            "\n".join(filter(None, (_metadata(row), _quoted("numbered_text", row, number=number))))
            for number, row in enumerate(rows, 1)
        ]
        columns = tuple(each.column for each in form.annotations)
        reply = self.reply_form(columns, [str(number) for number in range(1, len(rows) + 1)])
        return self._filled(form, reply, "", "\n\n".join(texts))

    def reply_form(self, columns: Sequence[str], labels: Sequence[str]) -> str:
        """Return the sentence that says what a reply looks like; `labels` are keys of rows."""
        keys = ", ".join(f'"{column}"' for column in columns)
        numbers = ", ".join(f'"{label}"' for label in labels)
        return sentence("format", self.asking.request_unit, keys=keys, numbers=numbers)

    def schema(self, form: Form, labels: Sequence[str]) -> Mapping[str, Any] | None:
        """Return the schema of the reply; None where words may stand before it, or none is sent."""
        if not self.asking.structured or self.asking.thinks_aloud:
            return None
        if self.asking.request_unit != "batch":
            return form.schema
        kind = (id(form), tuple(labels))  # forms are kept, so that their ids stay their own
        if kind not in self._schemas:
            numbered = {label: {"$ref": "#/$defs/answers"} for label in labels}
            self._schemas[kind] = {**closed(numbered), "$defs": {"answers": form.schema}}
        return self._schemas[kind]

    def _filled(self, form: Form, reply: str, metadata: str, text: str) -> str:
        return self.template.fill(
            {
                "questions": form.questions,
                "format": reply,
                "examples": form.examples,
                "metadata": metadata,
                "text": text,
            }
        )

    @cached_property
    def hashes(self) -> dict[str, str]:
        """The SHA-256 of what is sent of each field but the row: system message, prompt, schema."""
        found = {}
        for column in self.columns:
            is_alone = self.asking.request_unit == "field"
            form = self.form((column,) if is_alone else self.columns)
            parts = (
                self.system,
                self._filled(form, form.reply, "", ""),
                str(self.schema(form, ["1"])),
            )
            found[column] = sha256_hex("\x1f".join(parts))
        return found


def _together(asked: Sequence[Annotation], held: Mapping[str, Sequence[Example]]) -> list[str]:
    """Return examples that answer all fields of a text at once, as replies do."""
    replies: dict[str, dict[str, Any]] = {}
    for each in asked:
        for example in held[each.column]:
            replies.setdefault(example.text, {})[each.column] = response(each.field, example.answer)
    return [
        example_text(text, {each.column: reply.get(each.column) for each in asked})
        for text, reply in replies.items()
    ]


def _metadata(row: Row) -> str:
    return "\n".join(
        sentence("question", "metadata", name=name, value=value)
        for name, value in row.metadata.items()
        if value
    )


def _quoted(name: str, row: Row, **values: object) -> str:
    return sentence("question", name, text=row.text, **values)
