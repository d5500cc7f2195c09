"""One entry for each task of a run: copies are folded, contradictions reported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from evalhouse.formats.base import Claim
from evalhouse.formats.files import content_sha256, file_sha256
from evalhouse.formats.olmes.folder import Entry, Folder, TaskFiles
from evalhouse.formats.olmes.runs import RunParts
from evalhouse.records import Problem


def distinct(run: RunParts) -> list[Entry]:
    """Return one entry for each task; copies are folded, contradictions reported."""
    by_part: dict[str, list[Entry]] = defaultdict(list)
    clashing = clashes(run.entries)
    for entry in run.entries:
        by_part[part_of(entry, clashing)].append(entry)
    return [_folded(run, part, group) for part, group in by_part.items()]


def clashes(entries: Sequence[Entry]) -> set[str]:
    """Return the aliases that stand for different settings in this run."""
    hashes: dict[str, set[str | None]] = defaultdict(set)
    for entry in entries:
        hashes[entry.alias].add(entry.task_hash)
    return {alias for alias, found in hashes.items() if len(found - {None}) > 1}


def part_of(entry: Entry, clashing: set[str]) -> str:
    """Return the name of a task that is unique in its run."""
    if entry.alias in clashing and entry.task_hash:
        return f"{entry.alias}#{entry.task_hash[:8]}"
    return entry.alias


def _folded(run: RunParts, part: str, group: list[Entry]) -> Entry:
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


def _keep_whole(run: RunParts, claim: Claim | None) -> None:
    """Keep a file of records of which one is not stored, since another of its task counts."""
    listed = run.files.get(claim.file.path) if claim is not None else None
    if listed is not None and (listed.family, listed.disposition) == ("metrics-all", "parsed"):
        reason = "it holds another record of a task than the one that counts"
        kept = msgspec.structs.replace(listed, disposition="kept", reason=reason)
        run.files[listed.path] = kept
        run.keep.append(kept)


def _merge_files(run: RunParts, files: TaskFiles, entry: Entry) -> None:
    """Take over the files that `files` lacks; a second copy is compared and set aside."""
    assert entry.files is not None
    for family in ("metrics", "config"):
        first, other = getattr(files, family), getattr(entry.files, family)
        if first is None:
            setattr(files, family, other)
        elif other is not None:
            set_aside(run, other.claim, first.claim, entry.folder)
    have = {claim.family: claim for claim in files.rows}
    for claim in entry.files.rows:
        if claim.family not in have:
            files.rows.append(claim)
        elif claim.file.path != have[claim.family].file.path:
            set_aside(run, claim, have[claim.family], entry.folder)


def set_aside(run: RunParts, copy: Claim, first: Claim, folder: Folder) -> None:
    """List a second file of the same family and task: a copy, or a contradiction."""
    copy_hash, first_hash = file_sha256(copy.file.path), file_sha256(first.file.path)
    same = copy_hash == first_hash or _hold_the_same(copy.file.path, first.file.path)
    reason = f"{'a copy of' if same else 'contradicts'} {first.file.path}"
    run.file(copy, folder, copy_hash, "ignored" if same else "kept", reason)
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


def _hold_the_same(*paths: str) -> bool:
    """Tell whether files that are packed differently are alike."""
    return len({content_sha256(path) for path in paths}) == 1


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
