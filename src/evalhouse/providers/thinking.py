"""Thinking that a server leaves in the text, between tags."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

TAGS = ("think", "thinking")


@cache
def _patterns(tags: Sequence[str]) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    names = "|".join(map(re.escape, tags))
    return (
        re.compile(rf"\s*<({names})>(.*?)</\1>", re.IGNORECASE | re.DOTALL),
        re.compile(rf"\s*<(?:{names})>", re.IGNORECASE),
        re.compile(rf"</(?:{names})>", re.IGNORECASE),
    )


def split(text: str, tags: tuple[str, ...] = TAGS) -> tuple[str, str]:
    """Separate the thinking at the start of a text from the answer; returns both.

    A block without an end is all thinking: the answer never came. An end without a start belongs
    to a template that wrote the start into the prompt. Tags inside an answer stay.
    """
    if not tags or "<" not in text:
        return "", text
    block, opening, closing = _patterns(tags)
    thoughts = []
    while found := block.match(text):
        thoughts.append(found[2])
        text = text[found.end() :]
    if opened := opening.match(text):
        thoughts.append(text[opened.end() :])
        text = ""
    # An answer in JSON may quote a tag; thinking never starts with a brace.
    elif not (thoughts or _is_json(text)) and (closed := closing.search(text)):
        thoughts.append(text[: closed.start()])
        text = text[closed.end() :]
    if not thoughts:
        return "", text
    return "\n\n".join(thought.strip() for thought in thoughts).strip(), text.lstrip()


def _is_json(text: str) -> bool:
    return text.lstrip().startswith(("{", "["))
