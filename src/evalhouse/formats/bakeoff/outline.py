"""What a result says beside its records: read in one pass, without holding the records."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalhouse.formats.bakeoff.layout import FLOOR, FLOOR_VARIANT, LONG, MAIN
from evalhouse.formats.bakeoff.scan import Hashed, NotJsonError, Piece, Scanner
from evalhouse.formats.lines import EXCERPT
from evalhouse.records import Problem, Severity

RESULT_MEMBER, SEAL_MEMBER = "result", "sig"
"""Members of a signed envelope."""

_LISTS = ("tasks", "model_metadata", "models", "model_scores", "judgements")


@dataclass
class Outline:
    """A result file without its records; what has another type than expected is left out."""

    path: str
    sha256: str = ""
    is_envelope: bool = False
    seal: dict[str, Any] = field(default_factory=dict)
    members: dict[str, Any] = field(default_factory=dict)
    records: int = -1  # which of the members called `records` counts; -1: there is none
    problems: list[Problem] = field(default_factory=list)
    is_whole: bool = True  # it is JSON to its end

    @property
    def run_id(self) -> str | None:
        """Return the name of the run; it is free text."""
        return text_of(self.members.get("run_id"))

    @property
    def timestamp(self) -> str | None:
        """Return when it began, as written."""
        return text_of(self.members.get("timestamp"))

    def part(self, name: str) -> dict[str, Any]:
        """Return a member that is an object; an empty one where it is none."""
        value = self.members.get(name)
        return value if isinstance(value, dict) else {}

    def listed(self, name: str) -> list[dict[str, Any]]:
        """Return the objects of a member that is a list."""
        return [each for each in as_list(self.members.get(name)) if isinstance(each, dict)]

    def variants(self) -> dict[str, str | None]:
        """Return the system prompts by the name of their variant."""
        prompts = self.part("config").get("prompts")
        listed = [each for each in as_list(prompts) if isinstance(each, dict)]
        found = {
            name: text_of(each.get("system")) or ("" if each.get("system") == "" else None)
            for each in listed
            if (name := text_of(each.get("id"))) is not None
        }
        return {FLOOR_VARIANT: "", **found}

    def tasks(self) -> dict[str, dict[str, Any]]:
        """Return the tasks by their id in this run."""
        return {
            name: each
            for each in self.listed("tasks")
            if (name := text_of(each.get("id"))) is not None
        }

    def cells(self) -> int:
        """Return the number of cells of a model in the main tier: tasks by prompt variants."""
        tasks = [task for task in self.tasks().values() if tier_of(task) == MAIN]
        return len(tasks) * (len(self.variants()) - 1)


def as_list(value: Any) -> list[Any]:
    """Return a list; an empty one where it is none."""
    return value if isinstance(value, list) else []


def tier_of(task: dict[str, Any]) -> str:
    """Return the tier of a task or record; files from before there were tiers have one."""
    return FLOOR if task.get("tier") == FLOOR else MAIN


def text_of(value: Any) -> str | None:
    """Return a text that is not empty."""
    return value if isinstance(value, str) and value else None


def read_outline(path: str, *, is_envelope: bool = False) -> Outline:
    """Read all but the records of a result file, plain or in an envelope.

    Raises:
        OSError: The file cannot be read.
    """
    outline = Outline(path, is_envelope=is_envelope)
    counts: dict[str, int] = {}
    inside = RESULT_MEMBER if outline.is_envelope else ""
    with Path(path).open("rb") as stream:
        hashed = Hashed(stream)
        scanner = Scanner(hashed)
        try:
            for piece in scanner.pieces(skipped={"records"}, inside=inside):
                counts[piece.key] = counts.get(piece.key, 0) + 1
                _take(outline, piece)
        except NotJsonError as failure:
            outline.is_whole = False
            outline.problems.append(damage(path, failure))
            if scanner.key == "records":  # those before the damage count
                outline.records = counts.get("records", 0)
        outline.sha256 = hashed.sha256()
    if outline.is_envelope:
        _read_seal(outline)
    for key in (key for key, count in counts.items() if count > 1):
        message = f"`{key}` stands {counts[key]} times at the top of the result; the last counts"
        outline.problems.append(problem(path, "duplicate_key", message, "conflict"))
    _check_types(outline)
    return outline


def top_keys(path: str) -> Iterator[str]:
    """Yield the names of the members at the top of a file that holds an object.

    Raises:
        NotJsonError: It holds none, or is cut off.
        OSError: It cannot be read.
    """
    with Path(path).open("rb") as stream:
        scanner = Scanner(stream)
        try:
            for piece in scanner.pieces(skipped=_Everything()):
                yield piece.key
        except NotJsonError:
            if scanner.key is not None:
                yield scanner.key
            raise


class _Everything:
    """Holds every name."""

    def __contains__(self, name: object) -> bool:
        return True


def elements(outline: Outline, key: str) -> Iterator[Piece]:
    """Yield the elements of a long list of a result, one by one.

    Raises:
        NotJsonError: The file is cut off or malformed; what came before was yielded.
        OSError: It cannot be read.
    """
    inside = RESULT_MEMBER if outline.is_envelope else ""
    wanted = outline.records if key == "records" else None
    with Path(outline.path).open("rb") as stream:
        pieces = Scanner(stream).pieces(lists={key}, skipped=_Others(key), inside=inside)
        for piece in pieces:
            is_one = piece.key == key and piece.index is not None
            if is_one and wanted in (None, piece.occurrence):
                yield piece


class _Others:
    """Holds every name but one."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __contains__(self, name: object) -> bool:
        return name != self._name


def problem(
    path: str, kind: str, message: str, severity: Severity = "damage", excerpt: str | None = None
) -> Problem:
    """Return a problem of a file."""
    return Problem(path=path, kind=kind, message=message, severity=severity, excerpt=excerpt)


def _take(outline: Outline, piece: Piece) -> None:
    if piece.key == "records":
        outline.records = piece.occurrence
        return
    try:
        outline.members[piece.key] = piece.value()
    except NotJsonError as failure:
        outline.is_whole = False
        outline.problems.append(damage(outline.path, failure, piece.raw))


def _read_seal(outline: Outline) -> None:
    with Path(outline.path).open("rb") as stream, contextlib.suppress(NotJsonError):
        for piece in Scanner(stream).pieces(skipped={RESULT_MEMBER}):
            if piece.key == SEAL_MEMBER:
                value = piece.value()
                outline.seal = value if isinstance(value, dict) else {}


def damage(path: str, failure: NotJsonError, raw: bytes | None = None) -> Problem:
    """Return the problem that a file is no JSON any more from some byte on."""
    cut = "ends in the middle" in failure.what
    return Problem(
        path=path,
        kind="truncated_file" if cut else "not_json",
        message=f"{failure}; what stands before it was read",
        line=1,
        byte_offset=failure.offset,
        excerpt=None if raw is None else raw[:EXCERPT].decode("utf-8", "replace"),
        bytes=raw,
    )


def _check_types(outline: Outline) -> None:
    for name in (*_LISTS, "config", "provenance"):
        value = outline.members.get(name)
        expected = list if name in _LISTS else dict
        if value is not None and not isinstance(value, expected):
            kind = "a list" if expected is list else "an object"
            message = f"`{name}` is {_kind(value)} and should be {kind}; it was passed over"
            outline.problems.append(problem(outline.path, "unexpected_type", message, "conflict"))
    for name in LONG[1:]:
        value = outline.members.get(name)
        odd = [each for each in as_list(value) if not isinstance(each, dict)]
        if odd:
            message = f"{len(odd)} elements of `{name}` are no objects and were passed over"
            outline.problems.append(problem(outline.path, "unexpected_type", message, "conflict"))


def _kind(value: Any) -> str:
    names = {str: "text", bool: "a truth value", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), "an object")
