from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from evalhouse.views.listed import Listed


def _number(row: dict[str, Any]) -> int:
    return int(row["n"])


@pytest.fixture
def listed() -> Listed[int]:
    """Return a table of the numbers 0 to 2,499."""
    return Listed(pa.table({"n": range(2_500)}), _number)


def test_rows_are_made_when_they_are_asked_for(listed: Listed[int]) -> None:
    assert (len(listed), listed[0], listed[-1]) == (2_500, 0, 2_499)
    assert listed[10:13] == [10, 11, 12]
    assert list(listed) == list(range(2_500))
    with pytest.raises(IndexError):
        listed[2_500]


def test_rows_equal_any_sequence_of_equal_ones(listed: Listed[int]) -> None:
    assert listed == tuple(range(2_500))
    assert listed != (1, 2)
    assert listed != 5
    assert hash(listed) == hash(tuple(range(2_500)))
    assert Listed(pa.table({"n": []}), _number) == ()
