"""The store of a house, and the protocol by which a batch becomes part of it."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from evalhouse import config, ids
from evalhouse.catalog import BatchOutcome, Catalog
from evalhouse.config import HouseSettings
from evalhouse.errors import EvalhouseError, HouseError, NoHouseError
from evalhouse.lake import DataFile, Lake
from evalhouse.records import BatchUnit, Entity
from evalhouse.store.blobs import Blobs
from evalhouse.store.engine import Engine
from evalhouse.store.reader import CatalogCache, Reader

LEASE = timedelta(minutes=15)
"""A batch without a sign of life for so long belongs to a process that is gone."""


class Store:
    """Catalog, lake and blobs of one house; a context manager."""

    def __init__(self, settings: HouseSettings) -> None:
        self.settings = settings
        self.catalog = Catalog(settings.catalog)
        self.lake = Lake(settings.lake)
        self.blobs = Blobs(settings.blobs)
        self._engine = Engine(self.lake.place)
        self._cache = CatalogCache(self.catalog)
        self.migrated_from: str | None = None  # revision, where opening has migrated the catalog

    @classmethod
    def open(cls, settings: HouseSettings, *, create: bool) -> Store:
        """Open the house at `settings`, or make it.

        Raises NoHouseError where there is none and `create` is false. A failure leaves nothing
        behind that would count as a house.
        """
        store = cls(settings)
        with contextlib.ExitStack() as undo:
            undo.callback(store.close)
            store._prepare(create=create)
            undo.pop_all()
        return store

    def begin(self) -> Batch:
        """Open a batch; nothing of it is seen before its commit."""
        return Batch(self)

    def reader(self) -> Reader:
        """Return a reader of the house as it is now."""
        return Reader(self._cache, self.lake, self._engine)

    def repair(self, lease: timedelta = LEASE) -> list[str]:
        """Close the batches of processes that are gone, and return their ids."""
        return self.catalog.abandon_expired(lease)

    def close(self) -> None:
        """Release what is open."""
        self._engine.close()
        self.catalog.close()

    def __enter__(self) -> Self:
        """Return the store."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def _prepare(self, *, create: bool) -> None:
        if self.catalog.revision() is not None:
            self.migrated_from = self.catalog.prepare()
        elif create:
            self._make()
        else:
            raise NoHouseError(str(self.settings.folder))

    def _make(self) -> None:
        """Make a new house: the catalog comes last but for the settings that point to it."""
        config.require_storable(self.settings)
        with _fresh_folder(self.settings.folder):
            self.lake.place.check()
            try:
                self.catalog.prepare()
            except BaseException:
                _remove_empty(Path(self.settings.lake))
                raise
            config.save(self.settings)


class Batch:
    """What one write brings: files of the lake, then one transaction that makes them seen.

    As a context manager it is abandoned unless it was committed.
    """

    def __init__(self, store: Store) -> None:
        self.batch_id = ids.random_id()
        self._store = store
        self._files: dict[str, list[DataFile]] = defaultdict(list)
        self._open = True
        store.catalog.open_batch(self.batch_id)

    def add(self, files: Iterable[DataFile]) -> None:
        """Take files that writers have closed."""
        for file in files:
            self._files[file.table].append(file)

    def beat(self) -> None:
        """Say that this batch is still being written."""
        self._store.catalog.beat(self.batch_id)

    def commit(
        self,
        *,
        entities: Sequence[Entity] = (),
        units: Sequence[BatchUnit] = (),
        retired: Sequence[str] = (),
    ) -> BatchOutcome:
        """Append to every table once, then make the whole batch seen in one transaction.

        `retired` units are seen no more. Raises HouseError where `repair` has closed the batch.
        """
        if not self._open:
            raise HouseError(f"the batch `{self.batch_id}` is closed; begin another")
        for table, files in self._files.items():
            self._store.lake.append(table, files, batch_id=self.batch_id)
        outcome = self._store.catalog.commit_batch(
            self.batch_id, entities=entities, units=units, retired=retired
        )
        self._open = False
        return outcome

    def abandon(self) -> None:
        """Give up: nothing of the batch will be seen, and its files make room for others."""
        if self._open:
            self._open = False
            self._store.lake.discard(self.batch_id)
            self._store.catalog.abandon(self.batch_id)

    def __enter__(self) -> Self:
        """Return the batch."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Abandon what was not committed."""
        with contextlib.ExitStack() as quiet:
            if failure is not None:  # the first failure is the one to tell
                quiet.enter_context(contextlib.suppress(EvalhouseError))
            self.abandon()


@contextlib.contextmanager
def _fresh_folder(folder: Path) -> Iterator[None]:
    """Make a folder and those above it, and remove the empty ones again after a failure."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        raise HouseError(f"there cannot be a house at `{folder}`: {failure.strerror}") from failure
    try:
        yield
    except BaseException:
        for each in missing:
            _remove_empty(each)
        raise


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):  # not empty, or not there: not ours to remove
        folder.rmdir()
