"""The tables that runs share, as they are read: what each says of which run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evalhouse.errors import UsageError
from evalhouse.formats.base import Claim
from evalhouse.formats.codebook_lab.layout import CLASS_KEY, LONG_KEY, METRICS_FOLDER
from evalhouse.formats.codebook_lab.recognise import TABLES, family_of
from evalhouse.formats.codebook_lab.tidy import Record, TidyTable, parse_table
from evalhouse.formats.files import FoundFile, SkippedFile, read_head, read_whole, walk
from evalhouse.formats.lines import EXCERPT
from evalhouse.records import Problem

_KEYS = {"metrics-log": LONG_KEY, "metrics-log-classes": CLASS_KEY}
_NEEDED = {
    "metrics-log": (*LONG_KEY, "value"),
    "metrics-log-classes": (*CLASS_KEY, "value"),
    "metrics-log-runs": ("run_id",),
}


@dataclass
class RunLog:
    """What the shared tables say of one run."""

    values: dict[tuple[str, ...], dict[str, str]] = field(default_factory=dict)  # by their key
    classes: dict[tuple[str, ...], dict[str, str]] = field(default_factory=dict)
    row: dict[str, str] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)  # the tables that name it
    problems: list[Problem] = field(default_factory=list)


@dataclass
class Logs:
    """What some tables say, by run."""

    runs: dict[str, RunLog] = field(default_factory=lambda: defaultdict(RunLog))
    damage: list[tuple[Claim, Problem]] = field(default_factory=list)
    files: set[str] = field(default_factory=set)

    def of(self, run_id: str) -> RunLog:
        """Return what is said of a run; nothing of one that no table names."""
        return self.runs[run_id] if run_id in self.runs else RunLog()

    def add(self, claims: Iterable[Claim]) -> None:
        """Read tables that were not read yet."""
        for claim in claims:
            if claim.file.path not in self.files:
                self.files.add(claim.file.path)
                self._read(claim)

    def _read(self, claim: Claim) -> None:
        table, line = self._table(claim), 2
        for record in table.records:
            row = table.cells(record)
            problem = _problem_of(record, row, claim, line)
            line += 1 + record.text.count("\n")
            if problem is not None:
                self.damage.append((claim, problem))
                continue
            log = self.runs[row["run_id"]]
            if claim not in log.claims:
                log.claims.append(claim)
            _put(log, claim, row)

    def _table(self, claim: Claim) -> TidyTable:
        try:
            _, data = read_whole(claim.file.path)
        except OSError as failure:
            reason = f"the file cannot be read: {failure.strerror}"
            self._damage(claim, "unreadable_file", reason)
            return parse_table("")
        text, end = data.decode("utf-8", "surrogateescape"), ""
        # What is cut off inside quotes is at the end: lines are given up until the rest is sound.
        while text:
            try:
                table = parse_table(text)
            except UsageError:
                text, _, line = text.rpartition("\n")
                end = f"{line}\n{end}" if end else line
            else:
                break
        if end:
            lost = end.encode("utf-8", "surrogateescape")
            reason = "a quote is opened and never closed"
            self._damage(claim, "not_csv", reason, (text.count("\n") + 2, lost))
        return table if text else parse_table("")

    def _damage(
        self, claim: Claim, kind: str, message: str, lost: tuple[int, bytes] | None = None
    ) -> None:
        line, data = lost or (None, None)
        excerpt = None if data is None else data[:EXCERPT].decode("utf-8", "replace")
        problem = Problem(
            path=claim.file.path, kind=kind, message=message, line=line, excerpt=excerpt, bytes=data
        )
        self.damage.append((claim, problem))


def tables_beside(folder: str) -> Iterator[Claim]:
    """Yield the shared tables where they lie for a run's folder: `../../metrics`."""
    place = Path(folder).parent.parent / METRICS_FOLDER
    if not place.is_dir():
        return
    for item in walk([place]):
        if isinstance(item, SkippedFile) or item.folder != str(place):
            continue
        family = family_of(read_head(item.path)) if _is_csv(item) else None
        if family in TABLES:
            yield Claim(item, family)


def _is_csv(file: FoundFile) -> bool:
    return file.name.endswith(".csv")


def _put(log: RunLog, claim: Claim, row: dict[str, str]) -> None:
    """Add a row; one that says the same thing again takes the place of the earlier one."""
    if claim.family not in _KEYS:
        log.row = row
        return
    rows = log.values if claim.family == "metrics-log" else log.classes
    names = _KEYS[claim.family]
    key = tuple(row[name] for name in names)
    if rows.setdefault(key, row) != row:
        log.problems.append(_repeated(claim, row, names))
        rows[key] = row


def _repeated(claim: Claim, row: dict[str, str], key: Sequence[str]) -> Problem:
    name = ", ".join(f"`{row[column]}`" for column in key[1:])
    return Problem(
        path=claim.file.path,
        kind="repeated_value",
        severity="notice",
        message=f"the run `{row['run_id']}` has several values for {name}; the last one counts",
    )


def _problem_of(record: Record, row: dict[str, str], claim: Claim, number: int) -> Problem | None:
    """Say why a row cannot be used."""
    data = record.text.encode("utf-8", "surrogateescape")
    missing = [name for name in _NEEDED[claim.family] if name not in row]
    if missing:
        kind, reason = "ragged_row", f"the row ends before its column `{missing[0]}`"
    elif not row["run_id"]:
        kind, reason = "unexpected_row", "the row names no run"
    elif not record.text.isascii() and any("\udc80" <= sign <= "\udcff" for sign in record.text):
        kind, reason = "not_utf8", "the row is not UTF-8"
    else:
        return None
    return Problem(
        path=claim.file.path,
        kind=kind,
        message=reason,
        line=number,
        excerpt=data[:EXCERPT].decode("utf-8", "replace"),
        bytes=data,
    )
