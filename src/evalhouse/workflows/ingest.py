"""Taking in dumps: look, plan, read in parallel, store in one step."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from evalhouse import ids
from evalhouse.errors import RetryableError
from evalhouse.formats import FORMATS
from evalhouse.formats.base import Plan, Reading, Unit, UnitFacts
from evalhouse.formats.lines import LONGEST_LINE
from evalhouse.normalise.metrics import with_meaning
from evalhouse.parallel import Counts, Workers, processors
from evalhouse.records import BatchUnit, Entity, Problem, RunSource, Source, SourceFile
from evalhouse.redact import Redactor
from evalhouse.store import Batch, Store
from evalhouse.workflows.discovery import Discovery, Recognised, discover, plan
from evalhouse.workflows.keeping import artifacts, keep
from evalhouse.workflows.keys import signing_keys
from evalhouse.workflows.ledger import Ledger, RunLine
from evalhouse.workflows.missing import forgotten, hold, missing
from evalhouse.workflows.redactor import redaction_key
from evalhouse.workflows.run_files import described_files, unrecognised_files
from evalhouse.workflows.shard import (
    PROBLEMS_SHOWN,
    Shard,
    ShardResult,
    Writers,
    deal,
    problem_rows,
    read_shard,
    warm_up,
)

SMALL_BYTES = 48 << 20
"""Below so many bytes one process is faster than starting others."""

SHARE_BYTES = 1 << 30
"""At most about so much is read into one set of files."""


@dataclass(frozen=True)
class IngestOptions:
    """How to ingest; sizes in bytes."""

    processes: int | None = None  # None: as many as there are processors
    rehash: bool = False  # read everything anew, whatever its size and time
    snapshot: str | None = None  # name of the snapshot, where no path says it
    longest_line: int = LONGEST_LINE  # a longer one is damage


@dataclass(frozen=True)
class Progress:
    """How far an ingest is."""

    bytes_done: int
    bytes_total: int
    rows: int
    stage: str  # looking, reading, storing


Watch = Callable[[Progress], None]


def ingest(
    store: Store,
    places: Sequence[str | os.PathLike[str]],
    options: IngestOptions | None = None,
    *,
    watch: Watch | None = None,
) -> Ledger:
    """Take in every dump below the places; what is here already is left as it is.

    Nothing of it is seen before all of it is stored. Damage is stored as problems and never
    stops an ingest.

    Raises:
        UsageError: A place does not exist.
        HouseError: The house cannot be written.
    """
    started = time.monotonic()
    tell = watch or (lambda _: None)
    work = _Work(store, options or IngestOptions(), tell)
    tell(Progress(0, 0, 0, "looking"))
    look_again = work.options.rehash or work.options.snapshot is not None
    found = discover(store.catalog, places, rehash=look_again)
    if found.folders:
        _read_and_store(work, found)
    _describe_skipped(work.ledger, found)
    work.ledger.seconds = time.monotonic() - started
    return work.ledger


class _Work:
    """What the steps of one ingest share."""

    def __init__(self, store: Store, options: IngestOptions, tell: Watch) -> None:
        self.store, self.options, self.tell = store, options, tell
        self.ledger = Ledger()
        self.earlier: dict[str, SourceFile] = {}  # by path, files of runs that are here
        self.gone: dict[str, list[SourceFile]] = {}  # by unit, of which rows are here
        self.redaction_key = redaction_key(store)
        self.redactor = Redactor(self.redaction_key)


def _read_and_store(work: _Work, found: Discovery) -> None:
    total = sum(file.size for files in found.folders.values() for file in files)
    wanted = work.options.processes or processors()
    with Workers(wanted if total > SMALL_BYTES else 1, warm=warm_up) as workers:
        plans, recognised = _planned(work, found)
        if not plans:
            return
        units = _pending(work, plans, found)
        with work.store.begin() as batch:
            results = _read(work, workers, units, batch)
            _store(work, plans, recognised, results, batch)


def _planned(work: _Work, found: Discovery) -> tuple[list[Plan], Recognised]:
    try:
        reading = Reading(work.redactor, signing_keys=signing_keys(work.store))
        return plan(found, work.store.catalog, reading, work.options.snapshot)
    except OSError as failure:  # it could be read a moment ago
        raise RetryableError(
            f"`{failure.filename}` cannot be read any more: {failure.strerror}; ingest again"
        ) from failure


def _pending(work: _Work, plans: Sequence[Plan], found: Discovery) -> list[Unit]:
    """Return the units that must be read: those whose evidence is not known to be here."""
    run_ids = [made.run.run_id for made in plans]
    live = {unit.unit_id: unit.fingerprint for unit in work.store.catalog.live_units(run_ids)}
    earlier = work.store.catalog.files_of_runs(run_ids) if live else []
    work.earlier = {file.path: file for file in earlier}
    work.gone = missing(plans, earlier, live)
    held = {} if work.options.rehash else work.gone
    pending = []
    for made in plans:
        hold(made, held)
        units = [
            _with_known_hashes(unit, found, live) for unit in made.units if unit.unit_id not in held
        ]
        fresh = [unit for unit in units if work.options.rehash or not _is_here(unit)]
        pending += fresh
        work.ledger.runs.append(
            RunLine(
                run_id=made.run.run_id,
                short_id=made.run.short_id,
                label=made.run.label,
                units=len(fresh),
                unchanged=len(made.units) - len(fresh),
            )
        )
    return pending


def _with_known_hashes(unit: Unit, found: Discovery, live: dict[str, str]) -> Unit:
    files = tuple(
        msgspec.structs.replace(
            file, known_sha256=found.known[file.path].sha256 if found.is_unchanged(file) else None
        )
        for file in unit.files
    )
    return msgspec.structs.replace(unit, files=files, live_fingerprint=live.get(unit.unit_id))


def _is_here(unit: Unit) -> bool:
    """Tell whether the house holds the unit with just these files and this record."""
    hashes = {file.path: file.known_sha256 for file in unit.files}
    if unit.live_fingerprint is None or None in hashes.values():
        return False
    whole = {path: sha256 for path, sha256 in hashes.items() if sha256 is not None}
    return FORMATS[unit.format].fingerprint(unit, whole) == unit.live_fingerprint


def _read(work: _Work, workers: Workers, units: list[Unit], batch: Batch) -> list[ShardResult]:
    if work.options.rehash:
        units = [_forgetting_hashes(unit) for unit in units]
    total = sum(unit.size for unit in units)
    shards = [
        Shard(
            name=f"{number:04d}",
            units=pile,
            batch_id=batch.batch_id,
            lake=work.store.settings.lake,
            redaction_key=work.redaction_key,
            longest_line=work.options.longest_line,
        )
        for number, pile in enumerate(deal(units, workers.processes, SHARE_BYTES))
    ]
    results: list[ShardResult] = []

    def watch(count: Counts) -> None:
        work.tell(Progress(count.bytes, total, count.rows, "reading"))

    for result in workers.run(read_shard, shards, watch=watch):
        results.append(result)
        batch.beat()
    work.ledger.bytes_read += workers.counted.bytes
    return results


def _forgetting_hashes(unit: Unit) -> Unit:
    files = tuple(msgspec.structs.replace(file, known_sha256=None) for file in unit.files)
    return msgspec.structs.replace(unit, files=files)


# -- storing -------------------------------------------------------------------------------------


def _store(
    work: _Work,
    plans: Sequence[Plan],
    recognised: Recognised,
    results: Sequence[ShardResult],
    batch: Batch,
) -> None:
    work.ledger.bytes_read += _small_bytes(plans)
    size, rows = work.ledger.bytes_read, sum(sum(result.rows.values()) for result in results)
    work.tell(Progress(size, size, rows, "storing"))
    facts = {fact.unit_id: fact for result in results for fact in result.facts}
    entities: list[Entity] = []
    units: list[BatchUnit] = []
    extra = ShardResult()
    retired: list[str] = []
    planned = {unit.unit_id for made in plans for unit in made.units}
    with Writers(work.store.settings.lake, batch.batch_id, "plan") as writers:
        for made in plans:
            files = _files(work, made, facts, recognised)
            retired += _retired(work.store, planned, files)
            units += _units(made, facts)
            units.append(_plan_unit(made, writers, extra, files))
            entities += [*_entities(made, facts, files), *_forgotten(work, made)]
            work.ledger.files += files
        batch.add(writers.close())
    for result in (*results, extra):
        batch.add(result.files)
        _count(work.ledger, result)
    outcome = batch.commit(entities=entities, units=units, retired=retired)
    work.ledger.batch_id = batch.batch_id
    work.ledger.replaced = outcome.replaced
    work.ledger.repeated = outcome.repeated


def _small_bytes(plans: Sequence[Plan]) -> int:
    """Return the bytes of files that were read while planning: all but row files."""
    of_units = {file.path for made in plans for unit in made.units for file in unit.files}
    listed = {file.path: file.bytes for made in plans for file in made.files}
    return sum(size for path, size in listed.items() if path not in of_units)


def _count(ledger: Ledger, result: ShardResult) -> None:
    ledger.rows.update(result.rows)
    ledger.checks.update(result.checks)
    ledger.problem_counts.update(result.problem_counts)
    ledger.bytes_written += sum(file.size for file in result.files)
    together = [*ledger.problems, *result.problems]
    order = {"damage": 0, "conflict": 1, "notice": 2}
    ledger.problems = sorted(together, key=lambda problem: order[problem.severity])[:PROBLEMS_SHOWN]


def _units(made: Plan, facts: dict[str, UnitFacts]) -> list[BatchUnit]:
    return [
        BatchUnit(
            unit_id=unit.unit_id,
            run_id=unit.run_id,
            part=unit.part,
            fingerprint=facts[unit.unit_id].fingerprint,
        )
        for unit in made.units
        if unit.unit_id in facts
    ]


def _plan_unit(
    made: Plan, writers: Writers, extra: ShardResult, files: Sequence[SourceFile]
) -> BatchUnit:
    """Store what planning found amiss, as a unit of its own: it is replaced with each plan."""
    unit_id = ids.unit_id(made.run.run_id, "")
    by_path = {file.path: file for file in files}
    problems = [_placed(problem, made, by_path) for problem in made.problems]
    for problem in problems:
        extra.note(problem)
    if problems:
        extra.rows["problems"] += len(problems)
        writers.write(problem_rows(problems), unit_id)
    digest = ids.sha256_hex(
        msgspec.json.encode(sorted(f"{p.path} {p.kind} {p.message}" for p in problems))
    )
    return BatchUnit(unit_id=unit_id, run_id=made.run.run_id, part="", fingerprint=digest)


def _placed(problem: Problem, made: Plan, files: dict[str, SourceFile]) -> Problem:
    file = files.get(problem.path)
    return msgspec.structs.replace(
        problem,
        run_id=made.run.run_id,
        path=file.relative_path if file else os.path.basename(problem.path),  # noqa: PTH119 - text path
        source_file_id=file.source_file_id if file else None,
    )


def _retired(store: Store, planned: Container[str], files: Sequence[SourceFile]) -> list[str]:
    """Return units whose files all belong to other units now."""
    now = {file.path: file.unit_id for file in files}
    before: dict[str, list[str | None]] = {}
    for folder in {os.path.dirname(path) for path in now}:  # noqa: PTH120 - text paths
        for path, known in store.catalog.files_below(folder).items():
            if known.unit_id and known.unit_id not in planned:
                before.setdefault(known.unit_id, []).append(now.get(path))
    return [unit for unit, owners in before.items() if all(owner is not None for owner in owners)]


def _entities(made: Plan, facts: dict[str, UnitFacts], files: list[SourceFile]) -> list[Entity]:
    cells = [
        with_meaning(cell, fact.basis or (cell.primary_metric or "",))
        for unit in made.units
        if (fact := facts.get(unit.unit_id)) is not None
        for cell in fact.cells
    ]
    measured = [
        each
        for unit in made.units
        if (fact := facts.get(unit.unit_id)) is not None
        for each in fact.measurements
    ]
    problems = any(file.live for file in files) or made.problems
    digest = ids.canonical_json(
        sorted(([file.relative_path, file.sha256] for file in files), key=str)
    )
    source = Source(
        source_id=made.source_id,
        format=made.format,
        uri=made.source_uri,
        content_sha256=ids.sha256_hex(digest),
        files=len(files),
        bytes=sum(file.bytes for file in files),
        ingested_at=datetime.now(UTC),
        reader_version=FORMATS[made.format].version,
        status="problems" if problems else "complete",
    )
    link = RunSource(run_id=made.run.run_id, source_id=made.source_id)
    kept = artifacts(made.run.run_id, files)
    return [*made.entities, source, *files, *kept, made.run, link, *cells, *measured]


def _files(
    work: _Work, made: Plan, facts: dict[str, UnitFacts], recognised: Recognised
) -> list[SourceFile]:
    """Return the files of a run and those beside them, with what became of each."""
    files = described_files(made, facts, work.earlier)
    kept = {file.path for file in made.keep}
    return [
        _kept(work, file) if file.path in kept else file for file in files
    ] + unrecognised_files(made, recognised)


def _kept(work: _Work, file: SourceFile) -> SourceFile:
    """Keep a file as it is; one that has not changed since it was kept is not read again."""
    before = work.earlier.get(file.path)
    if before is None or before.blob is None or work.options.rehash:
        return keep(file, work.store.blobs, work.redactor)
    if (before.bytes, before.mtime_ns) != (file.bytes, file.mtime_ns):
        return keep(file, work.store.blobs, work.redactor)
    return msgspec.structs.replace(
        file,
        sha256=before.sha256,
        blob=before.blob,
        reason=before.reason,
        redactions=before.redactions,
    )


def _forgotten(work: _Work, made: Plan) -> list[SourceFile]:
    return [
        forgotten(file, keeps_rows=not work.options.rehash)
        for unit in made.units
        for file in work.gone.get(unit.unit_id, ())
    ]


def _describe_skipped(ledger: Ledger, found: Discovery) -> None:
    ledger.unchanged_files = found.unchanged_files
    ledger.skipped = dict(found.ignored)
    ledger.unread = {_as_text(item.path): item.reason for item in found.skipped if item.is_damage}
    for item in found.skipped:
        if not item.is_damage:
            ledger.skipped[item.reason] = ledger.skipped.get(item.reason, 0) + 1


def _as_text(path: str) -> str:
    """Return a path with the bytes escaped that are not UTF-8."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
