from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest

from evalhouse.assessment.limits import checked, limits
from evalhouse.errors import HouseError


def data() -> dict[str, Any]:
    found: dict[str, Any] = copy.deepcopy(msgspec.to_builtins(limits()))
    return found


def test_the_limits_of_the_package_can_be_used() -> None:
    assert checked(data()) == limits()
    assert 0 < limits().imbalance.share < 1


@pytest.mark.parametrize(
    ("section", "key", "value", "words"),
    [
        ("imbalance", "cont", 1, "unknown field `cont`"),
        ("units", "count", "many", "Expected `int`, got `str`"),
        ("validity", "share", 95, "not from 0 to 1"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(
    section: str, key: str, value: object, words: str
) -> None:
    changed = data()
    changed[section][key] = value
    with pytest.raises(HouseError, match=words):
        checked(changed)
