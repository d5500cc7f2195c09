"""Tables of a lake at one version, and files from one place to another."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj

import pyarrow as pa
from pyarrow import fs

from evalhouse.errors import DamagedHouseError, HouseError, boundary
from evalhouse.lake.place import Place
from evalhouse.schema import TABLES

LOG = "_delta_log"
_VERSION_DIGITS = 20  # of the name of a file in the log
_CHUNK = 1 << 20
_AT_ONCE = 8


@dataclass(frozen=True)
class TableState:
    """A table at one version: what its log names, and the log up to there."""

    table: str
    version: int
    rows: int
    files: tuple[str, ...]
    log: tuple[str, ...]
    """Both are paths inside the lake."""


@dataclass(frozen=True)
class Copied:
    """What became of files that were to be copied; `bytes` of those that were."""

    copied: int = 0
    present: int = 0
    bytes: int = 0

    def __add__(self, other: Copied) -> Copied:
        """Return both together."""
        return Copied(
            self.copied + other.copied, self.present + other.present, self.bytes + other.bytes
        )


def states(place: Place) -> list[TableState]:
    """Return every table of a lake as it is now."""
    names = [name for name, table in TABLES.items() if table.place == "lake"]
    return [state for name in names for state in _state(place, name)]


def sizes(place: Place, *folders: str) -> dict[str, int]:
    """Return the files at or below a folder of a place with their size in bytes."""
    root = place.path(*folders)
    selector = fs.FileSelector(root, allow_not_found=True, recursive=True)
    with boundary(HouseError, on=(OSError,)):
        found = place.filesystem.get_file_info(selector)
    inside = "/".join((*folders, "")) if folders else ""
    return {
        inside + each.path.removeprefix(root).lstrip("/"): each.size
        for each in found
        if each.type == fs.FileType.File
    }


def copy_files(source: Place, destination: Place, wanted: Mapping[str, int]) -> Copied:
    """Copy files, several at once; one that is there in its size is left as it is.

    A file appears whole or not at all, so that an interrupted copy can go on.
    """
    folders = sorted({name.rpartition("/")[0] for name in wanted})
    there: dict[str, int] = {}
    for folder in folders:
        destination.make_folder(*filter(None, [folder]))
        there |= sizes(destination, *filter(None, [folder]))
    missing = {name: size for name, size in wanted.items() if there.get(name) != size}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            list(pool.map(lambda name: copy_file(source, destination, name), missing))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return Copied(len(missing), len(wanted) - len(missing), sum(missing.values()))


def copy_table(source: Place, destination: Place, state: TableState) -> Copied:
    """Copy a table at a version: its files first, then its log in order.

    Raises:
        HouseError: the log at the destination is that of another table.
    """
    there = sizes(source, state.table)
    _require(source, state, there)
    copied = copy_files(source, destination, {name: there[name] for name in state.files})
    for name in state.log:
        copied += _copy_log_file(source, destination, name, there[name])
    return copied


def copy_file(source: Place, destination: Place, name: str) -> None:
    """Copy one file in pieces."""
    with (
        boundary(HouseError, on=(OSError,)),
        source.filesystem.open_input_stream(source.path(name), compression=None) as data,
        whole_file(destination, name) as sink,
    ):
        copyfileobj(data, sink, _CHUNK)


@contextlib.contextmanager
def whole_file(place: Place, name: str) -> Iterator[pa.NativeFile]:
    """Open a file that appears when it is complete; an object of a bucket does so by itself."""
    path = place.path(name)
    if place.is_bucket:
        with place.filesystem.open_output_stream(path, compression=None) as sink:
            yield sink
        return
    waiting = Path(path).with_name(f".{Path(path).name}.copying")
    with place.filesystem.open_output_stream(str(waiting), compression=None) as sink:
        yield sink
    waiting.replace(path)


def _state(place: Place, table: str) -> Iterator[TableState]:
    import deltalake  # noqa: PLC0415 - heavy, and few commands copy

    try:
        opened = deltalake.DeltaTable(place.address(table), storage_options=place.options)
    except deltalake.exceptions.TableNotFoundError:
        return
    except (deltalake.exceptions.DeltaError, OSError) as failure:
        reason = str(failure).split("\n", 1)[0]
        raise HouseError(f"the lake table `{table}` cannot be read: {reason}") from failure
    actions = pa.table(opened.get_add_actions(flatten=True)).select(["path", "num_records"])
    files = [f"{table}/{path}" for path in actions["path"].to_pylist()]
    rows = sum(count or 0 for count in actions["num_records"].to_pylist())
    log = _log(sizes(place, table, LOG), opened.version())
    yield TableState(table, opened.version(), rows, tuple(files), log)


def _log(names: Iterable[str], version: int) -> tuple[str, ...]:
    """Return the files of the log up to a version, oldest first."""
    found = []
    for name in names:
        digits = name.rpartition("/")[2][:_VERSION_DIGITS]
        if digits.isdigit() and len(digits) == _VERSION_DIGITS and int(digits) <= version:
            found.append(name)
    return tuple(sorted(found))


def _copy_log_file(source: Place, destination: Place, name: str, size: int) -> Copied:
    """Copy a file of the log; a commit that is there must be the same one."""
    destination.make_folder(name.rpartition("/")[0])
    found = destination.filesystem.get_file_info(destination.path(name))
    if found.type == fs.FileType.File:
        if _content(destination, name) == _content(source, name):
            return Copied(present=1)
        if name.endswith(".json"):
            raise HouseError(
                f"`{destination.address(name)}` is not of the house that is copied; name an empty "
                f"place, or empty this one"
            )
    copy_file(source, destination, name)
    return Copied(1, 0, size)


def _content(place: Place, name: str) -> bytes:
    with boundary(HouseError, on=(OSError,)):
        return bytes(place.filesystem.open_input_file(place.path(name)).read())


def _require(place: Place, state: TableState, there: Mapping[str, int]) -> None:
    for name in (*state.files, *state.log):
        if name not in there:
            raise DamagedHouseError(
                f"the lake names the file `{place.address(name)}`, which is missing; the house "
                f"cannot be copied before it is put back"
            )
