"""Where a run took place, as `environment.json` tells it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from evalhouse.machine.hardware import describe_hardware, find_container
from evalhouse.machine.repository import describe_repository
from evalhouse.machine.settings import load_settings
from evalhouse.machine.software import (
    describe_frameworks,
    describe_packages,
    describe_python,
    describe_system,
)
from evalhouse.redact import Redactor
from evalhouse.version import __version__


def describe_environment(folder: Path | None = None) -> dict[str, Any]:
    """Return software and hardware of this machine, and the git repository of a folder.

    Nobody is in it: no name of a user or of the machine, no path, no variable but those that
    `data/machine.toml` lists. What looks like a secret is replaced. What is not known is None.
    """
    found = {
        "evalhouse": __version__,
        "python": describe_python(),
        "packages": describe_packages(),
        "frameworks": describe_frameworks(),
        "git": describe_repository(folder) if folder else None,
        **describe_system(),
        "container": find_container(),
        **describe_hardware(),
        "variables": _variables(),
    }
    # The key is forgotten: nothing is ever compared with these hashes.
    content, _ = Redactor(os.urandom(32)).settings(msgspec.json.encode(found))
    return dict(msgspec.json.decode(content))


def _variables() -> dict[str, str]:
    listed = load_settings().variables
    return {name: os.environ[name] for name in listed if name in os.environ}
