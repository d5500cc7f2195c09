"""Reading replies strictly: an answer that is allowed, or the reason why there is none."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import msgspec

from evalhouse.engine.spans import UnusableError, read_marks
from evalhouse.metrics.labels import Absent
from evalhouse.providers import Reply
from evalhouse.scoring.field import Field
from evalhouse.tasks.answers import normal
from evalhouse.tasks.codebook import Annotation
from evalhouse.tasks.faults import listed, shortened
from evalhouse.tasks.statuses import Status

_FENCE = re.compile(r"\A```[a-zA-Z]*\s*\n(.*)\n?```\s*\Z", re.DOTALL)
_MOST_OBJECTS = 1_000  # braces that are looked at in a reply that is more than JSON
_LONGEST_OPENING = 80  # characters in which a refusal begins
_KEPT = 10_000  # answers of which it is remembered what they say; most come again and again
# Fields whose answers do not hang on the text, and the types of answers that can be remembered.
_CHOICES = frozenset({"checkbox", "dropdown", "likert", "multiselect"})
_SCALARS = frozenset({str, bool, int})


class Answer(msgspec.Struct, frozen=True):
    """What became of one question: `cell` as a table holds it, and why it is empty if it is."""

    status: Status
    cell: str = ""
    reason: str = ""

    @property
    def is_given(self) -> bool:
        """Whether the model gave an answer that is allowed."""
        return self.status in ("ok", "repaired")


@dataclass(frozen=True, slots=True)
class Found:
    """The object of a reply, where in the text it begins, and why there is none."""

    value: Mapping[str, Any] | None
    start: int = 0
    fault: Answer | None = None


def find_object(reply: Reply, keys: Collection[str], *, may_think: bool) -> Found:
    """Find the JSON object that a reply is.

    The whole text must be the object, in a fence of Markdown or bare. Where words may stand before
    it, and for servers that do not keep to a schema, the last object with one of `keys` counts;
    in a reply that was cut it must also be the end, since more may have been meant to follow.

    Args:
        reply: what the model said.
        keys: the names that the object should have.
        may_think: whether words before the object are as asked.
    """
    if reply.refusal or reply.finish == "content_filter":
        return Found(None, fault=Answer("refused", reason=_short(reply.refusal or reply.text)))
    text = reply.text
    stripped = text.strip()
    fenced = _FENCE.match(stripped) if stripped.startswith("```") else None
    value = None if may_think else _decoded(fenced[1] if fenced else text)
    if value is not None and not value.keys().isdisjoint(keys):
        return Found(value, text.find("{"))
    fitting = [each for each in _objects(text) if not each[1].keys().isdisjoint(keys)]
    start, last, end = fitting[-1] if fitting else (0, None, 0)
    if last is not None and (reply.finish != "length" or not text[end:].strip(" \n`")):
        return Found(last, start)
    return Found(None, fault=_nothing(reply, is_object=value is not None, keys=keys))


def _decoded(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _objects(text: str) -> Iterator[tuple[int, dict[str, Any], int]]:
    """Yield the objects of a text that stand in no other, in order, with where they lie."""
    decoder, at = json.JSONDecoder(), 0
    for _ in range(_MOST_OBJECTS):
        at = text.find("{", at)
        if at < 0:
            return
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at += 1
            continue
        yield at, value, end
        at = end


def _nothing(reply: Reply, *, is_object: bool, keys: Collection[str]) -> Answer:
    if reply.finish == "length":
        return Answer("truncated", reason="the reply was cut before the answer ended")
    text = reply.text.strip()
    if not text:
        return Answer("invalid", reason="the reply is empty")
    if is_object:
        return Answer("invalid", reason=f"the reply has none of the keys {listed(keys)}")
    if is_refusal(text):
        return Answer("refused", reason=_short(text))
    return Answer("invalid", reason=f"the reply holds no JSON object: `{_short(text)}`")


def is_refusal(text: str) -> bool:
    """Tell whether a text without an answer begins as refusals do."""
    opening = (
        text.lstrip()[:_LONGEST_OPENING].lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    )
    return opening.startswith(_refusals())


@cache
def _refusals() -> tuple[str, ...]:
    text = resources.files("evalhouse").joinpath("data/refusals.toml").read_text("utf-8")
    return tuple(tomllib.loads(text)["beginnings"])


def read_value(annotation: Annotation, value: Any, text: str) -> Answer:
    """Read the JSON value of an answer; `text` is what spans refer to.

    Nothing is clamped, rounded or guessed: a value that the field does not allow is invalid.
    """
    try:
        answer = _read(annotation.field, value, text)
    except UnusableError as fault:
        return Answer("invalid", reason=_written_out(str(fault)))
    if answer.cell.isascii() or _written_out(answer.cell) == answer.cell:
        return answer
    return Answer("invalid", reason="the answer holds half of a character, which no text can")


class Reader:
    """Reads the answers to one field; those of a choice come again and again, and are kept."""

    def __init__(self, annotation: Annotation) -> None:
        self._annotation = annotation
        self._is_choice = annotation.field.kind in _CHOICES
        self._known: dict[tuple[type, Any], Answer] = {}

    def __call__(self, value: Any, text: str) -> Answer:
        """Read the JSON value of an answer, as `read_value` does."""
        key = _key(value) if self._is_choice else None
        if key is None:
            return read_value(self._annotation, value, text)
        answer = self._known.get(key)
        if answer is None:
            answer = read_value(self._annotation, value, text)
            if len(self._known) < _KEPT:
                self._known[key] = answer
        return answer


def _key(value: Any) -> tuple[type, Any] | None:
    """Return what tells a value from all others (1 is not true, and not 1.0), if that is quick."""
    kind = type(value)
    if kind in _SCALARS:
        return kind, value
    if kind is list and all(type(each) is str for each in value):
        return kind, tuple(value)
    return None


def _written_out(text: str) -> str:
    """Return a text without halves of surrogate pairs, which JSON can hold and no file."""
    return text.encode("utf-8", "replace").decode()


def _read(field: Field, value: Any, text: str) -> Answer:
    match field.kind:
        case "span":
            marks, is_repaired = read_marks(value, text, field.labels)
            return Answer("repaired" if is_repaired else "ok", marks)
        case "multiselect":
            return Answer("ok", _selection(field, value))
        case "textbox":
            return Answer("ok", _words(value))
    cell = _written(field, value)
    answer = _meaning(field, cell)
    if not isinstance(answer, str):
        raise UnusableError(
            f"`{_short(cell)}` is not allowed" if cell.strip() else "there is no answer"
        )
    return Answer("ok", answer)


_meaning = lru_cache(_KEPT)(normal)


def _written(field: Field, value: Any) -> str:
    """Return the value of a choice as a cell; what is of another type is none."""
    if isinstance(value, str):
        text = value.strip()
        return text if text in field.options else text.strip("`").strip()
    if isinstance(value, bool):
        if field.kind == "checkbox":
            return str(int(value))
    elif isinstance(value, int | float) and field.kind != "dropdown" and value == value // 1:
        return str(int(value))
    elif isinstance(value, int) and str(value) in field.options:
        return str(value)
    raise UnusableError(
        "there is no answer" if value is None else f"`{_shown(value)}` is not allowed"
    )


def _selection(field: Field, value: Any) -> str:
    listed_values = value if isinstance(value, list) else [value]
    if value is None or not all(isinstance(each, str) for each in listed_values):
        raise UnusableError(
            "there is no answer" if value is None else f"`{_shown(value)}` is no list of options"
        )
    answer = _meaning(field, json.dumps(listed_values, ensure_ascii=False))
    if isinstance(answer, Absent | str):
        raise UnusableError(f"`{_shown(value)}` is not allowed")
    order = {option: place for place, option in enumerate(field.options)}
    return json.dumps(
        sorted(answer, key=lambda each: (order.get(each, 0), each)), ensure_ascii=False
    )


def _words(value: Any) -> str:
    words = value.strip() if isinstance(value, str) else ""
    if not words:
        is_none = value is None or isinstance(value, str)
        raise UnusableError("there is no answer" if is_none else f"`{_shown(value)}` is no text")
    return words


def _shown(value: Any) -> str:
    return _short(json.dumps(value, ensure_ascii=False))


def _short(text: str, longest: int = 120) -> str:
    return shortened(" ".join(text.split()), longest).replace("`", "'")
