"""What becomes of a row that is there already."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from evalhouse.catalog import Catalog
from evalhouse.errors import HouseError
from evalhouse.records import (
    Artifact,
    Cell,
    Creator,
    Entity,
    Environment,
    Model,
    Prompt,
    PromptText,
    Publisher,
    Run,
    RunSource,
    Source,
    SourceFile,
    Task,
    TaskMember,
)
from evalhouse.schema import TABLES
from tests.catalog.samples import START, cell, commit, everything, rows, sample

IDENTITIES = (
    Creator,
    Model,
    Task,
    TaskMember,
    PromptText,
    Prompt,
    Publisher,
    Environment,
    RunSource,
    Artifact,
)


def _bare(record: type[Entity]) -> Entity:
    """Return the main row with all that may be empty left empty."""
    empty = {column.name: None for column in TABLES[record.table].columns if not column.required}
    return msgspec.structs.replace(sample(record), **empty)


def _main(catalog: Catalog, record: type[Entity]) -> dict[str, Any]:
    keys = TABLES[record.table].keys
    wanted = tuple(getattr(sample(record), key) for key in keys)
    return next(row for row in rows(catalog, record.table) if tuple(map(row.get, keys)) == wanted)


def _changed(record: type[Entity], **values: Any) -> Any:
    return msgspec.structs.replace(sample(record), **values)


def _other(record: type[Entity]) -> Entity:
    """Return the main row with every text changed that is neither key nor one of a few values."""
    texts = {
        column.name: f"other {column.name}"
        for column in TABLES[record.table].columns
        if column.kind in {"text", "json"} and not (column.key or column.values)
    }
    return msgspec.structs.replace(sample(record), **texts)


def _is_main(row: Entity) -> bool:
    return row == sample(type(row))


def test_identities_learn_what_was_empty(catalog: Catalog) -> None:
    commit(catalog, [_bare(type(row)) if _is_main(row) else row for row in everything()])
    commit(catalog, [sample(record) for record in IDENTITIES])
    for record in IDENTITIES:
        assert _main(catalog, record) == msgspec.structs.asdict(sample(record)), record.table


def test_identities_keep_what_they_hold(catalog: Catalog) -> None:
    commit(catalog, everything())
    commit(catalog, [_other(record) for record in IDENTITIES])
    commit(catalog, [_bare(record) for record in IDENTITIES])
    for record in IDENTITIES:
        assert _main(catalog, record) == msgspec.structs.asdict(sample(record)), record.table


def test_a_task_is_a_suite_once_somebody_says_so(catalog: Catalog) -> None:
    seen = []
    commit(catalog, everything())
    for is_suite in (False, True, False):
        commit(catalog, [_changed(Task, is_suite=is_suite)])
        seen.append(_main(catalog, Task)["is_suite"])
    assert seen == [False, True, True]


@pytest.mark.parametrize(
    ("record", "values"),
    [
        (Source, {"uri": "elsewhere", "files": 3, "status": "complete"}),
        (SourceFile, {"path": "/moved", "sha256": None, "rows": 7, "live": True}),
    ],
)
def test_sources_and_files_are_replaced(
    catalog: Catalog, record: type[Entity], values: dict[str, Any]
) -> None:
    commit(catalog, everything())
    changed = _changed(record, **values)
    commit(catalog, [changed])
    assert _main(catalog, record) == msgspec.structs.asdict(changed)


def test_a_run_keeps_the_widest_span_of_time(catalog: Catalog) -> None:
    early, late = START - timedelta(days=9), START + timedelta(days=900)
    bare = _changed(Run, started_at=None, finished_at=None)
    spans = []
    commit(catalog, [row for row in everything() if type(row) in {Publisher, Environment}])
    commit(catalog, [sample(Run, "supersedes")])
    for run in (
        bare,
        sample(Run),
        _changed(Run, started_at=late, finished_at=early),
        bare,
        _changed(Run, started_at=early, finished_at=late),
    ):
        commit(catalog, [run])
        spans.append((_main(catalog, Run)["started_at"], _main(catalog, Run)["finished_at"]))
    stated = (sample(Run).started_at, sample(Run).finished_at)
    assert spans == [(None, None), stated, stated, stated, (early, late)]


def test_a_run_takes_newer_settings_and_keeps_when_it_came(catalog: Catalog) -> None:
    commit(catalog, everything())
    newer = {"config": "{}", "config_hash": "ff", "status": "complete", "label": "new"}
    commit(catalog, [_changed(Run, **newer, submitted_at=START, runner="other")])
    commit(catalog, [_bare(Run)])
    found = _main(catalog, Run)
    assert {name: found[name] for name in newer} == newer | {
        "config_hash": sample(Run).config_hash,
        "status": sample(Run).status,
    }
    assert found["submitted_at"] == sample(Run).submitted_at
    assert found["runner"] == sample(Run).runner


def test_rows_of_one_batch_meet_as_rows_of_two_do(catalog: Catalog) -> None:
    commit(catalog, [*everything(), _changed(Source, uri="last"), _changed(Creator, name="late")])
    assert _main(catalog, Source)["uri"] == "last"
    assert _main(catalog, Creator)["name"] == sample(Creator).name


def test_a_cell_of_no_unit_is_replaced(catalog: Catalog) -> None:
    commit(catalog, [*everything(), cell(None, 0.25, n_items=3)])
    commit(catalog, [cell(None, 0.75)])
    found = _main(catalog, Cell)
    assert (found["score"], found["n_items"]) == (0.75, None)


def test_children_may_come_before_their_parents(catalog: Catalog) -> None:
    commit(catalog, everything()[::-1])
    assert _main(catalog, Task)["parent_id"] == sample(Task).parent_id


@pytest.mark.parametrize(
    "row",
    [
        _changed(Model, creator_id="00000000-0000-0000-0000-000000000000"),
        _changed(Task, parent_id="00000000-0000-0000-0000-000000000000"),
        _changed(Task, kind="riddle"),
        _changed(Creator, creator_id="00000000-0000-0000-0000-000000000000"),
        _changed(Model, parameter_count=2**70),
    ],
    ids=["reference", "parent", "value", "unique", "range"],
)
def test_a_row_that_breaks_a_rule_stops_the_batch(catalog: Catalog, row: Entity) -> None:
    commit(catalog, [sample(Creator)])
    with pytest.raises(HouseError, match=r"refused|cannot hold a number of 71 bits"):
        commit(catalog, [row])
    assert len(catalog.snapshot().committed) == 1
