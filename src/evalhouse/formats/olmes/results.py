"""What a unit came to: its record as a row, its metrics as long rows, its cell."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from evalhouse.formats.base import TableRows, Unit, rows_of
from evalhouse.formats.olmes.plan import Detail
from evalhouse.formats.olmes.predictions import Tally
from evalhouse.formats.olmes.record import NESTED, Record
from evalhouse.formats.olmes.runs import FORMAT
from evalhouse.formats.olmes.suites import flat_metrics
from evalhouse.formats.slices import members, object_text, strict_json
from evalhouse.records import Cell
from evalhouse.redact import Redactor
from evalhouse.schema.arrow import arrow_schema
from evalhouse.stats.moments import Moments

_NOT_METRICS = ("predicted_index_", "correct_choice")


def table_rows(table: str, rows: list[dict[str, Any]], unit: Unit) -> TableRows:
    """Return a few rows given as dictionaries; columns that none names are left out."""
    names = dict.fromkeys(name for row in rows for name in row)
    schema = arrow_schema(table)
    columns = {
        name: pa.array([row.get(name) for row in rows], schema.field(name).type) for name in names
    }
    return rows_of(table, len(rows), columns, unit=unit)


# -- the record ----------------------------------------------------------------------------------


def record_row(
    unit: Unit, detail: Detail, record: Record, redactor: Redactor
) -> tuple[TableRows, int]:
    """Return the record as a row from which its text can be made again, and its secrets' number."""
    text, redacted = redactor.settings(record.text.encode("utf-8", "surrogatepass"))
    stored = Record(text.decode("utf-8", "replace")) if redacted else record
    scalars = {key: piece for key, piece in stored.slices.items() if key not in NESTED}
    config = record.part("task_config")
    keys = ",".join(stored.slices).encode("utf-8", "backslashreplace").decode()
    row: dict[str, Any] = {
        "task_name": record.task_name,
        "alias": record.alias,
        "is_aggregate": record.is_aggregate,
        "task_idx": record.task_idx,
        "task_hash": record.task_hash,
        "model_hash": record.model_hash,
        "processing_time": record.processing_time,
        "current_date": _optional_text(record.value.get("current_date")),
        "num_instances": record.num_instances,
        "num_shots": _small_integer(config.get("num_shots")),
        "split": _optional_text(config.get("split")),
        "limit": _spelled_limit(stored),
        "primary_metric": record.primary_metric,
        "keys": keys,
        "scalars": object_text({key: _valid(piece) for key, piece in scalars.items()}),
        "line": detail.record_line,
        "source_file_id": detail.record_file_id,
    }
    row |= {name: _valid(stored.slices[name]) for name in NESTED if name in stored.slices}
    exact = stored.is_rebuilt and keys.split(",") == list(stored.slices)
    exact = exact and row["scalars"] == object_text(scalars)
    exact = exact and all(row[name] == stored.slices[name] for name in NESTED if name in row)
    row["text"] = None if exact else stored.text
    return table_rows("records", [row], unit), redacted


def _valid(text: str) -> str:
    """Return JSON text that every parser takes: NaN and the infinities become text."""
    if "NaN" not in text and "Infinity" not in text:
        return text
    value = json.loads(text)
    valid = strict_json(value).decode()
    return text if valid == json.dumps(value) else valid


def _spelled_limit(record: Record) -> str | None:
    try:
        limit = members(record.slices.get("task_config", "{}")).get("limit", "null")
    except ValueError:
        return None
    return None if limit == "null" else limit


def _optional_text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _small_integer(value: Any) -> int | None:
    return value if isinstance(value, int) and abs(value) < 2**63 else None


# -- metrics -------------------------------------------------------------------------------------


def metric_rows(
    unit: Unit, detail: Detail, record: Record | None, tally: Tally | None, primary: str | None
) -> Iterator[TableRows]:
    """Yield the metrics of a unit: as its record states them, else recomputed from its items."""
    rows = (
        _reported(record, detail, tally, primary)
        if record is not None
        else _recomputed(tally, primary)
        if tally is not None
        else []
    )
    if rows:
        yield table_rows("metrics", rows, unit)


def _reported(
    record: Record, detail: Detail, tally: Tally | None, primary: str | None
) -> list[dict[str, Any]]:
    rows = []
    for scope_type, name, stated in flat_metrics(record.part("metrics")):
        value, note = number(stated)
        if value is None and note is None:
            continue
        source = primary if name == "primary_score" and primary else name
        rows.append(
            {
                "scope": "",
                "scope_type": "suite"
                if record.is_aggregate and scope_type == "task"
                else scope_type,
                "metric": name,
                "definition": FORMAT,
                "value": value,
                "value_note": note,
                "n": None if _is_subset(name) else record.num_instances,
                "stderr": _stderr(tally, source, value),
                "is_primary": name in {"primary_score", primary},
                "origin": "reported",
                "level": "L0",
                "line": detail.record_line,
                "source_file_id": detail.record_file_id,
            }
        )
    time = record.processing_time
    if time is not None and math.isfinite(time):
        rows.append(_time_row(time, detail))
    return rows


def _is_subset(metric: str) -> bool:
    """Tell whether a metric is over some of the items, whose number the record does not state."""
    return ":" in metric or "_sub_" in metric


def _time_row(seconds: float, detail: Detail) -> dict[str, Any]:
    return {
        "scope": "",
        "scope_type": "run",
        "metric": "processing_time",
        "definition": FORMAT,
        "value": seconds,
        "unit": "s",
        "higher_is_better": False,
        "is_primary": False,
        "origin": "reported",
        "level": "L0",
        "line": detail.record_line,
        "source_file_id": detail.record_file_id,
    }


def _recomputed(tally: Tally, primary: str | None) -> list[dict[str, Any]]:
    rows = []
    for name, moments in means(tally).items():
        value, note = number(moments.mean)
        rows.append(
            {
                "scope": "",
                "scope_type": "task",
                "metric": name,
                "definition": FORMAT,
                "value": value,
                "value_note": note,
                "n": moments.n,
                "stderr": _finite(moments.stderr),
                "is_primary": name == primary,
                "origin": "recomputed",
                "level": "L2",
            }
        )
    return rows


def means(tally: Tally) -> dict[str, Moments]:
    """Return the item metrics that the writer averages: numbers in the first item."""
    first = tally.first or {}
    return {
        name: moments
        for name, moments in tally.metrics.items()
        if not name.startswith(_NOT_METRICS) and isinstance(first.get(name), (bool, int, float))
    }


def _stderr(tally: Tally | None, name: str, value: float | None) -> float | None:
    """Return the standard error over items, where the items give the stated mean."""
    moments = tally.metrics.get(name) if tally is not None else None
    if (
        moments is None
        or value is None
        or not math.isclose(moments.mean, value, rel_tol=1e-9, abs_tol=1e-12)
    ):
        return None
    return _finite(moments.stderr)


def number(value: Any) -> tuple[float | None, str | None]:
    """Return a value as a finite float or a note why not; (None, None) if it is no number."""
    if not isinstance(value, (bool, int, float)):
        return None, None
    as_float = float(value)
    if math.isnan(as_float):
        return None, "NaN"
    if math.isinf(as_float):
        return None, "Infinity" if as_float > 0 else "-Infinity"
    return as_float, None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


# -- the cell ------------------------------------------------------------------------------------


def cell_of(unit: Unit, record: Record | None, tally: Tally | None, primary: str | None) -> Cell:
    """Return the result of the model on the task; direction and scale are added later."""
    n_items = record.num_instances if record is not None else None
    value, note, stderr, origin = None, None, None, "recomputed"
    if record is not None:
        stated, origin = record.primary_score, "reported"
        value, note = number(stated)
        if value is None and note is None:
            note = "the record states no primary score"
        stderr = _stderr(tally, primary or "", value)
    elif tally is not None and primary in tally.metrics:
        value, note = number(tally.metrics[primary].mean)
        stderr = _finite(tally.metrics[primary].stderr)
    else:
        note = "no record, and no primary metric is known" if tally is not None else "no record"
    if n_items is None and tally is not None:
        n_items = tally.items
    return Cell(
        run_id=unit.run_id,
        prompt_id=unit.prompt_id,
        model_id=unit.model_id,
        task_id=unit.task_id,
        unit_id=unit.unit_id,
        primary_metric=primary,
        primary_value=value,
        primary_stderr=stderr,
        value_note=note,
        origin=origin,  # type: ignore[arg-type] # one of the two
        n_items=n_items,
        items_failed=tally.failed if tally is not None else None,
    )
