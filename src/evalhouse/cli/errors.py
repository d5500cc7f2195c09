"""How a command ends: a sentence and an exit code, never a traceback for what a person can mend."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.text import Text

from evalhouse.cli.output import stderr
from evalhouse.cli.text import safe
from evalhouse.errors import EvalhouseError

INTERRUPTED = 130  # as a shell tells of SIGINT
BROKEN_PIPE = 141  # and of SIGPIPE


@contextmanager
def told() -> Iterator[None]:
    """Print a failure as a sentence on stderr, and end with its exit code."""
    try:
        yield
    except EvalhouseError as failure:
        complain(str(failure))
        raise typer.Exit(failure.exit_code) from failure
    except KeyboardInterrupt as failure:
        complain("interrupted; the house is as it was before")
        raise typer.Exit(INTERRUPTED) from failure
    except BrokenPipeError as failure:
        _drop_output()
        raise typer.Exit(BROKEN_PIPE) from failure


def complain(sentence: str) -> None:
    """Print one sentence on stderr."""
    line = Text("evalhouse: ", style="bold red")
    line.append(safe(sentence), style="default")
    stderr().print(line, soft_wrap=True)


def _drop_output() -> None:
    """Let what is still buffered go nowhere: nobody reads it any more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
