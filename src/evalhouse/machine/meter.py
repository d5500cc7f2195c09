"""The energy of a run, metered by a small process beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from evalhouse.errors import UnknownNameError
from evalhouse.machine.countries import check_country
from evalhouse.machine.energy import SCOPES, Energy, Scope
from evalhouse.machine.ledger import kept_session
from evalhouse.machine.order import METERS, MeterName, Order
from evalhouse.machine.settings import load_settings

_END = b"\n"


def open_meter(
    folder: Path,
    *,
    project: str,
    country: str = "USA",
    scope: Scope,
    meters: Collection[MeterName] = METERS,
) -> Meter:
    """Begin to meter this machine for a run; returns at once, and nothing of it stops a run.

    `emissions.csv` and `energy.json` in the folder get a session more. Without `meters` nothing is
    started or written.

    Raises:
        UsageError: There is no such country, scope or meter.
    """
    for name in meters:
        if name not in METERS:
            raise UnknownNameError("meter", name, METERS)
    if scope not in SCOPES:
        raise UnknownNameError("scope of energy", scope, SCOPES)
    order = Order(
        session=str(uuid.uuid4()),
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        folder=str(folder.absolute()),
        project=" ".join(project.split()),
        country=check_country(country),
        scope=scope,
        meters=tuple(meters),
        run=os.getpid(),
    )
    return Meter(order)


class Meter:
    """A session that is metered from construction to `stop`, or to the death of this process."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._notes: list[str] = []
        self._energy: Energy | None = None
        self._process = self._begun() if order.meters else None

    def stop(self) -> Energy:
        """End metering and return the energy; once more, return the same.

        Takes a tenth of a second, or as long as CodeCarbon still needs to begin. It blocks: call
        it outside of an event loop.
        """
        if self._energy is None:
            self._energy = self._ended()
        return self._energy

    def __enter__(self) -> Self:
        """Return the meter."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End metering."""
        self.stop()

    def _begun(self) -> subprocess.Popen[bytes] | None:
        try:
            process = subprocess.Popen(
                # -P: nothing in the current folder is taken for a module.
                [sys.executable, "-P", "-W", "ignore", "-m", "evalhouse.machine.tracker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C in a terminal is for the run, which then stops it
            )
        except OSError as failure:
            self._notes.append(f"the energy was not metered: {failure.strerror or failure}")
            return None
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # it died at once; `stop` will see
            process.stdin.write(msgspec.json.encode(self._order) + b"\n")
            process.stdin.flush()
        return process

    def _ended(self) -> Energy:
        if self._process is None:
            return self._kept()
        try:
            answer, _ = self._process.communicate(_END, load_settings().meters.stop_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            self._notes.append("the meter of energy did not end in time")
            return self._kept()
        with suppress(msgspec.DecodeError):
            return msgspec.json.decode(answer, type=Energy)
        code = self._process.returncode
        self._notes.append(f"the meter of energy ended early, with code {code}")
        return self._kept()

    def _kept(self) -> Energy:
        """Return what was last kept of the session, if anything, and why there is no more."""
        session = kept_session(Path(self._order.folder), self._order.session)
        empty = Energy(scope=self._order.scope, country=self._order.country)
        energy = session.energy if session else empty
        return msgspec.structs.replace(energy, notes=(*energy.notes, *self._notes))
