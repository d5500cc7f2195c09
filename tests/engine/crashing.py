"""Runs in processes of their own that are killed."""

from __future__ import annotations

import multiprocessing
from multiprocessing.process import BaseProcess
from pathlib import Path

from evalhouse.engine.asking import Asking
from evalhouse.engine.slots import Limits
from evalhouse.tasks.task import open_task
from tests.engine.runs import Setting, annotated

_context = multiprocessing.get_context("forkserver")  # so that each starts in milliseconds
# Arrow imports pandas where it is there.
_context.set_forkserver_preload(["tests.engine.runs", "evalhouse.engine.run", "pandas"])


def started(folder: Path, url: str, provider: str, asking: Asking, width: int) -> BaseProcess:
    """Run a task, or go on with it, until it is done or killed."""
    process = _context.Process(target=_work, args=(folder, url, provider, asking, width))
    process.start()
    return process


def _work(folder: Path, url: str, provider: str, asking: Asking, width: int) -> None:
    setting = Setting(url, provider, Limits(width), timeout=30.0)
    annotated(open_task(folder / "task"), folder / "answers.jsonl", setting, asking)
