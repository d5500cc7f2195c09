"""The views that the house offers beside its tables: SQL files under `data/views`.

A file is one SELECT below a comment that says what a row is. `lake.<table>` are the visible rows
of a lake table, `catalog.<table>` those of the catalog; a view that has a table's name
(`documents`, `models`) is what people see under that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources

from evalhouse.schema import LAKE_TABLES, TABLES

_FOLDER = resources.files("evalhouse") / "data" / "views"
_SOURCE = re.compile(r"\b(?:FROM|JOIN)\s+((?:(?:lake|catalog)\.)?[a-z_]+)")
_STORED = re.compile(r"\b(?:lake|catalog)\.[a-z_]+", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_INVENTORY = frozenset(
    {"show", "information_schema", "duckdb_tables", "duckdb_views", "duckdb_columns"}
)
_LAKE = frozenset(table.name for table in LAKE_TABLES)
LAKE_SCHEMA = "lake."
CATALOG_SCHEMA = "catalog."


@dataclass(frozen=True)
class View:
    """A view: its name, what a row is, and its SELECT."""

    name: str
    row: str
    sql: str

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """Return the relations that its SQL reads, in the order of appearance."""
        return tuple(name for name in _SOURCE.findall(self.sql) if _is_relation(name))


class _Views(Mapping[str, View]):
    """Every view by name; read from disk when first asked for."""

    @cached_property
    def _loaded(self) -> dict[str, View]:
        files = sorted(_FOLDER.iterdir(), key=lambda file: file.name)
        found = [_parsed(file.name, file.read_text("utf-8")) for file in files]
        return {view.name: view for view in found}

    def __getitem__(self, name: str) -> View:
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaded)

    def __len__(self) -> int:
        return len(self._loaded)


VIEWS: Mapping[str, View] = _Views()


def relations() -> list[str]:
    """Return the name of every table and view that a query can use."""
    return sorted({*TABLES, *VIEWS})


def mentioned(query: str) -> list[str]:
    """Return the relations that a query may read: every name of one that occurs in its text.

    `catalog.prompts` alone does not make the view `prompts`, which needs all texts. A name
    in a comment or a column of the same name is one too many, which does no harm; a parser
    would miss names (in `query_table('responses')`) and stumble over what it does not know yet.
    """
    stored = {name.lower() for name in _STORED.findall(query)}
    words = {word.lower() for word in _WORD.findall(_STORED.sub(" ", query))}
    if words & _INVENTORY:
        return relations()
    found = [name for name in relations() if name in words]
    bases = {base: base.partition(".")[0] for name in relations() if (base := base_of(name))}
    spelt = [
        base
        for base, schema in bases.items()
        if base in stored or (schema in words and base.partition(".")[2] in found)
    ]
    return [*found, *spelt]


def ordered(names: Iterable[str]) -> list[str]:
    """Return the relations with everything they need, what is needed first."""
    done: dict[str, None] = {}

    def visit(name: str) -> None:
        for needed in needs(name):
            if needed not in done:
                visit(needed)
        done[name] = None

    for name in names:
        if name not in done:
            visit(name)
    return list(done)


def needs(name: str) -> tuple[str, ...]:
    """Return what a relation is made from; nothing for the tables themselves."""
    if name in VIEWS:
        return VIEWS[name].needs
    base = base_of(name)
    return (base,) if base else ()


def base_of(name: str) -> str | None:
    """Return the stored rows of a table, which its name in queries is made from."""
    if name not in TABLES:
        return None
    return (LAKE_SCHEMA if name in _LAKE else CATALOG_SCHEMA) + name


def sql_of(name: str) -> str:
    """Return the SELECT of a view, or of a table as people see it."""
    return VIEWS[name].sql if name in VIEWS else f"SELECT * FROM {base_of(name)}"  # noqa: S608 - our own names


def _parsed(file_name: str, text: str) -> View:
    comments, _, sql = text.partition("\n\n")
    lines = [line.removeprefix("--").strip() for line in comments.splitlines()]
    return View(file_name.removesuffix(".sql"), " ".join(lines), sql.strip().removesuffix(";"))


def _is_relation(name: str) -> bool:
    return name.removeprefix(LAKE_SCHEMA).removeprefix(CATALOG_SCHEMA) in TABLES or name in VIEWS
