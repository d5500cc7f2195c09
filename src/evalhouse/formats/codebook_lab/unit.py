"""Reading one run: its table and exchanges, then its scores, then what can be checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import msgspec
import pyarrow as pa

from evalhouse import ids
from evalhouse.formats.base import FileFacts, Reading, TableRows, Unit, UnitFacts, UnitFile
from evalhouse.formats.codebook_lab.answers import Answers
from evalhouse.formats.codebook_lab.cells import CellFile
from evalhouse.formats.codebook_lab.gold import open_gold
from evalhouse.formats.codebook_lab.measurements import measurements_of
from evalhouse.formats.codebook_lab.plan import Detail
from evalhouse.formats.codebook_lab.responses import Responses, Sources
from evalhouse.formats.codebook_lab.results import Results
from evalhouse.formats.codebook_lab.scores import Scores, decode_scores
from evalhouse.formats.codebook_lab.traces import Traces, problem_of_late
from evalhouse.formats.files import read_whole
from evalhouse.formats.lines import EXCERPT, LineFile
from evalhouse.formats.texts import Texts
from evalhouse.ids import sha256_hex
from evalhouse.records import Problem, Severity

Item = TableRows | Problem | UnitFacts


class RunReader:
    """Reads one run."""

    def __init__(self, unit: Unit, detail: Detail, reading: Reading) -> None:
        self._unit, self._detail, self._reading = unit, detail, reading
        self._files = {file.family: file for file in unit.files}
        self._texts = Texts(reading.redactor)
        self._facts: dict[str, FileFacts] = {}

    def read(self) -> Iterator[Item]:
        """Yield rows, problems and, last, the facts."""
        with ExitStack() as stack:
            sources = Sources(gold=open_gold(self._detail.place))
            yield from self._open_answers(sources, stack)
            responses = Responses(
                self._unit, self._detail, sources, self._texts, self._reading.limits.chunk
            )
            yield from self._open_traces(sources)
            yield from self._rows(responses)
            yield from self._close(sources)
        yield from self._differences(responses)
        scores = yield from self._scores()
        matches = self._checked_files()
        yield from self._checks(matches)
        results = Results(
            self._unit,
            self._detail,
            scores,
            responses.tally,
            self._ids(),
            frozenset(family for family, is_match, *_ in matches if is_match),
        )
        yield from results.rows()
        yield from self._redacted()
        files = tuple(self._facts[file.path] for file in self._unit.files)
        hashes = {file.path: file.sha256 for file in files}
        yield UnitFacts(
            unit_id=self._unit.unit_id,
            fingerprint=run_fingerprint(self._unit, self._detail, hashes),
            files=files,
            cells=tuple(results.cells()),
            measurements=tuple(measurements_of(self._unit, self._detail)),
            rows=sum(file.rows or 0 for file in files),
        )

    # -- files -----------------------------------------------------------------------------------

    def _open_answers(self, sources: Sources, stack: ExitStack) -> Iterator[Problem]:
        file = self._files.get("answers")
        if file is None:
            return
        try:
            sources.answers = stack.enter_context(Answers(file.path))
            if self._reading.progress:
                self._reading.progress(sources.answers.size)
        except OSError as failure:
            yield self._unreadable(file, failure)

    def _open_traces(self, sources: Sources) -> Iterator[Problem]:
        file = self._files.get("traces")
        if file is None:
            return
        try:
            source = LineFile(file.path, self._reading.limits)
            sources.traces = Traces(source, self._reading.progress)
        except OSError as failure:
            yield self._unreadable(file, failure)

    def _rows(self, responses: Responses) -> Iterator[TableRows | Problem]:
        file = self._files.get("output")
        if file is None:
            yield from responses.of_exchanges()
            return
        source = CellFile(LineFile(file.path, self._reading.limits))
        rows = source.rows(self._reading.progress)
        try:
            yield from responses.of_table(rows, file)
        except OSError as failure:
            yield self._unreadable(file, failure)
            yield from responses.of_exchanges()
        yield from (self._placed(problem, file) for problem in source.problems)
        if source.count and not {each.column for each in self._detail.fields} & set(source.header):
            message = "nothing says which columns hold answers, so none was taken in; score the run"
            yield self._problem(file, "unknown_fields", message, "notice")
        self._note(file, source.file, source.count)

    def _close(self, sources: Sources) -> Iterator[Problem]:
        """Read what is left of the files beside the table, and say what is amiss in them."""
        answers, traces = sources.answers, sources.traces
        if answers is not None:
            file = self._files["answers"]
            self._note(file, answers, answers.count)
            yield from (self._placed(problem, file) for problem in answers.problems)
        if traces is not None:
            file = self._files["traces"]
            try:
                traces.drain()
            except OSError as failure:
                yield self._unreadable(file, failure)
            late = problem_of_late(traces)
            yield from (
                self._placed(problem, file)
                for problem in (*traces.source.problems, *([late] if late else ()))
            )
            self._note(file, traces.source.file, traces.source.count)
        yield from self._live()

    def _note(self, file: UnitFile, source: LineFile | Answers, rows: int) -> None:
        self._facts[file.path] = FileFacts(
            source_file_id=file.source_file_id,
            path=file.path,
            sha256=source.sha256,
            bytes=source.size,
            rows=rows,
            live=source.live,
        )

    def _live(self) -> Iterator[Problem]:
        for file in self._unit.files:
            facts = self._facts.get(file.path)
            if facts is not None and facts.live:
                message = "the file changed while it was read; ingest it again"
                yield self._problem(file, "live_file", message, "notice")

    def _unreadable(self, file: UnitFile, failure: OSError) -> Problem:
        self._facts[file.path] = FileFacts(
            source_file_id=file.source_file_id, path=file.path, sha256="", bytes=0, rows=0
        )
        return self._problem(
            file, "unreadable_file", f"the file cannot be read: {failure.strerror}", "damage"
        )

    # -- scores and checks -----------------------------------------------------------------------

    def _scores(self) -> Any:
        """Yield what is wrong with the scores, and return them."""
        file = self._files.get("scores")
        if file is None:
            return None
        scores: Scores | None = None
        try:
            raw, data = read_whole(file.path)
        except OSError as failure:
            yield self._unreadable(file, failure)
            return None
        try:
            scores = decode_scores(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as failure:
            problem = Problem(
                path=file.path,
                kind="unexpected_scores",
                message=f"the file holds no scores: {failure}",
                line=1,
                byte_offset=0,
                excerpt=data[:EXCERPT].decode("utf-8", "replace"),
                bytes=data,
            )
            yield self._placed(problem, file)
        self._facts[file.path] = FileFacts(
            source_file_id=file.source_file_id,
            path=file.path,
            sha256=sha256_hex(raw),
            bytes=len(raw),
            rows=len(scores.fields) if scores else 0,
        )
        return scores

    def _checked_files(self) -> list[tuple[str, bool, str, str, str]]:
        """Compare files with the hashes that the run's manifest states for them."""
        stated = self._detail.manifest
        known = [(each.family, each.name, each.sha256) for each in self._detail.small]
        for file in self._unit.files:
            name = file.relative_path.rpartition("/")[2]
            known.append((file.family, name, self._facts[file.path].sha256))
        return [
            (family, stated[name] == sha256, name, stated[name], sha256)
            for family, name, sha256 in known
            if name in stated
        ]

    def _checks(self, matches: list[tuple[str, bool, str, str, str]]) -> Iterator[Item]:
        if not matches:
            return
        unit, size = self._unit, len(matches)
        columns = {
            "run_id": pa.repeat(unit.run_id, size),
            "model_id": pa.repeat(unit.model_id, size),
            "task": pa.repeat(self._detail.task, size),
            "scope": pa.repeat("files", size),
            "metric": pa.array([name for _, _, name, _, _ in matches]),
            "claimed": pa.array([claimed for *_, claimed, _ in matches]),
            "recomputed": pa.array([found for *_, found in matches]),
            "status": pa.array(["match" if fits else "mismatch" for _, fits, *_ in matches]),
        }
        yield TableRows("checks", pa.record_batch(columns))
        altered = [name for _, fits, name, _, _ in matches if not fits]
        if altered:
            names = ", ".join(f"`{name}`" for name in altered)
            yield Problem(
                path=self._detail.task,
                kind="altered_file",
                severity="conflict",
                message=f"the manifest of the run states other hashes for {names}",
                run_id=unit.run_id,
                task=self._detail.task,
            )

    def _differences(self, responses: Responses) -> Iterator[Problem]:
        tally, file = responses.tally, self._files.get("output")
        if tally.differences and file is not None:
            shown = ", ".join(tally.differing)
            more = ", …" if tally.differences > len(tally.differing) else ""
            yield self._problem(
                file,
                "answer_mismatch",
                f"{tally.differences} answers are not those of the exchanges ({shown}{more}); the "
                "exchanges count",
                "conflict",
            )

    def _redacted(self) -> Iterator[Problem]:
        file = next(iter(self._unit.files), None)
        if self._texts.count and file is not None:
            message = f"{self._texts.count} secrets were replaced before anything was stored"
            yield self._problem(file, "redacted", message, "notice")

    # -- problems --------------------------------------------------------------------------------

    def _ids(self) -> dict[str, str]:
        small = {each.family: each.source_file_id for each in self._detail.small}
        return small | {file.family: file.source_file_id for file in self._unit.files}

    def _placed(self, problem: Problem, file: UnitFile) -> Problem:
        """Say whose problem it is, and take secrets out of what it shows."""
        redactor = self._reading.redactor
        data = None if problem.bytes is None else redactor.text(problem.bytes)[0]
        excerpt = problem.excerpt
        if excerpt is not None:
            cleaned, _ = redactor.text(excerpt.encode("utf-8", "replace"))
            excerpt = cleaned.decode("utf-8", "replace")
        return msgspec.structs.replace(
            problem,
            path=file.relative_path,
            source_file_id=file.source_file_id,
            run_id=self._unit.run_id,
            task=self._detail.task,
            bytes=data,
            excerpt=excerpt,
        )

    def _problem(self, file: UnitFile, kind: str, message: str, severity: Severity) -> Problem:
        return Problem(
            path=file.relative_path,
            kind=kind,
            message=message,
            severity=severity,
            run_id=self._unit.run_id,
            task=self._detail.task,
            source_file_id=file.source_file_id,
        )


def run_fingerprint(unit: Unit, detail: Detail, hashes: Mapping[str, str]) -> str:
    """Return the hash of what a run is read from: its files, and what the tables say of it.

    Where its task lies is no part of it, nor what the tables say of other runs.
    """
    files = [(file.family, hashes[file.path]) for file in unit.files]
    small = [(each.family, each.sha256) for each in detail.small]
    told = [detail.task, detail.values, detail.classes, detail.row]
    return ids.sha256_hex(ids.canonical_json([told, sorted(files), sorted(small)]))
