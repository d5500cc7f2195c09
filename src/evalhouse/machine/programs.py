"""Programs that run models on this machine: packages of Python, and servers on the path."""

from __future__ import annotations

import re

from evalhouse.machine.commands import Ask
from evalhouse.machine.settings import load_settings
from evalhouse.machine.software import describe_frameworks


def find_engines(ask: Ask) -> dict[str, str | None]:
    """Return engines with their versions, those of `data/machine.toml` that are here."""
    settings = load_settings()
    found: dict[str, str | None] = {
        name: version for name, version in describe_frameworks().items() if name in settings.engines
    }
    for program in settings.programs:
        printed = ask(*program.command)
        if printed is not None:
            match = re.search(program.version, printed)
            found[program.name] = match[1] if match else None
    return found
