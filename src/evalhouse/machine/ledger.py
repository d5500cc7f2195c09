"""What the sessions of a run used, kept in its folder: `energy.json` and `emissions.csv`."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from evalhouse.errors import UsageError
from evalhouse.machine.emissions import EMISSIONS, read_emissions, with_row
from evalhouse.machine.energy import Energy, Scope, sum_of_sessions

ENERGY = "energy.json"


class Session(msgspec.Struct, frozen=True):
    """One process that worked on a run, and the energy it took.

    Attributes:
        id: A random id.
        started_at: When it began (ISO 8601, UTC).
        energy: What is known of it.
    """

    id: str
    started_at: str
    energy: Energy


class _Book(msgspec.Struct, frozen=True):
    sessions: tuple[Session, ...] = ()


def read_energy(folder: Path, scope: Scope = "local") -> Energy | None:
    """Sum the sessions of a run; None where nobody metered it.

    A folder of codebook-lab has only an `emissions.csv`, which does not tell its `scope`.

    Raises:
        UsageError: A file is there and is not what it should be.
    """
    path = folder / ENERGY
    if path.exists():
        try:
            book = msgspec.json.decode(path.read_bytes(), type=_Book)
        except (OSError, msgspec.DecodeError) as failure:
            raise UsageError(
                f"`{path}` cannot be read as sessions of a run: {failure}"
            ) from failure
        return sum_of_sessions([each.energy for each in book.sessions]) if book.sessions else None
    return read_emissions(folder / EMISSIONS, scope) if (folder / EMISSIONS).exists() else None


def kept_session(folder: Path, session_id: str) -> Session | None:
    """Return what was last kept of a session; None where nothing was."""
    return next((each for each in _book(folder / ENERGY).sessions if each.id == session_id), None)


def keep(folder: Path, session: Session, row: Mapping[str, str] | None) -> None:
    """Write a session, and its row of CodeCarbon, in the place of what was kept of it before.

    Each file is replaced as a whole. An `energy.json` that cannot be read is moved aside.

    Raises:
        OSError: The folder is gone, full or closed to us.
    """
    with _alone(folder):
        if row is not None:
            path = folder / EMISSIONS
            before = path.read_bytes() if path.exists() else b""
            text = with_row(before.decode("utf-8", "surrogateescape"), row)
            _replace(path, text.encode("utf-8", "surrogateescape"))
        others = [each for each in _own(folder / ENERGY).sessions if each.id != session.id]
        content = msgspec.json.encode(_Book((*others, session)))
        _replace(folder / ENERGY, msgspec.json.format(content, indent=2) + b"\n")


def _book(path: Path) -> _Book:
    with suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(path.read_bytes(), type=_Book)
    return _Book()


def _own(path: Path) -> _Book:
    """Return the sessions of before, once what is no such file is out of the way."""
    book = _book(path)
    if path.exists() and not book.sessions:
        path.replace(path.with_name(f"{path.name}.damaged"))
    return book


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep the last words of a killed session apart from those of the one that resumes it."""
    place = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a shared disk may know no locks
            fcntl.flock(place, fcntl.LOCK_EX)
        yield
    finally:
        os.close(place)


def _replace(path: Path, content: bytes) -> None:
    waiting = path.with_name(f"{path.name}.new")
    with waiting.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    waiting.replace(path)
