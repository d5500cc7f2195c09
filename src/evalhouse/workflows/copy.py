"""A house in another place: another database, another folder or bucket, the same ids."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec
from pyarrow import fs

from evalhouse import config
from evalhouse.catalog import Catalog, Contents
from evalhouse.config import HouseSettings
from evalhouse.errors import DamagedHouseError, HouseError, UsageError, boundary
from evalhouse.lake import Place
from evalhouse.lake.copying import (
    Copied,
    TableState,
    copy_files,
    copy_table,
    sizes,
    states,
    whole_file,
)
from evalhouse.store import Store

MARK = "_copy.json"
"""In the lake of a house that is being copied to: whose copy it is, and how far it is."""

Address = str | os.PathLike[str]
Watch = Callable[[str], None]


@dataclass(frozen=True)
class CopyReport:
    """What was copied: rows of the catalog by table, rows of the lake by table, kept files."""

    source: str
    destination: str
    catalog: dict[str, int]
    lake: dict[str, int]
    files: Copied  # of lake and blobs
    unfinished: int  # batches that somebody was writing: nothing of them is seen in the copy


def copy_house(
    source: Address,
    destination: Address,
    *,
    catalog: str | None = None,
    lake: str | None = None,
    watch: Watch | None = None,
) -> CopyReport:
    """Copy a house as it is at one moment; `catalog` and `lake` say where the copy keeps them.

    The files come first, then the catalog in one transaction: before that there is no house at
    the destination, and the same call goes on where an interrupted one stopped.

    Raises:
        UsageError: The destination holds something else, or is within the source or around it.
    """
    _refuse_file(Path(destination).expanduser().resolve())
    goal = config.load(destination, catalog=catalog, lake=lake)
    config.require_storable(goal)
    tell = watch or _silent
    with (
        Store.open(config.load(source), create=False) as store,
        closing(Catalog(goal.catalog)) as target,
    ):
        _refuse_same(store.settings, goal)
        _refuse_nested(store.settings, goal)
        mark = _Mark(goal, store)
        if mark.wanted_rows is not None and target.revision() is not None:
            return _finish(mark, target)
        _require_room(mark, target)
        return _copy(mark, store, target, tell)


def _copy(mark: _Mark, store: Store, target: Catalog, tell: Watch) -> CopyReport:
    with store.catalog.contents() as contents:
        mark.begin()
        # Whatever the catalog shows was in the lake before: tables that are looked at now hold it.
        tables = states(store.lake.place)
        tell(f"copying {len(tables)} tables of the lake and the kept files")
        files = _copy_files(store, mark.goal, tables)
        _require_equal(tables, states(Place(mark.goal.lake)))
        rows = contents.counts()
        mark.write(rows=rows)
        tell(f"copying {sum(rows.values()):,} rows of the catalog")
        loaded = target.load(contents)
        return _report(mark, loaded, tables, files, _unfinished(contents))


def _finish(mark: _Mark, target: Catalog) -> CopyReport:
    """End a copy that was interrupted after its catalog was there."""
    found = target.counts()
    if found != mark.wanted_rows:
        raise UsageError(
            f"the catalog `{target.place}` is not the one that an interrupted copy left there; "
            f"name an empty place, or empty this one"
        )
    with target.contents() as contents:
        tables = states(Place(mark.goal.lake))
        files = Copied(present=sum(len(each.files) + len(each.log) for each in tables))
        return _report(mark, found, tables, files, _unfinished(contents))


def _report(
    mark: _Mark, rows: dict[str, int], tables: list[TableState], files: Copied, unfinished: int
) -> CopyReport:
    config.save(mark.goal)
    mark.remove()
    return CopyReport(
        source=mark.source,
        destination=str(mark.goal.folder),
        catalog=rows,
        lake={each.table: each.rows for each in tables},
        files=files,
        unfinished=unfinished,
    )


def _copy_files(store: Store, goal: HouseSettings, tables: list[TableState]) -> Copied:
    there = Place(goal.lake)
    copied = Copied()
    for table in tables:
        copied += copy_table(store.lake.place, there, table)
    kept = Place(store.settings.blobs)
    return copied + copy_files(kept, Place(goal.blobs), sizes(kept))


def _unfinished(contents: Contents) -> int:
    return int(contents.session.value("SELECT count(*) FROM batches WHERE state = 'open'"))


def _refuse_same(ours: HouseSettings, goal: HouseSettings) -> None:
    for name in ("folder", "catalog", "lake"):
        if getattr(ours, name) == getattr(goal, name):
            raise UsageError(
                f"the copy would have the {name} of its source, `{getattr(goal, name)}`; name "
                f"another place for it"
            )


def _refuse_nested(ours: HouseSettings, goal: HouseSettings) -> None:
    """Refuse a place within one that the other house has: each would hold files of both."""
    for name in ("folder", "lake"):
        here, there = getattr(ours, name), getattr(goal, name)
        if "://" in f"{here} {there}":
            continue
        if Path(here) in Path(there).parents or Path(there) in Path(here).parents:
            raise UsageError(
                f"the {name} of the copy, `{there}`, and that of its source, `{here}`, are one "
                f"within the other; name a place beside it"
            )


def _refuse_file(folder: Path) -> None:
    for place in (folder, *folder.parents):
        if place.exists() and not place.is_dir():
            raise UsageError(
                f"`{place}` is a file, and a house is a folder; name a new or an empty folder"
            )


def _require_room(mark: _Mark, target: Catalog) -> None:
    """Refuse a destination where there is something, unless it is the beginning of this copy."""
    if target.revision() is not None:
        raise UsageError(
            f"there is a house with the catalog `{target.place}` already; copy to an empty place"
        )
    if mark.found is None:
        for place in dict.fromkeys((mark.goal.lake, mark.goal.blobs)):
            if there := min(sizes(Place(place)), default=None):
                raise UsageError(
                    f"`{place}` is not empty: it holds `{there}`; copy to an empty place"
                )
    elif mark.found.source != mark.identity:
        raise UsageError(
            f"`{mark.goal.lake}` holds the beginning of a copy of another house, "
            f"`{mark.found.source}`; end that first, or copy to an empty place"
        )


def _require_equal(wanted: list[TableState], found: list[TableState]) -> None:
    there = {each.table: (each.version, each.rows) for each in found}
    for each in wanted:
        if there.get(each.table) != (each.version, each.rows):
            raise HouseError(
                f"the copy of the lake table `{each.table}` is not what was copied; copy again to "
                f"an empty place"
            )


class _Note(msgspec.Struct):
    """What the note says; `rows` by table, once the catalog is all that is left."""

    source: str
    rows: dict[str, int] | None


class _Mark:
    """The note in the lake of the destination, by which an interrupted copy is known again."""

    def __init__(self, goal: HouseSettings, store: Store) -> None:
        self.goal = goal
        self.source = str(store.settings.folder)
        self.identity = f"{store.catalog.place} with {store.settings.lake}"
        self._place = Place(goal.lake)
        self.found = self._read()

    @property
    def wanted_rows(self) -> dict[str, int] | None:
        """Return how many rows the catalog has, where an earlier try got as far as that."""
        known = self.found is not None and self.found.source == self.identity
        return self.found.rows if known and self.found else None

    def begin(self) -> None:
        """Make the folder of the house, and say whose copy it will be."""
        with boundary(HouseError, on=(OSError,)):
            self.goal.folder.mkdir(parents=True, exist_ok=True)
        self._place.check()
        self.write(rows=None)

    def write(self, *, rows: dict[str, int] | None) -> None:
        """Say whose copy this is, and before the catalog is loaded how many rows it has."""
        text = msgspec.json.encode(_Note(source=self.identity, rows=rows))
        with (
            boundary(HouseError, on=(OSError,)),
            whole_file(self._place, MARK) as sink,
        ):
            sink.write(text)

    def remove(self) -> None:
        """Say that the copy is complete."""
        with boundary(HouseError, on=(OSError,)):
            self._place.filesystem.delete_file(self._place.path(MARK))

    def _read(self) -> _Note | None:
        path = self._place.path(MARK)
        with boundary(HouseError, on=(OSError,)):
            found = self._place.filesystem.get_file_info(path)
            if found.type != fs.FileType.File:
                return None
            text = self._place.filesystem.open_input_file(path).read()
        try:
            return msgspec.json.decode(text, type=_Note)
        except msgspec.MsgspecError:
            raise DamagedHouseError(
                f"`{self._place.address(MARK)}` is no note of a copy; copy to an empty place"
            ) from None


def _silent(_: str) -> None:
    """Say nothing."""
