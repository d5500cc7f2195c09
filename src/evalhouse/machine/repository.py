"""The git repository of a folder, asked so that nothing the repository says is ever run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_SECONDS = 3.0  # for all questions together
_COPY = re.compile(r"(?:[^@/:]+@)?([\w.-]+):(?!/)(.+)")  # host:path, as ssh takes it
_FILTER = re.compile(r"filter\..+\.(?:clean|process|smudge|required)", re.DOTALL)

_NO_FILTER = ("clean=", "process=", "required=false")

# What a repository may set to have a command of its own run by the questions below.
_HARMLESS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "safe.bareRepository=explicit",
    "status.submoduleSummary=false",
    "protocol.allow=never",
)


def describe_repository(folder: Path) -> dict[str, Any] | None:
    """Return commit, description, state and origin of a folder's repository; None without one.

    `describe` names the last tag and the commits since. `dirty` tells whether files that are
    tracked differ; it is None where that would take too long. `remote` is without user names and
    passwords, and None where it is a folder.
    """
    program = shutil.which("git")
    if program is None:
        return None
    git = _Git(program, folder)
    commit = git.ask("rev-parse", "--verify", "HEAD")
    if commit is None:
        return None
    remote = git.ask("config", "--get", "remote.origin.url")
    return {
        "commit": commit,
        "describe": git.ask("describe", "--tags", "--always"),
        "dirty": git.is_dirty(),
        "remote": public_address(remote) if remote else None,
    }


def last_commit(folder: Path, files: Sequence[Path]) -> str | None:
    """Return the newest commit of a folder's repository that changed some files.

    None where one of them is not as that commit has it: not tracked, changed since, or elsewhere.
    """
    program = shutil.which("git")
    if program is None or not files:
        return None
    git = _Git(program, folder)
    paths = [f":(literal){file.absolute()}" for file in files]
    if git.ask("ls-files", "--error-unmatch", "--", *paths) is None:
        return None
    if git.is_dirty(*paths) is not False:
        return None
    return git.ask("rev-list", "--max-count=1", "HEAD", "--", *paths) or None


def public_address(remote: str) -> str | None:
    """Return where a repository is fetched from without who fetches it; None for a folder.

    Example:
        >>> public_address("https://ann:secret@example.org:8443/lab/codes.git")
        'https://example.org:8443/lab/codes.git'
        >>> public_address("ann@example.org:lab/codes.git")
        'example.org:lab/codes.git'
        >>> public_address("/data/codes.git") is None
        True
    """
    if "::" in remote:  # a program of its own
        return None
    if "://" not in remote:
        found = _COPY.fullmatch(remote)
        return f"{found[1]}:{found[2]}" if found else None
    try:
        parts = urlsplit(remote)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or parts.scheme == "file":
        return None
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path}"


class _Git:
    """Asks git about a folder, all within a few seconds."""

    def __init__(self, program: str, folder: Path) -> None:
        self._start = [program, "-C", str(folder), "--no-pager", "--no-optional-locks"]
        self._end = time.monotonic() + _SECONDS
        # Variables such as GIT_DIR are about the repository of whoever calls.
        self._variables = {
            name: value for name, value in os.environ.items() if not name.startswith("GIT_")
        } | {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0"}

    def ask(self, *question: str, settings: tuple[str, ...] = _HARMLESS) -> str | None:
        """Return the answer; None where there is none in time."""
        options = [word for setting in settings for word in ("-c", setting)]
        left = self._end - time.monotonic()
        if left <= 0:
            return None
        try:
            done = subprocess.run(  # noqa: S603 - git, with words of our own
                [*self._start, *options, *question],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=self._variables,
                timeout=left,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.decode("utf-8", "replace").strip()

    def is_dirty(self, *paths: str) -> bool | None:
        """Tell whether a tracked file, or one of some, differs; None where it cannot be told.

        Filters are commands as well, so files that pass through one (as with Git LFS) are compared
        as they lie.
        """
        names = self.ask("config", "--null", "--name-only", "--list")
        if names is None:
            return None
        filters = {name.rpartition(".")[0] for name in names.split("\0") if _FILTER.match(name)}
        if any("=" in name or "\n" in name for name in filters):  # cannot be set to something else
            return None
        off = [f"{name}.{key}" for name in sorted(filters) for key in _NO_FILTER]
        status = ("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all")
        changed = self.ask(*status, "--", *paths, settings=(*_HARMLESS, *off))
        return None if changed is None else bool(changed)
