"""What can be verified of a unit: hashes, choices, items to task, tasks to suite, counts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evalhouse.formats.base import TableRows, Unit
from evalhouse.formats.olmes import suites
from evalhouse.formats.olmes.plan import Detail
from evalhouse.formats.olmes.predictions import Tally
from evalhouse.formats.olmes.record import Record
from evalhouse.formats.olmes.results import means, number, table_rows
from evalhouse.records import Problem

TOLERANCE = 1e-9
_SENTINEL = -999
_OUTPUTS_KEPT = 100  # the writer drops the outputs of an item beyond so many
_DISORDERED = 0.01  # share of items with a wrong best choice that makes the order doubtful


@dataclass
class RequestCounts:
    """How many requests the files of a unit hold."""

    conditioned: int = 0
    twins: int = 0


class Checks:
    """The verification of one unit."""

    def __init__(
        self, unit: Unit, detail: Detail, record: Record | None, primary: str | None
    ) -> None:
        self._unit, self._detail, self._record, self._primary = unit, detail, record, primary

    def rows(self, tally: Tally | None, requests: RequestCounts) -> Iterator[TableRows]:
        """Yield the table of what matches, what does not, and what cannot be recomputed."""
        found: list[dict[str, Any]] = []
        record = self._record
        if record is not None:
            found += self._hashes(record)
            found += self._suite(record) if record.is_aggregate else self._task(record, tally)
        if tally is not None:
            found += self._compared(tally)
            found += self._row_hashes(tally)
            found += self._requests(tally, requests)
        if found:
            yield table_rows("checks", found, self._unit)

    def _hashes(self, record: Record) -> Iterator[dict[str, Any]]:
        for subject in ("task", "model"):
            claimed = record.task_hash if subject == "task" else record.model_hash
            again = record.recomputed_hash(subject)
            if claimed is None or again is None:
                continue
            recomputed, rule = again
            yield _check("hash", f"{subject}_hash", claimed, recomputed, reason=rule or None)

    def _row_hashes(self, tally: Tally) -> Iterator[dict[str, Any]]:
        """The rows must carry the hashes of the record that they were mapped to."""
        record = self._record
        for name, counts in (("task_hash", tally.task_hashes), ("model_hash", tally.model_hashes)):
            claimed = getattr(record, name) if record is not None else None
            if claimed is None or not counts:
                continue
            other = sorted(set(counts) - {claimed})
            reason = (
                f"{sum(counts[item] for item in other)} rows carry another hash" if other else None
            )
            yield _check(
                "files", f"rows.{name}", claimed, other[0] if other else claimed, reason=reason
            )

    def _requests(self, tally: Tally, requests: RequestCounts) -> Iterator[dict[str, Any]]:
        """Every output answers one request; a twin stands beside each of them or none."""
        if not requests.conditioned or tally.most_outputs >= _OUTPUTS_KEPT:
            return
        yield _check("files", "requests", str(requests.conditioned), str(tally.outputs))
        if requests.twins:
            yield _check("files", "unconditioned", str(requests.twins), str(tally.outputs))

    def _task(self, record: Record, tally: Tally | None) -> Iterator[dict[str, Any]]:
        metrics = suites.flat_metrics(record.part("metrics"))
        if tally is None:
            for _, name, stated in metrics:
                if number(stated) != (None, None):
                    yield _check(
                        "task", name, _spelled(stated), None, reason="no predictions are at hand"
                    )
            return
        if record.num_instances is not None:
            yield _check("files", "num_instances", str(record.num_instances), str(tally.items))
        again = means(tally)
        for _, name, stated in metrics:
            value, note = number(stated)
            if value is None and note is None:
                continue
            source = self._primary if name == "primary_score" and self._primary else name
            yield self._mean(name, stated, again.get(source), tally.missing.get(source, 0))

    def _mean(self, name: str, stated: Any, moments: Any, missing: int) -> dict[str, Any]:
        if moments is None or not moments.n:
            reason = "the items hold no such number, or the writer does not take its mean"
            return _check("task", name, _spelled(stated), None, reason=reason)
        if name.startswith("total_"):
            return _numeric("task", name, stated, moments.total)
        gap = f"{missing} items have no number" if missing else None
        return _numeric("task", name, stated, moments.mean, gap)

    def _suite(self, record: Record) -> Iterator[dict[str, Any]]:
        stated = suites.flat_metrics(record.part("metrics"))
        if self._detail.members is None or self._detail.rule is None:
            if record.task_hash is not None:
                yield _check("hash", "task_hash", record.task_hash, None, reason=self._no_members())
            for _, name, value in stated:
                yield _check("suite", name, _spelled(value), None, reason=self._no_members())
            return
        yield _check("hash", "task_hash", str(record.task_hash), str(record.task_hash))
        members = suites.loads(self._detail.members)
        again = {
            (scope, name): value
            for scope, name, value in suites.flat_metrics(
                suites.aggregate(members, self._detail.rule)
            )
        }
        for scope, name, value in stated:
            if number(value) == (None, None):
                continue
            recomputed = again.get((scope, name))
            if recomputed is None:
                yield _check(
                    "suite", name, _spelled(value), None, reason="not a mean over the members"
                )
            else:
                yield _numeric("suite", name, value, recomputed)
        total = sum(member.num_instances for member in members)
        yield _check("suite", "num_instances", str(record.num_instances), str(total))

    def _no_members(self) -> str:
        if self._detail.rule is None:
            return "the averaging rule is not known"
        return "no set of the records at hand has the members' hash"

    def _compared(self, tally: Tally) -> Iterator[dict[str, Any]]:
        for what, (claimed, equal) in sorted(tally.compared.items()):
            scope = "items" if what == "metrics" else "choices"
            reason = (
                None
                if equal == claimed
                else f"{claimed - equal} of {claimed} differ in value or spelling"
            )
            yield _check(scope, what, str(claimed), str(equal), reason=reason)

    # -- what deserves a look ----------------------------------------------------------------

    def problems(self, tally: Tally | None) -> Iterator[Problem]:
        """Yield signs that numbers do not mean what they seem to."""
        record = self._record
        if tally is None:
            return
        if tally.disordered > _DISORDERED * tally.items:
            yield self._notice(
                "choice_order",
                f"the best choice of {tally.disordered} of {tally.items} items is not the "
                "predicted one: the choices may be permuted (more than one worker), and values of "
                "the right choice wrong",
                "conflict",
            )
        if tally.sentinels or self._sentinel_metrics(tally):
            yield self._notice(
                "sentinel",
                f"{tally.sentinels} of {tally.items} items hold {_SENTINEL} for want of an answer; "
                "means over log-likelihoods include it",
            )
        if record is None:
            yield self._notice(
                "no_record", "rows are here and no record is; the numbers are recomputed from them"
            )
        elif record.num_instances is not None and record.num_instances != tally.items:
            yield self._notice(
                "row_count",
                f"the record counts {record.num_instances} items and its files hold {tally.items}",
                "conflict",
            )
        if record is not None and set(tally.task_hashes) - {record.task_hash}:
            yield self._notice(
                "hash_mismatch", "rows carry another `task_hash` than their record", "conflict"
            )

    def _sentinel_metrics(self, tally: Tally) -> bool:
        return any(
            moments.n and moments.mean <= _SENTINEL / 2
            for name, moments in tally.metrics.items()
            if name.startswith("sum_logits")
        )

    def _notice(self, kind: str, message: str, severity: Any = "notice") -> Problem:
        file = self._unit.files[0] if self._unit.files else None
        return Problem(
            path=file.relative_path if file else "metrics-all.jsonl",
            kind=kind,
            message=message,
            severity=severity,
            run_id=self._unit.run_id,
            task=self._unit.part,
            source_file_id=file.source_file_id if file else self._detail.record_file_id,
        )


def _check(
    scope: str, metric: str, claimed: str, recomputed: str | None, *, reason: str | None = None
) -> dict[str, Any]:
    status = (
        "not recomputable"
        if recomputed is None
        else "match"
        if claimed == recomputed
        else "mismatch"
    )
    return {
        "scope": scope,
        "metric": metric,
        "claimed": claimed,
        "recomputed": recomputed,
        "tolerance": 0.0,
        "status": status,
        "reason": reason,
    }


def _numeric(
    scope: str, metric: str, claimed: Any, recomputed: Any, reason: str | None = None
) -> dict[str, Any]:
    ours, theirs = float(recomputed), float(claimed)
    same = math.isclose(ours, theirs, rel_tol=TOLERANCE, abs_tol=1e-15) or (
        math.isnan(ours) and math.isnan(theirs)
    )
    return {
        "scope": scope,
        "metric": metric,
        "claimed": _spelled(claimed),
        "recomputed": repr(ours),
        "tolerance": TOLERANCE,
        "status": "match" if same else "mismatch",
        "reason": reason,
    }


def _spelled(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)
