"""Predictions: what the model gave for each document, and how it was scored."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from evalhouse.formats.arrays import Array
from evalhouse.formats.base import TableRows, Unit, UnitFile, rows_of
from evalhouse.formats.documents import Documents
from evalhouse.formats.items import Attempts, Cleaner, item_column, item_numbers, line_numbers
from evalhouse.formats.olmes import choices as choice_rows
from evalhouse.formats.olmes.choices import METRIC_KEYS, Choices, ItemMetrics, Part
from evalhouse.formats.rowfile import Rows
from evalhouse.formats.slices import constant, plain
from evalhouse.stats.moments import Moments

Slice = msgspec.Raw | bytes


class _Generation(msgspec.Struct, gc=False):
    """What is taken out of one generated output."""

    model_answer: Any = None
    num_tokens: Any = None
    llm_error: Any = None


_GENERATIONS = msgspec.json.Decoder(list[_Generation])
_METRICS = msgspec.json.Decoder(dict[str, Any])


@dataclass
class Tally:
    """What the rows of a unit add up to, for comparison with its record."""

    items: int = 0
    failed: int = 0
    metrics: dict[str, Moments] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)  # metric -> items without a number
    first: dict[str, Any] | None = None
    compared: dict[str, list[int]] = field(default_factory=dict)  # what -> [claimed, equal]
    disordered: int = 0  # items whose predicted index is not the best choice
    outputs: int = 0  # choices or generations
    most_outputs: int = 0  # of one item
    sentinels: int = 0  # items where no choice was scored
    task_hashes: dict[str, int] = field(default_factory=dict)
    model_hashes: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, values: Array) -> None:
        """Take in numbers of a metric, one for each item."""
        self.metrics.setdefault(name, Moments()).add(values)

    def count_outputs(self, counts: Array) -> None:
        """Count the outputs of some items."""
        self.outputs += int(counts.sum())
        self.most_outputs = max(self.most_outputs, int(counts.max(initial=0)))

    def compare(self, what: str, equal: Array) -> None:
        """Count how many of some claimed values were recomputed equal."""
        counts = self.compared.setdefault(what, [0, 0])
        counts[0] += len(equal)
        counts[1] += int(equal.sum())


class PredictionRows:
    """Turns rows of a predictions file into rows of `responses` and `choices`."""

    def __init__(
        self,
        unit: Unit,
        file: UnitFile,
        documents: Documents,
        cleaner: Cleaner,
        *,
        primary_metric: str | None,
    ) -> None:
        self._unit, self._file = unit, file
        self._documents, self._cleaner = documents, cleaner
        self._primary = primary_metric
        self._attempts = Attempts()
        self.tally = Tally()

    @property
    def repeated(self) -> list[int]:
        """Return the numbers of items that came more than once."""
        return self._attempts.repeated

    def tables(self, rows: Rows[Any]) -> Iterator[TableRows]:
        """Yield the rows of one chunk."""
        rows.keep_odd_spellings("native_id", "label", "task_hash", "model_hash")
        items = item_numbers(rows)
        attempts = self._attempts.of(items)
        self.tally.items += len(items)
        self._first_row(rows.column("metrics"))
        for part in choice_rows.parts(rows.column("model_output")):
            if len(part.rows) == len(items):
                yield from self._part(part, rows, items, attempts)
            elif part.rows:
                subset = rows.subset(part.rows)
                yield from self._part(part, subset, items[part.rows], attempts[part.rows])

    def _part(
        self, part: Part, rows: Rows[Any], items: Array, attempts: Array
    ) -> Iterator[TableRows]:
        """Yield rows that are all choices, or all something else."""
        outputs, metrics = rows.column("model_output"), rows.column("metrics")
        scored = self._scored(part, outputs, metrics, rows.column("label"))
        columns = self._shared_columns(rows, items, attempts)
        if scored is None:
            columns |= self._generated_columns(outputs, metrics, rows)
        else:
            columns |= self._scored_columns(scored, outputs, metrics, rows)
            yield self._choice_rows(scored, items, attempts, columns["line"])
        yield rows_of(
            "responses",
            len(items),
            columns,
            unit=self._unit,
            source_file_id=self._file.source_file_id,
        )

    def _shared_columns(
        self, rows: Rows[Any], items: Array, attempts: Array
    ) -> dict[str, pa.Array]:
        native, native_kind = self._cleaner.values(rows.column("native_id"), rows.lines)
        label, label_kind = self._cleaner.values(rows.column("label"), rows.lines)
        return {
            "doc_id": item_column(items),
            "attempt": pa.array(attempts),
            "repeat": pa.array(np.zeros(len(items), np.int64)),
            "native_id": native,
            "native_id_kind": native_kind,
            "item_sha256": self._documents.of_items(items),
            "label": label,
            "label_kind": label_kind,
            "task_hash": self._hashes(rows, "task_hash", self.tally.task_hashes),
            "model_hash": self._hashes(rows, "model_hash", self.tally.model_hashes),
            "text": self._cleaner.texts(rows),
            "line": line_numbers(rows),
        }

    @staticmethod
    def _hashes(rows: Rows[Any], name: str, counts: dict[str, int]) -> pa.Array:
        """Return a column of hashes; an empty cell is an absent key, and other lines are kept."""
        slices = list(map(bytes, rows.column(name)))
        known = {item: _text(item) for item in set(slices)}
        odd = {item for item, text in known.items() if item and text is None}
        for index in (place for place, item in enumerate(slices) if item in odd) if odd else ():
            rows.keep_text(index)
        if len(known) > 1:
            texts = [known[item] for item in slices]
            counts.update(Counter(counts) + Counter(text for text in texts if text is not None))
            return pa.array(texts, pa.string())
        text = next(iter(known.values()))
        if text is not None:
            counts[text] = counts.get(text, 0) + len(slices)
        return constant(text, len(slices))

    def _first_row(self, metrics: Sequence[Slice]) -> None:
        if self.tally.first is None:
            self.tally.first = _parsed(metrics[0])

    # -- answer choices ----------------------------------------------------------------------

    @staticmethod
    def _scored(
        part: Part, outputs: Sequence[Slice], metrics: Sequence[Slice], labels: Sequence[Slice]
    ) -> _Scored | None:
        found, keys = part.choices, part.keys
        if found is None:
            return None
        gold, usable = _gold(labels, found)
        computed = ItemMetrics.compute(found, gold)
        first = _parsed(metrics[0]) or {}
        metric_keys = tuple(first) if METRIC_KEYS.issuperset(first) else ()
        same_output = choice_rows.rebuilt_outputs(found, keys, outputs)
        same_metrics = (
            computed.rebuilt(metric_keys, metrics) & usable
            if metric_keys
            else np.zeros(len(gold), np.bool_)
        )
        return _Scored(found, computed, keys, metric_keys, same_output, same_metrics)

    def _scored_columns(
        self, scored: _Scored, outputs: Sequence[Slice], metrics: Sequence[Slice], rows: Rows[Any]
    ) -> dict[str, pa.Array]:
        self._check_choices(scored)
        self.tally.count_outputs(scored.choices.counts)
        values = self._item_values(scored, metrics)
        primary = values.get(self._primary or "", None)
        pick = scored.computed.picks[_form(self._primary)]
        best = scored.computed.values("no_answer")
        assert best is not None
        self.tally.sentinels += int(best.sum())
        self.tally.failed += int(best.sum())
        return {
            "model_output": self._exceptions(outputs, scored.same_output, rows),
            "output_keys": _where(scored.same_output, ",".join(scored.output_keys)),
            "metrics": self._exceptions(metrics, scored.same_metrics, rows),
            "metric_keys": _where(scored.same_metrics, ",".join(scored.metric_keys)),
            "answer": pa.nulls(len(best), pa.string())
            if pick is None
            else pa.array(pick).cast(pa.string()),
            "score": pa.nulls(len(best), pa.float64())
            if primary is None
            else pa.array(primary, from_pandas=True),
            "status": _flagged(best),
        }

    def _check_choices(self, scored: _Scored) -> None:
        self.tally.compare("model_output", scored.same_output)
        bytes_fit = scored.choices.whole_bytes()
        if bytes_fit is not None:
            self.tally.compare("bits_per_byte", bytes_fit)
        if scored.metric_keys:
            self.tally.compare("metrics", scored.same_metrics)

    def _item_values(self, scored: _Scored, metrics: Sequence[Slice]) -> dict[str, Array]:
        """Return the claimed item metrics: recomputed where equal, read where not."""
        if not scored.metric_keys:
            parsed = [_parsed(item) or {} for item in metrics]
            return self._tally_parsed(parsed)
        odd = np.flatnonzero(~scored.same_metrics)
        claimed = {int(index): _parsed(metrics[int(index)]) or {} for index in odd}
        raw_pick = scored.computed.picks["raw"]
        for index, said in claimed.items():
            pick = said.get("predicted_index_raw")
            self.tally.disordered += (
                raw_pick is not None and pick is not None and pick != raw_pick[index]
            )
        values = {}
        for key in scored.metric_keys:
            column = scored.computed.values(key)
            if column is None:
                continue
            if claimed:
                column = column.astype(np.float64)
                for index, said in claimed.items():
                    column[index] = _number(said.get(key))
            values[key] = column
            self._tally_column(key, column.astype(np.float64))
        return values

    def _choice_rows(
        self, scored: _Scored, items: Array, attempts: Array, lines: pa.Array
    ) -> TableRows:
        owner = scored.choices.items()
        columns = {
            "doc_id": item_column(items[owner]),
            "attempt": pa.array(attempts[owner]),
            **choice_rows.arrow_columns(scored.choices),
            "line": lines.take(pa.array(owner)),
        }
        return rows_of(
            "choices",
            len(owner),
            columns,
            unit=self._unit,
            source_file_id=self._file.source_file_id,
        )

    # -- everything else ---------------------------------------------------------------------

    def _generated_columns(
        self, outputs: Sequence[Slice], metrics: Sequence[Slice], rows: Rows[Any]
    ) -> dict[str, pa.Array]:
        values = self._tally_parsed([_parsed(item) or {} for item in metrics])
        primary = values.get(self._primary or "")
        taken = [_taken(item) for item in outputs]
        self.tally.count_outputs(np.array([item.outputs for item in taken], np.int64))
        failed = np.array([bool(item.error) for item in taken], np.int64)
        self.tally.failed += int(failed.sum())
        answers = [
            None if item.answer is None else item.answer.encode("utf-8", "replace")
            for item in taken
        ]
        return {
            "model_output": self._cleaner.column(outputs, rows.lines),
            "output_keys": pa.nulls(len(taken), pa.string()),
            "metrics": self._cleaner.column(metrics, rows.lines),
            "metric_keys": pa.nulls(len(taken), pa.string()),
            "answer": pa.array(
                [
                    None
                    if answer is None
                    else self._cleaner.text(answer, line).decode("utf-8", "replace")
                    for answer, line in zip(answers, rows.lines, strict=True)
                ],
                pa.string(),
            ),
            "score": pa.nulls(len(taken), pa.float64())
            if primary is None
            else pa.array(primary, from_pandas=True),
            "tokens_out": pa.array([item.tokens for item in taken], pa.int64()),
            "status": _flagged(failed, "failed"),
            "failure_reason": pa.array(
                ["infra_error" if item.error else None for item in taken], pa.string()
            ),
        }

    def _tally_parsed(self, parsed: list[dict[str, Any]]) -> dict[str, Array]:
        names = dict.fromkeys(name for item in parsed for name in item)
        values = {}
        for name in names:
            column = np.array([_number(item.get(name)) for item in parsed], np.float64)
            if not np.isnan(column).all() or any(_is_nan(item.get(name)) for item in parsed):
                values[name] = column
                self._tally_column(name, column, parsed)
        return values

    def _tally_column(
        self, name: str, column: Array, parsed: list[dict[str, Any]] | None = None
    ) -> None:
        present = ~np.isnan(column)
        if parsed is not None:
            stated = np.array([_is_nan(item.get(name)) for item in parsed], np.bool_)
            present |= stated
        gone = int(len(column) - present.sum())
        if gone:
            self.tally.missing[name] = self.tally.missing.get(name, 0) + gone
        self.tally.add(name, column[present])

    def _exceptions(self, slices: Sequence[Slice], same: Array, rows: Rows[Any]) -> pa.Array:
        """Return the texts that cannot be rebuilt; empty where they can."""
        if same.all():
            return pa.nulls(len(slices), pa.string())
        texts: list[str | None] = [None] * len(slices)
        for index in np.flatnonzero(~same).tolist():
            cleaned = self._cleaner.text(bytes(slices[index]), rows.lines[index])
            texts[index] = cleaned.decode("utf-8", "replace")
        return pa.array(texts, pa.string())


@dataclass
class _Scored:
    choices: Choices
    computed: ItemMetrics
    output_keys: tuple[str, ...]
    metric_keys: tuple[str, ...]
    same_output: Array
    same_metrics: Array


@dataclass(frozen=True)
class _Taken:
    answer: str | None = None
    tokens: int | None = None
    error: bool = False
    outputs: int = 0


def _gold(labels: Sequence[Slice], found: Choices) -> tuple[Array, Array]:
    """Return the index of the right choice, and whether the label states one that exists.

    The writer replaces a label that is not a number by 0, and takes -1 as the last choice.
    """
    known: dict[bytes, int | None] = {}
    numbers: list[int | None] = []
    for item in labels:
        key = bytes(item)
        if key not in known:
            known[key] = int(key) if key.lstrip(b"-").isdigit() and len(key) < 10 else None
        numbers.append(known[key])
    stated = np.array([-1 if number is None else number for number in numbers], np.int64)
    counts = found.counts
    usable = (stated >= 0) & (stated < counts)
    return np.where(usable, stated, 0), usable


def _form(primary: str | None) -> str:
    form = (primary or "acc_raw").removeprefix("acc_")
    return form if form in choice_rows.FORMS else "raw"


def _taken(output: Slice) -> _Taken:
    try:
        generations = _GENERATIONS.decode(output)
    except (msgspec.DecodeError, RecursionError):
        return _Taken()
    if not generations:
        return _Taken()
    answer = generations[0].model_answer
    counts = [item.num_tokens for item in generations if type(item.num_tokens) is int]
    return _Taken(
        answer if answer is None or isinstance(answer, str) else json.dumps(answer),
        sum(counts) if counts else None,
        any(item.llm_error for item in generations),
        len(generations),
    )


def _where(same: Array, text: str) -> pa.Array:
    codes = pa.array(np.zeros(len(same), np.int32), mask=~same)
    return pa.DictionaryArray.from_arrays(codes, pa.array([text]))


def _flagged(flags: Array, name: str = "invalid") -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(flags.astype(np.int32)), pa.array(["ok", name]))


def _loaded(text: Slice) -> Any:
    try:
        return json.loads(bytes(text))
    except (ValueError, RecursionError):
        return None


def _parsed(text: Slice) -> dict[str, Any] | None:
    try:
        return _METRICS.decode(text)
    except (msgspec.DecodeError, RecursionError):
        value = _loaded(text)
        return value if isinstance(value, dict) else None


def _text(item: bytes) -> str | None:
    """Return JSON text as a column holds it; None for everything else."""
    if not item.startswith(b'"'):
        return None
    text, kind = plain(item)
    return text if kind == "text" else None


def _number(value: Any) -> float:
    """Return a number or boolean as a float; NaN for everything else and for stated NaN."""
    if isinstance(value, (bool, int, float)):
        try:
            return float(value)
        except OverflowError:
            return math.inf
    if value in ("Infinity", "-Infinity"):
        return math.inf if value == "Infinity" else -math.inf
    return math.nan


def _is_nan(value: Any) -> bool:
    return value == "NaN" or (isinstance(value, float) and math.isnan(value))
