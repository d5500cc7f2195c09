"""A clock that goes as fast as there is nothing to do, so that tests may wait for hours."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest

from evalhouse.engine import slots

Result = TypeVar("Result")


class _Jumping(selectors.SelectSelector):
    """Lets time pass where others wait for it."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> list[Any]:
        assert timeout is not None, "all wait for each other"
        self.now += max(timeout, 1e-9)  # no clock stands still
        return super().select(0)


class Clock(asyncio.SelectorEventLoop):
    """An event loop whose seconds take no time."""

    def __init__(self) -> None:
        self.jumping = _Jumping()
        super().__init__(self.jumping)

    def time(self) -> float:
        return self.jumping.now


def passing(monkeypatch: pytest.MonkeyPatch, work: Coroutine[Any, Any, Result]) -> Result:
    """Run work on such a clock; slots look at it, too."""
    loop = Clock()
    monkeypatch.setattr(slots, "time", SimpleNamespace(monotonic=loop.time))
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()
