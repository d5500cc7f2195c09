"""From files to runs: who is who, before a single row is read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import msgspec

from evalhouse import ids
from evalhouse.formats.base import Claim, Plan, Reading, Unit, UnitFile
from evalhouse.formats.codebook_lab.entities import Names, run_of, settings_of
from evalhouse.formats.codebook_lab.folder import (
    FORMAT,
    RunFolder,
    read_run_folder,
    run_id_of,
    uuid_of,
)
from evalhouse.formats.codebook_lab.gold import Places, TaskPlace, label_unit
from evalhouse.formats.codebook_lab.layout import CONFIG_KEYS, OWN_CONFIG_KEYS
from evalhouse.formats.codebook_lab.logs import Logs, RunLog, tables_beside
from evalhouse.formats.codebook_lab.machines import Whereabouts, whereabouts
from evalhouse.formats.codebook_lab.recognise import TABLES
from evalhouse.formats.codebook_lab.rows import model_of
from evalhouse.formats.machines import amount
from evalhouse.records import Disposition, Problem, SourceFile
from evalhouse.redact import Redactor

_KEY = "answers"
ROW_FAMILIES = ("output", "answers", "traces", "scores")
"""What a unit reads; all other files of a run are read while planning."""

_KEPT = {
    "reports": "made from the scores",
    "manifest": "hashes of the other files",
    "listed": "the manifest lists it",
}
_SPARE = "there is another file of its kind"
_OF_LOG = (
    *("timestamp", "label", "model_id", "quantization_type", "codebook_path"),
    *("experiment_directory", "cpu_model", "gpu_model"),
)


class FieldDetail(msgspec.Struct, frozen=True):
    """A field of a run: its column, its type where that is known, what it is in the catalog."""

    column: str
    kind: str | None
    task_id: str
    prompt_id: str


class Hashed(msgspec.Struct, frozen=True):
    """A small file with the hash of its bytes."""

    name: str
    family: str
    source_file_id: str
    sha256: str


class Detail(msgspec.Struct, kw_only=True, tag="run"):
    """What the reader of a run must know beyond its files."""

    task: str
    fields: list[FieldDetail]
    is_ours: bool
    energy_scope: str | None = None
    values: list[dict[str, str]] = []  # rows of the long table
    classes: list[dict[str, str]] = []  # rows of the table of classes
    row: dict[str, str] = {}  # of the table of runs
    timing: dict[str, Any] = {}
    characters: dict[str, Any] = {}
    sessions: list[dict[str, str]] = []
    energy: list[dict[str, float]] | None = None  # of each session, where it is told
    places: Whereabouts = Whereabouts()
    energy_sources: dict[str, str] = {}  # how each kind of energy was found, by its key
    small: list[Hashed] = []
    tables: dict[str, str] = {}  # ids of the shared tables, by family
    manifest: dict[str, str] = {}  # hashes that it states, by file
    place: TaskPlace | None = None


def plan(claims: Sequence[Claim], reading: Reading) -> list[Plan]:
    """Plan the runs that claimed files make."""
    shared = [claim for claim in claims if claim.family in TABLES]
    folders = _folders([claim for claim in claims if claim.family not in TABLES])
    logs = Logs()
    logs.add(shared)
    named = list(logs.runs)
    for folder in folders:
        if not _tells_its_scores(folder):
            logs.add(tables_beside(folder.path))
    shared_files = {claim.file.path for claim in shared}
    runs = _runs(folders, logs, named)
    places, seen = Places(), set[str]()
    plans = [_Planner(run, reading, places, shared_files).plan() for run in runs]
    for made in plans:
        _share_labels(made, seen)
    for claim, problem in logs.damage if plans else ():
        _report_damage(claim, problem, plans)
    return plans


@dataclass
class _Run:
    """One run: its folder, copies of it, and what the shared tables say."""

    run_id: str
    folder: RunFolder | None
    log: RunLog
    copies: list[RunFolder] = field(default_factory=list)

    @property
    def config(self) -> dict[str, Any]:
        """Return every setting of the run, as `config.json` spells it."""
        told = settings_of(self.log.row) if self.log.row else {}
        if self.folder is None or not self.folder.config:
            keys = (*CONFIG_KEYS, *OWN_CONFIG_KEYS, *_OF_LOG)
            return {"model": model_of(told)} | {key: told[key] for key in keys if key in told}
        more = {key: told[key] for key in _OF_LOG if key in told}
        return {**({} if self.folder.uuid else more), **self.folder.config}

    @property
    def place(self) -> str:
        """Return its folder; nothing where tables alone name it."""
        return self.folder.path if self.folder else ""

    @property
    def uses_log(self) -> bool:
        """Tell whether its values are those of the shared tables."""
        return self.folder is None or not _tells_its_scores(self.folder)


def _tells_its_scores(folder: RunFolder) -> bool:
    return "scores" in folder.claims


def _folders(claims: Sequence[Claim]) -> list[RunFolder]:
    by_folder: dict[str, list[Claim]] = defaultdict(list)
    for claim in sorted(claims, key=lambda claim: claim.file.path):
        by_folder[claim.file.folder].append(claim)
    return [read_run_folder(path, listed) for path, listed in sorted(by_folder.items())]


def _runs(folders: Sequence[RunFolder], logs: Logs, named: Sequence[str]) -> list[_Run]:
    """Return runs that have a folder, then those that tables alone name."""
    runs: dict[str, _Run] = {}
    # Of copies the one with most files counts.
    for folder in sorted(folders, key=lambda each: (-len(each.claims), each.path)):
        log = logs.of(folder.native_id)
        run_id = run_id_of(folder.native_id, folder.uuid or uuid_of(log.row.get("run_uuid")))
        if run_id in runs:
            runs[run_id].copies.append(folder)
        else:
            runs[run_id] = _Run(run_id, folder, log)
    for native in named:
        log = logs.of(native)
        run_id = run_id_of(native, uuid_of(log.row.get("run_uuid")))
        runs.setdefault(run_id, _Run(run_id, None, log))
    return sorted(
        runs.values(), key=lambda run: (run.folder.path if run.folder else "", run.run_id)
    )


class _Planner:
    """Makes the plan of one run."""

    def __init__(self, run: _Run, reading: Reading, places: Places, shared_files: set[str]) -> None:
        self._run, self._names = run, Names(reading.redactor)
        self._redactor = reading.redactor
        self._config = run.config
        folder = run.folder
        self._source_id = ids.source_id(FORMAT, run.run_id)
        self._files: dict[str, SourceFile] = {}
        self._keep: list[SourceFile] = []
        self._task = _task_name(self._config, folder)
        self._places = places
        self._place = places.find(self._config, run.place) if folder else None
        self._codebook = places.codebook(self._config, run.place) if folder else None
        # A table that no run's values come from is listed with the runs that it names all the same.
        self._tables = [
            claim for claim in run.log.claims if run.uses_log or claim.file.path in shared_files
        ]

    def plan(self) -> Plan:
        """Return the plan."""
        run, folder = self._run, self._run.folder
        model_id = self._names.model(self._config)
        entity = run_of(run.run_id, self._config, folder, self._names)
        unit = self._unit(model_id)
        units = [unit]
        if self._place is not None:
            units.append(label_unit(self._place, self._task, unit.task_id, unit))
        problems = [*(folder.problems if folder else ()), *run.log.problems]
        problems += [self._set_aside(copy) for copy in run.copies]
        return Plan(
            format=FORMAT,
            run=entity,
            source_id=self._source_id,
            source_uri=self._uri(),
            entities=list(self._names.found.values()),
            units=units,
            files=list(self._files.values()),
            keep=self._keep,
            problems=[_clean(problem, self._redactor) for problem in problems],
        )

    def _uri(self) -> str:
        if self._run.folder is not None:
            return self._run.folder.path
        return self._tables[0].file.folder if self._tables else ""

    def _unit(self, model_id: str) -> Unit:
        task_id, prompt_id = self._names.task(self._task, self._config)
        fields = self._fields()
        files = tuple(self._unit_files())
        detail = self._detail(fields)
        return Unit(
            format=FORMAT,
            unit_id=ids.unit_id(self._run.run_id, _KEY),
            part=self._task,
            run_id=self._run.run_id,
            model_id=model_id,
            prompt_id=prompt_id,
            task_id=task_id,
            source_id=self._source_id,
            files=files,
            detail=msgspec.json.encode(detail),
        )

    def _fields(self) -> list[FieldDetail]:
        log, folder = self._run.log, self._run.folder
        kinds = {row["column"]: row["annotation_type"] for row in log.values.values()}
        told = [*(folder.fields() if folder else ()), *(kinds if self._run.uses_log else ())]
        known = self._codebook.by_column if self._codebook else {}
        fields = []
        for order, column in enumerate(dict.fromkeys(told)):
            task_id, prompt_id = self._names.field(
                self._task, column, order, self._config, self._codebook
            )
            kind = known[column].field.kind if column in known else kinds.get(column)
            fields.append(FieldDetail(column, kind, task_id, prompt_id))
        return fields

    def _detail(self, fields: list[FieldDetail]) -> Detail:
        run, folder = self._run, self._run.folder
        tables = {claim.family: self._table(claim) for claim in self._tables}
        places, entities = whereabouts(
            self._config,
            folder.contents.get("environment") if folder else None,
            folder.sessions if folder else (),
        )
        for entity in entities:
            self._names.add(entity)
        detail = Detail(
            task=self._task,
            fields=fields,
            is_ours=bool(self._config.get("run_uuid")),
            energy_scope=_text(self._config.get("energy_scope")),
            place=self._place,
            places=places,
        )
        if run.uses_log:
            detail.values = list(run.log.values.values())
            detail.classes = list(run.log.classes.values())
            detail.row, detail.tables = run.log.row, tables
        if folder is not None:
            detail.timing = folder.contents.get("timing", {})
            detail.characters = folder.contents.get("characters", {})
            detail.sessions = folder.sessions
            detail.energy = _energy_of(folder.contents.get("energy", {}))
            detail.energy_sources = _sources_of(folder.contents.get("energy", {}))
            detail.small = list(self._small(folder))
            detail.manifest = _stated_hashes(folder.contents.get("manifest", {}))
        return detail

    def _unit_files(self) -> Iterator[UnitFile]:
        claims = self._run.folder.claims if self._run.folder else {}
        for family in ROW_FAMILIES:
            claim = claims.get(family)
            if claim is not None:
                listed = self._file(claim, None, "parsed")
                self._keep.append(listed)
                yield UnitFile(
                    claim.file.path,
                    listed.relative_path,
                    family,
                    listed.source_file_id,
                    claim.file.size,
                    claim.file.mtime_ns,
                )

    def _small(self, folder: RunFolder) -> Iterator[Hashed]:
        """List the files that are read while planning, and those that are kept alone."""
        for family, claim in folder.claims.items():
            if family in ROW_FAMILIES:
                continue
            sha256, reason = self._places.sha256(claim.file.path), _KEPT.get(family)
            listed = self._file(claim, sha256, "kept" if reason else "parsed", reason)
            self._keep.append(listed)
            yield Hashed(claim.file.name, family, listed.source_file_id, sha256)
        for claim in folder.spare:
            listed = self._file(claim, None, "kept", _KEPT.get(claim.family, _SPARE))
            self._keep.append(listed)

    def _table(self, claim: Claim) -> str:
        sha256 = self._places.sha256(claim.file.path)
        return self._file(claim, sha256, "parsed").source_file_id

    def _set_aside(self, copy: RunFolder) -> Problem:
        """List the files of a second folder that says it is the same run."""
        first = self._run.folder
        assert first is not None
        reason = f"its run is that of `{first.path}`"
        for claim in [*copy.claims.values(), *copy.spare]:
            self._file(claim, None, "ignored", reason)
        return Problem(
            path=copy.path,
            kind="repeated_run",
            severity="notice",
            message=f"the folder holds the run of `{first.path}` once more and was passed over",
        )

    def _file(
        self, claim: Claim, sha256: str | None, disposition: Disposition, reason: str | None = None
    ) -> SourceFile:
        relative = "/".join(PurePath(claim.file.path).parts[-2:])
        listed = SourceFile(
            location_id=ids.file_location_id(self._source_id, claim.file.path),
            source_file_id=ids.source_file_id(self._source_id, relative),
            source_id=self._source_id,
            path=claim.file.path,
            relative_path=relative,
            family=claim.family,
            bytes=claim.file.size,
            mtime_ns=claim.file.mtime_ns,
            sha256=sha256,
            disposition=disposition,
            reason=reason,
        )
        return self._files.setdefault(claim.file.path, listed)


def _task_name(config: Mapping[str, Any], folder: RunFolder | None) -> str:
    stated = _text(config.get("task_name")) or _text(config.get("label"))
    above = PurePath(folder.path).parent.name if folder else ""
    return stated or above or "unknown"


def _energy_of(energy: Mapping[str, Any]) -> list[dict[str, float]] | None:
    """Return the figures of each session of a run; None where no session is told."""
    sessions = energy.get("sessions")
    if not isinstance(sessions, list) or not sessions:
        return None
    told = [each.get("energy") if isinstance(each, dict) else None for each in sessions]
    return [
        {name: number for name, value in figures.items() if (number := amount(value)) is not None}
        if isinstance(figures, dict)
        else {}
        for figures in told
    ]


def _sources_of(energy: Mapping[str, Any]) -> dict[str, str]:
    """Return how energy was measured or estimated in the sessions of a run, by key."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for session in energy.get("sessions") or ():
        told = session.get("energy") if isinstance(session, dict) else None
        sources = told.get("sources") if isinstance(told, dict) else None
        for key, text in (sources if isinstance(sources, dict) else {}).items():
            found[str(key)][str(text)] = None
    return {key: "; ".join(texts) for key, texts in found.items()}


def _stated_hashes(manifest: Mapping[str, Any]) -> dict[str, str]:
    files = manifest.get("files")
    listed = files.items() if isinstance(files, dict) else ()
    return {
        str(name): str(about["sha256"])
        for name, about in listed
        if isinstance(about, dict) and isinstance(about.get("sha256"), str)
    }


def _share_labels(made: Plan, seen: set[str]) -> None:
    """Let the labels of a task be read once, whatever the number of its runs."""
    run, *labels = made.units
    made.units = [run, *(unit for unit in labels if unit.unit_id not in seen)]
    seen.update(unit.unit_id for unit in made.units)


def _report_damage(claim: Claim, problem: Problem, plans: Sequence[Plan]) -> None:
    """Tell of damage in a shared table with the first run that it names, else the first of all."""
    listed = (made for made in plans if any(file.path == claim.file.path for file in made.files))
    owner = next(listed, None)
    if owner is None:
        owner = plans[0]
        relative = "/".join(PurePath(claim.file.path).parts[-2:])
        owner.files.append(
            SourceFile(
                location_id=ids.file_location_id(owner.source_id, claim.file.path),
                source_file_id=ids.source_file_id(owner.source_id, relative),
                source_id=owner.source_id,
                path=claim.file.path,
                relative_path=relative,
                family=claim.family,
                bytes=claim.file.size,
                mtime_ns=claim.file.mtime_ns,
                disposition="ignored",
                reason="no row of it can be used",
            )
        )
    owner.problems.append(problem)


def _clean(problem: Problem, redactor: Redactor) -> Problem:
    """Take secrets out of what a problem shows."""
    data = None if problem.bytes is None else redactor.settings(problem.bytes)[0]
    excerpt = problem.excerpt
    if excerpt is not None:
        excerpt = redactor.settings(excerpt.encode("utf-8", "replace"))[0].decode(
            "utf-8", "replace"
        )
    return msgspec.structs.replace(problem, bytes=data, excerpt=excerpt)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
