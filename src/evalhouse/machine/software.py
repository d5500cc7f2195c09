"""The software of a run: Python, what Evalhouse stands on, and what runs models."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable
from importlib import metadata

from evalhouse.machine.settings import load_settings

_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_EXTRA = re.compile(r";.*\bextra\s*==")
_SEPARATORS = re.compile("[-_.]+")


def describe_python() -> dict[str, str]:
    """Return the version and the implementation."""
    return {
        "version": platform.python_version(),
        "implementation": platform.python_implementation(),
    }


def describe_system() -> dict[str, str | None]:
    """Return the operating system, its kernel and the kind of machine; no name of this one."""
    try:
        name = platform.freedesktop_os_release().get("PRETTY_NAME")
    except OSError:  # not Linux, or one without such a file
        name = None
    return {
        "os": name or platform.system(),
        "kernel": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
    }


def describe_packages(root: str = "evalhouse") -> dict[str, str]:
    """Return the versions of a distribution and of all it needs, as far as it is installed.

    Its own optional parts count, those of others do not.
    """
    found: dict[str, str] = {}
    waiting = [_plain(root)]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        found[name] = distribution.version
        needed = distribution.requires or []
        waiting += _names(each for each in needed if name == root or not _EXTRA.search(each))
    return dict(sorted(found.items()))


def describe_frameworks() -> dict[str, str]:
    """Return the versions of what runs models, where it is installed; none of it is loaded."""
    found = {}
    for name in load_settings().frameworks:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _names(requirements: Iterable[str]) -> list[str]:
    matches = (_NAME.match(requirement) for requirement in requirements)
    return [_plain(match[1]) for match in matches if match]


def _plain(name: str) -> str:
    return _SEPARATORS.sub("-", name).lower()
