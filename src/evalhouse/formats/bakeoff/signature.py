"""Signatures: of an envelope against registered keys, and of a file beside a result."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from evalhouse.formats.bakeoff.outline import RESULT_MEMBER, Outline, text_of
from evalhouse.formats.bakeoff.recount import CheckStatus
from evalhouse.formats.bakeoff.scan import NotJsonError, decode
from evalhouse.formats.lines import BOM
from evalhouse.records import SigningKey

LARGEST = 256 << 20  # bytes of an envelope, which must be held whole to be checked

Standing = Literal["valid", "invalid", "unknown", "unsigned"]


@dataclass(frozen=True)
class Verdict:
    """What a signature is worth; `key` is the registered key that made it."""

    standing: Standing
    reason: str
    runner: str | None = None
    key: SigningKey | None = None
    holds_digest: bool = False  # the result is what was sealed, whoever sealed it


UNSIGNED = Verdict("unsigned", "it is not signed")


def signed_digest(result: Any) -> bytes:
    r"""Return the digest that bakeoff signs: SHA-256 of the canonical JSON of a result.

    Canonical are sorted keys, compact separators, ASCII with escapes, numbers as Python writes
    them (`1.0`, `NaN`).

    Example:
        >>> json.dumps({"b": 1.0, "a": "\u00e9"}, sort_keys=True, separators=(",", ":"))
        '{"a":"\\u00e9","b":1.0}'
        >>> signed_digest({"b": 1.0, "a": "\u00e9"}).hex()[:8]
        '8b3040a0'
    """
    text = json.dumps(result, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).digest()


def verdict_of(outline: Outline, keys: Sequence[SigningKey], now: datetime) -> Verdict:
    """Return what the signature of an envelope is worth at a moment."""
    if not outline.is_envelope:
        return UNSIGNED
    seal, runner = outline.seal, text_of(outline.seal.get("runner_id"))
    digest, fault = _digest(outline.path, inside=True)
    if digest is None:
        return Verdict("invalid", fault, runner)
    stated = text_of(seal.get("sha256"))
    if stated is None or stated.lower().removeprefix("sha256:") != digest.hex():
        reason = f"the seal states the SHA-256 {stated}, and the result has {digest.hex()}"
        return Verdict("invalid", reason, runner)
    signature = _decoded(seal.get("signature"))
    if signature is None:
        return Verdict("invalid", "the signature is no base64 text", runner, None, True)
    key = next((key for key in keys if _made_by(key, signature, digest)), None)
    if key is None:
        reason = f"none of the {len(keys)} registered keys made the signature"
        return Verdict("unknown", reason if keys else "no key is registered", runner, None, True)
    return _judged(key, runner, now)


def _judged(key: SigningKey, runner: str | None, now: datetime) -> Verdict:
    """Judge by the clock of this house: what a file says of its own time anyone can write."""
    if key.revoked_at is not None:
        note = f" ({key.note})" if key.note else ""
        reason = f"the key `{key.key_id}` was revoked at {key.revoked_at:%Y-%m-%d %H:%M} UTC{note}"
        return Verdict("invalid", reason, runner, key, True)
    if now < key.valid_from:
        reason = f"the key `{key.key_id}` counts from {key.valid_from:%Y-%m-%d %H:%M} UTC on"
        return Verdict("invalid", reason, runner, key, True)
    if key.valid_until is not None and now > key.valid_until:
        reason = f"the key `{key.key_id}` expired at {key.valid_until:%Y-%m-%d %H:%M} UTC"
        return Verdict("invalid", reason, runner, key, True)
    return Verdict(
        "valid", f"the registered key `{key.key_id}` made the signature", runner, key, True
    )


def content_digest(outline: Outline) -> str | None:
    """Return the digest of a result, however it is written; None where it cannot be read."""
    digest, _ = _digest(outline.path, inside=outline.is_envelope)
    return None if digest is None else digest.hex()


def _digest(path: str, *, inside: bool) -> tuple[bytes | None, str]:
    """Return the digest of a result (that `inside` an envelope), else why there is none."""
    if Path(path).stat().st_size > LARGEST:
        return None, f"the file is larger than {LARGEST >> 20} MiB and was not checked"
    try:
        content = decode(Path(path).read_bytes().removeprefix(BOM))
        return signed_digest(content[RESULT_MEMBER] if inside else content), ""
    except (NotJsonError, RecursionError, KeyError, TypeError) as failure:
        return None, f"the envelope cannot be read: {failure}"


def _decoded(text: Any) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except (binascii.Error, ValueError):
        return None


def _made_by(key: SigningKey, signature: bytes, digest: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - for envelopes alone
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - as above
        Ed25519PublicKey,
    )

    try:
        public = base64.b64decode(key.public_key)
        Ed25519PublicKey.from_public_bytes(public).verify(signature, digest)
    except (InvalidSignature, ValueError):
        return False
    return True


# -- a signature in a file of its own ------------------------------------------------------------

_EVIDENCE = ("verificationMaterial", "rekorBundle", "transparencyLogEntries", "rekor")


def sigstore_standing(path: str, sha256: str | None) -> tuple[CheckStatus, str]:
    """Return what a Sigstore bundle shows of a file: a status of `checks`, and a sentence.

    Whose identity signed cannot be told without the transparency log; whether it is about this
    very file can.
    """
    try:
        content = decode(Path(path).read_bytes().removeprefix(BOM))
    except OSError as failure:
        return "not recomputable", f"the signature cannot be read: {failure.strerror}"
    except NotJsonError as failure:
        return "mismatch", f"the signature is no Sigstore bundle: {failure}"
    found = content if isinstance(content, dict) else {}
    if not any(mark in found for mark in _EVIDENCE):
        return "mismatch", "the signature is no Sigstore bundle: it holds no evidence of a log"
    message = found.get("messageSignature")
    digest = message.get("messageDigest") if isinstance(message, dict) else None
    data = _decoded(digest.get("digest")) if isinstance(digest, dict) else None
    if data is None:
        return "not recomputable", "the Sigstore bundle states no digest of what was signed"
    if data.hex() != sha256:
        return "mismatch", f"the Sigstore bundle is about a file with the SHA-256 {data.hex()}"
    return "not recomputable", "the Sigstore bundle is about this file; who signed was not checked"
