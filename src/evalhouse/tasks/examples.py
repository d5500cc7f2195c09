"""Answered texts that are shown to a model before it is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from evalhouse.ids import sha256_hex
from evalhouse.metrics.labels import Absent
from evalhouse.scoring.field import Field
from evalhouse.tasks.answers import normal

Selection = Literal["all", "first", "random", "balanced"]
SELECTIONS: tuple[Selection, ...] = ("all", "first", "random", "balanced")
CODEBOOK = "codebook"

_RULE = re.compile(r"^[ \t]*-{3,}[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Example:
    """A text and its answer, written as a cell of a table would be."""

    text: str
    answer: str


@dataclass(frozen=True)
class FewShot:
    """Which examples are shown.

    `source` is `codebook`, or a CSV file in the task's folder with the columns of the ground truth
    and none of its rows. `count` examples a field are chosen from it: the first, as drawn by
    `seed`, or drawn with each answer as often as the others as far as there are any.
    """

    source: str = CODEBOOK
    selection: Selection = "all"
    count: int | None = None
    seed: int = 0


def parse_examples(written: str) -> list[Example | None]:
    r"""Read examples as CodeBook Studio writes them; None stands for a block that cannot be read.

    Blocks are separated by a line `---`; each has `Text:`, a text in quotes, `Response:` and JSON
    with the answer under `response`. Without `Text:` it is a free note, and there are none.

    Example:
        >>> parse_examples('Text: \n"Late again."\n\nResponse: \n{"response": true}')
        [Example(text='Late again.', answer='1')]
        >>> parse_examples("Use the midpoint for factual comments.")
        []
    """
    if "Text:" not in written:
        return []
    return [_block(block) for block in _RULE.split(written) if block.strip()]


def write_examples(field: Field, examples: Sequence[Example]) -> str:
    """Return examples as CodeBook Studio writes them."""
    blocks = []
    for example in examples:
        reply = json.dumps({"response": response(field, example.answer)}, ensure_ascii=False)
        blocks.append(f'Text: \n"{example.text}"\n\nResponse: \n{reply}')
    return "\n\n---\n\n".join(blocks)


def response(field: Field, cell: str) -> Any:
    """Return a cell as the JSON value that a model answers with; a cell that is none as text."""
    answer = normal(field, cell)
    if field.kind == "span":
        return [] if answer is Absent.MISSING else _decoded(cell)
    if isinstance(answer, Absent):
        return cell
    if isinstance(answer, frozenset):
        return sorted(answer)
    if field.kind == "checkbox":
        return answer == "1"
    return int(answer) if field.kind == "likert" else answer


def as_cell(value: Any) -> str:
    """Return the JSON value of an answer as a cell.

    Example:
        >>> as_cell(True), as_cell(3), as_cell(["a"])
        ('1', '3', '["a"]')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def choose(settings: FewShot, examples: Sequence[Example]) -> tuple[Example, ...]:
    """Return the examples to show; the same on every machine.

    Fields choose the same texts where they have answers to them, except by `balanced`.
    """
    count = len(examples) if settings.count is None else settings.count
    if settings.selection in ("all", "first"):
        return tuple(examples if settings.selection == "all" else examples[:count])
    # A hash draws alike in every version of Python, and the same texts for every field.
    drawn = sorted(examples, key=lambda each: sha256_hex(f"{settings.seed}\x1f{each.text}"))
    if settings.selection == "balanced":
        turns: dict[str, int] = {}
        order = []
        for each in drawn:
            turns[each.answer] = turns.get(each.answer, 0) + 1
            order.append(turns[each.answer])
        drawn = [each for _, each in sorted(zip(order, drawn, strict=True), key=lambda x: x[0])]
    return tuple(drawn[:count])


def _block(block: str) -> Example | None:
    before, found, reply = block.rpartition("Response:")
    text = before.partition("Text:")[2].strip()
    value = _decoded(reply.strip())
    if not found or not text or not isinstance(value, dict) or "response" not in value:
        return None
    is_quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return Example(text[1:-1] if is_quoted else text, as_cell(value["response"]))


def _decoded(text: str) -> Any:
    """Return JSON, or the text itself where it is none."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text
