"""`evalhouse` and `python -m evalhouse`; the version is told before anything else is loaded."""

from __future__ import annotations

import sys

from evalhouse.loading import do_without_pandas
from evalhouse.version import __version__

INTERRUPTED = 130  # as a shell tells of SIGINT


def main() -> None:
    """Run a command and end the process with its exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        sys.stdout.write(f"evalhouse {__version__}\n")
        return
    do_without_pandas()
    try:
        from evalhouse.cli.app import run  # noqa: PLC0415 - this is what keeps --version quick

        run()
    except KeyboardInterrupt:  # outside of a command: while modules load
        sys.stderr.write("evalhouse: interrupted; nothing was done\n")
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
