"""The tables and views that a query sees, each column with its meaning."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from evalhouse.errors import UnknownNameError
from evalhouse.schema import TABLES, Column
from evalhouse.store import VIEWS

_DOC = Column("doc", "json", "the document")
_GFLOPS = Column("gflops_per_token", "float", "2 × (active) parameters / 10^9", unit="GFLOP")
_RESPONSES = TABLES["responses"].columns


def _picked(table: str, *names: str) -> tuple[Column, ...]:
    return tuple(TABLES[table].by_name[name] for name in names)


_VIEW_COLUMNS: dict[str, tuple[Column, ...]] = {
    "answers": _RESPONSES,
    "bakeoff_models": (
        *_picked("models", "model_id"),
        Column("name", "text", "name at the provider", required=True),
        *_picked("models", "creator_id"),
        Column("creator", "text", "name of the creator"),
        *_picked("models", "model_hash"),
        Column("parameter_count_b", "float", "all parameters", unit="10^9 parameters"),
        Column("active_parameter_count_b", "float", "used per token", unit="10^9 parameters"),
        Column("architecture", "text", "name of the architecture"),
        Column("context_length_default", "integer", "longest context", unit="tokens"),
        *_picked("models", "context_length_min", "context_length_max"),
        Column("file_format", "text", "name of the file format"),
        Column("quantization", "text", "name of the quantization"),
        Column("model_source_size", "integer", "size of the weights", unit="bytes"),
        *_picked("models", "release_date"),
        Column("version", "text", "version that the provider gives"),
        *_picked("models", "description", "predecessor_model_id", "provisional"),
    ),
    "bakeoff_prompts": (
        *_picked("prompts", "prompt_id", "task_id", "file_path", "git_commit_hash"),
        Column("content_sha256", "hash", "SHA-256 of the text", required=True),
        *_picked("prompts", "content_length_bytes", "version", "release_date", "is_prerelease"),
        *_picked("prompts", "difficulty", "modified_at"),
    ),
    "bakeoff_run_model_metrics": (
        *_picked("run_model_metrics", "run_id", "prompt_id", "model_id", "score", "pass_fail"),
        *_picked("run_model_metrics", "failure_reason", "failure_detail"),
        _GFLOPS,
    ),
    "documents": _picked(
        "documents",
        *("item_sha256", "item_key", "doc", "batch_id", "unit_id", "source_file_id", "line"),
    ),
    "inputs": (*TABLES["inputs"].columns, _DOC),
    "items": (
        *_RESPONSES,
        Column("requests", "json", "requests of the last attempt, with idx, type, twin or not"),
        Column("inputs", "json", "requests of the recorded input, as sent"),
        _DOC,
    ),
    "model_compute": (
        *_picked("models", "model_id", "model_name", "parameter_count", "active_parameter_count"),
        *_picked("run_model_metrics", "flops_per_token_theoretical"),
        _GFLOPS,
        Column("quantization", "text", "name of the quantization"),
        *_picked("quantization_methods", "bits_per_weight"),
        Column(
            "weights_memory_bytes",
            "integer",
            "bits per weight / 8 × all parameters; the cache of keys and values comes on top",
            unit="bytes",
        ),
        *_picked("models", "weights_bytes"),
    ),
    "run_utilization": (
        *_picked("run_hardware_metrics", "measurement_id", "run_id", "prompt_id", "model_id"),
        *_picked("run_hardware_metrics", "attempt", "tokens_per_second"),
        _GFLOPS,
        Column("gpu", "text", "name of the GPU; empty where several may have been at work"),
        Column("compute_format", "text", "format in which the model is kept, if of 16 bits"),
        Column("peak_tflops", "float", "dense peak of the GPU in that format", unit="TFLOP/s"),
        *_picked("run_hardware_metrics", "tflops_utilization_pct"),
        Column("is_stated", "boolean", "the source states it; it was not derived", required=True),
    ),
    "models": (
        *TABLES["models"].columns,
        Column("creator", "text", "name of the creator"),
        Column("architecture", "text", "name of the architecture"),
        Column("file_format", "text", "name of the file format"),
        Column("quantization", "text", "name of the quantization"),
    ),
    "prompts": (*TABLES["prompts"].columns, Column("prompt_text", "text", "the text itself")),
    "requests": (*TABLES["requests"].columns, _DOC),
    "run_settings": (
        Column("run_id", "id", "the run"),
        Column("key", "text", "name of the setting; nested names are joined by a dot"),
        Column("value", "text", "its value; JSON where it is a list"),
    ),
    "tasks": (*TABLES["tasks"].columns, Column("task_category", "text", "name of the category")),
    "task_scores": (
        Column("model", "text", "name of the model at its provider"),
        *_picked("models", "revision"),
        Column("task", "text", "name of the task or suite, as the source spells it"),
        *_picked(
            "run_model_metrics",
            *("score", "primary_metric", "primary_value", "primary_stderr", "unit"),
            *("higher_is_better", "pass_fail", "n_items", "items_failed", "origin"),
            *("value_note", "failure_reason"),
        ),
        *_picked("tasks", "is_suite", "task_path"),
        Column("parent_path", "text", "path of the node above"),
        *_picked("models", "provider", "model_version"),
        Column("run", "text", "short id of the run"),
        Column("run_label", "text", "name of the run for people"),
        *_picked("runs", "started_at"),
        Column("run_status", "text", "state of the run's evidence"),
        *_picked("run_model_metrics", "run_id", "model_id", "task_id", "prompt_id", "unit_id"),
    ),
}


@dataclass(frozen=True)
class TableLine:
    """A table or view in short: `catalog`, `lake` or `view`, what a row is, how many columns."""

    name: str
    place: str
    row: str
    columns: int


@dataclass(frozen=True)
class TableList:
    """Every table and view."""

    tables: tuple[TableLine, ...]

    def to_arrow(self) -> pa.Table:
        """Return one row a table."""
        schema = pa.schema(
            {"name": pa.string(), "place": pa.string(), "row": pa.string(), "columns": pa.int64()}
        )
        return pa.Table.from_pylist([vars(table) for table in self.tables], schema)


@dataclass(frozen=True)
class TablePage:
    """One table or view, with its columns."""

    name: str
    place: str
    row: str
    columns: tuple[Column, ...]

    def to_arrow(self) -> pa.Table:
        """Return one row a column."""
        rows = [
            {
                "column": column.name,
                "type": column.kind,
                "unit": column.unit or None,
                "meaning": column.meaning,
                "values": ", ".join(column.values) or None,
                "references": column.references or None,
                "required": column.required,
                "key": column.key,
            }
            for column in self.columns
        ]
        texts = ("column", "type", "unit", "meaning", "values", "references")
        fields = [(name, pa.string()) for name in texts]
        flags = [("required", pa.bool_()), ("key", pa.bool_())]
        return pa.Table.from_pylist(rows, pa.schema([*fields, *flags]))


def tables() -> TableList:
    """List every table and view; no house is needed."""
    pages = [table(name) for name in _names()]
    return TableList(
        tuple(TableLine(page.name, page.place, page.row, len(page.columns)) for page in pages)
    )


def table(name: str) -> TablePage:
    """Show one table or view; UnknownNameError where there is none of that name."""
    if name in VIEWS:
        view = VIEWS[name]
        place = TABLES[name].place if name in TABLES else "view"
        return TablePage(name, place, view.row, _VIEW_COLUMNS[name])
    if name not in TABLES:
        raise UnknownNameError("table or view", name, _names())
    known = TABLES[name]
    return TablePage(name, known.place, f"one row per {known.row}", known.columns)


def _names() -> list[str]:
    """Return tables in the order of their declaration, then the views that are not tables."""
    return [*TABLES, *(name for name in VIEWS if name not in TABLES)]
