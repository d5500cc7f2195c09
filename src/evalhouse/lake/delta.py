"""Delta tables: add files to a table in one commit, list the files of a table."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from evalhouse.errors import HouseError
from evalhouse.lake.place import Place
from evalhouse.lake.writer import DataFile, TableWriter
from evalhouse.schema import TABLES
from evalhouse.schema.arrow import arrow_schema

if TYPE_CHECKING:
    import deltalake

COMMIT_RETRIES = 100
"""With the library's default of 15, ten writers at once lost 16 of 500 appends; with 100, none."""

CHECKPOINT_EVERY = 50
"""Commits between checkpoints, so that opening a table stays fast."""

_CONFLICT_RETRIES = 10
_CONFIGURATION: dict[str, str | None] = {
    # The log is the record of what was written: no program may shorten it by itself.
    "delta.enableExpiredLogCleanup": "false",
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.checkpointInterval": "1000000",
    "delta.dataSkippingNumIndexedCols": "-1",
}


@dataclass(frozen=True)
class LakeFile:
    """A Parquet file of a table, with what can be known of its rows without opening it."""

    uri: str
    batch_low: str | None
    batch_high: str | None
    unit_low: str | None
    unit_high: str | None
    rows: int
    size: int
    """Bytes."""
    columns: frozenset[str] | None
    """The columns it holds; None where its writer did not say."""


class Lake:
    """The tables below one folder or bucket prefix; keeps the tables it has opened."""

    def __init__(self, uri: str, storage_options: Mapping[str, str] | None = None) -> None:
        self.place = Place(uri, storage_options)
        self._open: dict[str, deltalake.DeltaTable] = {}
        self._listed: dict[str, tuple[int, list[LakeFile]]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Leave open tables behind, which no other process can use."""
        return {**vars(self), "_open": {}, "_listed": {}}

    def writer(self, table: str, *, batch_id: str, name: str) -> TableWriter:
        """Return a writer of Parquet files; `name` tells the writers of one batch apart."""
        return TableWriter(self.place, table, batch_id=batch_id, name=name)

    def append(self, table: str, files: Sequence[DataFile], *, batch_id: str) -> None:
        """Add files to a table in one commit, and make the table if it is the first.

        Any number of processes may do this at once.
        """
        if files:
            with _wrapped(table):
                version = self._append(table, files, batch_id)
                self._checkpoint(table, version)

    def files(self, table: str) -> list[LakeFile]:
        """Return the files of a table as it is now; none when there is no such table."""
        with _wrapped(table):
            opened = self._current(table)
            if opened is None:
                return []
            version, listed = self._listed.get(table, (-1, []))
            if version != opened.version():
                listed = self._list(table, opened)
                self._listed[table] = (opened.version(), listed)
            return listed

    def discard(self, batch_id: str) -> None:
        """Remove the files of a batch that was given up, unless a table names them already."""
        for name, table in TABLES.items():
            if table.place == "lake":
                with _wrapped(name):
                    written = self.place.files(name, f"{batch_id}-")
                    named = {file.uri for file in self.files(name)} if written else set()
                    for path in written:
                        if self.place.address(name, path) not in named:
                            self.place.filesystem.delete_file(self.place.path(name, path))

    def _current(self, table: str) -> deltalake.DeltaTable | None:
        """Return the table at its newest version, None where there is none."""
        if table in self._open:
            self._open[table].update_incremental()
            return self._open[table]
        import deltalake  # noqa: PLC0415 - workers import this module and never open a table

        try:
            opened = deltalake.DeltaTable(
                self.place.address(table), storage_options=self.place.options
            )
        except deltalake.exceptions.TableNotFoundError:
            return None
        self._open[table] = opened
        return opened

    def _append(self, table: str, files: Sequence[DataFile], batch_id: str) -> int:
        from deltalake import exceptions  # noqa: PLC0415 - see _current

        schema = arrow_schema(table)
        for attempt in range(_CONFLICT_RETRIES):
            try:
                opened = self._current(table)
                if opened is None:
                    return self._create(table, files, schema, batch_id)
                _add_missing_columns(opened, schema)
                opened.create_write_transaction(
                    _actions(files), "append", schema, **_properties(batch_id)
                )
            except exceptions.DeltaError:
                # Another process made the table, or changed its columns, at the same moment.
                self._open.pop(table, None)
                if attempt == _CONFLICT_RETRIES - 1:
                    raise
            else:
                return opened.version()
        raise AssertionError("the loop returns or raises")

    def _create(
        self, table: str, files: Sequence[DataFile], schema: pa.Schema, batch_id: str
    ) -> int:
        import deltalake  # noqa: PLC0415 - see _current
        from deltalake.transaction import create_table_with_add_actions  # noqa: PLC0415 - same

        create_table_with_add_actions(
            self.place.address(table),
            deltalake.Schema.from_arrow(schema),
            _actions(files),
            mode="error",
            configuration=_CONFIGURATION,
            storage_options=self.place.options,
            **_properties(batch_id),
        )
        return 0

    def _checkpoint(self, table: str, version: int) -> None:
        if version and version % CHECKPOINT_EVERY == 0:
            from deltalake import exceptions  # noqa: PLC0415 - see _current

            # Only speeds up reading, and another process may be writing the very same file.
            with contextlib.suppress(exceptions.DeltaError, OSError):
                self._open[table].create_checkpoint()

    def _list(self, table: str, opened: deltalake.DeltaTable) -> list[LakeFile]:
        actions = pa.table(opened.get_add_actions(flatten=True))
        names = actions.schema.names
        counted = [name for name in names if name.startswith("null_count.")]
        return [self._described(table, row, counted) for row in actions.to_pylist()]

    def _described(self, table: str, row: dict[str, Any], counted: list[str]) -> LakeFile:
        columns = frozenset(
            name.removeprefix("null_count.") for name in counted if row[name] is not None
        )
        return LakeFile(
            uri=self.place.address(table, row["path"]),
            batch_low=row.get("min.batch_id"),
            batch_high=row.get("max.batch_id"),
            unit_low=row.get("min.unit_id"),
            unit_high=row.get("max.unit_id"),
            rows=row["num_records"] or 0,
            size=row["size_bytes"],
            columns=columns or None,
        )


def _actions(files: Sequence[DataFile]) -> list[Any]:
    from deltalake.transaction import AddAction  # noqa: PLC0415 - see Lake._current

    now = int(time.time() * 1000)
    return [AddAction(file.path, file.size, {}, now, True, file.stats) for file in files]


def _properties(batch_id: str) -> dict[str, Any]:
    """Return how to commit: patiently, named after its batch, without chores that could fail."""
    import deltalake  # noqa: PLC0415 - see Lake._current

    return {
        "commit_properties": deltalake.CommitProperties(
            custom_metadata={"batch_id": batch_id}, max_commit_retries=COMMIT_RETRIES
        ),
        "post_commithook_properties": deltalake.PostCommitHookProperties(
            create_checkpoint=False, cleanup_expired_logs=False
        ),
    }


def _add_missing_columns(opened: deltalake.DeltaTable, schema: pa.Schema) -> None:
    """Give an older table the columns that were declared since; old files read as NULL."""
    import deltalake  # noqa: PLC0415 - see Lake._current

    present = {field.name for field in opened.schema().fields}
    missing = [field.with_nullable(True) for field in schema if field.name not in present]
    if missing:
        opened.alter.add_columns([deltalake.Field.from_arrow(field) for field in missing])


@contextlib.contextmanager
def _wrapped(table: str) -> Iterator[None]:
    from deltalake import exceptions  # noqa: PLC0415 - see Lake._current

    try:
        yield
    except (exceptions.DeltaError, exceptions.TableNotFoundError, OSError) as failure:
        reason = str(failure).split("\n", 1)[0]  # a trace of the library follows
        raise HouseError(f"the lake table `{table}` cannot be used: {reason}") from failure
