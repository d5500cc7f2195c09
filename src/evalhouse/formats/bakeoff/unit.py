"""Reading one result: a row for each answer and judgement, then what all of them come to."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from evalhouse import ids
from evalhouse.formats.bakeoff.answers import Answer, read_answer
from evalhouse.formats.bakeoff.cells import CellSum, cell_of, measurement_of, run_measurement
from evalhouse.formats.bakeoff.detail import Detail, key_of
from evalhouse.formats.bakeoff.judgements import judgement_rows
from evalhouse.formats.bakeoff.layout import MAIN
from evalhouse.formats.bakeoff.outline import (
    Outline,
    damage,
    elements,
    problem,
    read_outline,
    text_of,
    tier_of,
)
from evalhouse.formats.bakeoff.prompts import Question, question_of
from evalhouse.formats.bakeoff.recognise import ENVELOPE
from evalhouse.formats.bakeoff.recount import merged_value, ratings_of
from evalhouse.formats.bakeoff.scan import NotJsonError, Piece
from evalhouse.formats.base import FileFacts, Reading, TableRows, Unit, UnitFacts
from evalhouse.formats.lines import EXCERPT
from evalhouse.formats.texts import Texts
from evalhouse.records import Cell, Measurement, Problem
from evalhouse.schema.arrow import arrow_schema

Item = TableRows | Problem | UnitFacts
Row = dict[str, Any]

_WEIGHT = 600  # bytes that a row is taken to weigh, beside its texts
_CLEANED = (
    *("native_id", "label", "model_output", "answer", "metrics", "doc", "item_key", "text"),
    *("scope", "reason", "claimed", "recomputed", "value_note"),
)


@dataclass
class _Waiting:
    """Rows that wait to be yielded, by table."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    size: int = 0

    def add(self, table: str, row: Row) -> None:
        self.rows[table].append(row)
        self.size += _WEIGHT + sum(len(row[name]) for name in _CLEANED if row.get(name))


class ResultReader:
    """Reads one result."""

    def __init__(self, unit: Unit, detail: Detail, reading: Reading) -> None:
        self._unit, self._detail, self._reading = unit, detail, reading
        (self._file,) = unit.files
        self._texts = Texts(reading.redactor)
        self._waiting = _Waiting()
        self._cells: dict[tuple[str, str], CellSum] = {}
        self._measurements: list[Measurement] = []
        self._rows = 0
        self._live = False

    def read(self) -> Iterator[Item]:
        """Yield rows, problems and, last, the facts."""
        outline: Outline | None = None
        before = _stamp(self._file.path)
        try:
            outline = read_outline(self._file.path, is_envelope=self._file.family == ENVELOPE)
            yield from self._records(outline)
            yield from self._judgements(outline)
        except OSError as failure:
            outline = None
            message = f"the file cannot be read: {failure.strerror}"
            yield self._placed(problem(self._file.path, "unreadable_file", message))
        if outline is not None:
            self._documents(outline)
            self._totals()
            yield from self._flush()
            yield from self._changed(before)
        if self._texts.count:
            message = f"{self._texts.count} secrets were replaced before anything was stored"
            yield self._placed(problem(self._file.path, "redacted", message, "notice"))
        yield self._facts(outline)

    # -- records ---------------------------------------------------------------------------------

    def _records(self, outline: Outline) -> Iterator[TableRows | Problem]:
        questions = {name: question_of(task) for name, task in outline.tasks().items()}
        documents = {name: _document(task) for name, task in outline.tasks().items()}
        ratings = ratings_of(outline)
        attempts: Counter[tuple[str, str]] = Counter()
        for piece, record in self._elements(outline, "records"):
            self._rows += 1
            answer = read_answer(record, piece.index or 0)
            place = self._place(answer) if answer is not None else None
            if answer is None or place is None:
                yield self._unexpected(piece)
                self._rows -= 1
                continue
            attempt = attempts[place]
            attempts[place] += 1
            question = questions.get(answer.task_id)
            value = merged_value(answer, ratings)
            self._add(answer, attempt, question, value, documents.get(answer.task_id))
            if self._waiting.size > self._reading.limits.chunk:
                yield from self._flush()
        yield from self._bad
        yield from self._flush()

    def _elements(self, outline: Outline, key: str) -> Iterator[tuple[Piece, Any]]:
        """Yield the elements of a list; what is damaged is told of once the rest was read."""
        self._bad: list[Problem] = []
        try:
            for piece in elements(outline, key):
                if self._reading.progress:
                    self._reading.progress(len(piece.raw))
                try:
                    yield piece, piece.value()
                except NotJsonError as failure:
                    self._bad.append(self._placed(damage(outline.path, failure, piece.raw)))
        except NotJsonError:
            return  # the outline tells of it

    def _place(self, answer: Answer) -> tuple[str, str] | None:
        """Return prompt and model of an answer; None for one that came in after planning."""
        asked = self._detail.asked.get(key_of(answer.task_id, answer.variant, answer.tier))
        model = self._detail.models.get(answer.model)
        return (asked.prompt_id, model) if asked and model else None

    def _add(
        self,
        answer: Answer,
        attempt: int,
        question: Question | None,
        value: float | None,
        document: str | None,
    ) -> None:
        asked = self._detail.asked[key_of(answer.task_id, answer.variant, answer.tier)]
        model = self._detail.models[answer.model]
        total = self._cells.setdefault(
            (asked.prompt_id, model), CellSum(asked.task_id, asked.prompt_id, model)
        )
        total.add(answer, value, question)
        self._measurements += measurement_of(
            self._unit, self._detail, answer, asked.prompt_id, model, attempt
        )
        expected = question.expected if question else None
        self._waiting.add(
            "responses",
            {
                "model_id": model,
                "prompt_id": asked.prompt_id,
                "task": asked.path,
                "doc_id": answer.index,
                "attempt": attempt,
                "repeat": attempt,
                "native_id": answer.task_id,
                "native_id_kind": "text",
                "item_sha256": None if document is None else ids.sha256_hex(document),
                "label": expected if isinstance(expected, str) else _json(expected),
                "label_kind": _kind(expected),
                "model_output": None if answer.text is None else _json({"text": answer.text}),
                "answer": answer.text,
                "metrics": _json(answer.rest),
                "score": value,
                "status": "failed" if answer.failure else "ok",
                "failure_reason": answer.failure,
                "seconds": answer.figures.get("wall_clock_seconds"),
                "seconds_to_first_token": answer.figures.get("seconds_to_first_token"),
                "tokens_in": answer.counts.get("prompt_tokens"),
                "tokens_out": answer.counts.get("completion_tokens"),
                "energy_wh": answer.figures.get("energy_wh"),
            },
        )

    # -- the rest --------------------------------------------------------------------------------

    def _judgements(self, outline: Outline) -> Iterator[TableRows | Problem]:
        for _, judgement in self._elements(outline, "judgements"):
            if isinstance(judgement, dict):
                for row in judgement_rows(judgement, self._detail):
                    self._waiting.add("metrics", row | {"level": _claimed(self._detail.level)})
            if self._waiting.size > self._reading.limits.chunk:
                yield from self._flush()
        yield from self._bad

    def _documents(self, outline: Outline) -> None:
        """Add the questions: what is asked, expected, and how it is scored."""
        for task in outline.tasks().values():
            document, user = _document(task), text_of(task.get("user_prompt"))
            key = f"{tier_of(task)}#{ids.sha256_hex(user)}" if user else ids.sha256_hex(document)
            self._waiting.add(
                "documents",
                {"item_sha256": ids.sha256_hex(document), "item_key": key, "doc": document},
            )

    def _totals(self) -> None:
        detail = self._detail
        for claim in detail.claims:
            suite = detail.suites.get(claim.tier) or detail.suites[MAIN]
            self._waiting.add(
                "metrics",
                {
                    "model_id": detail.models.get(claim.model) if claim.model else None,
                    "prompt_id": suite.prompt_id,
                    "task": suite.path,
                    "scope": "",
                    "scope_type": "suite" if claim.model else "run",
                    "metric": claim.metric,
                    "definition": claim.definition,
                    "value": claim.value,
                    "n": claim.n,
                    "is_primary": claim.metric in ("partial_score", "floor_score"),
                    "origin": claim.origin,
                    "level": _level_of(claim.metric, claim.model, detail),
                },
            )
        for check in detail.checks:
            self._waiting.add(
                "checks",
                {
                    "model_id": detail.models.get(check.model) if check.model else None,
                    "task": detail.suites[MAIN].path,
                    "scope": check.scope,
                    "metric": check.metric,
                    "claimed": check.claimed,
                    "recomputed": check.recomputed,
                    "tolerance": check.tolerance,
                    "status": check.status,
                    "reason": check.reason,
                },
            )

    def _flush(self) -> Iterator[TableRows]:
        waiting, self._waiting = self._waiting, _Waiting()
        for table, rows in waiting.rows.items():
            yield self._table(table, rows)

    def _table(self, table: str, rows: Sequence[Row]) -> TableRows:
        schema = arrow_schema(table)
        columns = {
            name: self._texts.column([row.get(name) for row in rows])
            if name in _CLEANED
            else pa.array([row.get(name) for row in rows], schema.field(name).type)
            for name in dict.fromkeys(name for row in rows for name in row)
        }
        if table != "documents":
            columns["run_id"] = pa.repeat(self._unit.run_id, len(rows))
        columns["source_file_id"] = pa.repeat(self._file.source_file_id, len(rows))
        return TableRows(table, pa.record_batch(columns))

    # -- facts -----------------------------------------------------------------------------------

    def _facts(self, outline: Outline | None) -> UnitFacts:
        sha256 = outline.sha256 if outline else ""
        cells: list[Cell] = []
        measured: list[Measurement] = []
        if outline is not None:
            clean = self._texts.clean
            cells = [cell_of(self._unit, total, clean) for total in self._cells.values()]
            cells += self._suite_cells()
            measured = [*self._measurements, *run_measurement(self._unit, self._detail)]
        file = self._file
        facts = FileFacts(
            source_file_id=file.source_file_id,
            path=file.path,
            sha256=sha256,
            bytes=file.size if sha256 else 0,
            rows=self._rows,
            redactions=self._texts.count,
            live=self._live,
        )
        return UnitFacts(
            unit_id=self._unit.unit_id,
            fingerprint=fingerprint(self._unit, self._detail, {file.path: sha256}),
            files=(facts,),
            cells=tuple(cells),
            measurements=tuple(measured),
            rows=self._rows,
        )

    def _suite_cells(self) -> Iterator[Cell]:
        for result in self._detail.results:
            yield Cell(
                run_id=self._unit.run_id,
                prompt_id=result.asked.prompt_id,
                model_id=self._detail.models[result.model],
                task_id=result.asked.task_id,
                unit_id=self._unit.unit_id,
                primary_metric=result.metric,
                primary_value=result.value,
                value_note=result.note,
                origin=result.origin,  # type: ignore[arg-type]
                failure_reason=result.failure,
                n_items=result.n_items,
                items_failed=result.items_failed,
            )

    def _changed(self, before: tuple[int, int] | None) -> Iterator[Problem]:
        if _stamp(self._file.path) != before:
            self._live = True
            message = "the file changed while it was read; ingest it again"
            yield self._placed(problem(self._file.path, "live_file", message, "notice"))

    # -- problems --------------------------------------------------------------------------------

    def _unexpected(self, piece: Piece) -> Problem:
        found = Problem(
            path=self._file.path,
            kind="unexpected_record",
            message=f"record {(piece.index or 0) + 1} does not say which task, prompt and model it "
            f"is of",
            line=1,
            byte_offset=piece.offset,
            excerpt=piece.raw[:EXCERPT].decode("utf-8", "replace"),
            bytes=piece.raw,
        )
        return self._placed(found)

    def _placed(self, found: Problem) -> Problem:
        """Say whose problem it is, and take secrets out of what it shows."""
        redactor = self._reading.redactor
        data = None if found.bytes is None else redactor.settings(found.bytes)[0]
        excerpt = found.excerpt
        if excerpt is not None:
            cleaned, _ = redactor.settings(excerpt.encode("utf-8", "replace"))
            excerpt = cleaned.decode("utf-8", "replace")
        return msgspec.structs.replace(
            found,
            path=self._file.relative_path,
            source_file_id=self._file.source_file_id,
            run_id=self._unit.run_id,
            bytes=data,
            excerpt=excerpt,
        )


def fingerprint(unit: Unit, detail: Detail, hashes: Mapping[str, str]) -> str:
    """Return the hash of what a result is read from: its file, its bundle, its signature."""
    files = sorted((file.family, hashes[file.path]) for file in unit.files)
    return ids.sha256_hex(ids.canonical_json([files, detail.evidence]))


def _stamp(path: str) -> tuple[int, int] | None:
    """Return size and time of a file; None where it is gone."""
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _document(task: Mapping[str, Any]) -> str:
    return _json(dict(task)) or ""


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _kind(value: Any) -> str | None:
    if isinstance(value, bool):
        return "boolean"
    kinds = {str: "text", int: "integer", float: "number", list: "array", dict: "object"}
    return kinds.get(type(value))


def _claimed(level: str) -> str:
    """Return the level of what cannot be counted again: intact at most."""
    return min(level, "L1")


def _level_of(metric: str, model: str | None, detail: Detail) -> str:
    """Return the level of a number: counted again only where its own check says so."""
    if detail.level == "L0":
        return "L0"
    held = any(
        check.status == "match"
        for check in detail.checks
        if check.scope == "scores" and check.metric == metric and check.model == model
    )
    return "L2" if held else _claimed(detail.level)
