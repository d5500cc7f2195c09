"""Questions in words: what a prompt says of each field, and the form that answers must have."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from evalhouse.engine.wording import sentence
from evalhouse.scoring.field import Field
from evalhouse.tasks.codebook import Annotation, Codebook
from evalhouse.tasks.conditions import AllOf, Condition, Is
from evalhouse.tasks.examples import Example, response

KEY = "response"
"""The key of the answer where a request asks one field."""

_TICKS = {"1": "true", "0": "false"}
_MOST_POINTS = 21  # of a scale that are listed in a schema; longer ones have two ends


def questions_of(
    codebook: Codebook, annotations: Sequence[Annotation], *, is_keyed: bool
) -> Iterator[str]:
    """Yield paragraphs: sections, and in each the fields that are asked.

    Args:
        codebook: the codebook they come from.
        annotations: what is asked.
        is_keyed: whether several fields are asked at once, each under its column.
    """
    asked = {annotation.column for annotation in annotations}
    for section in codebook.sections:
        here = [each for each in section.annotations if each.column in asked]
        if here:
            name = sentence("question", "section", name=section.name)
            yield _lines(name, section.instruction)
        for annotation in here:
            yield _question(codebook, annotation, is_keyed=is_keyed)


def _question(codebook: Codebook, annotation: Annotation, *, is_keyed: bool) -> str:
    head = sentence(
        "question",
        "keyed_field" if is_keyed else "field",
        column=annotation.column,
        name=annotation.name,
    )
    condition = ""
    if is_keyed and annotation.condition:
        condition = sentence(
            "question", "condition", condition=condition_words(codebook, annotation.condition)
        )
    note = (
        "" if annotation.examples or "Text:" in annotation.example else annotation.example.strip()
    )
    return _lines(
        head,
        annotation.tooltip,
        " ".join(filter(None, (answer_form(annotation.field), condition))),
        sentence("question", "note", note=note) if note else "",
    )


def condition_words(codebook: Codebook, condition: Condition) -> str:
    """Return a condition in the words of answers, as `"Stance_Clear" is true`."""
    if isinstance(condition, Is):
        kind = codebook.by_column[condition.parent].field.kind
        values = [
            _TICKS.get(each, each) if kind == "checkbox" else each for each in condition.values
        ]
        word = "has" if kind == "multiselect" else "is"
        return f'"{condition.parent}" {word}{" not" * condition.is_negated} {" or ".join(values)}'
    joint = " and " if isinstance(condition, AllOf) else " or "
    parts = [condition_words(codebook, part) for part in condition.parts]
    return joint.join(f"({part})" if " and " in part or " or " in part else part for part in parts)


def answer_form(field: Field) -> str:
    """Return the sentence that says how a field is answered."""
    options = ", ".join(f'"{option}"' for option in field.options)
    if field.kind in ("dropdown", "multiselect"):
        name = field.kind if options else f"{field.kind}_open"
        return sentence("answer", name, options=options)
    if field.kind == "likert":
        if not field.scale:
            return sentence("answer", "likert_open")
        return sentence("answer", "likert", low=field.scale[0], high=field.scale[1])
    if field.kind == "span" and field.labels:
        labels = ", ".join(f'"{label}"' for label in field.labels)
        return sentence("answer", "span_labelled", labels=labels)
    return sentence("answer", field.kind)


def examples_of(annotation: Annotation, examples: Sequence[Example], *, is_keyed: bool) -> str:
    """Return the examples of a field as a prompt shows them; nothing where there are none."""
    key = annotation.column if is_keyed else KEY
    return "\n\n".join(
        example_text(each.text, {key: response(annotation.field, each.answer)}) for each in examples
    )


def example_text(text: str, reply: dict[str, Any]) -> str:
    """Return one example: a text and the reply to it."""
    return _lines(
        sentence("example", "text", text=text),
        sentence("example", "reply", reply=json.dumps(reply, ensure_ascii=False)),
    )


def schema_of(field: Field) -> dict[str, Any]:
    """Return the JSON schema of an answer, with the real options, range and labels.

    Example:
        >>> schema_of(Field("stance", "dropdown", ("for", "against")))
        {'type': 'string', 'enum': ['for', 'against']}
        >>> schema_of(Field("strength", "likert", scale=(1, 3)))
        {'type': 'integer', 'enum': [1, 2, 3]}
    """
    choice: dict[str, Any] = {"type": "string"}
    if field.options:
        choice["enum"] = list(field.options)
    match field.kind:
        case "checkbox":
            return {"type": "boolean"}
        case "dropdown":
            return choice
        case "multiselect":
            return {"type": "array", "items": choice}
        case "likert":
            return _scale(field)
        case "span":
            return {"type": "array", "items": _span(field)}
    return {"type": "string"}


def _scale(field: Field) -> dict[str, Any]:
    if not field.scale:
        return {"type": "integer"}
    if len(field.points) <= _MOST_POINTS:
        return {"type": "integer", "enum": list(field.points)}
    return {"type": "integer", "minimum": field.scale[0], "maximum": field.scale[1]}


def _span(field: Field) -> dict[str, Any]:
    # The words come first: a model that has written them knows better where they stand.
    parts: dict[str, Any] = {"text": {"type": "string"}}
    if field.labels:
        parts["label"] = {"type": "string", "enum": list(field.labels)}
    parts |= {"start": {"type": "integer"}, "end": {"type": "integer"}}
    return closed(parts)


def closed(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an object that has just these properties, all of them."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def answers_schema(annotations: Sequence[Annotation]) -> dict[str, Any]:
    """Return the schema of the answers to several fields; one with a condition may be null."""
    return closed({each.column: _maybe_null(each) for each in annotations})


def _maybe_null(annotation: Annotation) -> dict[str, Any]:
    schema = schema_of(annotation.field)
    return {"anyOf": [schema, {"type": "null"}]} if annotation.condition else schema


def _lines(*lines: str) -> str:
    return "\n".join(line for line in lines if line.strip())
