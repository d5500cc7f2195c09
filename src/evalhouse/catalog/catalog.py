"""The catalog of a house: who, what, where, when. The only part that talks to a database server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from evalhouse.catalog import batches, reads, settings, statements
from evalhouse.catalog.batches import BatchOutcome
from evalhouse.catalog.copying import Contents
from evalhouse.catalog.database import Database
from evalhouse.catalog.plans import MigrationPlan, known_revision
from evalhouse.catalog.reads import KnownFile, LiveUnit, Snapshot
from evalhouse.catalog.registry import Registry
from evalhouse.catalog.revisions import HEAD, REVISIONS, VERSION_TABLE, require_head, revision_of
from evalhouse.catalog.sqlite import SqliteDatabase
from evalhouse.catalog.values import Dialect
from evalhouse.errors import HouseError, OutdatedHouseError, UnknownNameError, UsageError
from evalhouse.records import BatchUnit, Entity
from evalhouse.schema import CATALOG_TABLES

if TYPE_CHECKING:
    import pyarrow as pa

_BUSY_SECONDS = 120.0
_NAMES = tuple(table.name for table in CATALOG_TABLES)


class Catalog:
    """Identities and relations in SQLite or PostgreSQL, with the same behaviour on both.

    Each method is one short transaction. Text comes back as `values.stored_text` left it.
    """

    HEAD: ClassVar[str] = HEAD

    def __init__(self, url: str, *, busy_seconds: float = _BUSY_SECONDS) -> None:
        self._database = _database(url, busy_seconds)
        self.dialect: Dialect = self._database.dialect
        self.place = self._database.place  # as shown to people, without a password

    def prepare(self) -> str | None:
        """Make the catalog usable: create an empty one, migrate an older SQLite file.

        Returns the revision that a file was migrated from. An older PostgreSQL database, which
        others use too, is for its owner to migrate, a newer catalog for a newer program: both
        raise `OutdatedHouseError`.
        """
        found = self.revision()
        if found == HEAD:
            return None
        if found is None:
            self._create()
        elif self.dialect == "sqlite" and found in REVISIONS:
            self.migrate()
        require_head(self.revision())
        return found

    def revision(self) -> str | None:
        """Return the schema revision, or `None` where there is no catalog yet."""
        if not self._database.exists():
            return None
        with self._database.read() as session:
            return revision_of(session)

    def migrate(self, revision: str = "head") -> None:
        """Migrate up to a revision, in one transaction."""
        self._require_known()
        from evalhouse.catalog import migrations  # noqa: PLC0415 - loads Alembic, rarely needed

        migrations.upgrade(self._database, revision)

    def plan(self, revision: str) -> MigrationPlan:
        """Return what a migration to a revision would do; nothing is done."""
        wanted = self._reachable(revision)
        from evalhouse.catalog import migrations  # noqa: PLC0415 - loads Alembic, rarely needed

        with self._database.read() as session:
            return migrations.plan_of(session, self._database.place, wanted)

    def move(self, revision: str, *, lose_rows: bool = False) -> MigrationPlan:
        """Migrate up or down to a revision in one transaction, and return what was done.

        Raises:
            UsageError: Rows would be lost, and `lose_rows` is false.
        """
        wanted = self._reachable(revision)
        from evalhouse.catalog import migrations  # noqa: PLC0415 - loads Alembic, rarely needed

        return migrations.move(self._database, wanted, lose_rows=lose_rows)

    def setting(self, name: str) -> str | None:
        """Return a setting of the house, or `None` where nobody has set it."""
        with self._database.read() as session:
            return settings.read_setting(session, name)

    def set_setting(self, name: str, value: str) -> None:
        """Set a setting of the house."""
        with self._database.write() as session:
            settings.write_setting(session, name, value)

    def setting_once(self, name: str, make: Callable[[], str]) -> str:
        """Return a setting; where nobody has set it, set what `make` gives. The first wins."""
        found = self.setting(name)
        if found is not None:
            return found
        value = make()
        with self._database.write() as session:
            settings.write_setting_once(session, name, value)
            return settings.read_setting(session, name) or value

    def open_batch(self, batch_id: str) -> None:
        """Say that this process is going to write a batch."""
        with self._database.write() as session:
            batches.open_batch(session, batch_id)

    def beat(self, batch_id: str) -> None:
        """Renew the lease of an open batch."""
        with self._database.write() as session:
            batches.beat(session, batch_id)

    def abandon(self, batch_id: str) -> None:
        """Close an open batch, so that its rows are never seen; any other is left as it is."""
        with self._database.write(alone=True) as session:
            batches.abandon(session, batch_id)

    def abandon_expired(self, older_than: timedelta) -> list[str]:
        """Close the open batches without a sign of life for so long; return their ids."""
        with self._database.write(alone=True) as session:
            return batches.abandon_expired(session, older_than)

    def commit_batch(
        self,
        batch_id: str,
        *,
        entities: Sequence[Entity],
        units: Sequence[BatchUnit],
        retired: Sequence[str] = (),
    ) -> BatchOutcome:
        """Make a batch seen, with its entities and units, and hide what it replaces.

        A unit that is live with an equal fingerprint stays as it is, and ours is hidden. `retired`
        units have lost their evidence. Raises `HouseError` where the batch is not open any more.
        """
        with self._database.write(alone=True) as session:
            return batches.commit(
                session, batch_id, entities=entities, units=units, retired=retired
            )

    def snapshot(self) -> Snapshot:
        """Return which batches and units are seen, at one moment."""
        with self._database.read() as session:
            return reads.read_snapshot(session)

    def version(self) -> int:
        """Return how often the catalog has changed; heartbeats do not count."""
        with self._database.read() as session:
            return settings.read_version(session)

    def arrow(self, table: str) -> pa.Table:
        """Return all rows of a table of the catalog, in the types of its Arrow schema."""
        if table not in _NAMES:
            raise UnknownNameError("table of the catalog", table, _NAMES)
        from evalhouse.catalog import adbc  # noqa: PLC0415 - loads pyarrow, which writers may not need

        return adbc.read_table(self._database, table)

    def files_below(self, prefix: str) -> dict[str, KnownFile]:
        """Return the files at or below an absolute path, by their path."""
        with self._database.read() as session:
            return reads.files_below(session, prefix)

    def files_inside(self, folder: str) -> list[KnownFile]:
        """Return the files in a folder of this (relative) name, wherever it lies."""
        with self._database.read() as session:
            return reads.files_inside(session, folder)

    def files_of_runs(self, run_ids: Sequence[str]) -> list[KnownFile]:
        """Return the files of the sources that these runs were read from."""
        with self._database.read() as session:
            return reads.files_of_runs(session, run_ids)

    def live_units(self, run_ids: Sequence[str]) -> list[LiveUnit]:
        """Return the units of these runs that are seen."""
        with self._database.read() as session:
            return reads.live_units(session, run_ids)

    @contextmanager
    def contents(self) -> Iterator[Contents]:
        """Lend all rows as of one moment, for another catalog."""
        with self._database.read() as session:
            require_head(revision_of(session))
            yield Contents(self.place, session)

    def load(self, contents: Contents) -> dict[str, int]:
        """Make this catalog, of which there is nothing yet, of the rows of another.

        Returns how many rows each table has. All of it is one transaction.
        """
        from evalhouse.catalog import creation  # noqa: PLC0415 - loads SQLAlchemy, rarely needed

        return creation.create_filled(self._database, contents)

    def counts(self) -> dict[str, int]:
        """Return the number of rows of every table."""
        with self.contents() as found:
            return found.counts()

    @property
    def registry(self) -> Registry:
        """Return what writes models and aliases on a person's word."""
        return Registry(self._database)

    def close(self) -> None:
        """Close what is open; the next use opens it again."""
        self._database.close()

    def _create(self) -> None:
        there: frozenset[str] = frozenset()
        if self._database.exists():
            with self._database.read() as session:
                if revision_of(session) is not None:  # another process was quicker
                    return
                there = session.tables()
        if others := there - {VERSION_TABLE}:
            raise HouseError(
                f"`{self._database.place}` holds other tables (`{min(others)}`); a catalog needs "
                f"an empty database"
            )
        if isinstance(self._database, SqliteDatabase) and not there:
            statements.create(self._database)
        else:
            self.migrate()

    def _reachable(self, revision: str) -> str:
        """Return the revision that is meant, of a catalog that is there and known."""
        wanted = known_revision(revision)
        if self.revision() is None:
            raise HouseError(
                f"there is no catalog at `{self._database.place}`; `evalhouse init` makes one"
            )
        self._require_known()
        return wanted

    def _require_known(self) -> None:
        found = self.revision()
        if found is not None and found not in REVISIONS:
            raise OutdatedHouseError(found, HEAD, newer=True)


def _database(url: str, busy_seconds: float) -> Database:
    scheme = url.partition(":")[0].partition("+")[0]
    if scheme == "sqlite":
        return SqliteDatabase(url, busy_seconds=busy_seconds)
    if scheme in {"postgresql", "postgres"}:
        from evalhouse.catalog.postgresql import (  # noqa: PLC0415 - loads psycopg
            PostgresDatabase,
        )

        return PostgresDatabase(url, busy_seconds=busy_seconds)
    raise UsageError(
        f"the catalog cannot be a `{scheme}` database; expected sqlite:////folder/catalog.db or "
        f"postgresql://server/database"
    )
