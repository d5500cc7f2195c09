"""Requests and recorded inputs: prompts, with each distinct document taken out once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from evalhouse.formats.arrays import Array
from evalhouse.formats.base import TableRows, Unit, UnitFile, rows_of
from evalhouse.formats.documents import Documents
from evalhouse.formats.items import Attempts, Cleaner, item_column, item_numbers, line_numbers
from evalhouse.formats.rowfile import Rows

_SMALLEST_INFERRED = 10_000  # no smaller offset is believed without a declaration


class Twins:
    """Folds unconditioned twins onto their documents by the offset of their numbers.

    The offset is declared by the task configuration. Where none is at hand, it is inferred from
    equal documents that come again under a number that is larger by a round offset.
    """

    def __init__(self, declared: int | None) -> None:
        self.offset = declared
        self.inferred = False
        self._highest = -1

    def fold(self, items: Array, firsts: Array) -> tuple[Array, Array]:
        """Return folded numbers and which rows are twins; `firsts` saw the same document first."""
        if self.offset is None:
            self._infer(items, firsts)
        if not self.offset:
            return items, np.zeros(len(items), np.bool_)
        twins = items >= self.offset
        return np.where(twins, items % self.offset, items), twins

    def _infer(self, items: Array, firsts: Array) -> None:
        again = np.flatnonzero(items > np.maximum(firsts, self._highest))
        again = again[items[again] - firsts[again] >= _SMALLEST_INFERRED]
        if len(again):
            offset = int(items[again[0]] - firsts[again[0]])
            if offset % 1000 == 0 and offset > int(firsts.max()):
                self.offset, self.inferred = offset, True
                return
        self._highest = max(self._highest, int(items.max(initial=-1)))


class RequestRows:
    """Turns rows of a requests file into rows of `requests` and `documents`."""

    def __init__(
        self, unit: Unit, file: UnitFile, documents: Documents, twins: Twins, cleaner: Cleaner
    ) -> None:
        self._unit, self._file, self._documents = unit, file, documents
        self.twins, self._cleaner = twins, cleaner
        self.rows = 0
        self.twin_rows = 0

    def tables(self, rows: Rows[Any]) -> Iterator[TableRows]:
        """Yield the rows of one chunk."""
        count, as_written = len(rows.rows), item_numbers(rows)
        rows.keep_odd_spellings("native_id", "label", "request_type", "task_name")
        natives = rows.column("native_id")
        codes = self._documents.codes(rows.column("doc"), as_written, natives)
        items, is_twin = self.twins.fold(as_written, self._documents.first_items(codes))
        self._documents.link(items[~is_twin], codes[~is_twin])
        self.rows += count
        self.twin_rows += int(is_twin.sum())
        native, native_kind = self._cleaner.values(natives, rows.lines)
        label, label_kind = self._cleaner.values(rows.column("label"), rows.lines)
        request_type, task_name = (
            text_column(rows, "request_type", self._cleaner),
            text_column(rows, "task_name", self._cleaner),
        )
        yield from new_documents(self._unit, self._file, self._documents)
        yield rows_of(
            "requests",
            count,
            {
                "doc_id": item_column(items),
                "attempt": pa.array(np.zeros(count, np.int64)),
                "native_id": native,
                "native_id_kind": native_kind,
                "idx": integers(rows, "idx"),
                "request_type": request_type,
                "request": self._cleaner.requests(rows.column("request"), rows.lines),
                "label": label,
                "label_kind": label_kind,
                "item_sha256": self._documents.hashes(codes),
                "unconditioned": pa.array(is_twin),
                "source_doc_id": item_column(as_written),
                "task_name": task_name,
                "text": self._cleaner.texts(rows, settings="request"),
                "line": line_numbers(rows),
            },
            unit=self._unit,
            source_file_id=self._file.source_file_id,
        )


class InputRows:
    """Turns rows of a recorded-inputs file into rows of `inputs` and `documents`."""

    def __init__(self, unit: Unit, file: UnitFile, documents: Documents, cleaner: Cleaner) -> None:
        self._unit, self._file, self._documents, self._cleaner = unit, file, documents, cleaner
        self._attempts = Attempts()

    def tables(self, rows: Rows[Any]) -> Iterator[TableRows]:
        """Yield the rows of one chunk."""
        count, items = len(rows.rows), item_numbers(rows)
        rows.keep_odd_spellings("native_id", "label", "task_name")
        natives = rows.column("native_id")
        codes = self._documents.codes(rows.column("doc"), items, natives)
        self._documents.link(items, codes)
        native, native_kind = self._cleaner.values(natives, rows.lines)
        label, label_kind = self._cleaner.values(rows.column("label"), rows.lines)
        task_name = text_column(rows, "task_name", self._cleaner)
        requests = rows.column("requests")
        for index in (place for place, item in enumerate(requests) if not len(item)):
            rows.keep_text(index)
            requests[index] = b"null"
        yield from new_documents(self._unit, self._file, self._documents)
        yield rows_of(
            "inputs",
            count,
            {
                "doc_id": item_column(items),
                "attempt": pa.array(self._attempts.of(items)),
                "native_id": native,
                "native_id_kind": native_kind,
                "label": label,
                "label_kind": label_kind,
                "requests": self._cleaner.requests(requests, rows.lines),
                "item_sha256": self._documents.hashes(codes),
                "task_name": task_name,
                "text": self._cleaner.texts(rows, settings="requests"),
                "line": line_numbers(rows),
            },
            unit=self._unit,
            source_file_id=self._file.source_file_id,
        )


def new_documents(unit: Unit, file: UnitFile, documents: Documents) -> Iterator[TableRows]:
    """Yield the documents that were not seen before."""
    count, columns = documents.take_new()
    if count:
        yield rows_of("documents", count, columns, unit=unit, source_file_id=file.source_file_id)


def text_column(rows: Rows[Any], name: str, cleaner: Cleaner) -> pa.Array:
    """Return a field that holds text; the lines where it holds something else are kept."""
    values, kinds = cleaner.values(rows.column(name), rows.lines)
    if kinds.dictionary.to_pylist() != ["text"]:
        for index, kind in enumerate(kinds.to_pylist()):
            if kind != "text":
                rows.keep_text(index)
    return values


def integers(rows: Rows[Any], name: str) -> pa.Array:
    """Return a field that holds small integers; null, and the line kept, where it does not."""
    slices = rows.column(name)
    buffer = b"".join(slices)
    if len(buffer) == len(slices) and buffer.isdigit():
        return pa.array(np.frombuffer(buffer, np.uint8).astype(np.int64) - ord("0"))
    known: dict[bytes, int | None] = {}
    values = []
    for index, item in enumerate(rows.column(name)):
        key = bytes(item)
        if key not in known:
            whole = key.removeprefix(b"-").isdigit() and len(key) < 19 and key != b"-0"
            known[key] = int(key) if whole else None
        values.append(known[key])
        if values[-1] is None:
            rows.keep_text(index)
    return pa.array(values, pa.int64())
