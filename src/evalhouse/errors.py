"""Every failure that Evalhouse can report, and what callers do about it.

    EvalhouseError              one sentence a person can act on; the faces print it and exit
      UsageError                 the request makes no sense: stop, exit code 2
        UnknownNameError           a name that is not there; says what is
        QueryError                 a query that the engine refuses
        NotPairedError             two samples that do not hold the same units
          RepeatedUnitError          a unit that a sample holds twice
      HouseError                 the house itself: stop, exit code 1
        NoHouseError               nothing to open at that place
        OutdatedHouseError         the catalog needs a migration, or this program is older
        DamagedHouseError          something stored is missing or does not match its hash
      JournalError               a journal of finished work: stop, exit code 1
        DamagedJournalError        a line of it is not as it was written
        HeldJournalError           another process writes it
        OtherConfigurationError    it belongs to work of another configuration
        RepeatedKeyError           what is to be recorded is there already
        UnwritableJournalError     the disk is full, or the place cannot be written
      WeightsError               files of a model that are not what they should be: exit code 1
      RetryableError             the outside world was busy: the only kind that is retried
        HouseBusyError             another writer holds the catalog

Damage in a source is never an exception: it is a `records.Problem`, stored and counted, and
reading goes on. A broken invariant of our own is a plain exception with a traceback: a bug.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any


class EvalhouseError(Exception):
    """Something a person can act on; the message is one lower-case sentence."""

    exit_code = 1

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes as it is: the constructor takes other arguments."""
        return _restored, (type(self), self.args, self.__dict__)


class UsageError(EvalhouseError):
    """The request itself is wrong."""

    exit_code = 2


class UnknownNameError(UsageError):
    """A name that is not known, with the closest known ones."""

    def __init__(self, what: str, name: str, known: Iterable[str], advice: str = "") -> None:
        choices = sorted(set(known))
        close = difflib.get_close_matches(name, choices, n=3, cutoff=0.5)
        hint = " or ".join(f"`{choice}`" for choice in close) or _list(choices)
        middle = f"did you mean {hint}?" if close else f"known: {hint}"
        super().__init__(f"no {what} is called `{name}`; {middle}{advice and f'; {advice}'}")
        self.name = name


class QueryError(UsageError):
    """A query that cannot be run."""

    def __init__(self, reason: str) -> None:
        first = reason.strip().splitlines()[0] if reason.strip() else "unknown reason"
        super().__init__(
            f"the query cannot run: {first}; `evalhouse tables` lists every table and column"
        )


class NotPairedError(UsageError):
    """Two samples that share too few units to be compared unit by unit."""

    def __init__(self, shared: int, first: int, second: int, needed: float) -> None:
        found = " and ".join(
            f"{shared / size:.1%} of the {side}'s {size}" if size else f"the {side} is empty"
            for side, size in (("first", first), ("second", second))
        )
        super().__init__(
            f"the samples share {shared} units, {found}, and a paired comparison needs "
            f"{needed:.0%} of each; compare them unpaired, or keep only what they share"
        )


class RepeatedUnitError(NotPairedError):
    """A unit that is in a sample more than once, so that its partner is open."""

    def __init__(self, side: str, unit: str, times: int, surplus: int) -> None:
        UsageError.__init__(
            self,
            f"the {side} sample holds `{unit}` {times} times ({surplus} units too many in all); "
            "give each unit an id of its own, such as the item with its repeat",
        )


class HouseError(EvalhouseError):
    """The house cannot do what was asked."""


class NoHouseError(HouseError):
    """There is no house at a place."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"there is no house at `{place}`; make one with `evalhouse --house {place} init` "
            f"or name another with `--house` or EVALHOUSE_HOUSE"
        )


class OutdatedHouseError(HouseError):
    """The catalog and the program disagree about the schema."""

    def __init__(self, found: str | None, expected: str, *, newer: bool) -> None:
        advice = (
            "install a newer evalhouse"
            if newer
            else "run `evalhouse migrate`, once for all who use it"
        )
        super().__init__(
            f"the catalog is at schema revision `{found}` and this program needs `{expected}`; "
            f"{advice}"
        )


class DamagedHouseError(HouseError):
    """Something that the house lists is missing or altered."""


class JournalError(EvalhouseError):
    """A journal of finished work cannot do what was asked."""


class DamagedJournalError(JournalError):
    """A line of a journal that had been on the disk is not as it was written."""

    def __init__(self, path: str, line: int, offset: int, what: str) -> None:
        super().__init__(
            f"the journal `{path}` is damaged in line {line:,}, at byte {offset:,}: {what}; put "
            "back a copy of the file, or move it away to begin anew"
        )
        self.path, self.line, self.offset, self.what = path, line, offset, what


class HeldJournalError(JournalError):
    """Another process writes a journal, or may."""

    def __init__(self, path: str, holder: str, advice: str) -> None:
        super().__init__(f"the journal `{path}` is held by {holder}; {advice}")


class OtherConfigurationError(JournalError):
    """A journal was begun with another configuration."""

    def __init__(self, path: str, differences: list[str], limit: int = 4) -> None:
        more = f"; and {len(differences) - limit} more" if len(differences) > limit else ""
        super().__init__(
            f"the journal `{path}` was begun with another configuration: "
            f"{'; '.join(differences[:limit])}{more}; go on with the one it has, or name another "
            "journal"
        )
        self.differences = differences


class RepeatedKeyError(JournalError):
    """A piece of work that a journal holds already."""

    def __init__(self, path: str, key: str) -> None:
        super().__init__(
            f"the journal `{path}` holds `{key}` already, and each piece of work is recorded once; "
            "ask `pending` for what is left, or ignore what is there"
        )
        self.key = key


class UnwritableJournalError(JournalError):
    """A journal that the system does not let us write."""

    def __init__(self, path: str, reason: str, lines: int) -> None:
        kept = f"the {lines:,} lines in it are safe, so " if lines else ""
        super().__init__(
            f"the journal `{path}` cannot be written: {reason}; {kept}make room or access for it "
            "and resume"
        )


class WeightsError(EvalhouseError):
    """Files of a model that cannot be read, or that contradict themselves."""

    def __init__(self, path: str, what: str, advice: str) -> None:
        super().__init__(f"the weights `{path}` cannot be read: {what}; {advice}")
        self.path, self.what = path, what


class RetryableError(EvalhouseError):
    """The outside world was not ready; trying again may help."""


class HouseBusyError(RetryableError):
    """Another writer held the catalog for too long."""

    def __init__(self, place: str, seconds: float) -> None:
        super().__init__(
            f"another process kept `{place}` locked for {seconds:.0f} s; try again when it is done"
        )


@contextmanager
def boundary(wrapped: type[EvalhouseError], *, on: tuple[type[Exception], ...]) -> Iterator[None]:
    """Turn the exceptions of a library (`on`) into `wrapped`, which gets their text."""
    try:
        yield
    except on as failure:
        raise wrapped(str(failure)) from failure


def _restored(
    kind: type[EvalhouseError], args: tuple[Any, ...], state: dict[str, Any]
) -> EvalhouseError:
    failure = kind.__new__(kind)
    failure.args = args
    failure.__dict__.update(state)
    return failure


def _list(names: list[str], limit: int = 6) -> str:
    if not names:
        return "none yet"
    shown = ", ".join(f"`{name}`" for name in names[:limit])
    return shown + (f" and {len(names) - limit} more" if len(names) > limit else "")
