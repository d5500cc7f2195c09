from __future__ import annotations

import pickle
import re

import pytest

from evalhouse import errors
from evalhouse.errors import (
    DamagedHouseError,
    DamagedJournalError,
    EvalhouseError,
    HeldJournalError,
    HouseBusyError,
    HouseError,
    JournalError,
    NoHouseError,
    NotPairedError,
    OtherConfigurationError,
    OutdatedHouseError,
    QueryError,
    RepeatedKeyError,
    RepeatedUnitError,
    RetryableError,
    UnknownNameError,
    UnwritableJournalError,
    UsageError,
    WeightsError,
    boundary,
)

EXAMPLES: list[EvalhouseError] = [
    EvalhouseError("it went wrong"),
    UsageError("that makes no sense"),
    UnknownNameError("run", "mian", ["main", "other"], "`evalhouse runs` lists them"),
    NotPairedError(8, 10, 12, 0.9),
    RepeatedUnitError("first", "item 1", 2, 1),
    QueryError("Parser Error: near x\nLINE 1: x"),
    HouseError("the house cannot be written"),
    NoHouseError("/some/place"),
    OutdatedHouseError("0001", "0002", newer=False),
    OutdatedHouseError(None, "0001", newer=True),
    DamagedHouseError("the file `x` is missing"),
    JournalError("the journal has no key"),
    DamagedJournalError("answers.jsonl", 7, 1234, "its checksum does not match"),
    HeldJournalError("answers.jsonl", "process 7", "wait for it"),
    OtherConfigurationError("answers.jsonl", ["`seed` is 1 there and 2 here"]),
    RepeatedKeyError("answers.jsonl", "row 1"),
    UnwritableJournalError("answers.jsonl", "no space left on device", 12),
    WeightsError("m.gguf", "its header is cut off", "download it again"),
    RetryableError("later"),
    HouseBusyError("catalog.db", 30.4),
]
each_error = pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)


def _all_kinds(kind: type[EvalhouseError] = EvalhouseError) -> set[type[EvalhouseError]]:
    return {kind}.union(*map(_all_kinds, kind.__subclasses__()))


def test_every_kind_of_error_is_tested() -> None:
    ours = {kind for kind in _all_kinds() if kind.__module__ == errors.__name__}
    assert ours == {type(error) for error in EXAMPLES}


def test_the_page_of_errors_lists_every_kind() -> None:
    listed = re.findall(r"^ +(\w+Error) ", errors.__doc__ or "", re.MULTILINE)
    assert sorted(listed) == sorted({type(error).__name__ for error in EXAMPLES})


@each_error
def test_a_message_is_one_sentence_that_starts_small_and_has_no_stop(error: EvalhouseError) -> None:
    message = str(error)
    assert "\n" not in message
    assert message[0] in "`abcdefghijklmnopqrstuvwxyz"
    assert not message.endswith(".")


@each_error
def test_an_error_travels_between_processes_as_it_is(error: EvalhouseError) -> None:
    error.add_note("seen elsewhere")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


@pytest.mark.parametrize(
    ("kind", "code"), [(EvalhouseError, 1), (HouseError, 1), (UsageError, 2), (QueryError, 2)]
)
def test_exit_codes_tell_a_wrong_request_from_a_failure(
    kind: type[EvalhouseError], code: int
) -> None:
    assert kind.exit_code == code


def test_an_unknown_name_gets_close_ones() -> None:
    error = UnknownNameError("table", "respones", ["responses", "requests", "inputs"])
    assert str(error).startswith("no table is called `respones`; did you mean `responses`")
    assert error.name == "respones"


def test_an_unknown_name_without_close_ones_gets_some_of_those_that_there_are() -> None:
    error = UnknownNameError("table", "qqqq", [f"table{n}" for n in range(8)], "ask again")
    assert str(error) == (
        "no table is called `qqqq`; known: `table0`, `table1`, `table2`, `table3`, `table4`, "
        "`table5` and 2 more; ask again"
    )


def test_where_nothing_is_known_the_message_says_so() -> None:
    assert str(UnknownNameError("run", "r", [])) == "no run is called `r`; known: none yet"


@pytest.mark.parametrize(("reason", "shown"), [("", "unknown reason"), (" \n ", "unknown reason")])
def test_a_query_error_without_a_reason_says_so(reason: str, shown: str) -> None:
    assert str(QueryError(reason)).startswith(f"the query cannot run: {shown};")


def test_a_query_error_shows_the_first_line_of_its_reason() -> None:
    assert str(QueryError("\nno such thing\nLINE 1")).startswith(
        "the query cannot run: no such thing; "
    )


def test_an_outdated_house_says_which_of_the_two_is_old() -> None:
    assert "run `evalhouse migrate`" in str(OutdatedHouseError("1", "2", newer=False))
    assert "install a newer evalhouse" in str(OutdatedHouseError("2", "1", newer=True))


def test_a_boundary_turns_the_errors_of_a_library_into_ours() -> None:
    with (
        pytest.raises(HouseError, match="disk is full") as caught,
        boundary(HouseError, on=(OSError,)),
    ):
        raise OSError("disk is full")
    assert isinstance(caught.value.__cause__, OSError)


def test_a_boundary_lets_all_other_errors_pass() -> None:
    with pytest.raises(ZeroDivisionError), boundary(HouseError, on=(OSError,)):
        raise ZeroDivisionError
