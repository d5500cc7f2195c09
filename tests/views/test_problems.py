from __future__ import annotations

from typing import Any

import pytest

from evalhouse.errors import UnknownNameError
from evalhouse.store import Store
from evalhouse.views.problems import problems
from tests.views.houses import Draft


@pytest.fixture
def troubled(store: Store) -> Store:
    """Give a house with three problems in two runs."""
    draft = Draft()
    for name, severity, kind, line in (
        ("r1", "notice", "no_record", None),
        ("r1", "damage", "not_json", 7),
        ("r2", "damage", "not_json", 3),
    ):
        run = draft.run(name)
        row = {"run_id": run, "unit_id": draft.unit(run, kind), "severity": severity, "line": line}
        told = {"kind": kind, "path": f"{name}.jsonl", "message": "no", "excerpt": "{"}
        draft.rows["problems"].append({**row, **told})
    return draft.commit(store)


def _lines(store: Store, **given: Any) -> list[tuple[str, str, int | None]]:
    with store.reader() as reader:
        rows = problems(reader, **given).to_arrow().to_pylist()
    return [(row["severity"], row["path"], row["line"]) for row in rows]


def test_damage_comes_first_then_by_file_and_line(troubled: Store) -> None:
    assert _lines(troubled) == [
        ("damage", "r1.jsonl", 7),
        ("damage", "r2.jsonl", 3),
        ("notice", "r1.jsonl", None),
    ]


@pytest.mark.parametrize(
    ("given", "count"),
    [
        ({"run": "r1"}, 2),
        ({"kind": "not_json"}, 2),
        ({"severity": "notice"}, 1),
        ({"run": "r2", "severity": "notice"}, 0),
    ],
)
def test_problems_are_chosen_by_run_kind_and_severity(
    troubled: Store, given: dict[str, str], count: int
) -> None:
    assert len(_lines(troubled, **given)) == count


def test_problems_are_counted_by_kind(troubled: Store) -> None:
    with troubled.reader() as reader:
        counts = problems(reader).counts
    assert counts == {("damage", "not_json"): 2, ("notice", "no_record"): 1}


@pytest.mark.parametrize("given", [{"kind": "not_jsn"}, {"severity": "damaged"}, {"run": "r9"}])
def test_unknown_names_are_refused(troubled: Store, given: dict[str, str]) -> None:
    with pytest.raises(UnknownNameError, match="did you mean"):
        _lines(troubled, **given)
