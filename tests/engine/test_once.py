from __future__ import annotations

from evalhouse.engine.once import once


class _Thing:
    """A thing."""

    def __init__(self) -> None:
        self.asked = 0

    @once
    def worth(self) -> int:
        """What it is worth."""
        self.asked += 1
        return self.asked


def test_a_value_is_worked_out_when_first_asked_for_and_for_each_object() -> None:
    one, other = _Thing(), _Thing()
    assert one.asked == 0
    assert (one.worth, one.worth, one.asked) == (1, 1, 1)
    assert other.asked == 0


def test_the_class_shows_what_the_property_says_of_itself() -> None:
    assert isinstance(_Thing.worth, once)
    assert _Thing.worth.__doc__ == "What it is worth."
