"""A run's folder as reports take it: every file read, and a fault told with its place."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from evalhouse.assessment.results import Assessment
from evalhouse.errors import UsageError
from evalhouse.formats.codebook_lab.layout import (
    CHARACTERS,
    CONFIG,
    EMISSIONS,
    ENVIRONMENT,
    MANIFEST,
    SCORES,
    TIMING,
)
from evalhouse.views.annotation.record import RunRecord


def is_scored(folder: Path) -> bool:
    """Whether a run has scores."""
    return (folder / SCORES).is_file()


def read_run(folder: Path) -> RunRecord:
    """Read the folder of a scored run; files that only add to the picture may be missing.

    Raises:
        UsageError: for a file that is damaged, with its place.
    """
    manifest = _object(folder / MANIFEST)
    return RunRecord(
        config=_object(folder / CONFIG),
        assessment=_assessment(folder / SCORES),
        timing=_object(folder / TIMING),
        characters=_object(folder / CHARACTERS),
        emissions=_sessions(folder / EMISSIONS),
        environment=_object(folder / ENVIRONMENT),
        files=_hashes(manifest.get("files")),
        folder=str(folder),
    )


def _assessment(path: Path) -> Assessment:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Assessment)
    except (OSError, msgspec.MsgspecError, UnicodeError, RecursionError) as failure:
        raise UsageError(
            f"`{path}` cannot be read: {failure}; score the run again with `evalhouse score "
            f"{path.parent}`"
        ) from failure


def _object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as failure:
        raise UsageError(f"`{path}` cannot be read: {failure}; put it back as it was") from failure
    if not isinstance(found, dict):
        raise UsageError(f"`{path}` holds no JSON object; put it back as it was")
    return found


def _sessions(path: Path) -> tuple[Mapping[str, str], ...]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        return tuple(csv.DictReader(io.StringIO(text, newline="")))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, csv.Error) as failure:
        raise UsageError(f"`{path}` cannot be read: {failure}; put it back as it was") from failure


def _hashes(files: Any) -> dict[str, str]:
    if not isinstance(files, dict):
        return {}
    return {
        str(name): str(entry["sha256"])
        for name, entry in files.items()
        if isinstance(entry, dict) and "sha256" in entry
    }
