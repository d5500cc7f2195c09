"""A report before it has a form: sections of text, tables and pictures.

Text is made of parts, so that what came from data is never taken for markup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

Form = Literal["html", "markdown"]


@dataclass(frozen=True)
class Name:
    """Text that came from data; it may run from right to left."""

    text: str
    kind: ClassVar[str] = "name"


@dataclass(frozen=True)
class Code:
    """Text that machines read, letter by letter: hashes, paths, values of settings."""

    text: str
    kind: ClassVar[str] = "code"


@dataclass(frozen=True)
class Strong:
    """Text that stands out."""

    text: str
    kind: ClassVar[str] = "strong"


@dataclass(frozen=True)
class Small:
    """What stands below a number and is read second, such as its interval."""

    text: str
    kind: ClassVar[str] = "small"


@dataclass(frozen=True)
class Plain:
    """Our own words and numbers."""

    text: str
    kind: ClassVar[str] = "plain"


Part = Plain | Name | Code | Strong | Small
Words = tuple[Part, ...]
Chart = Mapping[str, Any]
"""A Vega-Lite specification."""


@dataclass(frozen=True)
class Paragraph:
    """Some sentences."""

    words: Words
    kind: ClassVar[str] = "paragraph"


@dataclass(frozen=True)
class Bullets:
    """A list; `is_warning` lists stand out."""

    items: tuple[Words, ...]
    is_warning: bool = False
    kind: ClassVar[str] = "bullets"


@dataclass(frozen=True)
class Column:
    """A column of a table; `only` names the one form that shows it.

    One that `is_optional` is left out where all of its cells are empty.
    """

    title: str
    is_number: bool = False
    only: Form | None = None
    is_optional: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of cells under columns; the first column heads its rows. `only` is as for columns."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Words, ...], ...]
    only: Form | None = None
    kind: ClassVar[str] = "table"

    def shown(self, form: Form) -> Table:
        """Return the table with the columns of one form."""
        places = [
            place
            for place, each in enumerate(self.columns)
            if each.only in (None, form)
            and (not each.is_optional or any(row[place] for row in self.rows))
        ]
        rows = tuple(tuple(row[place] for place in places) for row in self.rows)
        return Table(self.title, tuple(self.columns[place] for place in places), rows)


@dataclass(frozen=True, eq=False)
class Picture:
    """A chart, made when it is drawn; `description` says in words what it shows.

    A table beside it has its numbers.
    """

    title: str
    description: str
    chart: Callable[[], Chart] = field(repr=False)
    kind: ClassVar[str] = "picture"


@dataclass(frozen=True)
class Folded:
    """Blocks that open when asked for."""

    title: str
    blocks: tuple[Block, ...]
    is_open: bool = False
    kind: ClassVar[str] = "folded"


@dataclass(frozen=True)
class Section:
    """Blocks under a heading; `title` may come from data."""

    title: Words
    blocks: tuple[Block, ...]
    anchor: str = ""
    kind: ClassVar[str] = "section"


Block = Paragraph | Bullets | Table | Picture | Folded | Section


@dataclass(frozen=True)
class Document:
    """A whole report."""

    title: Words
    subtitle: Words
    blocks: tuple[Block, ...]
    made_by: str

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections of the first level."""
        return tuple(block for block in self.blocks if isinstance(block, Section))


def words(text: str) -> Words:
    """Return a sentence as parts: what stands between backticks is code.

    Example:
        >>> words("no file `a.csv`")
        (Plain(text='no file '), Code(text='a.csv'))
    """
    pieces = text.split("`")
    if len(pieces) % 2 == 0:  # a backtick without a partner is none
        return (Plain(text),)
    parts = (Code(each) if place % 2 else Plain(each) for place, each in enumerate(pieces))
    return tuple(part for part in parts if part.text)


def plain(*texts: str) -> Words:
    """Return our own words."""
    return tuple(Plain(text) for text in texts)


def name(text: str) -> Words:
    """Return what came from data, by itself."""
    return (Name(text),)


def code(text: str) -> Words:
    """Return what machines read, by itself."""
    return (Code(text),)


def pictures_of(blocks: Sequence[Block]) -> Iterator[Picture]:
    """Yield the pictures in blocks at any depth, in their order."""
    for block in blocks:
        if isinstance(block, Picture):
            yield block
        elif isinstance(block, Folded | Section):
            yield from pictures_of(block.blocks)
