"""Answers row by row: what each row of a run's table becomes, with the exchanges that led to it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pyarrow as pa

from evalhouse.formats.base import TableRows, Unit, UnitFile
from evalhouse.formats.codebook_lab.answers import Answers, Exchange, Failure, Found
from evalhouse.formats.codebook_lab.cells import CellRow
from evalhouse.formats.codebook_lab.gold import Gold, document_of
from evalhouse.formats.codebook_lab.plan import Detail, FieldDetail
from evalhouse.formats.codebook_lab.scores import FAILURES
from evalhouse.formats.codebook_lab.traces import Trace, Traces
from evalhouse.formats.texts import Texts
from evalhouse.ids import sha256_hex
from evalhouse.schema.arrow import arrow_schema
from evalhouse.tasks.statuses import STATUS_SUFFIX

_FLUSH = 512  # bytes that a response is taken to weigh, beside its texts
_REMEMBERED = 4096  # documents that are known to be stored
_STATUS = {
    "ok": "ok",
    "repaired": "ok",
    "not_applicable": "not_applicable",
    "failed": "failed",
    **dict.fromkeys(("invalid", "refused", "truncated"), "invalid"),
}
_REASON = {"invalid": "malformed_output", "truncated": "malformed_output", "refused": "refusal"}
_TEXTS = ("native_id", "label", "model_output", "answer")
_SHOWN = 3


@dataclass
class Tally:
    """What the rows of a run showed."""

    statuses: dict[str, Counter[str]] = field(default_factory=dict)  # by column
    rows: int = 0
    differing: list[str] = field(default_factory=list)  # answers that two files tell otherwise
    differences: int = 0

    def add(self, column: str, status: str) -> None:
        """Count an answer."""
        self.statuses.setdefault(column, Counter())[status] += 1

    def items(self, column: str) -> int:
        """Return how many times a field was asked about, or should have been."""
        counts = self.statuses.get(column, Counter())
        return counts.total() - counts["not_applicable"]

    def failed(self, column: str) -> int:
        """Return how many of these have no valid answer."""
        counts = self.statuses.get(column, Counter())
        return sum(counts[status] for status in FAILURES)

    def differ(self, row: int, column: str) -> None:
        """Take down an answer that the table and the exchanges tell otherwise."""
        self.differences += 1
        if len(self.differing) < _SHOWN:
            self.differing.append(f"row {row} of `{column}`")


@dataclass
class Sources:
    """What is beside the table of answers; each may be missing.

    Exchanges hold all that traces do.
    """

    answers: Answers | None = None
    traces: Traces | None = None
    gold: Gold | None = None


@dataclass(frozen=True)
class _Item:
    """A row of the table, or one that the exchanges alone know."""

    number: int
    line: int | None
    cells: Mapping[str, str]
    native_id: str | None
    sha256: str | None
    traces: Mapping[str, Trace]


class Responses:
    """Turns rows into rows of `responses` and `documents`, a chunk at a time."""

    def __init__(
        self, unit: Unit, detail: Detail, sources: Sources, texts: Texts, chunk: int
    ) -> None:
        self.tally = Tally()
        self._unit, self._detail, self._sources = unit, detail, sources
        self._texts, self._chunk = texts, chunk
        self._waiting: list[dict[str, Any]] = []
        self._documents: dict[str, dict[str, Any]] = {}
        self._stored: set[str] = set()
        self._size = 0

    def of_table(self, rows: Iterator[CellRow], file: UnitFile) -> Iterator[TableRows]:
        """Yield what the rows of the table become, then what the exchanges know beyond it.

        Where none of its columns is known to hold answers, rows are counted alone.
        """
        seen, there, answers = set[int](), list[FieldDetail](), set[str]()
        for row in rows:
            if not answers:
                there = [each for each in self._detail.fields if each.column in row.cells]
                answers = {name for each in there for name in _columns(each.column)} | {""}
            if not there:
                self.tally.rows += 1
                continue
            if self._sources.answers is not None:
                seen.add(row.number)
            carried = {name: cell for name, cell in row.cells.items() if name not in answers}
            self._row(row, carried, there)
            if self._size > self._chunk:
                yield from self._flush(file.source_file_id)
        yield from self._flush(file.source_file_id)
        yield from self.of_exchanges(seen)

    def of_exchanges(self, seen: set[int] | None = None) -> Iterator[TableRows]:
        """Yield what the exchanges know of rows that no table has."""
        answers = self._sources.answers
        if answers is None:
            return
        for number in answers.rows():
            if number not in (seen or ()):
                found = answers.of_row(number)
                item = _Item(number, None, {}, _id_of(found, number), None, {})
                for each in self._detail.fields:
                    self._field(item, each, found.get(each.column, []))
                self.tally.rows += 1
            if self._size > self._chunk:
                yield from self._flush(None)
        yield from self._flush(None)

    def _row(self, row: CellRow, carried: dict[str, str], fields: list[FieldDetail]) -> None:
        answers, traces = self._sources.answers, self._sources.traces
        found = answers.of_row(row.number) if answers else {}
        native_id = _id_of(found, row.number) if answers else str(row.number)
        item = _Item(
            row.number,
            row.line,
            row.cells,
            native_id,
            self._document(carried, native_id if answers else None, row.line),
            traces.of_row(row.number) if traces and not answers else {},
        )
        for each in fields:
            self._field(item, each, found.get(each.column, []))
        self.tally.rows += 1

    def _document(self, carried: dict[str, str], native_id: str | None, line: int) -> str:
        """Return the hash of a row without its answers, which is stored once."""
        text = self._texts.clean(document_of(carried))
        sha256 = sha256_hex(text)
        if sha256 not in self._stored:
            if len(self._stored) >= _REMEMBERED:
                self._stored.clear()
            self._stored.add(sha256)
            key = f"{self._detail.task}#{native_id}" if native_id is not None else sha256
            self._documents[sha256] = {
                "item_sha256": sha256,
                "item_key": self._texts.clean(key),
                "doc": text,
                "line": line,
            }
            self._size += len(text)
        return sha256

    # -- answers ---------------------------------------------------------------------------------

    def _field(self, item: _Item, field: FieldDetail, found: list[Found]) -> None:
        """Add the answers to a field: one for each repeat, else what the table says."""
        column = field.column
        told, status = item.cells.get(column), item.cells.get(f"{column}{STATUS_SUFFIX}")
        if len(found) == 1 and told is not None and status is not None:
            given = found[0].given
            if (given.cell, given.status) != (told, status):
                self.tally.differ(item.number, column)
        for each in found:
            self._add(item, field, _answered(each), each.given.status)
        if not found and told is not None:
            self._add(item, field, self._from_table(item, column, told, status), status)

    def _from_table(
        self, item: _Item, column: str, cell: str, status: str | None
    ) -> dict[str, Any]:
        """Return what is known of an answer without an exchange."""
        known: dict[str, Any] = {"attempt": 0, "repeat": 0}
        trace = item.traces.get(column)
        if trace is not None:
            known["seconds"] = trace.seconds
            known["model_output"] = json.dumps({"reasoning": trace.reasoning}, ensure_ascii=False)
        if status is None:
            # codebook-lab leaves a cell empty for four reasons, and does not say which.
            is_told = bool(cell)
            return known | {"answer": cell if is_told else None, "status": "ok" * is_told or None}
        answers = self._sources.answers
        failures = answers.failures(item.number) if answers and status == "failed" else {}
        failure = failures.get(column) or failures.get("")
        return known | _outcome(status, cell, failure)

    def _add(
        self, item: _Item, field: FieldDetail, known: dict[str, Any], status: str | None
    ) -> None:
        gold = self._sources.gold
        label = gold.cell(item.number, field.column) if gold else None
        row = {
            "task": field.column,
            "prompt_id": field.prompt_id,
            "doc_id": item.number,
            "native_id": item.native_id,
            "native_id_kind": None if item.native_id is None else "text",
            "item_sha256": item.sha256,
            "label": label,
            "label_kind": None if label is None else "text",
            "line": item.line,
            **known,
        }
        self._waiting.append(row)
        self._size += _FLUSH + sum(len(row.get(name) or "") for name in _TEXTS)
        if status is not None:
            self.tally.add(field.column, status)

    def _flush(self, source_file_id: str | None) -> Iterator[TableRows]:
        """Yield the rows that wait."""
        unit, schema = self._unit, arrow_schema("responses")
        if self._waiting:
            rows, self._waiting = self._waiting, []
            names = dict.fromkeys(name for row in rows for name in row)
            columns = {
                name: self._texts.column([row.get(name) for row in rows])
                if name in _TEXTS
                else pa.array([row.get(name) for row in rows], schema.field(name).type)
                for name in names
            }
            columns |= {
                name: pa.repeat(value, len(rows))
                for name, value in (("run_id", unit.run_id), ("model_id", unit.model_id))
            }
            yield _table("responses", columns, source_file_id)
        if self._documents:
            found, self._documents = list(self._documents.values()), {}
            schema = arrow_schema("documents")
            columns = {
                name: pa.array([row[name] for row in found], schema.field(name).type)
                for name in found[0]
            }
            yield _table("documents", columns, source_file_id)
        self._size = 0


def _columns(column: str) -> tuple[str, str]:
    return column, f"{column}{STATUS_SUFFIX}"


def _table(table: str, columns: dict[str, pa.Array], source_file_id: str | None) -> TableRows:
    size = len(next(iter(columns.values())))
    source = pa.array([source_file_id] * size, pa.string())
    return TableRows(table, pa.record_batch({**columns, "source_file_id": source}))


def _answered(found: Found) -> dict[str, Any]:
    """Return what an exchange tells of an answer.

    Time and tokens are the exchange's: of several answers the first one has them, so that sums
    over responses are right.
    """
    given, exchange = found.given, found.exchange
    known = {
        "attempt": exchange.repeat,
        "repeat": exchange.repeat,
        "model_output": _output(found),
        "finish_reason": exchange.finish or None,
        **_outcome(given.status, given.cell, None),
    }
    return known | (_cost(exchange) if found.is_first else {})


def _cost(exchange: Exchange) -> dict[str, Any]:
    return {
        "seconds": exchange.seconds,
        "seconds_to_first_token": exchange.seconds_to_first_token,
        "tokens_in": exchange.usage.input,
        "tokens_out": exchange.usage.output,
        "tokens_reasoning": exchange.usage.reasoning,
    }


def _output(found: Found) -> str:
    """Return what the model gave, and what the answer was read as beyond its cell."""
    given, exchange = found.given, found.exchange
    told = {
        "text": exchange.text,
        "reasoning": exchange.reasoning,
        "refusal": exchange.refusal,
        "status": given.status,
        "reason": given.reason,
        "logprobs": given.logprobs,
        "cached": exchange.is_cached,
    }
    kept = {key: value for key, value in told.items() if value}
    try:
        return msgspec.json.encode(kept).decode()
    except UnicodeEncodeError:  # a lone surrogate
        return json.dumps(kept)


def _outcome(status: str, cell: str, failure: Failure | None) -> dict[str, Any]:
    """Return the answer with its status as the lake knows it."""
    is_answer = status in ("ok", "repaired")
    reason = _REASON.get(status)
    if status == "failed":
        kind = failure.kind if failure else ""
        reason = "timeout" if "timeout" in kind.lower() else "infra_error" if kind else "unknown"
    return {
        "answer": cell if is_answer else None,
        "status": _STATUS.get(status),
        "failure_reason": reason,
    }


def _id_of(found: Mapping[str, list[Found]], number: int) -> str | None:
    """Return the id that the exchanges have for a row."""
    exchanges = (each.exchange for listed in found.values() for each in listed)
    return next((name for each in exchanges if (name := each.id_of(number)) is not None), None)
