"""One writer for a journal: a lock that says who holds it, and that a crash does not leave shut."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from evalhouse.errors import HeldJournalError

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_STARTED = 19  # the field of /proc/<pid>/stat, counted after the name of the program


class Holder(msgspec.Struct, frozen=True):
    """A process that writes, or wrote.

    Attributes:
        host: The name of its machine.
        boot: A random id of the time since that machine started; empty where unknown.
        pid: The process.
        started: When it started, in ticks since the machine did; 0 where unknown.
        since: When it took the lock, in seconds since 1970 (UTC).
    """

    host: str
    boot: str
    pid: int
    started: int
    since: float

    def __str__(self) -> str:
        """Name it in a sentence."""
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(self.since))
        return f"process {self.pid} on `{self.host}` since {since} UTC"

    def is_here(self) -> bool:
        """Tell whether its machine is this one, however often it was started anew."""
        is_same_start = bool(self.boot) and self.boot == boot_id()
        return is_same_start or self.host == socket.gethostname()

    def is_alive(self) -> bool:
        """Tell whether it runs, on this machine and since this start of the machine."""
        if self.boot != boot_id() or not self.started:
            return False
        return started_at(self.pid) == self.started


def boot_id() -> str:
    """Return the id of the time since this machine started; empty where there is none."""
    with suppress(OSError):
        return _BOOT.read_text("ascii").strip()
    return ""


def started_at(pid: int) -> int:
    """Return when a process of this machine started, in ticks; 0 where that is not known."""
    with suppress(OSError):
        after_name = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2]
        return int(after_name.split()[_STARTED])
    return 0


def this_process() -> Holder:
    """Return what this process writes into a lock."""
    pid = os.getpid()
    return Holder(socket.gethostname(), boot_id(), pid, started_at(pid), time.time())


class Lock:
    """The right to write a journal, held from construction to `release`.

    The kernel keeps processes of one machine apart and lets go when one dies. What is written in
    the file explains it, and tells another machine on a shared disk, where that may not work.
    """

    def __init__(self, journal: Path) -> None:
        self._path = journal.with_name(f"{journal.name}.lock")
        self._journal = journal
        self._file = -1
        self.taken_over: Holder | None = None
        """Who held it before and left it behind."""
        while self._file < 0:
            self._file = self._try()

    def release(self) -> None:
        """Let others write."""
        if self._file >= 0:
            self._path.unlink(missing_ok=True)
            os.close(self._file)
            self._file = -1

    def _try(self) -> int:
        """Return the open lock; -1 where its last holder removed it meanwhile."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        is_ours = False
        try:
            is_ours = self._take(file)
        finally:
            if not is_ours:
                os.close(file)
        return file if is_ours else -1

    def _take(self, file: int) -> bool:
        before = _holder(file)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise self._held(before, "wait for it, or end it and resume") from None
        if not os.fstat(file).st_nlink:
            return False
        self.taken_over = _holder(file)
        if self.taken_over:
            self._check(self.taken_over)
        os.ftruncate(file, 0)
        os.pwrite(file, msgspec.json.encode(this_process()), 0)
        os.fsync(file)
        return True

    def _check(self, before: Holder) -> None:
        if not before.is_here():
            advice = (
                f"whether it still runs cannot be seen from here; if it does not, delete "
                f"`{self._path}` and resume"
            )
            raise self._held(before, advice)
        if before.pid != os.getpid() and before.is_alive():
            raise self._held(before, "wait for it, or end it and resume")

    def _held(self, holder: Holder | None, advice: str) -> HeldJournalError:
        return HeldJournalError(
            str(self._journal), str(holder or "a process that just began"), advice
        )


def _holder(file: int) -> Holder | None:
    """Return who is written in a lock; None where it is new, or its writing was cut short."""
    with suppress(msgspec.DecodeError):
        return msgspec.json.decode(os.pread(file, 4096, 0), type=Holder)
    return None
