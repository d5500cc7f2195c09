"""Finding what there is to read: files, which format knows them, and what is here already."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evalhouse.catalog import Catalog, KnownFile
from evalhouse.formats import FORMATS
from evalhouse.formats.base import Claim, Plan, Reading, UnitFile
from evalhouse.formats.files import FoundFile, SkippedFile, walk

UNRECOGNISED = "no format recognises it"


@dataclass
class Discovery:
    """The folders below some places, and what the house knows of their files."""

    known: dict[str, KnownFile]
    folders: dict[str, list[FoundFile]] = field(default_factory=dict)
    skipped: list[SkippedFile] = field(default_factory=list)
    unchanged_files: int = 0
    ignored: Counter[str] = field(default_factory=Counter)

    def is_unchanged(self, file: FoundFile | UnitFile) -> bool:
        """Tell whether the house knows the file with this size and time."""
        found = self.known.get(file.path)
        return found is not None and (found.bytes, found.mtime_ns) == (file.size, file.mtime_ns)


def discover(
    catalog: Catalog, places: Sequence[str | os.PathLike[str]], *, rehash: bool
) -> Discovery:
    """List the files below the places; folders in which nothing changed are set aside."""
    there = list(walk(places))
    roots = [os.path.realpath(os.fspath(place)) for place in places]
    known = {path: file for root in roots for path, file in catalog.files_below(root).items()}
    found = Discovery(known)
    folders: dict[str, list[FoundFile]] = defaultdict(list)
    for item in there:
        if isinstance(item, SkippedFile):
            found.skipped.append(item)
        else:
            folders[item.folder].append(item)
    for path, files in folders.items():
        if not rehash and all(map(found.is_unchanged, files)):
            found.unchanged_files += len(files)
        else:
            found.folders[path] = files
    return found


@dataclass
class Recognised:
    """Claims by format, and the files of the same folders that no format knows."""

    claims: dict[str, list[Claim]] = field(default_factory=lambda: defaultdict(list))
    beside: dict[str, list[FoundFile]] = field(default_factory=lambda: defaultdict(list))

    def one_folders(self) -> set[str]:
        """Return the names under which parts of one dump meet, where a folder has such a name."""
        found = {
            (FORMATS[name].one_folder(claim.file.folder), claim.file.folder)
            for name, claims in self.claims.items()
            for claim in claims
        }
        return {name for name, folder in found if name != folder}


def recognise(folders: Mapping[str, Sequence[FoundFile]], ignored: Counter[str]) -> Recognised:
    """Ask every format about every folder; a file belongs to the first that knows it."""
    result = Recognised()
    for path, files in folders.items():
        rest = list(files)
        for name, form in FORMATS.items():
            claims = form.recognise(rest) if rest else []
            result.claims[name] += claims
            taken = {claim.file.path for claim in claims}
            rest = [file for file in rest if file.path not in taken]
        if len(rest) < len(files):
            result.beside[path] = rest
        elif rest:
            ignored[UNRECOGNISED] += len(rest)
    return result


def plan(
    found: Discovery, catalog: Catalog, reading: Reading, snapshot: str | None
) -> tuple[list[Plan], Recognised]:
    """Plan the runs below the changed folders, with what else of the same runs is still there."""
    folders = dict(found.folders)
    recognised = recognise(folders, found.ignored)
    plans = _plans(recognised, reading, snapshot)
    others = _other_folders(catalog, plans, recognised, folders)
    if others:
        folders |= others
        recognised = recognise(folders, Counter())
        plans = _plans(recognised, reading, snapshot)
    return plans, recognised


def _plans(recognised: Recognised, reading: Reading, snapshot: str | None) -> list[Plan]:
    return [
        made
        for name, claims in recognised.claims.items()
        if claims
        for made in FORMATS[name].plan(claims, reading, snapshot=snapshot)
    ]


def _other_folders(
    catalog: Catalog, plans: Sequence[Plan], recognised: Recognised, here: Mapping[str, object]
) -> dict[str, list[FoundFile]]:
    """Return folders that an earlier ingest read for the same runs and that still exist."""
    files = catalog.files_of_runs([made.run.run_id for made in plans])
    for path in recognised.one_folders():
        files += catalog.files_inside(path)
    earlier = {os.path.dirname(file.path) for file in files}  # noqa: PTH120 - text paths
    folders = {}
    for folder in sorted(earlier - set(here)):
        if Path(folder).is_dir():
            below = (item for item in walk([folder]) if isinstance(item, FoundFile))
            folders[folder] = [item for item in below if item.folder == folder]
    return folders
