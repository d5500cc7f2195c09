"""A report as Markdown, as common viewers show it: tables, and bars of text for pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from evalhouse.reports.document import (
    Block,
    Bullets,
    Document,
    Folded,
    Paragraph,
    Part,
    Section,
    Table,
    Words,
)
from evalhouse.reports.wording import inline, safe

_LONGEST = 400
_MARKS = re.compile(r"([\\`*_{}\[\]#|~$!])")
_FENCES = re.compile("`+")
_OPENERS = re.compile(r"^([+-]|\d+[.)])(?=\s|$)")  # of a list, at the beginning of a line
_DEEPEST = 6


def markdown(document: Document) -> str:
    """Return a report as Markdown; whatever comes from data in it is text and nothing else."""
    lines = [f"# {_words(document.title)}", "", _words(document.subtitle), ""]
    for block in document.blocks:
        lines += _block(block, 2)
    return "\n".join([*lines, _escaped(document.made_by), ""])


def _block(block: Block, depth: int) -> Iterator[str]:
    if isinstance(block, Paragraph):
        yield from (_words(block.words), "")
    elif isinstance(block, Bullets):
        mark = "> " if block.is_warning else ""
        yield from (f"{mark}- {_words(item)}" for item in block.items)
        yield ""
    elif isinstance(block, Table):
        if block.only != "html":
            yield from _table(block.shown("markdown"))
    elif isinstance(block, Folded):
        yield from (f"<details{' open' if block.is_open else ''}>",)
        yield from (f"<summary>{escape(safe(block.title))}</summary>", "")
        for inner in block.blocks:
            yield from _block(inner, depth)
        yield from ("</details>", "")
    elif isinstance(block, Section):
        yield from (f"{'#' * min(depth, _DEEPEST)} {_words(block.title)}", "")
        for inner in block.blocks:
            yield from _block(inner, depth + 1)


def _table(table: Table) -> Iterator[str]:
    yield from (f"*{_escaped(table.title)}*", "")
    yield _row(_escaped(column.title) for column in table.columns)
    yield _row("---:" if column.is_number else "---" for column in table.columns)
    yield from (_row(map(_words, row)) for row in table.rows)
    yield ""


def _row(cells: Iterator[str] | map[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _words(words: Words) -> str:
    return "".join(map(_part, words))


def _part(part: Part) -> str:
    if part.kind == "code":
        return _code(part.text)
    text = _escaped(part.text)
    if part.kind == "small":
        return f" ({text})"
    return f"**{text.strip()}**" if part.kind == "strong" and text.strip() else text


def _escaped(text: str) -> str:
    line = _MARKS.sub(r"\\\1", inline(text, _LONGEST))
    line = _OPENERS.sub(r"\\\1", line)
    return escape(line, quote=False)


def _code(text: str) -> str:
    """Return a span of code; a bar would end a cell even there."""
    line = safe(text, _LONGEST).replace("|", "\\|")
    if not line:
        return ""
    longest = max((len(fence) for fence in _FENCES.findall(line)), default=0)
    fence = "`" * (longest + 1)
    gap = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{gap}{line}{gap}{fence}"
