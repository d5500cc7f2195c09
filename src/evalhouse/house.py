"""The facade: a house, and everything that can be asked of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self

from evalhouse import config
from evalhouse.config import HouseSettings
from evalhouse.errors import UsageError
from evalhouse.store import Reader, Store, output
from evalhouse.views import items, leaderboard, names, pivot, problems, runs, tables
from evalhouse.views.contest import Choice
from evalhouse.views.items import Item
from evalhouse.views.leaderboard import Groups, Leaderboard
from evalhouse.views.pivot import Pivot
from evalhouse.views.problems import Problems
from evalhouse.views.runs import RunList, RunPage, TaskPage
from evalhouse.views.tables import TableList, TablePage

if TYPE_CHECKING:
    import pyarrow as pa

    from evalhouse.workflows.export import ExportReport
    from evalhouse.workflows.export_tidy import TidyReport
    from evalhouse.workflows.ingest import IngestOptions, Progress
    from evalhouse.workflows.ledger import Ledger
    from evalhouse.workflows.models import ModelShelf

Place = str | os.PathLike[str]
Where = Mapping[str, str | Sequence[str]]


class House:
    """A house: dumps go in, numbers and files come out; a context manager.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder, open_house(folder) as house:
        ...     house.sql("select count(*) as runs from runs").to_pylist()
        [{'runs': 0}]
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    @property
    def settings(self) -> HouseSettings:
        """Return where the house keeps its parts."""
        return self.store.settings

    # -- in and out ------------------------------------------------------------------------------

    def ingest(
        self,
        *places: Place,
        options: IngestOptions | None = None,
        watch: Callable[[Progress], None] | None = None,
    ) -> Ledger:
        """Take in every dump below the places; what is here already is left as it is."""
        from evalhouse.workflows.ingest import ingest  # noqa: PLC0415 - readers are not needed to ask

        return ingest(self.store, places, options, watch=watch)

    def export_olmes(self, run: str, to: Place) -> ExportReport:
        """Write a run as OLMES wrote it into a new or empty folder."""
        from evalhouse.workflows.export import export_olmes  # noqa: PLC0415 - as above

        with self._reader() as reader:
            run_id = names.find_run(reader, run).run_id
        return export_olmes(self.store, run_id, to)

    def export_codebook_lab(self, run: str, to: Place) -> ExportReport:
        """Write the folder of an annotation run into a new or empty folder."""
        from evalhouse.workflows.export_runs import export_run_folder  # noqa: PLC0415 - as above

        with self._reader() as reader:
            run_id = names.find_run(reader, run).run_id
        return export_run_folder(self.store, run_id, to)

    def export_tidy(self, task: str, to: Place) -> TidyReport:
        """Write the tables of all annotation runs of a task into a new or empty folder."""
        from evalhouse.workflows.export_tidy import export_tidy  # noqa: PLC0415 - as above

        return export_tidy(self.store, task, to)

    def repair(self) -> list[str]:
        """Close the batches of processes that are gone, and return their ids."""
        return self.store.repair()

    @property
    def models(self) -> ModelShelf:
        """Return the models of the house: register, look at them, decide what is in conflict."""
        from evalhouse.workflows.models import ModelShelf  # noqa: PLC0415 - as above

        return ModelShelf(self.store)

    # -- questions -------------------------------------------------------------------------------

    def sql(
        self, query: str, parameters: Mapping[str, object] | Sequence[object] | None = None
    ) -> pa.Table:
        """Return the result of one SELECT over all tables and views as Arrow."""
        with self._reader() as reader:
            return reader.sql(query, parameters)

    def write_sql(self, query: str, sink: BinaryIO, form: output.Format) -> int:
        """Write the result of one SELECT to a binary file, and return the number of rows."""
        with self._reader() as reader, closing(reader.stream(query)) as batches:
            first = next(batches, None)
            if first is None:  # nothing, but with columns
                return output.write([], reader.sql(query).schema, sink, form)
            return output.write(_chained(first, batches), first.schema, sink, form)

    def leaderboard(
        self,
        name: str,
        *,
        metric: str | None = None,
        group_by: Sequence[str] = (),
        where: Where | None = None,
    ) -> Leaderboard | Groups:
        """Rank models on a task or suite; with `group_by`, rank groups of results."""
        choice = Choice(metric, _alternatives(where), tuple(group_by))
        with self._reader() as reader:
            return leaderboard.leaderboard(reader, name, choice)

    def pivot(self, name: str, *, metric: str | None = None, where: Where | None = None) -> Pivot:
        """Set models against the members of a suite, or against all tasks below a node."""
        with self._reader() as reader:
            return pivot.pivot(reader, name, Choice(metric, _alternatives(where)))

    def suggestion(self) -> str | None:
        """Return the suite or task with results of most models; None in an empty house."""
        with self._reader() as reader:
            return leaderboard.suggestion(reader)

    def runs(self) -> RunList:
        """List the runs."""
        with self._reader() as reader:
            return runs.runs(reader)

    def show(
        self, run: str, task: str | None = None, doc: str | int | None = None
    ) -> RunPage | TaskPage | Item:
        """Show a run, one of its tasks, or one item of that task."""
        if doc is not None and task is None:
            raise UsageError("an item is known by its task and number; name the task too")
        with self._reader() as reader:
            if task is None:
                return runs.run_page(reader, run)
            if doc is None:
                return runs.task_page(reader, run, task)
            return items.item(reader, run, task, doc)

    def problems(
        self, *, run: str | None = None, kind: str | None = None, severity: str | None = None
    ) -> Problems:
        """List what could not be read, contradicts, or deserves a look."""
        with self._reader() as reader:
            return problems.problems(reader, run=run, kind=kind, severity=severity)

    @staticmethod
    def tables(name: str | None = None) -> TableList | TablePage:
        """List every table and view, or the columns of one."""
        return tables.tables() if name is None else tables.table(name)

    # -- life ------------------------------------------------------------------------------------

    def close(self) -> None:
        """Release what is open."""
        self.store.close()

    def __enter__(self) -> Self:
        """Return the house."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    @contextmanager
    def _reader(self) -> Iterator[Reader]:
        with self.store.reader() as reader:
            yield reader


def open_house(
    place: Place, *, catalog: str | None = None, lake: str | None = None, create: bool = True
) -> House:
    """Open the house at a place; make it if there is none and `create` is true.

    `catalog` is a SQLAlchemy URL and `lake` a folder or an `s3://` address, where they are not in
    the house's folder.
    """
    return House(Store.open(config.load(place, catalog=catalog, lake=lake), create=create))


def prepare_house(
    place: Place, *, catalog: str | None = None, lake: str | None = None
) -> HouseSettings:
    """Make a house, or make sure that the one that is there can be used.

    Raises UsageError where a house is there already with another catalog or lake, or an address
    holds a password, and OutdatedHouseError where a shared catalog is older than this program.
    """
    settings = config.load(place, catalog=catalog, lake=lake)
    config.require_storable(settings)
    _refuse_another(settings, config.load(place))
    with open_house(place, catalog=catalog, lake=lake):
        return settings


def _refuse_another(wanted: HouseSettings, there: HouseSettings) -> None:
    """A house keeps what it was made with: rows in two places would belong to none."""
    exists = any(Path(there.folder, name).exists() for name in (config.SETTINGS_FILE, "catalog.db"))
    for name in ("catalog", "lake"):
        ours, given = getattr(there, name), getattr(wanted, name)
        if exists and ours != given:
            raise UsageError(
                f"the house at `{there.folder}` has its {name} at `{ours}`, not at `{given}`; "
                f"make another house for that"
            )


def _alternatives(where: Where | None) -> dict[str, list[str]]:
    """Return each key with the values it may have."""
    given = where or {}
    return {key: [value] if isinstance(value, str) else list(value) for key, value in given.items()}


def _chained(first: pa.RecordBatch, rest: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield first
    yield from rest
