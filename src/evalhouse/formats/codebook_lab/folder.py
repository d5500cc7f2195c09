"""The folder of one run: its small files, read whole, and what they tell of the run."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from evalhouse import ids
from evalhouse.formats.base import Claim
from evalhouse.formats.codebook_lab.recognise import header_of, prompt_hashes, reported
from evalhouse.formats.files import read_head, read_whole
from evalhouse.formats.lines import BOM, EXCERPT
from evalhouse.records import Problem
from evalhouse.tasks.statuses import STATUS_SUFFIX

FORMAT = "codebook_lab"


@dataclass
class RunFolder:
    """One run, as far as it can be known before its rows are read."""

    path: str
    claims: dict[str, Claim] = field(default_factory=dict)  # by family
    spare: list[Claim] = field(default_factory=list)  # of a family that is there already
    contents: dict[str, dict[str, Any]] = field(default_factory=dict)  # by family
    sessions: list[dict[str, str]] = field(default_factory=list)  # rows of emissions
    columns: tuple[str, ...] = ()  # of the table of answers
    reports: list[str] = field(default_factory=list)  # columns that the reports are about
    problems: list[Problem] = field(default_factory=list)

    @property
    def config(self) -> dict[str, Any]:
        """Return the settings; none where they cannot be read."""
        return self.contents.get("config", {})

    @property
    def native_id(self) -> str:
        """Return the id under which the shared tables know the run; its folder's name at last."""
        stated = self.config.get("run_id")
        return stated if isinstance(stated, str) and stated else PurePath(self.path).name

    @property
    def uuid(self) -> str | None:
        """Return the id that evalhouse gave the run before its first answer."""
        return uuid_of(self.config.get("run_uuid"))

    @property
    def hashes(self) -> dict[str, str]:
        """Return the hashes of its prompts by column."""
        return prompt_hashes(self.config)

    def fields(self) -> list[str]:
        """Return the columns of its answers, in the order of the table where they stand there."""
        known = {*self.hashes, *self.reports}
        stated = {name for name in self.columns if f"{name}{STATUS_SUFFIX}" in self.columns}
        there = [name for name in self.columns if name in known | stated]
        return list(dict.fromkeys([*there, *self.hashes, *self.reports]))


def uuid_of(text: Any) -> str | None:
    """Return a UUID as ids are written; None where there is none."""
    try:
        return str(uuid.UUID(text)) if isinstance(text, str) else None
    except ValueError:
        return None


def run_id_of(native: str, stated: str | None) -> str:
    """Return the id of a run: its own where evalhouse made it, else one from its native id."""
    return stated or ids.run_id(FORMAT, native)


def read_run_folder(path: str, claims: Sequence[Claim]) -> RunFolder:
    """Read the small files of a run."""
    folder = RunFolder(path)
    for claim in claims:
        if claim.family in folder.claims:
            folder.spare.append(claim)
        else:
            folder.claims[claim.family] = claim
    for family, claim in folder.claims.items():
        read = _READERS.get(family)
        if read is not None:
            read(folder, claim)
    if "output" in folder.claims:
        folder.columns = header_of(read_head(folder.claims["output"].file.path))
    return folder


def _text(folder: RunFolder, claim: Claim) -> str | None:
    try:
        _, data = read_whole(claim.file.path)
    except OSError as failure:
        message = f"the file cannot be read: {failure.strerror}"
        folder.problems.append(
            Problem(path=claim.file.path, kind="unreadable_file", message=message)
        )
        return None
    try:
        return data.removeprefix(BOM).decode("utf-8")
    except UnicodeDecodeError as failure:
        _damaged(folder, claim, data, "not_utf8", f"byte {failure.start + 1} is not UTF-8")
        return None


def _read_object(folder: RunFolder, claim: Claim) -> None:
    text = _text(folder, claim)
    if text is None:
        return
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as failure:
        _damaged(folder, claim, text.encode(), "not_json", f"the file is not JSON: {failure}")
        return
    if isinstance(value, dict):
        folder.contents[claim.family] = value
    else:
        _damaged(folder, claim, text.encode(), "not_an_object", "the file holds no object")


def _read_sessions(folder: RunFolder, claim: Claim) -> None:
    text = _text(folder, claim) or ""
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", restval="")
        folder.sessions = [{str(name): str(cell) for name, cell in row.items()} for row in reader]
    except csv.Error as failure:
        _damaged(folder, claim, text.encode(), "not_csv", f"the file is not CSV: {failure}")


def _read_reports(folder: RunFolder, claim: Claim) -> None:
    folder.reports = reported(_text(folder, claim) or "")


def _damaged(folder: RunFolder, claim: Claim, data: bytes, kind: str, message: str) -> None:
    folder.problems.append(
        Problem(
            path=claim.file.path,
            kind=kind,
            message=message,
            line=1,
            byte_offset=0,
            excerpt=data[:EXCERPT].decode("utf-8", "replace"),
            bytes=data,
        )
    )


_READERS: dict[str, Callable[[RunFolder, Claim], None]] = {
    "config": _read_object,
    "timing": _read_object,
    "characters": _read_object,
    "energy": _read_object,
    "environment": _read_object,
    "manifest": _read_object,
    "emissions": _read_sessions,
    "reports": _read_reports,
}
