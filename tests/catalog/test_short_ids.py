from __future__ import annotations

from typing import Any

import msgspec

from evalhouse.catalog import Catalog
from evalhouse.records import Run
from tests.catalog.samples import commit, rows, sample


def _run(run_id: str, proposed: str = "proposed") -> Run:
    empty: dict[str, Any] = {"publisher_id": None, "environment_id": None, "supersedes": None}
    return msgspec.structs.replace(sample(Run), run_id=run_id, short_id=proposed, **empty)


def _short_ids(catalog: Catalog) -> dict[str, str]:
    return {row["run_id"]: row["short_id"] for row in rows(catalog, Run.table)}


FIRST = "12345678-9abc-5def-8000-000000000001"
TWIN = "12345678-9abc-5def-8000-000000000002"
NEAR = "12345678-0abc-5def-8000-000000000003"


def test_a_short_id_is_the_first_eight_digits(catalog: Catalog) -> None:
    commit(catalog, [_run(FIRST)])
    assert _short_ids(catalog) == {FIRST: "12345678"}


def test_runs_that_begin_alike_get_as_many_digits_as_they_need(catalog: Catalog) -> None:
    commit(catalog, [_run(FIRST), _run(NEAR), _run(TWIN)])
    assert _short_ids(catalog) == {FIRST: "12345678", NEAR: "123456780", TWIN: "123456789"}


def test_a_run_keeps_its_short_id_when_it_comes_again(catalog: Catalog) -> None:
    for run_id in (FIRST, TWIN, NEAR, TWIN, FIRST):
        commit(catalog, [_run(run_id)])
    assert _short_ids(catalog) == {FIRST: "12345678", TWIN: "123456789", NEAR: "123456780"}
