"""Tables of what was taken in, and of the writes that brought it."""

from __future__ import annotations

from evalhouse.schema.columns import Column, catalog_table

HOUSE_SETTINGS = catalog_table(
    "house_settings",
    "setting of the house as a whole",
    Column("name", "text", "name of the setting", key=True, required=True),
    Column("value", "text", "its value", required=True),
)

SOURCES = catalog_table(
    "sources",
    "dump that was taken in",
    Column("source_id", "id", "UUIDv5 of format and native key", key=True, required=True),
    Column("format", "text", "format it was recognised as", required=True),
    Column("uri", "text", "folder or address where it was first seen", required=True),
    Column("content_sha256", "hash", "SHA-256 over its files' hashes", required=True),
    Column("files", "integer", "files in it", unit="files", required=True),
    Column("bytes", "integer", "size of its files", unit="bytes", required=True),
    Column("ingested_at", "timestamp", "when it was last taken in", required=True),
    Column("reader_version", "text", "version of the reader", required=True),
    Column(
        "status",
        "text",
        "complete, or with problems",
        required=True,
        values=("complete", "problems"),
    ),
)

FILES = catalog_table(
    "files",
    "place where a file of a source was seen",
    Column("location_id", "id", "UUIDv5 of the place", key=True, required=True),
    Column("source_file_id", "id", "the file, wherever it lies", required=True),
    Column("source_id", "id", "its source", required=True, references="sources.source_id"),
    Column("path", "text", "absolute path or URL", required=True),
    Column("relative_path", "text", "path inside the source", required=True),
    Column("family", "text", "what it holds, as its format calls it", required=True),
    Column("bytes", "integer", "size", unit="bytes", required=True),
    Column("mtime_ns", "integer", "modification time", unit="ns since 1970", required=True),
    Column("sha256", "hash", "SHA-256 of its bytes; empty where it was not read"),
    Column(
        "disposition",
        "text",
        "what became of it",
        required=True,
        values=("parsed", "kept", "ignored"),
    ),
    Column("reason", "text", "why it was kept or ignored"),
    Column("unit_id", "id", "unit whose rows it gave"),
    Column("blob", "hash", "name of its copy in blobs, where rows cannot rebuild it"),
    Column("rows", "integer", "rows read from it", unit="rows"),
    Column("redactions", "integer", "secrets replaced in it", required=True),
    Column("live", "boolean", "it changed while it was read", required=True),
    indexes=(("source_file_id",), ("unit_id",), ("path",)),
)

RUN_SOURCES = catalog_table(
    "run_sources",
    "source that a run was read from",
    Column("run_id", "id", "the run", key=True, required=True, references="runs.run_id"),
    Column(
        "source_id", "id", "the source", key=True, required=True, references="sources.source_id"
    ),
)

BATCHES = catalog_table(
    "batches",
    "write to the house: visible when committed",
    Column("batch_id", "id", "random", key=True, required=True),
    Column(
        "state",
        "text",
        "only committed batches are seen",
        required=True,
        values=("open", "committed", "abandoned"),
    ),
    Column("host", "text", "machine that writes", required=True),
    Column("pid", "integer", "process that writes", required=True),
    Column("opened_at", "timestamp", "start", required=True),
    Column("heartbeat_at", "timestamp", "last sign of life", required=True),
    Column("committed_at", "timestamp", "end"),
    Column("sequence", "integer", "order of commits", unique=True),
    Column("code_version", "text", "version of evalhouse", required=True),
    indexes=(("state",),),
)

BATCH_UNITS = catalog_table(
    "batch_units",
    "unit in a batch",
    Column("unit_id", "id", "the unit", key=True, required=True),
    Column("batch_id", "id", "the batch", key=True, required=True, references="batches.batch_id"),
    Column("run_id", "id", "its run", required=True, references="runs.run_id"),
    Column("part", "text", "native name of the unit in its run", required=True),
    Column("fingerprint", "hash", "SHA-256 of what it was read from", required=True),
    indexes=(("run_id",), ("batch_id",)),
)

UNIT_SUPERSEDES = catalog_table(
    "unit_supersedes",
    "unit of a batch whose rows are not seen any more",
    Column("unit_id", "id", "the unit", key=True, required=True),
    Column("batch_id", "id", "the batch", key=True, required=True, references="batches.batch_id"),
    Column("superseded_by", "id", "batch that took its place", references="batches.batch_id"),
)
