"""How each column of a lake table is written in Parquet.

Ids and kinds repeat, so they are dictionaries in memory and on disk. Log-likelihoods are random
digits: compressing them costs time and saves nothing. Requests share long prefixes.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pyarrow as pa

from evalhouse.schema import TABLES, Column, Table
from evalhouse.schema.arrow import arrow_schema

_REPEATED_TEXT = frozenset(
    {
        *("batch_id", "unit_id", "source_file_id", "run_id", "model_id", "prompt_id"),
        *("task", "task_name", "task_hash", "model_hash", "alias", "split", "current_date"),
        *("scope", "scope_type", "metric", "definition", "value_note", "ci_method", "unit"),
        *("origin", "level", "status", "reason", "primary_metric", "keys"),
        *("native_id_kind", "label_kind", "request_type", "output_keys", "metric_keys"),
        *("failure_reason", "finish_reason", "path", "kind", "severity"),
        *("field", "coder_id", "ground_truth_sha256"),
    }
)
"""Held as Arrow dictionaries while they wait to be written."""

_REPEATED = frozenset(
    {
        *("native_id", "label", "limit", "attempt", "repeat", "idx", "choice", "score"),
        *("num_tokens", "num_tokens_all", "num_chars", "task_idx", "num_instances", "num_shots"),
        *("tokens_in", "tokens_out", "tokens_reasoning", "n", "tolerance"),
    }
)
"""Dictionaries in Parquet alone; the writer gives up by itself where values do not repeat."""

_COUNTING = frozenset({"line", "doc_id", "source_doc_id", "byte_offset"})
_SHARED_PREFIXES = frozenset({("requests", "request"), ("inputs", "requests")})
_REPEATED_HASHES = frozenset({("requests", "item_sha256")})
_LONG_KINDS = frozenset({"json", "binary"})
_DICTIONARY = pa.dictionary(pa.int32(), pa.string())


@cache
def writing_schema(table: str) -> pa.Schema:
    """Return the Arrow schema in which rows of a table wait to be written."""
    return pa.schema(
        [
            field.with_type(_DICTIONARY) if field.name in _REPEATED_TEXT else field
            for field in arrow_schema(table)
        ]
    )


@cache
def parquet_options(table: str) -> dict[str, Any]:
    """Return the keyword arguments of the Parquet writer for a table."""
    declared = TABLES[table]
    columns = declared.columns
    dictionaries = [column.name for column in columns if _is_dictionary(declared, column)]
    return {
        "store_schema": False,
        "use_dictionary": dictionaries,
        "compression": {column.name: _compression(declared, column) for column in columns},
        "compression_level": _levels(declared),
        "column_encoding": {
            column.name: encoding
            for column in columns
            if column.name not in dictionaries and (encoding := _encoding(declared, column))
        },
        "write_statistics": [column.name for column in columns if column.kind not in _LONG_KINDS],
    }


def _is_dictionary(table: Table, column: Column) -> bool:
    return (
        column.name in _REPEATED_TEXT
        or column.name in _REPEATED
        or (table.name, column.name) in _REPEATED_HASHES
    )


def _is_random(table: Table, column: Column) -> bool:
    return table.name == "choices" and column.kind == "float"


def _compression(table: Table, column: Column) -> str:
    return "none" if _is_random(table, column) else "zstd"


def _levels(table: Table) -> dict[str, int]:
    """JSON is most of the bytes: level 3 saves a tenth of them for a twentieth of the time.

    Prefixes are taken out of requests beforehand, and what remains gains less.
    """
    return {
        column.name: 3
        if column.kind == "json" and (table.name, column.name) not in _SHARED_PREFIXES
        else 1
        for column in table.columns
        if not _is_random(table, column)
    }


def _encoding(table: Table, column: Column) -> str | None:
    if column.name in _COUNTING:
        return "DELTA_BINARY_PACKED"
    if (table.name, column.name) in _SHARED_PREFIXES:
        return "DELTA_BYTE_ARRAY"
    return None
