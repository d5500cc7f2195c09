"""What models came to in a tier as a whole, and the other numbers that a result states."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from evalhouse.formats.bakeoff.detail import Claim, SuiteResult
from evalhouse.formats.bakeoff.layout import CLAIMS, FLOOR, MAIN
from evalhouse.formats.bakeoff.numbers import count_of, number
from evalhouse.formats.bakeoff.outline import Outline, text_of
from evalhouse.formats.bakeoff.prompts import Asked
from evalhouse.formats.bakeoff.recount import TOLERANCE, Recount
from evalhouse.formats.bakeoff.scoring import FAILURE_CODES

PARTIAL, FLOOR_SCORE = "partial_score", "floor_score"
JUDGED = "partial_score_judged"
"""The partial score with judges' ratings merged in, as bakeoff's documents say and its program
does not do."""

_NOT_STATED = "the result states no score and holds no record of the model"
_NOTHING = "no cell was answered; bakeoff counts that as 0"


def suite_results(
    models: Mapping[str, str],
    claims: Mapping[str, dict[str, Any]],
    recount: Recount,
    suites: Mapping[str, Asked],
) -> Iterator[SuiteResult]:
    """Yield a result of each model in each tier that the run has."""
    for model in models:
        claim = claims.get(model, {})
        yield _main(model, claim, recount, suites[MAIN])
        if FLOOR in suites:
            yield from _floor(model, claim, recount, suites[FLOOR])


def _main(model: str, claim: Mapping[str, Any], recount: Recount, asked: Asked) -> SuiteResult:
    has_records = model in recount.tallies and bool(recount.tallies[model].main)
    counted = recount.score(model, judged=True) if has_records and recount.cells else None
    stated = number(claim.get(PARTIAL))
    total, failed = count_of(claim.get("cells_total")), count_of(claim.get("cells_failed"))
    status = text_of(claim.get("status"))
    if counted is not None:
        total = counted.cells_total if total is None else total
        failed = counted.cells_failed if failed is None else failed
        status = status or counted.status
    value = counted.partial_score if stated is None and counted is not None else stated
    code = text_of(claim.get("dominant_failure_code")) or (
        counted.dominant_failure_code if counted else None
    )
    nothing = status == "failed" or (claim.get("cells_attempted") == 0 and bool(total))
    return SuiteResult(
        asked=asked,
        model=model,
        metric=PARTIAL,
        value=None if nothing else value,
        origin="reported" if stated is not None or counted is None else "recomputed",
        failure=(code if code in FAILURE_CODES else "unknown") if nothing else None,
        note=_NOTHING if nothing else _NOT_STATED if value is None else None,
        n_items=total,
        items_failed=failed,
    )


def _floor(
    model: str, claim: Mapping[str, Any], recount: Recount, asked: Asked
) -> Iterator[SuiteResult]:
    tally = recount.tallies.get(model)
    total = len(tally.floor) if tally else 0
    stated = number(claim.get(FLOOR_SCORE))
    if stated is None and not total:
        return
    counted = tally.floor_passed / total if tally and total else None
    yield SuiteResult(
        asked=asked,
        model=model,
        metric=FLOOR_SCORE,
        value=counted if stated is None else stated,
        origin="recomputed" if stated is None else "reported",
        n_items=count_of(claim.get("floor_cells_total")) or total or None,
        items_failed=sum(each.failure is not None for each in tally.floor.values())
        if tally and total
        else None,
    )


def claims_about(
    outline: Outline, claims: Mapping[str, dict[str, Any]], recount: Recount
) -> Iterator[Claim]:
    """Yield the numbers that are stated of models and of the run, and what judges change."""
    for model, claim in claims.items():
        for metric in CLAIMS:
            value = number(claim.get(metric))
            if value is not None:
                tier = FLOOR if metric.startswith("floor") else MAIN
                cells = "floor_cells_total" if tier == FLOOR else "cells_total"
                yield Claim(tier, metric, value, "reported", model, count_of(claim.get(cells)))
    for model, tally in recount.tallies.items():
        if not recount.cells or not tally.main:
            continue
        own, judged = recount.score(model), recount.score(model, judged=True)
        if _differ(own.partial_score, judged.partial_score) and judged.partial_score is not None:
            yield Claim(
                MAIN,
                JUDGED,
                judged.partial_score,
                "recomputed",
                model,
                recount.cells,
                "bakeoff, with the judges' ratings merged in",
            )
    legacy = number(outline.members.get("score"))
    if legacy is not None:
        yield Claim(MAIN, "score", legacy, "reported", definition="bakeoff, before model scores")


def _differ(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and not math.isclose(one, other, rel_tol=TOLERANCE)
