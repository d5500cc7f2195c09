"""Reading some units in one process: rows go to Parquet files, facts go back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

import msgspec
import pyarrow as pa

from evalhouse import parallel
from evalhouse.formats import FORMATS
from evalhouse.formats.base import FileFacts, Limits, Reading, TableRows, Unit, UnitFacts
from evalhouse.formats.files import file_sha256
from evalhouse.formats.slices import constant
from evalhouse.lake import DataFile, Place, TableWriter
from evalhouse.normalise.metrics import meaning_of
from evalhouse.parallel import memory
from evalhouse.records import Problem
from evalhouse.redact import Redactor
from evalhouse.schema.arrow import arrow_schema

PROBLEMS_SHOWN = 50


class Shard(msgspec.Struct, frozen=True, kw_only=True):
    """Some units for one process."""

    name: str
    units: tuple[Unit, ...]
    batch_id: str
    lake: str
    redaction_key: bytes
    longest_line: int


@dataclass
class ShardResult:
    """What reading a shard gave."""

    files: list[DataFile] = field(default_factory=list)
    facts: list[UnitFacts] = field(default_factory=list)
    rows: Counter[str] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    problem_counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    _noted: Counter[str] = field(default_factory=Counter)  # by severity

    def note(self, problem: Problem) -> None:
        """Count a problem; the ledger gets the first of each severity, without their bytes."""
        self.problem_counts[problem.severity, problem.kind] += 1
        self._noted[problem.severity] += 1
        if self._noted[problem.severity] <= PROBLEMS_SHOWN:
            self.problems.append(msgspec.structs.replace(problem, bytes=None))


def warm_up() -> None:
    """Load what every shard needs, while the main process plans."""
    memory.keep_pages()
    Redactor(b"")


def read_shard(shard: Shard, counter: parallel.Counter) -> ShardResult:
    """Read units and write their rows, one set of files for the whole shard."""
    reading = Reading(
        Redactor(shard.redaction_key), Limits(longest_line=shard.longest_line), counter.add
    )
    memory.keep_pages()
    result = ShardResult()
    with Writers(shard.lake, shard.batch_id, shard.name) as writers:
        for unit in shard.units:
            repeated = _repeated(unit, counter)
            if repeated is not None:
                result.facts.append(repeated)
                continue
            for item in FORMATS[unit.format].read(unit, reading):
                _take(item, unit.unit_id, writers, result)
                if isinstance(item, TableRows):
                    counter.add(0, item.batch.num_rows)
        result.files = writers.close()
    return result


def _take(
    item: TableRows | Problem | UnitFacts, unit_id: str, writers: Writers, result: ShardResult
) -> None:
    if isinstance(item, UnitFacts):
        result.facts.append(item)
        return
    if isinstance(item, Problem):
        result.note(item)
        item = problem_rows([item])
    if item.table == "checks":
        result.checks.update(item.batch.column("status").to_pylist())
    result.rows[item.table] += item.batch.num_rows
    writers.write(item, unit_id)


def _repeated(unit: Unit, counter: parallel.Counter) -> UnitFacts | None:
    """Return the facts of a unit that the house has with the same bytes; else None."""
    if unit.live_fingerprint is None:
        return None
    hashes = {file.path: file.known_sha256 or file_sha256(file.path) for file in unit.files}
    form = FORMATS[unit.format]
    if form.fingerprint(unit, hashes) != unit.live_fingerprint:
        return None
    counter.add(unit.size)
    files = tuple(
        FileFacts(
            source_file_id=file.source_file_id,
            path=file.path,
            sha256=hashes[file.path],
            bytes=file.size,
            rows=None,
        )
        for file in unit.files
    )
    return UnitFacts(
        unit_id=unit.unit_id, fingerprint=unit.live_fingerprint, files=files, repeated=True
    )


class Writers:
    """The open files of one process, one for each table; discarded unless closed."""

    def __init__(self, lake: str, batch_id: str, name: str) -> None:
        self._place, self._batch_id, self._name = Place(lake), batch_id, name
        self._open: dict[str, TableWriter] = {}

    def write(self, rows: TableRows, unit_id: str) -> None:
        """Write rows of a unit."""
        writer = self._open.get(rows.table)
        if writer is None:
            writer = TableWriter(self._place, rows.table, batch_id=self._batch_id, name=self._name)
            self._open[rows.table] = writer
        batch = _with_meaning(rows.batch) if rows.table == "metrics" else rows.batch
        writer.write(batch.append_column("unit_id", constant(unit_id, batch.num_rows)))

    def close(self) -> list[DataFile]:
        """Finish every file."""
        return [file for table in sorted(self._open) for file in self._open.pop(table).close()]

    def __enter__(self) -> Self:
        """Return the writers."""
        return self

    def __exit__(self, *_: object) -> None:
        """Discard what was not closed."""
        for writer in self._open.values():
            writer.discard()


def _with_meaning(metrics: pa.RecordBatch) -> pa.RecordBatch:
    """Fill in units and directions of metrics where they are known and not stated."""
    known = [meaning_of(name) for name in metrics.column("metric").to_pylist()]
    columns = dict(zip(metrics.schema.names, metrics.columns, strict=True))
    for name, kind in (("unit", pa.string()), ("higher_is_better", pa.bool_())):
        given = columns.get(name)
        stated = given.to_pylist() if given is not None else [None] * len(known)
        columns[name] = pa.array(
            [
                getattr(meaning, name) if own is None else own
                for own, meaning in zip(stated, known, strict=True)
            ],
            kind,
        )
    return pa.record_batch(list(columns.values()), names=list(columns))


def problem_rows(problems: list[Problem]) -> TableRows:
    """Return problems as rows of their table."""
    schema = arrow_schema("problems")
    names = [name for name in Problem.__struct_fields__ if name in schema.names]
    columns = [
        pa.array(
            [_storable(getattr(problem, name)) for problem in problems], schema.field(name).type
        )
        for name in names
    ]
    return TableRows("problems", pa.record_batch(columns, names=names))


def _storable(value: object) -> object:
    """Return a value that a column takes: text with lone surrogates shows them escaped."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def deal(units: list[Unit], processes: int, most: int) -> Iterator[tuple[Unit, ...]]:
    """Deal units into shares of falling size, so that all processes end at about the same time.

    Each round gives every process the same part of what is left, and none more than `most` bytes.
    """
    total = sum(unit.size for unit in units)
    wanted = _shares(total, processes, most)
    piles: list[list[Unit]] = [[] for _ in wanted]
    room = [float(size) for size in wanted]
    for unit in sorted(units, key=lambda unit: (-unit.size, unit.unit_id)):
        index = max(range(len(room)), key=lambda place: (room[place], -place))
        piles[index].append(unit)
        room[index] -= unit.size + 1
    yield from (tuple(pile) for pile in piles if pile)


def _shares(total: int, processes: int, most: int) -> list[int]:
    """Return sizes of shares that together hold at least `total` bytes, but for rounding."""
    if processes == 1:
        count = max(1, -(-total // most))
        return [total // count] * count
    shares: list[int] = []
    left = total
    while left > total // 16:
        size = max(min(left * 3 // (4 * processes), most), 1)
        shares += [size] * processes
        left -= size * processes
    return shares + [left // processes] * processes if left > 0 else shares or [0]
