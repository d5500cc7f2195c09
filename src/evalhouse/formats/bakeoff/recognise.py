"""Which files are bakeoff's, by what they hold: results, envelopes, manifests, what those list."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Sequence
from typing import Any

from evalhouse.formats.bakeoff.layout import RESULT_KEYS, VERSIONS
from evalhouse.formats.bakeoff.manifest import read_manifest, version_of
from evalhouse.formats.bakeoff.outline import (
    RESULT_MEMBER,
    SEAL_MEMBER,
    top_keys,
)
from evalhouse.formats.bakeoff.scan import NotJsonError, Piece, Scanner
from evalhouse.formats.base import Claim, FoundFile
from evalhouse.formats.files import HEAD_BYTES
from evalhouse.formats.lines import BOM

PLAIN, ENVELOPE, MANIFEST_FAMILY, SIGSTORE, LISTED = (
    *("result", "envelope", "manifest", "sigstore", "listed"),
)
RESULTS = (PLAIN, ENVELOPE)
_SEAL_KEYS = ("sha256", "signature")
_SIGSTORE_MARKS = ("verificationMaterial", "rekorBundle", "base64Signature", "messageSignature")
_NAMED = ("run_id", "timestamp")
_ENOUGH = 3  # known members, for a large file to be looked at whole
_OF_HARNESS = ("records", "tasks")
_MODELS = ("models", "model_metadata", "model_ids", "model_scores", "config")


def recognise(folder: Sequence[FoundFile]) -> list[Claim]:
    """Return the files of one folder that bakeoff wrote or a manifest of it lists."""
    found = {file.path: _family(file) for file in folder}
    manifests = [file.path for file in folder if found[file.path] == MANIFEST_FAMILY]
    listed, signatures = _named_by(manifests)
    for file in folder if manifests else ():
        if found[file.path] is None:
            is_signature = file.name in signatures or _is_sigstore(file)
            family = LISTED if file.name in listed else None
            found[file.path] = SIGSTORE if is_signature else family
    return sorted(
        (Claim(file, family) for file in folder if (family := found[file.path])),
        key=lambda claim: claim.file.name,
    )


def _family(file: FoundFile) -> str | None:
    head = _head(file.path)
    if not head.lstrip().startswith(b"{"):
        return None
    keys, values = _beginning(head)
    if (version_of(values) or "").startswith(VERSIONS) and RESULT_MEMBER not in keys:
        return MANIFEST_FAMILY
    if file.size > len(head):
        keys = _all_keys(file.path) if _may_be_result(keys) else []
    if {RESULT_MEMBER, SEAL_MEMBER} <= set(keys):
        return ENVELOPE if _is_sealed(file.path) else None
    return PLAIN if is_result(keys) else None


def is_result(keys: Sequence[str]) -> bool:
    """Tell whether these are the members of a result.

    Example:
        >>> is_result(["run_id", "timestamp", "provenance", "models"])
        True
        >>> is_result(["run_id", "timestamp", "files"])
        False
    """
    there = set(keys)
    if not there.issuperset(_NAMED):
        return False
    is_told = "provenance" in there and bool(there.intersection(_MODELS))
    return is_told or there.issuperset(_OF_HARNESS)


def _may_be_result(keys: Sequence[str]) -> bool:
    """Tell whether a beginning with these members may be that of a result."""
    there = set(keys)
    is_known = there <= RESULT_KEYS or there <= {RESULT_MEMBER, SEAL_MEMBER}
    return bool(there) and (is_known or len(there & RESULT_KEYS) >= _ENOUGH)


def _all_keys(path: str) -> list[str]:
    """Return the members of a file; of a damaged one those before the damage."""
    keys: list[str] = []
    with contextlib.suppress(NotJsonError, OSError):
        keys.extend(top_keys(path))
    return keys


def _head(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - called for every file
            return stream.read(HEAD_BYTES).removeprefix(BOM)
    except OSError:
        return b""


def _beginning(head: bytes) -> tuple[list[str], dict[str, Any]]:
    """Return the members that a beginning shows, and the values of those that are short."""
    pieces: list[Piece] = []
    scanner = Scanner(io.BytesIO(head))
    with contextlib.suppress(NotJsonError):
        for piece in scanner.pieces():
            pieces.append(piece)  # noqa: PERF402 - what comes before the end of the head counts
    values = {}
    for piece in pieces:
        if piece.raw.startswith(b'"'):
            with contextlib.suppress(NotJsonError):
                values[piece.key] = piece.value()
    cut = [scanner.key] if scanner.key is not None else []
    return [*(piece.key for piece in pieces), *cut], values


def _is_sealed(path: str) -> bool:
    """Tell whether an envelope has a seal, and a result inside."""
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - as above
            pieces = Scanner(stream).pieces(skipped={RESULT_MEMBER})
            seal = next((piece.value() for piece in pieces if piece.key == SEAL_MEMBER), None)
        with open(path, "rb") as stream:  # noqa: PTH123 - as above
            keys = [piece.key for piece in Scanner(stream).pieces(inside=RESULT_MEMBER)]
    except (NotJsonError, OSError):
        return False
    return isinstance(seal, dict) and any(key in seal for key in _SEAL_KEYS) and is_result(keys)


def _named_by(manifests: Sequence[str]) -> tuple[set[str], set[str]]:
    """Return the names that manifests list, and those that they say hold a signature."""
    listed: set[str] = set()
    signatures: set[str] = set()
    for manifest in map(read_manifest, manifests):
        listed |= set(manifest.hashes)
        stated = manifest.signature.get("path")
        signatures |= {stated} if isinstance(stated, str) else set()
    return listed, signatures


def _is_sigstore(file: FoundFile) -> bool:
    try:
        value = json.loads(_head(file.path))
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and any(mark in value for mark in _SIGSTORE_MARKS)
