"""Which folders make which runs, and the files of a run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import PurePath

from evalhouse import ids
from evalhouse.formats.base import Claim
from evalhouse.formats.files import file_sha256
from evalhouse.formats.olmes.folder import Entry, Folder, read_folder
from evalhouse.formats.olmes.names import Coordinates
from evalhouse.records import Disposition, Problem, SourceFile

FORMAT = "olmes"


@dataclass(frozen=True)
class RunKey:
    """What tells runs apart: the model's hash, the snapshot, the kind of results."""

    model: str | None
    snapshot: str | None
    results_kind: str | None

    @property
    def parts(self) -> tuple[str | None, str | None, str | None]:
        """Return the key as ids are made from it."""
        return self.model, self.snapshot, self.results_kind


@dataclass
class RunParts:
    """The folders of one run, and what is known of its files so far."""

    key: RunKey
    entries: list[Entry] = field(default_factory=list)
    folders: dict[str, Folder] = field(default_factory=dict)
    places: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    files: dict[str, SourceFile] = field(default_factory=dict)
    keep: list[SourceFile] = field(default_factory=list)

    @property
    def source_id(self) -> str:
        """Return the id of the source that this run is."""
        return ids.source_id(FORMAT, *self.key.parts)

    @property
    def uri(self) -> str:
        """Return the folder that holds all of the run's files."""
        return str(PurePath(*shared_parts(sorted(self.places)))) if self.places else ""

    def add(self, folder: Folder, entries: Iterable[Entry]) -> None:
        """Take in a folder with those of its entries that belong to this run."""
        self.folders[folder.path] = folder
        self.entries += entries

    def file(
        self,
        claim: Claim,
        folder: Folder,
        sha256: str | None,
        disposition: Disposition,
        reason: str | None = None,
    ) -> str:
        """List a file and return its id; the first word about a file stands."""
        relative = relative_path(claim, folder)
        source_file_id = ids.source_file_id(self.source_id, relative)
        self.places.add(claim.file.folder)
        self.files.setdefault(
            claim.file.path,
            SourceFile(
                location_id=ids.file_location_id(self.source_id, claim.file.path),
                source_file_id=source_file_id,
                source_id=self.source_id,
                path=claim.file.path,
                relative_path=relative,
                family=claim.family,
                bytes=claim.file.size,
                mtime_ns=claim.file.mtime_ns,
                sha256=sha256,
                disposition=disposition,
                reason=reason,
            ),
        )
        return source_file_id

    def kept(self, claim: Claim, folder: Folder, sha256: str | None, reason: str) -> None:
        """List a file that is kept as it is."""
        self.file(claim, folder, sha256, "kept", reason)
        self.keep.append(self.files[claim.file.path])


def group(claims: Sequence[Claim], snapshot: str | None) -> list[RunParts]:
    """Group claimed files into runs; each record and each file ends up in exactly one place.

    Where no snapshot is given and no path names one, folders that hold different results of the
    same model and task are different runs, told apart by the part of the path where they part.
    """
    by_folder: dict[str, list[Claim]] = defaultdict(list)
    for claim in sorted(claims, key=lambda claim: claim.file.path):
        by_folder[one_folder(claim.file.folder)].append(claim)
    runs: dict[RunKey, RunParts] = {}
    for path in sorted(by_folder):
        folder = read_folder(path, by_folder[path])
        for key, entries in _by_run(folder, snapshot).items():
            runs.setdefault(key, RunParts(key)).add(folder, entries)
    return [part for run in runs.values() for part in _told_apart(run)]


def _by_run(folder: Folder, snapshot: str | None) -> dict[RunKey, list[Entry]]:
    where, entries = folder.coordinates, folder.entries()
    hashes = Counter(entry.model_hash for entry in entries if entry.model_hash is not None)
    usual = min(hashes, key=lambda each: (-hashes[each], each)) if hashes else where.model_folder
    found: dict[RunKey, list[Entry]] = defaultdict(list)
    if not entries:
        found[RunKey(usual, snapshot or where.snapshot, where.results_kind)] = []
    for entry in entries:
        key = RunKey(entry.model_hash or usual, snapshot or where.snapshot, where.results_kind)
        found[key].append(entry)
    return found


def _told_apart(run: RunParts) -> Iterator[RunParts]:
    """Split a run whose folders contradict each other; any other stays as it is."""
    depth = _parting(run) if run.key.snapshot is None and len(run.folders) > 1 else None
    if depth is None:
        yield run
        return
    parts: dict[RunKey, RunParts] = {}
    for path, folder in run.folders.items():
        levels = PurePath(path).parts
        key = replace(run.key, snapshot=levels[min(depth, len(levels) - 1)])
        entries = [entry for entry in run.entries if entry.folder is folder]
        parts.setdefault(key, RunParts(key)).add(folder, entries)
    yield from parts.values()


def _parting(run: RunParts) -> int | None:
    """Return the first level of the paths at which contradicting folders part."""
    by_alias: dict[str, list[Entry]] = defaultdict(list)
    for entry in run.entries:
        by_alias[entry.alias].append(entry)
    depths = [
        len(shared_parts([one.folder.path, other.folder.path]))
        for group_ in by_alias.values()
        for one, other in combinations(group_, 2)
        if one.folder is not other.folder and _contradict(one, other)
    ]
    return min(depths, default=None)


def _contradict(one: Entry, other: Entry) -> bool:
    if one.task_hash != other.task_hash:
        return False
    if one.record is not None and other.record is not None:
        return one.record.text != other.record.text
    pairs = [
        (left.file, right.file)
        for left in (one.files.rows if one.files else ())
        for right in (other.files.rows if other.files else ())
        if left.family == right.family
    ]
    return any(
        left.size != right.size or file_sha256(left.path) != file_sha256(right.path)
        for left, right in pairs
    )


def one_folder(path: str) -> str:
    """Return what stands for a folder: parts of one dump that lie apart are one folder."""
    tail = Coordinates.of(path).tail
    if tail is None:
        return path
    return tail + path.replace("\\", "/").partition(tail)[2]


def relative_path(claim: Claim, folder: Folder) -> str:
    """Return the path of a file in its dump: below the model's folder, else its folder and name."""
    path = PurePath(claim.file.path)
    model = folder.coordinates.model_folder
    parts = path.parts
    if model and model in parts[:-1]:
        place = len(parts) - 1 - parts[::-1].index(model)
        return "/".join(parts[place + 1 :])
    return "/".join(parts[-2:])


def shared_parts(folders: Sequence[str]) -> list[str]:
    """Return the levels that some paths have in common."""
    parts = [PurePath(folder).parts for folder in folders]
    shared = []
    for level in zip(*parts, strict=False):
        if len(set(level)) > 1:
            break
        shared.append(level[0])
    return shared or ["/"]
