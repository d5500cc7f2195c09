"""What a run came to: its metrics as long rows, a cell for each field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from evalhouse.formats.base import TableRows, Unit
from evalhouse.formats.codebook_lab.layout import (
    CHARACTER_KEYS,
    HEADLINES,
    OWN_CHARACTER_KEYS,
    OWN_TIMING_KEYS,
    TIMING_KEYS,
)
from evalhouse.formats.codebook_lab.plan import Detail, FieldDetail
from evalhouse.formats.codebook_lab.responses import Tally
from evalhouse.formats.codebook_lab.rows import number_of, total
from evalhouse.formats.codebook_lab.scores import Line, ScoredField, Scores
from evalhouse.records import Cell
from evalhouse.schema.arrow import arrow_schema

CODEBOOK_LAB = "codebook-lab 1.4.0"
CLASS, CODERS, RUN = "class", "coders", "run"
"""Types of scopes beside those of fields: a label of one, two sides, the run as a whole."""

_WH = 1000.0  # in a kilowatt-hour
_ENERGY = {  # of CodeCarbon's columns: (name, unit, factor)
    "energy_consumed": ("Wh", _WH),
    "cpu_energy": ("Wh", _WH),
    "gpu_energy": ("Wh", _WH),
    "ram_energy": ("Wh", _WH),
    "emissions": ("kg", 1.0),
    "duration": ("s", 1.0),
}
_LOGGED = {  # columns of the table of runs, and what they are called in the run's folder
    "n_queries": "inference_count",
    "total_inference_time_s": "total_inference_time",
    "avg_inference_time_per_query_s": "avg_inference_time",
    "total_input_chars": "input_chars",
    "total_output_chars": "output_chars",
    **{name: name for name in (*OWN_TIMING_KEYS, *OWN_CHARACTER_KEYS)},
}
_LOGGED_ENERGY = {"total_energy_kwh": "energy_consumed", "total_emissions_kg": "emissions"}


@dataclass(frozen=True)
class Results:
    """What is known of the worth of a run's answers."""

    unit: Unit
    detail: Detail
    scores: Scores | None
    tally: Tally
    files: Mapping[str, str]  # ids of files by family
    intact: frozenset[str] = frozenset()  # families of files that match the hashes stated for them

    def rows(self) -> Iterator[TableRows]:
        """Yield the metrics of the fields and of the run."""
        found = [*self._of_fields(), *self._of_run()]
        if found:
            schema = arrow_schema("metrics")
            names = dict.fromkeys(name for row in found for name in row)
            columns = {
                name: pa.array([row.get(name) for row in found], schema.field(name).type)
                for name in names
            }
            yield TableRows("metrics", pa.record_batch(columns))

    # -- fields ----------------------------------------------------------------------------------

    def _of_fields(self) -> Iterator[dict[str, Any]]:
        if self.scores is not None:
            for scored in self.scores.fields:
                yield from self._scored(scored)
            return
        for row in self.detail.values:
            yield self._logged(row, row["column"], row["annotation_type"])
        for row in self.detail.classes:
            yield self._logged(row, f"{row['column']}: {row['class']}", CLASS)

    def _scored(self, scored: ScoredField) -> Iterator[dict[str, Any]]:
        column, primary = scored.column, scored.primary
        for line in scored.scores:
            row = self._line(line, column, column, scored.kind)
            yield row | {"is_primary": line is primary}
        for line in scored.classes:
            yield self._line(line, column, f"{column}: {line.label}", CLASS)
        for pair in scored.humans:
            for line in pair.scores:
                yield self._line(line, column, f"{pair.first} × {pair.second}", CODERS)

    def _line(self, line: Line, column: str, scope: str, scope_type: str) -> dict[str, Any]:
        return self._row(column, "scores") | {
            "scope": scope,
            "scope_type": scope_type,
            "metric": line.metric,
            "definition": line.definition,
            "value": number_of(line.value),
            "value_note": line.note or None,
            "n": line.n,
            "stderr": line.stderr,
            "ci_low": line.low,
            "ci_high": line.high,
            "ci_method": _interval(line.method, line.level),
            "higher_is_better": line.higher_is_better,
            "unit": line.unit,
            "is_primary": False,
            "origin": "recomputed",
            "level": "L1" if "scores" in self.intact else "L0",
        }

    def _logged(self, row: Mapping[str, str], scope: str, scope_type: str) -> dict[str, Any]:
        column, metric = row["column"], row["metric"]
        value = number_of(row["value"])
        family = "metrics-log-classes" if scope_type == CLASS else "metrics-log"
        headline = row.get("is_headline")
        is_primary = headline == "True" if headline else HEADLINES.get(scope_type) == metric
        note = row.get("note") or None
        if value is None and note is None:
            note = "no value is written" if not row["value"] else f"`{row['value']}` is written"
        return self._row(column, family) | {
            "scope": scope,
            "scope_type": scope_type,
            "metric": metric,
            "definition": row.get("definition") or CODEBOOK_LAB,
            "value": value,
            "value_note": note,
            "n": _count(row.get("n")),
            "stderr": number_of(row.get("stderr")),
            "ci_low": number_of(row.get("ci_low")),
            "ci_high": number_of(row.get("ci_high")),
            "ci_method": _interval(row.get("ci_method", ""), number_of(row.get("ci_level"))),
            "higher_is_better": {"True": True, "False": False}.get(row.get("higher_is_better", "")),
            "unit": row.get("unit") or None,
            "is_primary": is_primary and scope_type != CLASS,
            "origin": "reported",
            "level": "L0",
        }

    def _row(self, column: str, family: str) -> dict[str, Any]:
        prompts = {field.column: field.prompt_id for field in self.detail.fields}
        return {
            "run_id": self.unit.run_id,
            "model_id": self.unit.model_id,
            "prompt_id": prompts.get(column, self.unit.prompt_id),
            "task": column,
            "source_file_id": self.files.get(family) or self.detail.tables.get(family),
        }

    # -- the run ---------------------------------------------------------------------------------

    def _of_run(self) -> Iterator[dict[str, Any]]:
        seen = set[str]()
        for name, value, unit, family in self._totals():
            if value is None or name in seen:
                continue
            seen.add(name)
            yield self._row("", family) | {
                "task": self.detail.task,
                "scope": "",
                "scope_type": RUN,
                "metric": name,
                "definition": "evalhouse" if self.detail.is_ours else CODEBOOK_LAB,
                "value": value,
                "value_note": self._note_of(name),
                "unit": unit,
                "is_primary": False,
                "origin": "reported",
                "level": "L0",
            }

    def _totals(self) -> Iterator[tuple[str, float | None, str | None, str]]:
        """Yield name, value, unit and family of file of all that was counted and measured."""
        timing, characters, row = self.detail.timing, self.detail.characters, self.detail.row
        for name in (*TIMING_KEYS, *OWN_TIMING_KEYS):
            yield name, number_of(timing.get(name)), _unit_of(name), "timing"
        for name in (*CHARACTER_KEYS, *OWN_CHARACTER_KEYS):
            yield name, number_of(characters.get(name)), "characters", "characters"
        for name, (unit, factor) in _ENERGY.items():
            value = total(self.detail.sessions, name)
            yield name, _times(value, factor), unit, "emissions"
        for column, name in _LOGGED.items():
            yield name, number_of(row.get(column)), _unit_of(name), "metrics-log-runs"
        for column, name in _LOGGED_ENERGY.items():
            unit, factor = _ENERGY[name]
            yield name, _times(number_of(row.get(column)), factor), unit, "metrics-log-runs"

    def _note_of(self, name: str) -> str | None:
        """Say how energy was found, and what it is not where the model ran elsewhere."""
        if name not in _ENERGY:
            return None
        told = [self.detail.energy_sources.get(f"{name.removesuffix('_energy')}_kwh")]
        if self.detail.energy_scope == "client_only":
            told.append("of the client's machine alone; the model ran elsewhere")
        elif not self.detail.is_ours:
            told.append("of the client's machine")
        return "; ".join(text for text in told if text) or None

    # -- cells -----------------------------------------------------------------------------------

    def cells(self) -> Iterator[Cell]:
        """Yield the result of the model on each field; direction and scale are added later."""
        scored = {each.column: each for each in self.scores.fields} if self.scores else {}
        for field in self.detail.fields:
            if field.column in scored:
                yield self._scored_cell(field, scored[field.column])
            else:
                yield self._logged_cell(field)

    def _scored_cell(self, field: FieldDetail, scored: ScoredField) -> Cell:
        line = scored.primary
        note = line.note if line else _no_headline(scored.kind)
        value = number_of(line.value) if line else None
        return self._cell(
            field,
            primary_metric=line.metric if line else None,
            primary_value=value,
            primary_stderr=line.stderr if line else None,
            value_note=None if value is not None else note or None,
            origin="recomputed",
            n_items=scored.applicable,
            items_failed=scored.failed if scored.statuses else None,
        )

    def _logged_cell(self, field: FieldDetail) -> Cell:
        rows = [row for row in self.detail.values if row["column"] == field.column]
        row = _headline(rows, field.kind)
        value = number_of(row["value"]) if row else None
        note = None
        if value is None:
            note = row.get("note") or "no value is written" if row else _no_headline(field.kind)
        is_known = field.column in self.tally.statuses and self.detail.is_ours
        return self._cell(
            field,
            primary_metric=row["metric"] if row else None,
            primary_value=value,
            primary_stderr=number_of(row.get("stderr")) if row else None,
            value_note=note if rows else "the answers were not scored",
            origin="reported",
            n_items=self.tally.items(field.column) if is_known else self.tally.rows or None,
            items_failed=self.tally.failed(field.column) if is_known else None,
        )

    def _cell(self, field: FieldDetail, **known: Any) -> Cell:
        return Cell(
            run_id=self.unit.run_id,
            prompt_id=field.prompt_id,
            model_id=self.unit.model_id,
            task_id=field.task_id,
            unit_id=self.unit.unit_id,
            **known,
        )


def _headline(rows: Sequence[Mapping[str, str]], kind: str | None) -> Mapping[str, str] | None:
    """Return the row that stands for a field: the first that says so, else by the type."""
    stated = next((row for row in rows if row.get("is_headline") == "True"), None)
    named = (row for row in rows if row["metric"] == HEADLINES.get(kind or ""))
    return stated or next(named, None)


def _no_headline(kind: str | None) -> str:
    return "no metric stands for free text" if kind == "textbox" else "no metric stands for it"


def _interval(method: str, level: float | None) -> str | None:
    return (f"{method}, level {level:g}" if level is not None else method) if method else None


def _count(text: Any) -> int | None:
    number = number_of(text)
    return None if number is None else int(number)


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _unit_of(name: str) -> str:
    if "time" in name or "seconds" in name:
        return "s"
    if name.startswith("tokens"):
        return "tokens"
    return "characters" if name.endswith("chars") else "requests"
