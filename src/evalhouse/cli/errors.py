"""How a command ends: a sentence and an exit code, never a traceback for what a person can mend."""

from __future__ import annotations

import contextlib
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
        complain("interrupted; nothing is stored by halves")
        raise typer.Exit(INTERRUPTED) from failure
    except BrokenPipeError as failure:
        _drop_output()
        raise typer.Exit(BROKEN_PIPE) from failure
    except OSError as failure:  # what the parts met is told by them: this is the output, or a file
        _drop_output()
        what = f"`{failure.filename}` cannot be used" if failure.filename else "no output"
        complain(f"{what}: {failure.strerror or failure}")
        raise typer.Exit(EvalhouseError.exit_code) from failure


def complain(sentence: str) -> None:
    """Print one sentence on stderr."""
    line = Text("evalhouse: ", style="bold red")
    line.append(safe(sentence), style="default")
    stderr().print(line, soft_wrap=True)


def _drop_output() -> None:
    """Let what is still buffered go nowhere: nobody reads it any more, or nothing takes it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError):  # a stream of a test has no number
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
