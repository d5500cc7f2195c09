from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest

from evalhouse.metrics.labels import Absent
from evalhouse.scoring.cells import Cell
from evalhouse.scoring.field import Field
from evalhouse.tasks.codebook import Annotation, Codebook, Section, Settings
from evalhouse.tasks.conditions import AllOf, AnyOf, Applies, Condition, Is, leaves, state

YES, NO, UNKNOWN = Applies.YES, Applies.NO, Applies.UNKNOWN


def _book(fields: Mapping[Field, Condition | None]) -> Codebook:
    annotations = tuple(
        Annotation(field.name, "S", field.name, field, condition=condition)
        for field, condition in fields.items()
    )
    return Codebook(Settings("text"), (Section("section_1", "S", "", annotations),))


TICK = Field("tick", "checkbox")
SIDE = Field("side", "dropdown", ("for", "against"))
FORCE = Field("force", "likert", scale=(1, 5))
TOPICS = Field("topics", "multiselect", ("a", "b", "c"))
CHAIN = _book({TICK: None, SIDE: Is("tick", ("1",)), FORCE: Is("side", ("against",))})


@pytest.mark.parametrize(
    ("cells", "states"),
    [
        ({"tick": "1", "side": "against"}, (YES, YES)),
        ({"tick": "Yes", "side": "AGAINST"}, (YES, YES)),
        ({"tick": "true", "side": "for"}, (YES, NO)),
        ({"tick": "0", "side": "against"}, (NO, NO)),
        ({"tick": "", "side": "against"}, (UNKNOWN, UNKNOWN)),
        ({"tick": "perhaps", "side": "against"}, (UNKNOWN, UNKNOWN)),
        ({}, (UNKNOWN, UNKNOWN)),
        ({"tick": Absent.FAILED}, (UNKNOWN, UNKNOWN)),
        ({"tick": Absent.NOT_APPLICABLE}, (NO, NO)),
        ({"tick": "1", "side": Absent.INVALID}, (YES, UNKNOWN)),
    ],
)
def test_a_field_is_asked_where_its_parents_say_so(
    cells: dict[str, Cell], states: tuple[Applies, Applies]
) -> None:
    found = CHAIN.applicability(cells)
    assert (found["tick"], found["side"], found["force"]) == (YES, *states)


@pytest.mark.parametrize(
    ("condition", "cell", "expected"),
    [
        (Is("topics", ("b",)), '["a", "b"]', YES),
        (Is("topics", ("b",)), "a|c", NO),
        (Is("topics", ("b", "c")), "a|c", YES),
        (Is("topics", ("b",), is_negated=True), "a|c", YES),
        (Is("topics", ("b",), is_negated=True), "[]", YES),
        (Is("topics", ("b",), is_negated=True), "", UNKNOWN),
    ],
)
def test_a_multiselect_has_a_value_if_it_is_among_the_selected(
    condition: Condition, cell: str, expected: Applies
) -> None:
    book = _book({TOPICS: None, TICK: condition})
    assert book.applicability({"topics": cell})["tick"] is expected


def test_points_of_a_scale_are_compared_as_numbers() -> None:
    book = _book({FORCE: None, TICK: Is("force", ("4",))})
    assert book.applicability({"force": "4.0"})["tick"] is YES


def test_a_negation_does_not_hold_where_the_parent_is_not_asked() -> None:
    book = _book({TICK: None, SIDE: Is("tick", ("1",)), FORCE: Is("side", ("for",), True)})
    assert book.applicability({"tick": "0"})["force"] is NO


ORDER = {NO: 0, UNKNOWN: 1, YES: 2}


@pytest.mark.parametrize("pair", [*itertools.product(Applies, Applies)])
def test_and_is_the_least_and_or_the_most_of_its_parts(pair: tuple[Applies, Applies]) -> None:
    parts = (Is("0", ()), Is("1", ()))
    both = state(AllOf(parts), lambda leaf: pair[int(leaf.parent)])
    either = state(AnyOf(parts), lambda leaf: pair[int(leaf.parent)])
    assert (both, either) == (min(pair, key=ORDER.__getitem__), max(pair, key=ORDER.__getitem__))


def test_conditions_are_told_as_people_write_them() -> None:
    nested = AllOf((Is("a", ("x", "y")), AnyOf((Is("b", ("1",)), Is("c", ("2",), True)))))
    assert str(nested) == "a is x or y and (b is 1 or c is not 2)"
    assert [leaf.parent for leaf in leaves(nested)] == ["a", "b", "c"]
