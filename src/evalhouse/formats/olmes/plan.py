"""From claimed files to runs and units: who is who, before a single row is read."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

import msgspec

from evalhouse import ids
from evalhouse.formats.base import Claim, Plan, Reading, Unit, UnitFile
from evalhouse.formats.files import file_sha256
from evalhouse.formats.olmes import suites
from evalhouse.formats.olmes.entities import Names, run_of
from evalhouse.formats.olmes.folder import Entry, Folder, SmallFile, TaskFiles, read_folder
from evalhouse.formats.olmes.names import Coordinates
from evalhouse.formats.olmes.record import Record
from evalhouse.formats.olmes.stale import stale_records
from evalhouse.records import Disposition, Problem, SourceFile, TaskMember

FORMAT = "olmes"
RunKey = tuple[str | None, str | None, str | None]


class Detail(msgspec.Struct, kw_only=True):
    """What a unit's reader must know beyond its files."""

    alias: str
    stem: str | None = None
    record: str | None = None
    record_line: int | None = None
    record_file_id: str | None = None
    record_path: str | None = None  # inside the source
    config: str | None = None
    dataset: str | None = None
    members: str | None = None
    rule: str | None = None
    basis: list[str] = msgspec.field(default_factory=list)  # primary metrics of a suite's leaves


@dataclass
class _Run:
    key: RunKey
    entries: list[Entry] = field(default_factory=list)
    folders: dict[str, Folder] = field(default_factory=dict)
    places: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    files: dict[str, SourceFile] = field(default_factory=dict)
    keep: list[SourceFile] = field(default_factory=list)

    @property
    def source_id(self) -> str:
        return ids.source_id(FORMAT, *self.key)


def plan(claims: Sequence[Claim], reading: Reading, *, snapshot: str | None = None) -> list[Plan]:
    """Group claimed files into runs; each record and each file ends up in exactly one place."""
    by_folder: dict[str, list[Claim]] = defaultdict(list)
    for claim in sorted(claims, key=lambda claim: claim.file.path):
        by_folder[one_folder(claim.file.folder)].append(claim)
    runs: dict[RunKey, _Run] = {}
    for path in sorted(by_folder):
        folder = read_folder(path, by_folder[path])
        entries = folder.entries()
        fallback = _common(entry.model_hash for entry in entries)
        if not entries:
            _assign(runs, _key(folder, None, snapshot), folder)
        for entry in entries:
            run = _assign(runs, _key(folder, entry.model_hash or fallback, snapshot), folder)
            run.entries.append(entry)
    return [_planned(run, reading) for run in runs.values()]


def one_folder(path: str) -> str:
    """Return what stands for a folder: parts of one dump that lie apart are one folder."""
    tail = Coordinates.of(path).tail
    if tail is None:
        return path
    return tail + path.replace("\\", "/").partition(tail)[2]


def _assign(runs: dict[RunKey, _Run], key: RunKey, folder: Folder) -> _Run:
    run = runs.setdefault(key, _Run(key))
    run.folders[folder.path] = folder
    return run


def _key(folder: Folder, model_hash: str | None, snapshot: str | None) -> RunKey:
    where = folder.coordinates
    return model_hash or where.model_folder, snapshot or where.snapshot, where.results_kind


def _common(values: Iterable[str | None]) -> str | None:
    known = [value for value in values if value is not None]
    return max(set(known), key=known.count) if known else None


def relative_path(claim: Claim, folder: Folder) -> str:
    """Return the path of a file in its dump: below the model's folder, else its folder and name."""
    path = PurePath(claim.file.path)
    model = folder.coordinates.model_folder
    parts = path.parts
    if model and model in parts[:-1]:
        place = len(parts) - 1 - parts[::-1].index(model)
        return "/".join(parts[place + 1 :])
    return "/".join(parts[-2:])


# -- one run -------------------------------------------------------------------------------------


def _planned(run: _Run, reading: Reading) -> Plan:
    for folder in run.folders.values():
        _small_files(run, folder)
        run.problems += folder.problems
    entries = sorted(_distinct(run), key=_launch_order)
    records = [entry.record for entry in entries if entry.record is not None]
    names = Names(reading.redactor)
    planned, run_entities = run_of(run.key, records, list(run.folders.values()), names)
    units = [_unit(run, entry, records, names, planned.run_id) for entry in entries]
    run.problems += stale_records(records)
    return Plan(
        run=planned,
        source_id=run.source_id,
        source_uri=str(PurePath(*_shared(sorted(run.places)))),
        entities=[*run_entities, *names.entities()],
        units=units,
        files=list(run.files.values()),
        keep=run.keep,
        problems=run.problems,
    )


def _launch_order(entry: Entry) -> tuple[bool, int, str]:
    """Sort tasks as they were launched, then aggregates, whatever the order of their files."""
    place = entry.record.task_idx if entry.record is not None else None
    return place is None, place or 0, entry.alias


def _shared(folders: Sequence[str]) -> list[str]:
    parts = [PurePath(folder).parts for folder in folders]
    shared = []
    for level in zip(*parts, strict=False):
        if len(set(level)) > 1:
            break
        shared.append(level[0])
    return shared or ["/"]


def _distinct(run: _Run) -> list[Entry]:
    """Return one entry for each task; copies are folded, contradictions reported."""
    by_part: dict[str, list[Entry]] = defaultdict(list)
    clashes = _clashes(run.entries)
    for entry in run.entries:
        by_part[_part(entry, clashes)].append(entry)
    return [_folded(run, part, group) for part, group in by_part.items()]


def _clashes(entries: Sequence[Entry]) -> set[str]:
    """Return the aliases that stand for different settings in this run."""
    hashes: dict[str, set[str | None]] = defaultdict(set)
    for entry in entries:
        hashes[entry.alias].add(entry.task_hash)
    return {alias for alias, found in hashes.items() if len(found - {None}) > 1}


def _part(entry: Entry, clashes: set[str]) -> str:
    if entry.alias in clashes and entry.task_hash:
        return f"{entry.alias}#{entry.task_hash[:8]}"
    return entry.alias


def _folded(run: _Run, part: str, group: list[Entry]) -> Entry:
    """Fold copies of an entry: the newest record counts, the first copy of each file."""
    if len(group) == 1:
        return group[0]
    recorded = sorted((entry for entry in group if entry.record is not None), key=_recency)
    chosen = recorded[-1] if recorded else group[0]
    for entry in recorded[:-1]:
        assert entry.record is not None
        assert chosen.record is not None
        if entry.record.text != chosen.record.text:
            run.problems.append(_contradiction(part, entry, chosen))
        _keep_whole(run, entry.record_file)
    files = chosen.files
    for entry in group:
        if entry.files is not None and files is None:
            files = entry.files
        elif entry.files is not None and files is not None and entry.files is not files:
            _merge_files(run, files, entry)
    return Entry(chosen.record, chosen.record_file, files, chosen.folder)


def _recency(entry: Entry) -> tuple[datetime, bool, str]:
    started = entry.record.started_at if entry.record is not None else None
    oldest = datetime.min.replace(tzinfo=UTC)
    return started or oldest, _is_canonical(entry), entry.folder.path


def _is_canonical(entry: Entry) -> bool:
    return entry.record_file is not None and entry.record_file.family == "metrics-all"


def _keep_whole(run: _Run, claim: Claim | None) -> None:
    """Keep a file of records of which one is not stored, since another of its task counts."""
    listed = run.files.get(claim.file.path) if claim is not None else None
    if listed is not None and (listed.family, listed.disposition) == ("metrics-all", "parsed"):
        reason = "it holds another record of a task than the one that counts"
        kept = msgspec.structs.replace(listed, disposition="kept", reason=reason)
        run.files[listed.path] = kept
        run.keep.append(kept)


def _merge_files(run: _Run, files: TaskFiles, entry: Entry) -> None:
    """Take over the files that `files` lacks; a second copy is compared and set aside."""
    assert entry.files is not None
    for family in ("metrics", "config"):
        first, other = getattr(files, family), getattr(entry.files, family)
        if first is None:
            setattr(files, family, other)
        elif other is not None:
            _set_aside(run, other.claim, first.claim, entry.folder)
    have = {claim.family: claim for claim in files.rows}
    for claim in entry.files.rows:
        if claim.family not in have:
            files.rows.append(claim)
        elif claim.file.path != have[claim.family].file.path:
            _set_aside(run, claim, have[claim.family], entry.folder)


def _set_aside(run: _Run, copy: Claim, first: Claim, folder: Folder) -> None:
    copy_hash, first_hash = file_sha256(copy.file.path), file_sha256(first.file.path)
    same = copy_hash == first_hash
    reason = f"{'a copy of' if same else 'contradicts'} {first.file.path}"
    _file(run, copy, folder, copy_hash, "ignored" if same else "kept", reason)
    if not same:
        run.keep.append(run.files[copy.file.path])
        run.problems.append(
            Problem(
                path=copy.file.path,
                kind="contradiction",
                severity="conflict",
                message="the file holds other rows of the same task and run than "
                f"`{first.file.path}`, which was read; this one is kept as it is (`--snapshot` "
                "tells runs apart)",
            )
        )


def _contradiction(part: str, entry: Entry, chosen: Entry) -> Problem:
    assert entry.record is not None
    assert chosen.record is not None
    return Problem(
        path=entry.record.path,
        kind="contradiction",
        severity="conflict",
        line=entry.record.line,
        task=part,
        message=f"another record of `{part}` in the same run says otherwise: "
        f"`{chosen.record.path}` line {chosen.record.line}, which counts (`--snapshot` tells runs "
        "apart)",
        excerpt=entry.record.text[:200],
        bytes=entry.record.text.encode("utf-8", "replace"),
    )


# -- files ---------------------------------------------------------------------------------------


def _file(
    run: _Run,
    claim: Claim,
    folder: Folder,
    sha256: str | None,
    disposition: Disposition,
    reason: str | None = None,
) -> str:
    """List a file of the run and return its id; the first word about a file stands."""
    relative = relative_path(claim, folder)
    source_file_id = ids.source_file_id(run.source_id, relative)
    run.places.add(claim.file.folder)
    run.files.setdefault(
        claim.file.path,
        SourceFile(
            location_id=ids.file_location_id(run.source_id, claim.file.path),
            source_file_id=source_file_id,
            source_id=run.source_id,
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


def _small_files(run: _Run, folder: Folder) -> None:
    for file in folder.small:
        if file.claim.family == "vestige":
            reason = "names of keys, written by accident in place of a summary"
            _file(run, file.claim, folder, file.sha256, "ignored", reason)
        elif file.claim.family == "summary":
            _kept(run, file.claim, folder, file.sha256, "a summary of the records")
        elif _is_rebuilt(file, folder):
            _file(run, file.claim, folder, file.sha256, "parsed")
        else:
            _kept(
                run,
                file.claim,
                folder,
                file.sha256,
                "its records alone do not give its bytes again",
            )
    for file in folder.spare:
        _kept(
            run, file.claim, folder, file.sha256, "neither a record nor rows of its task are there"
        )
    for copy, first in folder.copies:
        _set_aside(run, copy, first, folder)
    for claim in folder.large:
        _kept(run, claim, folder, None, "token-level values, too many for rows")


def _kept(run: _Run, claim: Claim, folder: Folder, sha256: str | None, reason: str) -> None:
    _file(run, claim, folder, sha256, "kept", reason)
    run.keep.append(run.files[claim.file.path])


def _is_rebuilt(file: SmallFile, folder: Folder) -> bool:
    """Tell whether a metrics-all file is its records, a line each, and nothing else."""
    texts = [record.text for record, claim in folder.records if claim is file.claim]
    return not file.packed and "".join(f"{text}\n" for text in texts) == file.text


def _task_files(run: _Run, entry: Entry) -> Iterator[UnitFile]:
    """List the files of a task; those that contradict its record are kept as they are."""
    files, folder = entry.files, entry.folder
    if files is None:
        return
    if files.metrics is not None:
        _beside_record(run, entry, files.metrics, entry.record.text if entry.record else None)
    if files.config is not None:
        _beside_record(
            run, entry, files.config, entry.record.slice("task_config") if entry.record else None
        )
    for claim in sorted(files.rows, key=lambda claim: claim.file.path):
        file_id = _file(run, claim, folder, None, "parsed")
        listed = run.files[claim.file.path]
        if listed.disposition == "parsed":
            yield UnitFile(
                claim.file.path,
                listed.relative_path,
                claim.family,
                file_id,
                claim.file.size,
                claim.file.mtime_ns,
            )


def _beside_record(run: _Run, entry: Entry, file: SmallFile, expected: str | None) -> None:
    """A task's own record or settings must equal what the canonical record says."""
    folder = entry.folder
    if expected is not None and file.text == expected and not file.packed:
        _file(run, file.claim, folder, file.sha256, "parsed")
        return
    _kept(run, file.claim, folder, file.sha256, "it differs from the record of its task")
    if expected is not None and file.text.strip() != expected:
        run.problems.append(
            Problem(
                path=file.claim.file.path,
                kind="record_mismatch",
                severity="conflict",
                task=entry.alias,
                message=f"the file does not say what the record of `{entry.alias}` says; the "
                "record counts, the file is kept as it is",
            )
        )


# -- units ---------------------------------------------------------------------------------------


def _unit(run: _Run, entry: Entry, records: Sequence[Record], names: Names, run_id: str) -> Unit:
    record, part = entry.record, _part(entry, _clashes(run.entries))
    files = tuple(_task_files(run, entry))
    config = entry.files.config.text.strip() if entry.files and entry.files.config else None
    model_id = names.model(record, entry.folder)
    if record is not None:
        task_id, prompt_id = names.task(record)
    else:
        task_id, prompt_id = names.unrecorded(part, config, entry.task_hash)
    detail = Detail(alias=part, stem=entry.files.stem.text if entry.files else None, config=config)
    if record is not None and entry.record_file is not None:
        disposition: Disposition = "parsed"
        detail.record, detail.record_line = record.text, record.line
        detail.record_file_id = _file(run, entry.record_file, entry.folder, None, disposition)
        detail.record_path = run.files[entry.record_file.file.path].relative_path
        detail.dataset = dataset_key(record.part("task_config"))
    elif config:
        detail.dataset = dataset_key(_object(config))
    if record is not None and record.is_aggregate:
        _add_members(detail, record, records, names, task_id)
    return Unit(
        format=FORMAT,
        unit_id=ids.unit_id(run_id, part),
        part=part,
        run_id=run_id,
        model_id=model_id,
        prompt_id=prompt_id,
        task_id=task_id,
        source_id=run.source_id,
        files=files,
        detail=msgspec.json.encode(detail),
    )


def _add_members(
    detail: Detail, record: Record, records: Sequence[Record], names: Names, suite_id: str
) -> None:
    found = suites.find_members(record, records)
    detail.rule = (
        record.primary_metric if record.primary_metric in ("macro", "micro", "mc_or_rc") else None
    )
    if found is None:
        return
    detail.members = suites.dumps([suites.member_of(member) for member in found])
    detail.basis = sorted(set(suites.leaf_metrics(record, records)))
    # By name, not by launch: every dump of the suite gives the same order.
    for order, member in enumerate(sorted(found, key=lambda member: member.alias)):
        names.add(
            TaskMember(
                suite_id=suite_id,
                member_id=names.task(member)[0],
                sort_order=order,
                rule=detail.rule or "none",
            )
        )


def dataset_key(config: dict[str, Any]) -> str | None:
    """Return the data set and split that native ids belong to; None where it is not stated."""
    path = config.get("dataset_path")
    if not isinstance(path, str):
        return None
    return "/".join(str(config.get(name)) for name in ("dataset_path", "dataset_name", "split"))


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
