"""Reading a house with SQL, as one snapshot over catalog and lake."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import pyarrow as pa

from evalhouse.catalog import Catalog, Snapshot
from evalhouse.errors import RetryableError
from evalhouse.lake import Lake
from evalhouse.schema import TABLES
from evalhouse.store.engine import Engine, Parameters, Session, require_reading, told
from evalhouse.store.folding import FOLDED, folded, folded_sql, folds_of_models
from evalhouse.store.views import CATALOG_SCHEMA, LAKE_SCHEMA, mentioned, ordered, sql_of
from evalhouse.store.visibility import COMMITTED, SUPERSEDED, Visibility, table_sql

T = TypeVar("T")

BATCH_ROWS = 65_536
_ATTEMPTS = 50
_CATALOG = frozenset(
    CATALOG_SCHEMA + table.name for table in TABLES.values() if table.place == "catalog"
)


class CatalogCache:
    """The catalog as Arrow, kept by its version, for all readers of a store."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._snapshot: Snapshot | None = None
        self._tables: dict[str, tuple[int, pa.Table]] = {}
        self._made: dict[str, tuple[int, Any]] = {}

    def snapshot(self) -> Snapshot:
        """Return the state of the batches as it is now."""
        if self._snapshot is None or self._snapshot.version != self._catalog.version():
            self._snapshot = self._catalog.snapshot()
        return self._snapshot

    def tables(self, names: Sequence[str], seen: Snapshot) -> dict[str, pa.Table] | None:
        """Return catalog tables as of a snapshot; None when the catalog has moved on."""
        version = seen.version
        kept = {name: self._tables[name] for name in names if name in self._tables}
        found = {name: rows for name, (at, rows) in kept.items() if at == version}
        missing = [name for name in names if name not in found]
        if not missing:
            return found
        read = {}
        for name in missing:
            table = name.removeprefix(CATALOG_SCHEMA)
            read[name] = folded(table, self._catalog.arrow(table), seen.folds)
        if self._catalog.version() != version:
            return None
        self._tables |= {name: (version, rows) for name, rows in read.items()}
        return found | read

    def made(self, name: str, version: int, make: Callable[[], T]) -> T:
        """Return what was made of the house at a version, or make it."""
        at, value = self._made.get(name, (-1, None))
        if at != version:
            value = make()
            self._made[name] = (version, value)
        return cast("T", value)


class Reader:
    """Answers queries over every table and view of the house; a context manager.

    All of a query, and all queries over what was already loaded, see one state of the house. A
    query that needs another catalog table after the catalog has changed moves the whole reader to
    the newest state; `load` reads tables beforehand where a series of queries must agree.
    """

    def __init__(self, cache: CatalogCache, lake: Lake, engine: Engine) -> None:
        self._cache = cache
        self._lake = lake
        self._engine = engine
        self._streams: list[Session] = []
        self._loaded: dict[str, pa.Table] = {}
        self._snapshot = cache.snapshot()
        self._opened: Session | None = None

    @property
    def version(self) -> int:
        """Return the version of the catalog that is seen."""
        return self._snapshot.version

    def load(self, *names: str) -> None:
        """Make tables and views available now, all at one state of the house."""
        wanted = ordered(names)
        self._require(wanted)
        self._offer(self._main, wanted)

    def table(self, name: str) -> pa.Table:
        """Return all rows of a table of the catalog, as queries see them."""
        self._require([CATALOG_SCHEMA + name])
        return self._loaded[CATALOG_SCHEMA + name]

    def kept(self, name: str, tables: Sequence[str], make: Callable[[], T]) -> T:
        """Return what `make` makes of tables of the catalog, kept until the house changes.

        All readers of the store share it, so that nobody may change it.
        """
        self._require([CATALOG_SCHEMA + table for table in tables])
        return self._cache.made(name, self.version, make)

    def sql(self, query: str, parameters: Parameters = None) -> pa.Table:
        """Return the result of one SELECT; parameters are `$name` or `?`.

        Raises QueryError for what cannot run, or does more than read.
        """
        require_reading(query)
        self.load(*mentioned(query))
        with told():
            return self._main.query(query, parameters).to_arrow_table()

    def stream(
        self, query: str, parameters: Parameters = None, *, batch_rows: int = BATCH_ROWS
    ) -> Generator[pa.RecordBatch, None, None]:
        """Yield the result in batches of at most so many rows, without holding all of it.

        Other queries may run meanwhile.
        """
        require_reading(query)
        self.load(*mentioned(query))
        session = self._engine.session()
        self._streams.append(session)
        try:
            self._offer(session, ordered(mentioned(query)))
            with told():
                yield from session.query(query, parameters).to_arrow_reader(batch_rows)
        finally:
            session.close()

    def close(self) -> None:
        """Forget the snapshot and what was loaded; streams end."""
        for session in (*self._streams, *filter(None, [self._opened])):
            session.close()
        self._opened = None

    def __enter__(self) -> Self:
        """Return the reader."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    @property
    def _main(self) -> Session:
        """Return the session of all queries, made for the first one."""
        if self._opened is None:
            self._opened = self._engine.session()
        return self._opened

    def _require(self, names: Sequence[str]) -> None:
        """Load the tables of the catalog among some relations."""
        missing = [name for name in names if name in _CATALOG and name not in self._loaded]
        if missing:
            self._read_catalog(missing)

    def _read_catalog(self, names: Sequence[str]) -> None:
        """Load tables as of our snapshot, or everything anew as of a later one."""
        for _ in range(_ATTEMPTS):
            found = self._cache.tables(names, self._snapshot)
            if found is not None:
                self._loaded |= found
                return
            names = [*self._loaded, *names]
            self._loaded = {}
            if self._opened is not None:
                self._opened.close()
                self._opened = None
            self._snapshot = self._cache.snapshot()
        raise RetryableError(
            f"the catalog changed {_ATTEMPTS} times while it was read; try again when fewer "
            f"processes write"
        )

    def _offer(self, session: Session, names: Sequence[str]) -> None:
        for name in names:
            if name in session.offered:
                continue
            with told():
                if name in _CATALOG:
                    session.add_table(name, self._loaded[name])
                elif name.startswith(LAKE_SCHEMA):
                    self._offer_rows(session, name)
                else:
                    session.add_view(name, sql_of(name))

    def _offer_rows(self, session: Session, name: str) -> None:
        """Offer the visible rows of a lake table."""
        table = name.removeprefix(LAKE_SCHEMA)
        files = self._lake.files(table)
        if not files and self._snapshot.committed:
            self._lake.place.require()
        visible = table_sql(table, files, self._visibility)
        select = folded_sql(table, visible, self._snapshot.folds)
        for known, rows in (
            (COMMITTED, self._committed),
            (SUPERSEDED, self._superseded),
            (FOLDED, self._folded),
        ):
            if known in select and known not in session.offered:
                session.copy_table(known, rows())
        session.add_view(name, select)

    @property
    def _visibility(self) -> Visibility:
        return Visibility.of(self._snapshot.committed, self._snapshot.superseded)

    def _committed(self) -> pa.Table:
        return pa.table({"batch_id": pa.array(self._snapshot.committed, pa.string())})

    def _superseded(self) -> pa.Table:
        units, batches = zip(*self._snapshot.superseded, strict=True)
        return pa.table({"unit_id": units, "batch_id": batches})

    def _folded(self) -> pa.Table:
        return folds_of_models(self._snapshot.folds)
