"""DuckDB, in memory: one engine for a store, one session with a name space for each reader."""

from __future__ import annotations

import itertools
import re
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from evalhouse.errors import DamagedHouseError, HouseError, QueryError
from evalhouse.lake import Place
from evalhouse.loading import when_needed

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = when_needed("duckdb")  # an ingest writes, and never asks

Parameters = Mapping[str, Any] | Sequence[Any] | None

_MACROS = resources.files("evalhouse") / "data" / "macros.sql"
_MACRO = re.compile(r"CREATE MACRO lake\.(\w+)")
_EXPLAIN = re.compile(r"\s*explain\s+(?:analyze\s+)?", re.IGNORECASE)
_WRITES = frozenset({"copy", "insert", "update", "delete", "merge"})
_HINTS = ("Did you mean", "Candidate bindings", "Candidate functions")


class Engine:
    """The query engine of one store; threads are the cores of the machine."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._numbers = itertools.count()

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(
            config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}
        )
        # A name in a query is a table of the house, never a variable of this program.
        connection.execute("SET GLOBAL python_enable_replacements = false")
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        # What does not fit into memory goes beside other temporary files, not into the work folder;
        # a folder of our own, since queries may read the files in it.
        spill = Path(tempfile.gettempdir(), f"evalhouse-{uuid.uuid4().hex}")
        connection.execute("SET GLOBAL temp_directory = ?", [str(spill)])
        # Files of a lake never change; a view that reads a file four times parses its footer once.
        connection.execute("SET GLOBAL parquet_metadata_cache = true")
        if self._place.is_bucket:
            connection.register_filesystem(bucket_filesystem(self._place))
        # A query, wherever it came from, reads the lake and no other file of this machine.
        connection.execute("SET GLOBAL allowed_directories = ?", [[self._place.address("")]])
        connection.execute("SET GLOBAL enable_external_access = false")
        connection.execute("SET GLOBAL lock_configuration = true")
        return connection

    def session(self) -> Session:
        """Return a new session with nothing in it."""
        return Session(self._connection.cursor(), f"reader_{next(self._numbers)}")

    def close(self) -> None:
        """Release the engine; the next session starts another."""
        if "_connection" in self.__dict__:
            self._connection.close()
            del self._connection


class Session:
    """A connection with tables and views of its own, in schemas `main`, `lake` and `catalog`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        self._connection = connection
        self._name: str | None = name
        self.offered: set[str] = set()
        connection.execute(f"ATTACH ':memory:' AS {name}")
        connection.execute(f"USE {name}")
        connection.execute("CREATE SCHEMA lake")
        connection.execute("CREATE SCHEMA catalog")
        self._has_macros = False

    def add_table(self, name: str, rows: pa.Table) -> None:
        """Offer an Arrow table under a name, without copying it; the name may have a schema."""
        schema, _, plain = name.rpartition(".")
        self._connection.execute(f"USE {self._name}.{schema or 'main'}")
        self._connection.from_arrow(rows).create_view(plain)
        self._connection.execute(f"USE {self._name}.main")
        self.offered.add(name)

    def copy_table(self, name: str, rows: pa.Table) -> None:
        """Copy an Arrow table into the session; the name may have a schema."""
        self._connection.register("copied_rows", rows)
        self._connection.execute(f"CREATE TABLE {name} AS FROM copied_rows")
        self._connection.unregister("copied_rows")
        self.offered.add(name)

    def add_view(self, name: str, select: str) -> None:
        """Define a view; the name may have a schema."""
        self._add_macros(select)
        self._connection.execute(f"CREATE VIEW {name} AS {select}")
        self.offered.add(name)

    def query(self, query: str, parameters: Parameters) -> duckdb.DuckDBPyRelation:
        """Return the result of a statement that was checked before, to be fetched once."""
        self._add_macros(query)
        given = dict(parameters) if isinstance(parameters, Mapping) else list(parameters or [])
        return self._connection.sql(query, params=given or None)

    def _add_macros(self, sql: str) -> None:
        """Define our macros, which takes longer than most queries, when one is named."""
        text, names = _macros()
        if not self._has_macros and names.search(sql):
            self._connection.execute(text)
            self._has_macros = True

    def close(self) -> None:
        """Forget everything; a second time does nothing."""
        if self._name is not None:
            self._connection.execute("USE memory")
            self._connection.execute(f"DETACH {self._name}")
            self._connection.close()
            self._name = None


@cache
def _macros() -> tuple[str, re.Pattern[str]]:
    """Return the SQL of our macros, and what finds the name of one in other SQL."""
    text = _MACROS.read_text("utf-8")
    names = "|".join(_MACRO.findall(text))
    return text, re.compile(rf"\b(?:{names})\b", re.IGNORECASE)


def require_reading(query: str) -> None:
    """Refuse whatever is not one statement that only reads."""
    inner = _EXPLAIN.sub("", query, count=1)
    with told():
        statements = duckdb.extract_statements(inner)
    if len(statements) != 1:
        raise QueryError(f"expected one statement, not {len(statements)}")
    kinds = duckdb.StatementType
    is_read = statements[0].type in {kinds.SELECT, kinds.MULTI}  # a PIVOT is several statements
    if not is_read or _writes_inside(inner):
        raise QueryError("a house is read by SQL and written by `ingest`; only SELECT is possible")


@contextmanager
def told() -> Iterator[None]:
    """Turn what DuckDB raises into a sentence about the query, or about a damaged lake."""
    try:
        yield
    except duckdb.IOException as failure:
        raise DamagedHouseError(
            f"a file of the lake cannot be read: {_first_line(failure)}"
        ) from failure
    except duckdb.PermissionException as failure:
        raise QueryError("a query reads tables and views of the house, and no files") from failure
    except duckdb.Error as failure:
        if ".parquet" in str(failure):  # which no query can name
            raise DamagedHouseError(
                f"a file of the lake is damaged: {_first_line(failure)}"
            ) from failure
        raise QueryError(_first_line(failure)) from failure


def bucket_filesystem(place: Place) -> Any:
    """Return the bucket as DuckDB takes it: an fsspec file system over pyarrow's."""
    try:
        from fsspec.implementations.arrow import ArrowFSWrapper  # noqa: PLC0415 - an extra
    except ImportError:
        raise HouseError(
            f"the lake `{place.uri}` is in a bucket; `pip install 'evalhouse[s3]'` to read it"
        ) from None

    class BucketFileSystem(ArrowFSWrapper):  # type: ignore[misc]  # fsspec ships no types
        """Answers to `s3://` addresses."""

        protocol = "s3"

    return BucketFileSystem(place.filesystem)


def _writes_inside(query: str) -> bool:
    """Return whether a statement such as COPY hides in a common table expression."""
    spelt = query.encode()  # tokens start at bytes
    tokens = duckdb.tokenize(query)
    ends = [*(start for start, _ in tokens[1:]), len(spelt)]
    words = [
        spelt[start:end].decode().strip().lower()
        for (start, kind), end in zip(tokens, ends, strict=True)
        if kind.name != "comment"
    ]
    return any(before == "(" and word in _WRITES for before, word in itertools.pairwise(words))


def _first_line(failure: Exception) -> str:
    """Return what failed, with the names that DuckDB proposes instead."""
    first, *more = str(failure).strip().split("\n")
    hints = (line for line in more if line.startswith(_HINTS))
    return " ".join([first, *hints]).rstrip("!")
