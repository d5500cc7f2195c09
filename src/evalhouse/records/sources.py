"""What was taken in, and what could not be read."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

import msgspec

from evalhouse.records.entity import Entity

Disposition = Literal["parsed", "kept", "ignored"]
Severity = Literal["damage", "conflict", "notice"]


class Source(Entity, frozen=True):
    """A dump that was taken in."""

    table: ClassVar[str] = "sources"
    source_id: str
    format: str
    uri: str
    content_sha256: str
    files: int
    bytes: int
    ingested_at: datetime
    reader_version: str
    status: Literal["complete", "problems"]


class SourceFile(Entity, frozen=True):
    """A place where a file of a source was seen."""

    table: ClassVar[str] = "files"
    location_id: str
    source_file_id: str
    source_id: str
    path: str
    relative_path: str
    family: str
    bytes: int
    mtime_ns: int
    disposition: Disposition
    sha256: str | None = None
    reason: str | None = None
    unit_id: str | None = None
    blob: str | None = None
    rows: int | None = None
    redactions: int = 0
    live: bool = False


class RunSource(Entity, frozen=True):
    """A source that a run was read from."""

    table: ClassVar[str] = "run_sources"
    run_id: str
    source_id: str


class BatchUnit(msgspec.Struct, frozen=True, kw_only=True):
    """A unit that a batch carries, with the hash of what it was read from."""

    unit_id: str
    run_id: str
    part: str
    fingerprint: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that could not be read or does not fit; a row of the lake's `problems`."""

    path: str
    kind: str
    message: str
    severity: Severity = "damage"
    line: int | None = None
    byte_offset: int | None = None
    excerpt: str | None = None
    bytes: bytes | None = None
    run_id: str | None = None
    task: str | None = None
    source_file_id: str | None = None
