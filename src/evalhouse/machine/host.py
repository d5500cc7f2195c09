"""The machine's own id: random, made at first use, kept with the user's settings."""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile

from evalhouse import ids

FILE = "host.json"
_KEY = "host_id"


def host_file(variables: Mapping[str, str] | None = None) -> Path | None:
    """Return where the id is kept: `evalhouse/host.json` in the folder of the user's settings."""
    names = os.environ if variables is None else variables
    folder = names.get("XDG_CONFIG_HOME")
    if folder and Path(folder).is_absolute():  # anything else is to be ignored, says its standard
        return Path(folder) / "evalhouse" / FILE
    try:
        return Path.home() / ".config" / "evalhouse" / FILE
    except RuntimeError:  # a user without a home
        return None


def host_id(place: Path | None = None) -> str | None:
    """Return the id of this machine, and make it where there is none yet.

    None where it cannot be read or kept: an id that is another one at every call tells nothing.
    """
    file = place or host_file()
    if file is None:
        return None
    with contextlib.suppress(OSError):
        if not file.exists():
            _keep(file, ids.random_id())
        return _read(file)
    return None


def _keep(file: Path, value: str) -> None:
    """Write the file whole and readable by its user alone; who was first is left alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=file.parent, encoding="utf-8") as written:  # made with 0600
        written.write(json.dumps({_KEY: value}) + "\n")
        written.flush()
        os.fsync(written.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(written.name, file)


def _read(file: Path) -> str | None:
    try:
        found = json.loads(file.read_text("utf-8"))[_KEY]
        return str(uuid.UUID(found))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
