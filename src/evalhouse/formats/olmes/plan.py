"""From runs to units: who is who, before a single row is read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from evalhouse import ids
from evalhouse.formats.base import Claim, Plan, Reading, Unit, UnitFile
from evalhouse.formats.olmes import suites
from evalhouse.formats.olmes.copies import clashes, distinct, part_of, set_aside
from evalhouse.formats.olmes.entities import Names, run_of
from evalhouse.formats.olmes.folder import Entry, Folder, SmallFile
from evalhouse.formats.olmes.record import RULES, Record
from evalhouse.formats.olmes.runs import FORMAT, RunParts, group
from evalhouse.formats.olmes.stale import stale_records
from evalhouse.records import Disposition, Problem, TaskMember


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


def plan(claims: Sequence[Claim], reading: Reading, *, snapshot: str | None = None) -> list[Plan]:
    """Plan the runs that claimed files make."""
    return [_planned(run, reading) for run in group(claims, snapshot)]


def _planned(run: RunParts, reading: Reading) -> Plan:
    for folder in run.folders.values():
        _small_files(run, folder)
        run.problems += folder.problems
    entries = sorted(distinct(run), key=_launch_order)
    records = [entry.record for entry in entries if entry.record is not None]
    names = Names(reading.redactor)
    planned, run_entities = run_of(run.key.parts, records, list(run.folders.values()), names)
    clashing = clashes(run.entries)
    units = [_unit(run, entry, part_of(entry, clashing), records, names) for entry in entries]
    run.problems += stale_records(records)
    return Plan(
        format=FORMAT,
        run=planned,
        source_id=run.source_id,
        source_uri=run.uri,
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


def _small_files(run: RunParts, folder: Folder) -> None:
    for file in folder.small:
        if file.claim.family == "vestige":
            reason = "names of keys, written by accident in place of a summary"
            run.file(file.claim, folder, file.sha256, "ignored", reason)
        elif file.claim.family == "summary":
            run.kept(file.claim, folder, file.sha256, "a summary of the records")
        elif _is_rebuilt(file, folder):
            run.file(file.claim, folder, file.sha256, "parsed")
        else:
            run.kept(
                file.claim,
                folder,
                file.sha256,
                "its records alone do not give its bytes again",
            )
    for file in folder.spare:
        run.kept(file.claim, folder, file.sha256, "neither a record nor rows of its task are there")
    for copy, first in folder.copies:
        set_aside(run, copy, first, folder)
    for claim in folder.large:
        run.kept(claim, folder, None, "token-level values, too many for rows")


def _is_rebuilt(file: SmallFile, folder: Folder) -> bool:
    """Tell whether a metrics-all file is its records, a line each, and nothing else."""
    texts = [record.text for record, claim in folder.records if claim is file.claim]
    return not file.packed and "".join(f"{text}\n" for text in texts) == file.text


def _task_files(run: RunParts, entry: Entry) -> Iterator[UnitFile]:
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
        file_id = run.file(claim, folder, None, "parsed")
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


def _beside_record(run: RunParts, entry: Entry, file: SmallFile, expected: str | None) -> None:
    """A task's own record or settings must equal what the canonical record says."""
    folder = entry.folder
    if expected is not None and file.text == expected and not file.packed:
        run.file(file.claim, folder, file.sha256, "parsed")
        return
    run.kept(file.claim, folder, file.sha256, "it differs from the record of its task")
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


def _unit(run: RunParts, entry: Entry, part: str, records: Sequence[Record], names: Names) -> Unit:
    """Return a task of a run; the first word about each of its files is said here."""
    record, run_id = entry.record, ids.run_id(FORMAT, *run.key.parts)
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
        names.machine(record)
        detail.record_file_id = run.file(entry.record_file, entry.folder, None, disposition)
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
    detail.rule = record.primary_metric if record.primary_metric in RULES else None
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
