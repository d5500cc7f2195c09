"""Reading one unit: its row files, then its record, then what can be checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from evalhouse import ids
from evalhouse.formats.base import (
    FileFacts,
    Reading,
    TableRows,
    Unit,
    UnitFacts,
    UnitFile,
)
from evalhouse.formats.documents import Documents
from evalhouse.formats.items import Cleaner
from evalhouse.formats.lines import LineFile
from evalhouse.formats.olmes.checks import Checks, RequestCounts
from evalhouse.formats.olmes.layouts import INPUTS, PREDICTIONS, REQUESTS
from evalhouse.formats.olmes.machines import measurements_of
from evalhouse.formats.olmes.plan import Detail
from evalhouse.formats.olmes.predictions import PredictionRows, Tally
from evalhouse.formats.olmes.record import Record
from evalhouse.formats.olmes.requests import InputRows, RequestRows, Twins
from evalhouse.formats.olmes.results import cell_of, metric_rows, record_row
from evalhouse.formats.rowfile import Layout, RowFile
from evalhouse.records import Problem

_ORDER = ("requests", "recorded-inputs", "predictions")
_LAYOUTS: dict[str, Layout[Any]] = {
    "requests": REQUESTS,
    "recorded-inputs": INPUTS,
    "predictions": PREDICTIONS,
}


@dataclass
class Evidence:
    """What the rows of a unit showed, beside the rows."""

    tally: Tally | None = None
    requests: RequestCounts = field(default_factory=RequestCounts)
    files: list[FileFacts] = field(default_factory=list)
    redactions: dict[str, int] = field(default_factory=dict)
    rows: int = 0


class UnitReader:
    """Reads one unit of an OLMES dump."""

    def __init__(self, unit: Unit, reading: Reading) -> None:
        self._unit, self._reading = unit, reading
        self._detail = msgspec.json.decode(unit.detail, type=Detail)
        self._record = Record(self._detail.record) if self._detail.record is not None else None
        self._documents = Documents(self._detail.dataset, reading.redactor)
        self._twins = Twins(self._offset())
        self._evidence = Evidence()

    def _offset(self) -> int | None:
        if self._record is not None:
            return self._record.uncond_offset
        if self._detail.config:
            return Record(f'{{"task_config": {self._detail.config}}}').uncond_offset
        return None

    @property
    def _primary(self) -> str | None:
        if self._record is not None:
            return self._record.primary_metric
        if self._detail.config:
            return Record(f'{{"task_config": {self._detail.config}}}').primary_metric
        return None

    def read(self) -> Iterator[TableRows | Problem | UnitFacts]:
        """Yield rows, problems and, last, the facts."""
        for file in sorted(self._unit.files, key=lambda file: _ORDER.index(file.family)):
            yield from self._file(file)
        yield from self._record_rows()
        tally = self._evidence.tally
        yield UnitFacts(
            unit_id=self._unit.unit_id,
            fingerprint=unit_fingerprint(
                self._unit, {facts.path: facts.sha256 for facts in self._evidence.files}
            ),
            files=tuple(self._evidence.files),
            cells=(cell_of(self._unit, self._record, tally, self._primary),),
            measurements=tuple(measurements_of(self._unit, self._record)),
            basis=tuple(self._detail.basis) or (self._primary or "",),
            rows=self._evidence.rows,
            redactions=self._evidence.redactions,
        )

    def _file(self, file: UnitFile) -> Iterator[TableRows | Problem]:
        cleaner = Cleaner(self._reading.redactor)
        source = RowFile(LineFile(file.path, self._reading.limits), _LAYOUTS[file.family])
        before = self._documents.redactions
        turn = self._turner(file, cleaner)
        try:
            for rows in source.read(self._reading.progress):
                yield from turn.tables(rows)
        except OSError as failure:
            yield self._problem(
                file, "unreadable_file", f"the file cannot be read: {failure.strerror}", "damage"
            )
        yield from (self._placed(problem, file) for problem in source.problems)
        yield from self._after(file, turn)
        redactions = cleaner.count + self._documents.redactions - before
        yield from self._redacted(file, cleaner, redactions)
        if source.file.live:
            yield self._problem(
                file, "live_file", "the file changed while it was read; ingest it again", "notice"
            )
        self._evidence.rows += source.count
        self._evidence.files.append(
            FileFacts(
                source_file_id=file.source_file_id,
                path=file.path,
                sha256=source.file.sha256,
                bytes=source.file.size,
                rows=source.count,
                redactions=redactions,
                live=source.file.live,
            )
        )

    def _turner(self, file: UnitFile, cleaner: Cleaner) -> RequestRows | InputRows | PredictionRows:
        if file.family == "requests":
            return RequestRows(self._unit, file, self._documents, self._twins, cleaner)
        if file.family == "recorded-inputs":
            return InputRows(self._unit, file, self._documents, cleaner)
        return PredictionRows(
            self._unit, file, self._documents, cleaner, primary_metric=self._primary
        )

    def _after(
        self, file: UnitFile, turn: RequestRows | InputRows | PredictionRows
    ) -> Iterator[Problem]:
        if isinstance(turn, PredictionRows):
            self._evidence.tally = turn.tally
            if turn.repeated:
                yield self._problem(
                    file,
                    "repeated_doc",
                    f"{len(turn.repeated)} rows repeat a `doc_id` ({_some(turn.repeated)}); "
                    "all are kept, the last counts as the answer",
                    "notice",
                )
        elif isinstance(turn, RequestRows):
            self._evidence.requests.twins += turn.twin_rows
            self._evidence.requests.conditioned += turn.rows - turn.twin_rows
            if self._twins.inferred:
                yield self._problem(
                    file,
                    "undeclared_twins",
                    f"no offset of unconditioned requests is declared; {self._twins.offset} was "
                    "inferred from equal documents",
                    "notice",
                )

    def _redacted(self, file: UnitFile, cleaner: Cleaner, count: int) -> Iterator[Problem]:
        if count:
            lines = f"; lines {_some(cleaner.lines)}" if cleaner.lines else ""
            yield self._problem(
                file,
                "redacted",
                f"{count} secrets were replaced before anything was stored{lines}",
                "notice",
            )

    def _record_rows(self) -> Iterator[TableRows | Problem]:
        unit, record, tally = self._unit, self._record, self._evidence.tally
        yield from metric_rows(unit, self._detail, record, tally, self._primary)
        checks = Checks(unit, self._detail, record, self._primary)
        yield from checks.rows(tally, self._evidence.requests)
        yield from checks.problems(tally)
        if record is not None:
            row, redactions = record_row(unit, self._detail, record, self._reading.redactor)
            yield row
            if redactions and self._detail.record_file_id:
                self._evidence.redactions[self._detail.record_file_id] = redactions
                yield self._redacted_record(redactions)

    def _redacted_record(self, count: int) -> Problem:
        return Problem(
            path=self._detail.record_path or "",
            kind="redacted",
            severity="notice",
            line=self._detail.record_line,
            message=f"{count} secrets in the record were replaced before anything was stored",
            run_id=self._unit.run_id,
            task=self._unit.part,
            source_file_id=self._detail.record_file_id,
        )

    def _placed(self, problem: Problem, file: UnitFile) -> Problem:
        """Say whose problem it is, and take secrets out of what it shows."""
        redactor = self._reading.redactor
        data = None if problem.bytes is None else redactor.text(problem.bytes)[0]
        excerpt = problem.excerpt
        if excerpt is not None:
            excerpt = redactor.text(excerpt.encode("utf-8", "replace"))[0].decode(
                "utf-8", "replace"
            )
        return msgspec.structs.replace(
            problem,
            path=file.relative_path,
            source_file_id=file.source_file_id,
            run_id=self._unit.run_id,
            task=self._unit.part,
            bytes=data,
            excerpt=excerpt,
        )

    def _problem(self, file: UnitFile, kind: str, message: str, severity: Any) -> Problem:
        return Problem(
            path=file.relative_path,
            kind=kind,
            message=message,
            severity=severity,
            run_id=self._unit.run_id,
            task=self._unit.part,
            source_file_id=file.source_file_id,
        )


def unit_fingerprint(unit: Unit, hashes: Mapping[str, str]) -> str:
    """Return the hash of a unit's evidence: its record, its settings and its row files."""
    files = [(file.family, hashes[file.path]) for file in unit.files]
    return _fingerprint(msgspec.json.decode(unit.detail, type=Detail), files)


def _fingerprint(detail: Detail, files: Sequence[tuple[str, str]]) -> str:
    members = ids.sha256_hex(detail.members or "")
    # Where the record stands counts too: the file of records is written again from that.
    place = [detail.record_file_id, detail.record_line]
    record = None if detail.record is None else [ids.sha256_hex(detail.record), *place]
    config = (
        None
        if detail.config is None or detail.record is not None
        else ids.sha256_hex(detail.config)
    )
    return ids.sha256_hex(ids.canonical_json([record, config, members, sorted(map(list, files))]))


def _some(numbers: Sequence[int], limit: int = 5) -> str:
    shown = ", ".join(str(number) for number in numbers[:limit])
    return shown + (", …" if len(numbers) > limit else "")
