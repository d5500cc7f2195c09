from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.errors import UsageError
from evalhouse.metrics.spans import Consolidation, Span, consolidated

LENGTH = 14
LABELS = (None, "A", "B")
spans = st.builds(
    Span,
    st.integers(-3, LENGTH + 3),
    st.integers(-3, LENGTH + 3),
    st.sampled_from(LABELS),
)
several = st.lists(st.lists(spans, max_size=4), min_size=1, max_size=5)


def characters(marked: tuple[Span, ...] | list[Span]) -> set[tuple[int, str | None]]:
    return {
        (place, span.label)
        for span in marked
        for place in range(max(span.start, 0), min(span.end, LENGTH))
    }


@given(several)
def test_characters_are_those_that_a_count_one_by_one_gives(raters: list[list[Span]]) -> None:
    sides = [characters(each) for each in raters]
    expected = set()
    undecided = set()
    for place in range(LENGTH):
        given = Counter(label for side in sides for at, label in side if at == place)
        votes = sum(any(at == place for at, _ in side) for side in sides)
        winners = {label for label, count in given.items() if count > votes / 2}
        if votes > len(raters) / 2:
            expected |= {(place, label) for label in winners}
            undecided |= set() if winners else {(place, None)}
        elif votes == len(raters) / 2:
            undecided.add((place, None))
    found = consolidated(raters, LENGTH)
    assert characters(found.spans) == expected
    assert characters(found.undecided) == undecided


@given(several, st.data())
def test_the_order_of_raters_does_not_matter(raters: list[list[Span]], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(raters))
    assert consolidated(raters, LENGTH) == consolidated(shuffled, LENGTH)


@given(several)
def test_spans_lie_in_the_text_in_its_order_and_none_overlaps_another_of_its_label(
    raters: list[list[Span]],
) -> None:
    found = consolidated(raters, LENGTH).spans
    assert all(0 <= span.start < span.end <= LENGTH for span in found)
    assert [span[:2] for span in found] == sorted(span[:2] for span in found)
    assert sum(span.end - span.start for span in found) == len(characters(found))


@given(st.lists(spans, max_size=4), st.integers(1, 4))
def test_raters_who_say_the_same_dispute_nothing(marked: list[Span], count: int) -> None:
    found = consolidated([marked] * count, LENGTH)
    assert (found.disputed, found.undecided) == ((), ())
    assert characters(found.spans) == characters(marked)


@given(several)
def test_what_is_undecided_is_disputed(raters: list[list[Span]]) -> None:
    found = consolidated(raters, LENGTH)
    assert characters(found.undecided) <= characters(found.disputed)


def test_most_raters_decide_where_a_span_begins_and_ends() -> None:
    found = consolidated([[Span(0, 10)], [Span(0, 12)], [Span(3, 12)]], 20)
    assert found.spans == (Span(0, 12),)
    assert found.disputed == (Span(0, 3), Span(10, 12))
    assert found.undecided == ()


def test_two_raters_agree_on_what_both_mark_and_the_rest_is_undecided() -> None:
    found = consolidated([[Span(2, 6)], [Span(4, 9)]], 20)
    assert found == Consolidation((Span(4, 6),), (Span(2, 4), Span(6, 9)), (Span(2, 4), Span(6, 9)))


def test_labels_are_voted_on_by_those_who_mark() -> None:
    marked = [[Span(0, 5, "A")], [Span(0, 5, "A")], [Span(0, 5, "B")], [], []]
    assert consolidated(marked, 9).spans == (Span(0, 5, "A"),)


def test_three_raters_with_three_labels_mark_nothing_and_leave_it_undecided() -> None:
    found = consolidated([[Span(0, 5, name)] for name in "ABC"], 9)
    assert found == Consolidation((), (Span(0, 5),), (Span(0, 5),))


def test_a_stretch_may_have_two_labels() -> None:
    both = [Span(0, 5, "A"), Span(3, 8, "B")]
    assert consolidated([both, both, []], 9).spans == tuple(both)


def test_neighbours_of_a_label_stay_two_spans_where_most_raters_say_so() -> None:
    two = [Span(0, 4, "A"), Span(4, 8, "A")]
    assert consolidated([two, two, [Span(0, 8, "A")]], 9).spans == tuple(two)
    assert consolidated([two, [Span(0, 8, "A")], [Span(0, 8, "A")]], 9).spans == (Span(0, 8, "A"),)


def test_a_span_across_the_edge_joins_the_neighbours_of_a_rater() -> None:
    joined = [Span(0, 4), Span(4, 8), Span(2, 6)]
    assert consolidated([joined], 9).spans == (Span(0, 8),)


@pytest.mark.parametrize(("votes", "length"), [(1, 12), (2, 6), (3, 2)])
def test_as_many_votes_as_asked_for_mark_a_character(votes: int, length: int) -> None:
    marked = [[Span(0, 2)], [Span(0, 6)], [Span(0, 12)]]
    assert consolidated(marked, 20, at_least=votes).spans == (Span(0, length),)


def test_all_must_agree_and_what_most_mark_is_then_undecided() -> None:
    found = consolidated([[Span(0, 2)], [Span(0, 6)], [Span(0, 12)]], 20, at_least=3)
    assert found.undecided == (Span(2, 6),)


def test_spans_are_clipped_to_the_text_and_void_ones_left_out() -> None:
    found = consolidated([[Span(-2, 30), Span(5, 5), Span(9, 3), Span(40, 50)]], 7)
    assert found.spans == (Span(0, 7),)


@pytest.mark.parametrize(
    ("raters", "length", "votes", "words"),
    [
        ([], 5, None, "found no rater"),
        ([[]], -1, None, "no -1 characters"),
        ([[], []], 5, 3, "from 1 to 2; found 3"),
        ([[]], 5, 0, "from 1 to 1; found 0"),
    ],
)
def test_what_cannot_be_is_refused(
    raters: list[list[Span]], length: int, votes: int | None, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        consolidated(raters, length, at_least=votes)
