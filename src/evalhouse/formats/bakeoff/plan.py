"""Planning: which runs the claimed files make, what they claim, and what can be counted again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from evalhouse import ids
from evalhouse.formats.bakeoff.answers import Answer, read_answer
from evalhouse.formats.bakeoff.bundle import Bundle, bundles
from evalhouse.formats.bakeoff.checking import checks_of, gpu_problems, mismatches
from evalhouse.formats.bakeoff.contradictions import STATUSES, contradictions, status_of
from evalhouse.formats.bakeoff.detail import Detail, key_of
from evalhouse.formats.bakeoff.layout import FLOOR, FORMAT, MAIN, RESULT_KEYS
from evalhouse.formats.bakeoff.listing import Listing
from evalhouse.formats.bakeoff.machine import environment_of, machine_of, power_limit
from evalhouse.formats.bakeoff.models import Stated, add_model, sizes_of, stated_models
from evalhouse.formats.bakeoff.names import Names
from evalhouse.formats.bakeoff.outline import Outline, elements, problem, text_of
from evalhouse.formats.bakeoff.prompts import Prompts, judge_mode, suite_content
from evalhouse.formats.bakeoff.recount import Check, Recount, claims_of
from evalhouse.formats.bakeoff.scan import NotJsonError
from evalhouse.formats.bakeoff.signature import Verdict, content_digest, verdict_of
from evalhouse.formats.bakeoff.submission import (
    Findings,
    evidence_level,
    is_submission,
    publisher_of,
    signature_problems,
    submission_of,
)
from evalhouse.formats.bakeoff.suites import claims_about, suite_results
from evalhouse.formats.base import Claim as FileClaim
from evalhouse.formats.base import Plan, Reading, Unit, UnitFile
from evalhouse.records import Problem, Run, SourceFile
from evalhouse.redact import Redactor

PART = "result"


def plan(claims: Sequence[FileClaim], reading: Reading) -> list[Plan]:
    """Plan the runs that claimed files make; a run that lies twice is read once."""
    now = datetime.now(UTC)
    groups: dict[str, list[_Looked]] = defaultdict(list)
    for bundle in bundles(claims):
        looked = _Looked(bundle, _run_id(bundle), _verdict(bundle, reading, now))
        groups[looked.run_id].append(looked)
    plans = []
    for group in groups.values():
        first, *others = sorted(group, key=_rank)
        plans.append(_Planner(first, others, reading, now).plan())
    return sorted(plans, key=lambda made: (made.source_uri, made.run.run_id))


@dataclass(frozen=True)
class _Looked:
    """A bundle, whose run it is, and what its signature is worth."""

    bundle: Bundle
    run_id: str
    verdict: Verdict


def _run_id(bundle: Bundle) -> str:
    """Return the id of a run: of its name and time, as written.

    The name alone is a setting that people leave as it is, so that all their runs are called
    alike.
    """
    native = bundle.native_id
    if native is None and bundle.timestamp is None:
        return ids.run_id(FORMAT, None, bundle.sha256)
    return ids.run_id(FORMAT, native, bundle.timestamp)


def _verdict(bundle: Bundle, reading: Reading, now: datetime) -> Verdict:
    if bundle.outline is None:
        return Verdict("unsigned", "there is no result that could be signed")
    return verdict_of(bundle.outline, reading.signing_keys, now)


def _rank(looked: _Looked) -> tuple[Any, ...]:
    """Put first what counts where a run lies twice: signed, intact, in a bundle, made last."""
    bundle = looked.bundle
    made = text_of(bundle.manifest.content.get("created_at")) if bundle.manifest else None
    return (
        looked.verdict.standing != "valid",
        not bundle.is_intact,
        bundle.outline is None or not bundle.outline.is_whole,
        bundle.manifest is None,
        tuple(-ord(sign) for sign in made or ""),
        bundle.place,
    )


@dataclass
class _Found:
    """What looking at all records of a result gave."""

    recount: Recount
    prompts: Prompts
    suites: dict[str, Any]
    odd: list[str] = field(default_factory=list)
    nameless: int = 0


class _Planner:
    """Makes the plan of one run."""

    def __init__(
        self, looked: _Looked, others: Sequence[_Looked], reading: Reading, now: datetime
    ) -> None:
        self._bundle, self._run_id, self._verdict = looked.bundle, looked.run_id, looked.verdict
        self._others, self._now = others, now
        self._names = Names(reading.redactor)
        self._source_id = ids.source_id(FORMAT, looked.run_id)
        self._listing = Listing(self._source_id, looked.bundle)
        self._problems: list[Problem] = list(looked.bundle.problems)
        self._outline = looked.bundle.outline
        self._detail: Detail | None = None
        self._told: list[Problem] = []  # contradictions

    def plan(self) -> Plan:
        """Return the plan."""
        bundle = self._bundle
        units = (
            [self._unit(bundle.result, self._outline)] if self._outline and bundle.result else []
        )
        checks = self._detail.checks if self._detail else []
        self._listing.add_bundle()
        publisher, row = publisher_of(bundle, self._verdict)
        if row is not None:
            self._names.add(msgspec.structs.replace(row, name=self._names.clean(row.name)))
        self._problems += signature_problems(bundle, self._verdict)
        self._submit(bundle, publisher, checks)
        for other in self._others:
            self._set_aside(other)
        return Plan(
            format=FORMAT,
            run=self._run(publisher),
            source_id=self._source_id,
            source_uri=bundle.folder if bundle.manifest else bundle.place,
            entities=self._names.entities(),
            units=units,
            files=list(self._listing.files.values()),
            keep=self._listing.keep,
            problems=[_clean(each, self._names.redactor) for each in self._problems],
        )

    # -- the run ---------------------------------------------------------------------------------

    def _status(self) -> Any:
        manifest = self._bundle.manifest
        stated = manifest.run_status if manifest else None
        ours = status_of(self._outline) if self._outline else None
        found = ours or (stated if stated in STATUSES else None)
        if found is None:
            return "complete" if self._outline and self._outline.is_whole else "incomplete"
        return found

    def _run(self, publisher: str | None) -> Run:
        outline, bundle = self._outline, self._bundle
        settings = _settings(outline)
        seed = outline.part("provenance").get("seed") if outline else None
        is_seed = isinstance(seed, int) and not isinstance(seed, bool) and abs(seed) < 2**63
        return Run(
            run_id=self._run_id,
            short_id=self._run_id[:8],
            label=None if bundle.native_id is None else self._names.clean(bundle.native_id),
            publisher_id=publisher,
            started_at=_time(bundle.timestamp),
            submitted_at=self._now,
            runner=FORMAT,
            config=self._names.settings(settings),
            config_hash=ids.sha256_hex(ids.canonical_json(settings)),
            environment_id=environment_of(outline, self._names) if outline else None,
            seed=seed if is_seed else None,
            status=self._status(),
        )

    # -- the unit --------------------------------------------------------------------------------

    def _unit(self, claim: FileClaim, outline: Outline) -> Unit:
        self._problems += outline.problems
        self._problems += _unknown_members(outline)
        found = self._look(outline)
        models = self._models(outline, found)
        self._detail = detail = self._details(outline, found, models)
        file = self._listing.add(claim.file, claim.family, "parsed")
        self._listing.keep.append(file)
        suite = detail.suites[MAIN]
        return Unit(
            format=FORMAT,
            unit_id=ids.unit_id(self._run_id, PART),
            part=suite.path,
            run_id=self._run_id,
            model_id=next(iter(models.values()), ""),
            prompt_id=suite.prompt_id,
            task_id=suite.task_id,
            source_id=self._source_id,
            files=(_unit_file(file),),
            detail=msgspec.json.encode(detail),
        )

    def _look(self, outline: Outline) -> _Found:
        """Go through all records once."""
        prompts = Prompts(outline, self._run_id, self._names)
        suites = {tier: suite_content(outline, tier) for tier in (MAIN, FLOOR)}
        found = _Found(Recount(outline), prompts, suites)
        for answer in _answers(outline):
            found.recount.add(answer)
            prompts.of(answer.task_id, answer.variant, answer.tier, answer.domain)
            found.odd += [f"record {answer.index + 1}: {each}" for each in answer.oddities]
        self._tell_oddities(outline, found)
        return found

    def _tell_oddities(self, outline: Outline, found: _Found) -> None:
        path = outline.path
        if found.odd:
            message = f"{found.odd[0]}{_more(found.odd)}; it is left empty"
            self._problems.append(problem(path, "odd_value", message, "conflict"))
        unknown = list(dict.fromkeys(found.prompts.unknown))
        if unknown:
            message = (
                f"records are about `{unknown[0]}`{_more(unknown)}, which `tasks` does not tell"
            )
            self._problems.append(problem(path, "unknown_task", message, "conflict"))

    def _models(self, outline: Outline, found: _Found) -> dict[str, str]:
        stated = stated_models(outline, self._bundle.manifest)
        known = {each.name for each in stated}
        more = [Stated(name, {}) for name in found.recount.tallies if name not in known]
        if more and known:
            shown = more[0].name
            message = f"records are of `{shown}`{_more(more)}, which no list of models names"
            self._problems.append(problem(outline.path, "unknown_model", message, "conflict"))
        odd = [each for model in stated for each in sizes_of(model)[1]]
        if odd:
            message = f"{odd[0]}{_more(odd)}; it is left empty"
            self._problems.append(problem(outline.path, "odd_value", message, "conflict"))
        origin = self._bundle.folder
        return {
            each.name: add_model(each, self._names, self._now, origin) for each in (*stated, *more)
        }

    def _details(self, outline: Outline, found: _Found, models: dict[str, str]) -> Detail:
        bundle, recount = self._bundle, found.recount
        claims = claims_of(outline, bundle.manifest)
        machine = machine_of(outline, self._names)
        for entity in machine.entities():
            self._names.add(entity)
        self._problems += gpu_problems(outline)
        checks = list(checks_of(bundle, outline, self._verdict, recount, claims))
        self._problems += mismatches(bundle, outline, checks)
        has_floor = any(tally.floor for tally in recount.tallies.values()) or any(
            claim.get("floor_score") is not None for claim in claims.values()
        )
        tiers = (MAIN, FLOOR) if has_floor else (MAIN,)
        suites = {tier: found.prompts.suite(tier, found.suites[tier]) for tier in tiers}
        self._told = list(contradictions(bundle))
        self._problems += self._told
        findings = self._findings(checks)
        return Detail(
            models=models,
            asked={key_of(*key): asked for key, asked in found.prompts.asked().items()},
            suites=suites,
            results=list(suite_results(models, claims, recount, suites)),
            claims=list(claims_about(outline, claims, recount)),
            checks=checks,
            hardware_id=machine.hardware_id,
            software_id=machine.software_id,
            power_limit_w=power_limit(outline),
            level=f"L{evidence_level(bundle, findings)}" if is_submission(bundle) else "L0",
            evidence=self._evidence(),
        )

    def _findings(self, checks: Sequence[Check]) -> Findings:
        return Findings(self._verdict, checks, len(self._told), self._status())

    def _evidence(self) -> str:
        """Return the hash of what was looked at beside the result, wherever it lies."""
        told = [
            *([check.name, check.stated, check.found] for check in self._bundle.checks),
            [self._verdict.standing, self._verdict.key.key_id if self._verdict.key else None],
        ]
        return ids.sha256_hex(ids.canonical_json(told))

    # -- submissions -----------------------------------------------------------------------------

    def _submit(self, bundle: Bundle, publisher: str | None, checks: Sequence[Check]) -> None:
        if not is_submission(bundle):
            return
        for entity in submission_of(
            bundle, self._run_id, publisher, self._findings(checks), self._now
        ):
            self._names.add(entity)

    def _set_aside(self, other: _Looked) -> None:
        """List what holds the same run once more; it is kept, and not read."""
        bundle, first = other.bundle, self._bundle
        self._listing.set_aside(bundle)
        self._problems += [*bundle.problems, *signature_problems(bundle, other.verdict)]
        same = _is_same(first, bundle)
        message = (
            f"it holds the run of `{first.place}` once more and was passed over"
            if same
            else f"it holds another result under the name and time of `{first.place}`, which counts"
        )
        self._problems.append(
            problem(
                bundle.place,
                "repeated_run" if same else "rival_result",
                message,
                "notice" if same else "conflict",
            )
        )
        if is_submission(bundle):
            publisher, row = publisher_of(bundle, other.verdict)
            if row is not None:
                self._names.add(msgspec.structs.replace(row, name=self._names.clean(row.name)))
            told = list(contradictions(bundle))
            status = status_of(bundle.outline) if bundle.outline else None
            counted = [
                check
                for check in (self._detail.checks if same and self._detail else ())
                if check.scope in ("scores", "items", "hash")
            ]
            findings = Findings(other.verdict, counted, len(told), status or "complete", same)
            for entity in submission_of(bundle, self._run_id, publisher, findings, self._now):
                self._names.add(entity)


def _answers(outline: Outline) -> Iterator[Answer]:
    try:
        for piece in elements(outline, "records"):
            try:
                answer = read_answer(piece.value(), piece.index or 0)
            except NotJsonError:
                continue  # told of where rows are read
            if answer is not None:
                yield answer
    except NotJsonError:
        return  # told of in the outline


def _settings(outline: Outline | None) -> dict[str, Any]:
    """Return every setting: those of the run, and what else the result says of how it was made."""
    if outline is None:
        return {}
    settings = dict(outline.part("config"))
    beside = {
        "judge_mode": judge_mode(outline),
        "resumed_from": outline.members.get("resumed_from"),
    }
    for key, value in beside.items():
        if value is not None:
            settings.setdefault(key, value)
    return settings


def _unknown_members(outline: Outline) -> Iterator[Problem]:
    unknown = sorted(set(outline.members) - RESULT_KEYS)
    if unknown:
        message = f"the result has the unknown member `{unknown[0]}`{_more(unknown)}, kept as it is"
        yield problem(outline.path, "unknown_member", message, "notice")


def _is_same(first: Bundle, other: Bundle) -> bool:
    if first.outline is None or other.outline is None:
        return first.outline is other.outline
    if first.hashes.get(first.outline.path) == other.hashes.get(other.outline.path):
        return True
    digest = content_digest(first.outline)
    return digest is not None and digest == content_digest(other.outline)


def _unit_file(file: SourceFile) -> UnitFile:
    return UnitFile(
        file.path, file.relative_path, file.family, file.source_file_id, file.bytes, file.mtime_ns
    )


def _time(text: str | None) -> datetime | None:
    """Return a moment; one without a zone could be any, and is none."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def _more(things: Sequence[Any]) -> str:
    return f" and {len(things) - 1} more" if len(things) > 1 else ""


def _clean(found: Problem, redactor: Redactor) -> Problem:
    """Take secrets out of what a problem shows."""

    def cleaned(data: bytes | None) -> bytes | None:
        return None if data is None else redactor.settings(data)[0]

    def spelled(text: str | None) -> str | None:
        data = cleaned(None if text is None else text.encode("utf-8", "backslashreplace"))
        return None if data is None else data.decode("utf-8", "replace")

    return msgspec.structs.replace(
        found,
        bytes=cleaned(found.bytes),
        excerpt=spelled(found.excerpt),
        message=spelled(found.message) or "",
    )
