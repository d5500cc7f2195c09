from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evalhouse.views.annotation.front import pareto_front

OFFERS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12)


@given(OFFERS)
def test_nobody_on_the_front_is_beaten_and_all_others_are(offers: list[tuple[int, int]]) -> None:
    front = pareto_front(offers)
    for place, (cost, quality) in enumerate(offers):
        is_beaten = any(
            other_cost <= cost
            and other_quality >= quality
            and (other_cost, other_quality) != (cost, quality)
            for other_cost, other_quality in offers
        )
        assert (place in front) != is_beaten
