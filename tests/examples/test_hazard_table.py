"""The table of hazards agrees with itself; readers are held against it elsewhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from evalhouse.schema.lake import KINDS
from tests.formats.hazards import DAMAGE, HAZARDS

if TYPE_CHECKING:
    from tests.formats.hazards import Hazard


def by_name(hazard: Hazard) -> str:
    return hazard.name


def test_every_hazard_has_its_own_name() -> None:
    assert len({hazard.name for hazard in HAZARDS}) == len(HAZARDS)


@pytest.mark.parametrize("hazard", HAZARDS, ids=by_name)
def test_rows_listed_are_among_those_counted(hazard: Hazard) -> None:
    assert len(hazard.rows) <= hazard.count


@pytest.mark.parametrize("hazard", HAZARDS, ids=by_name)
def test_kinds_are_those_of_the_schema(hazard: Hazard) -> None:
    for row in hazard.rows:
        kinds = [value for name, value in row.values.items() if name.endswith("_kind")]
        assert set(kinds) <= set(KINDS)


@pytest.mark.parametrize("hazard", HAZARDS, ids=by_name)
def test_nested_columns_parse_without_special_numbers(hazard: Hazard) -> None:
    def refuse(token: str) -> None:
        raise AssertionError(token)

    for row in hazard.rows:
        for name in ("metrics", "model_output", "request"):
            json.loads(row.values.get(name) or "null", parse_constant=refuse)


@pytest.mark.parametrize("hazard", DAMAGE, ids=by_name)
def test_damage_lies_where_the_problem_says(hazard: Hazard) -> None:
    for problem in hazard.problems:
        assert problem.data is not None
        assert problem.byte_offset is not None
        assert problem.line is not None
        assert hazard.data[problem.byte_offset :].startswith(problem.data)
        assert hazard.data[: problem.byte_offset].count(b"\n") == problem.line - 1


@pytest.mark.parametrize("hazard", DAMAGE, ids=by_name)
def test_damaged_lines_are_beyond_a_strict_parser(hazard: Hazard) -> None:
    for problem in hazard.problems:
        if problem.kind != "not_an_object":
            with pytest.raises(ValueError, match=r"."):
                json.loads((problem.data or b"").decode())


@pytest.mark.parametrize("hazard", HAZARDS, ids=by_name)
def test_kept_lines_are_those_of_the_file(hazard: Hazard) -> None:
    for row in hazard.rows:
        if row.text is not None:
            assert row.text.encode() in hazard.data
