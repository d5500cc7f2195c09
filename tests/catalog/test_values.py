from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse import ids
from evalhouse.catalog import Catalog, stored_text
from evalhouse.catalog.values import stored_rows, stored_time
from evalhouse.errors import HouseError
from evalhouse.records import Cell, Creator, Model, Run
from tests.catalog.samples import cell, commit, creators, everything, rows, sample, unit

ODD = "a\x00b\ud800c\udfffd\\u0000"


def test_only_what_a_database_cannot_hold_is_escaped() -> None:
    assert stored_text(ODD) == "a\\u0000b\\ud800c\\udfffd\\u0000"
    assert stored_text('né "数" \U0001f600\n') == 'né "数" \U0001f600\n'


@given(st.text(st.characters(exclude_categories=()) | st.just("\ud834") | st.just("\x00")))
def test_stored_text_is_stable_and_encodes(text: str) -> None:
    stored = stored_text(text)
    assert stored_text(stored) == stored
    assert stored.encode().count(0) == 0


def test_both_databases_hold_the_same_text(catalog: Catalog) -> None:
    commit(catalog, [msgspec.structs.replace(sample(Creator), name=ODD)])
    assert creators(catalog) == [stored_text(ODD)]


def test_times_of_any_zone_become_utc() -> None:
    moment = datetime(2025, 11, 3, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert stored_time(moment, "sqlite") == "2025-11-02T23:30:00.000000+00:00"
    assert stored_time(moment, "postgresql") == datetime(2025, 11, 2, 23, 30, tzinfo=UTC)


def test_a_time_without_zone_is_a_bug_of_the_caller() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        stored_time(datetime(2025, 11, 3), "sqlite")  # noqa: DTZ001 - the point of the test


@pytest.mark.parametrize(
    ("value", "note"),
    [
        (float("nan"), "score was nan"),
        (float("inf"), "score was inf"),
        (float("-inf"), "score was -inf"),
    ],
)
def test_a_score_that_is_not_finite_is_empty_with_a_note(
    catalog: Catalog, value: float, note: str
) -> None:
    whole = unit("whole")
    commit(catalog, [*everything(), cell(whole, value, primary_value=0.25)], [whole])
    (row,) = rows(catalog, Cell.table)
    assert (row["score"], row["primary_value"], row["value_note"]) == (None, 0.25, note)


def test_a_note_of_the_caller_is_kept() -> None:
    odd = cell(None, float("nan"), primary_stderr=float("inf"))
    noted = cell(None, float("nan"), value_note="the source says NaN")
    notes = [
        dict(zip(Cell.__struct_fields__, row, strict=True))
        for row in stored_rows([odd, noted], "sqlite")
    ]
    assert notes[0]["value_note"] == "score was nan; primary_stderr was inf"
    assert notes[1]["value_note"] == "the source says NaN"


def test_rows_keep_their_order_across_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evalhouse.catalog.values._CHUNK", 2)
    runs = [msgspec.structs.replace(sample(Run), run_id=str(number)) for number in range(5)]
    assert [row[0] for row in stored_rows(runs, "sqlite")] == list("01234")


@pytest.mark.parametrize("count", [2**63, -(2**63) - 1, 10**30])
def test_a_whole_number_beyond_64_bits_is_told_with_its_column(
    catalog: Catalog, count: int
) -> None:
    wrong = Model(model_id=ids.random_id(), provider="p", model_name="m", parameter_count=count)
    with pytest.raises(HouseError, match=r"`models\.parameter_count` cannot hold a number of"):
        commit(catalog, [wrong])
    assert not rows(catalog, "models")
