"""The manifest of a bundle, in each of its shapes, as one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from evalhouse.formats.bakeoff.layout import KNOWN_VERSION
from evalhouse.formats.bakeoff.outline import problem, text_of
from evalhouse.formats.bakeoff.scan import NotJsonError, decode
from evalhouse.formats.files import read_whole
from evalhouse.formats.lines import BOM, EXCERPT
from evalhouse.records import Problem

_SHA256 = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")
_SIGNERS = ("identity", "subject", "repository")


@dataclass
class Manifest:
    """What a manifest says; what it leaves open is None or empty."""

    path: str
    content: dict[str, Any] = field(default_factory=dict)
    hashes: dict[str, str | None] = field(default_factory=dict)  # by name; None: none that is one
    problems: list[Problem] = field(default_factory=list)

    @property
    def run_id(self) -> str | None:
        """Return the name of the run that it is about."""
        return self._stated("run_id")

    @property
    def timestamp(self) -> str | None:
        """Return the time of that run, as written."""
        return self._stated("timestamp")

    @property
    def run_status(self) -> str | None:
        """Return the status that it states."""
        return text_of(self.content.get("run_status"))

    @property
    def config_hash(self) -> str | None:
        """Return the hash of the settings that it states."""
        return text_of(self.content.get("config_hash"))

    @property
    def model_ids(self) -> list[str] | None:
        """Return the models that it names; None where it names none."""
        listed = self.content.get("model_ids")
        return [each for each in listed if text_of(each)] if isinstance(listed, list) else None

    @property
    def summary(self) -> list[dict[str, Any]]:
        """Return what it says of the score of each model."""
        listed = self.content.get("model_scores_summary")
        return (
            [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        )

    @property
    def signer(self) -> str | None:
        """Return who it says has signed: identity, subject or repository."""
        signer = self.content.get("signer")
        found = signer if isinstance(signer, dict) else {}
        return next((name for key in _SIGNERS if (name := text_of(found.get(key)))), None)

    @property
    def signature(self) -> dict[str, Any]:
        """Return what it says of a signature in a file of its own."""
        found = self.content.get("signature")
        return found if isinstance(found, dict) else {}

    def _stated(self, key: str) -> str | None:
        bundle = self.content.get("bundle")
        inner = bundle.get(key) if isinstance(bundle, dict) else None
        return text_of(self.content.get(key)) or text_of(inner)


def version_of(content: Any) -> str | None:
    """Return the version of a manifest, by either spelling of its key."""
    if not isinstance(content, dict):
        return None
    return text_of(content.get("schema_version")) or text_of(content.get("schemaVersion"))


def read_manifest(path: str) -> Manifest:
    """Read a manifest; what is amiss is among its problems."""
    found = Manifest(path)
    try:
        _, data = read_whole(path)
        content = decode(data.removeprefix(BOM))
    except OSError as failure:
        message = f"the file cannot be read: {failure.strerror}"
        found.problems.append(problem(path, "unreadable_file", message))
        return found
    except NotJsonError as failure:
        excerpt = data[:EXCERPT].decode("utf-8", "replace")
        found.problems.append(problem(path, "not_json", str(failure), "damage", excerpt))
        return found
    found.content = content if isinstance(content, dict) else {}
    version = version_of(content)
    if version != KNOWN_VERSION:
        message = f"the version is `{version}`, and `{KNOWN_VERSION}` is known; it was read as that"
        found.problems.append(problem(path, "unknown_version", message, "notice"))
    found.hashes = dict(_hashes(found))
    return found


def is_inside(name: str) -> bool:
    r"""Tell whether a path stays in its bundle: relative, and without a step upwards.

    Example:
        >>> [is_inside(name) for name in ("result.json", "logs/a.txt")]
        [True, True]
        >>> [is_inside(name) for name in ("/etc/passwd", "../a", "a/../../b", "C:\\a", "")]
        [False, False, False, False, False]
    """
    windows = PureWindowsPath(name)
    parts = {*PurePosixPath(name).parts, *windows.parts}
    is_absolute = name.startswith("/") or windows.is_absolute() or bool(windows.drive)
    return bool(name.strip()) and "\x00" not in name and not is_absolute and ".." not in parts


def _hashes(found: Manifest) -> Iterator[tuple[str, str | None]]:
    """Yield names and hashes: text, an object with `sha256`, or a list of objects."""
    files = found.content.get("files")
    if isinstance(files, dict):
        listed = list(files.items())
    elif isinstance(files, list):
        objects = [each for each in files if isinstance(each, dict)]
        listed = [(each.get("path") or each.get("name"), each) for each in objects]
    else:
        message = "`files` is missing, so no hash can be checked"
        found.problems.append(problem(found.path, "no_hashes", message, "conflict"))
        return
    for name, stated in listed:
        if not isinstance(name, str):
            continue
        text = stated.get("sha256") if isinstance(stated, dict) else stated
        fits = _SHA256.fullmatch(text.strip()) if isinstance(text, str) else None
        if fits is None:
            message = f"the hash of `{name}` is `{str(text)[:80]}` and should be 64 hex digits"
            found.problems.append(problem(found.path, "no_hash", message, "conflict"))
        yield name, fits[1].lower() if fits else None
