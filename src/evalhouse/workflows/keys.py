"""Keys that publishers sign with: registering, listing, revoking. Public keys only."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from evalhouse import ids
from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.records import Publisher, SigningKey
from evalhouse.store import Store
from evalhouse.workflows.redactor import redactor_of
from evalhouse.workflows.small_order import is_of_small_order

_SIZE = 32  # bytes of a public Ed25519 key
_LONGEST = 16_384  # bytes of a file with one key
_SHORTEST_PREFIX = 4


@dataclass(frozen=True)
class KeyLine:
    """A registered key with the name of its publisher, and whether it counts now."""

    key_id: str
    publisher: str
    public_key: str
    valid_from: datetime
    valid_until: datetime | None
    revoked_at: datetime | None
    note: str | None
    state: str  # valid, expired, revoked, not yet valid


def signing_keys(store: Store) -> tuple[SigningKey, ...]:
    """Return every registered key, those that do not count any more too."""
    rows = store.catalog.arrow("signing_keys").to_pylist()
    keys = [SigningKey(**row) for row in rows]
    return tuple(sorted(keys, key=lambda key: key.key_id))


def list_keys(store: Store, *, now: datetime | None = None) -> tuple[KeyLine, ...]:
    """Return the registered keys, by publisher and time."""
    names = {
        str(row["publisher_id"]): str(row["name"])
        for row in store.catalog.arrow("publishers").to_pylist()
    }
    moment = now or datetime.now(UTC)
    lines = [_line(key, names.get(key.publisher_id, ""), moment) for key in signing_keys(store)]
    return tuple(sorted(lines, key=lambda line: (line.publisher, line.valid_from, line.key_id)))


def register_key(
    store: Store,
    file: Path,
    publisher: str,
    *,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
) -> KeyLine:
    """Register the public Ed25519 key that a file holds, as PEM or base64 of 32 bytes.

    It counts from now on, unless `valid_from` says otherwise. A key that is registered already
    stays as it is; a revoked one never counts again.

    Raises:
        UsageError: The file holds no such key, or the key is another publisher's.
    """
    name = redactor_of(store).address(publisher.strip())
    if not name:
        raise UsageError("a key needs a publisher; give a name with `--publisher`")
    text = public_key_of(file)
    now = datetime.now(UTC)
    start = valid_from or now
    if valid_until is not None and valid_until <= start:
        raise UsageError(
            f"a key cannot expire ({valid_until:%Y-%m-%d %H:%M}) before it counts "
            f"({start:%Y-%m-%d %H:%M}); give a later `--valid-until`"
        )
    known = {key.public_key: key for key in signing_keys(store)}
    publisher_id = ids.derive("publishers", name)
    if text in known:
        return _known(store, known[text], publisher_id, valid_until)
    key = SigningKey(
        key_id=ids.derive("signing_keys", text),
        publisher_id=publisher_id,
        public_key=text,
        valid_from=start,
        valid_until=valid_until,
    )
    with store.begin() as batch:
        batch.commit(entities=[Publisher(publisher_id=publisher_id, name=name), key])
    return _line(key, name, now)


def revoke_key(store: Store, name: str, note: str) -> KeyLine:
    """Let a key never count again; nothing that it signed is taken back.

    Raises:
        UnknownNameError: No key has this id or beginning of one.
        UsageError: Several have, the key is revoked already, or the note is empty.
    """
    if not note.strip():
        raise UsageError("say why the key is revoked, with `--note`")
    key = _find(signing_keys(store), name)
    if key.revoked_at is not None:
        raise UsageError(
            f"the key `{key.key_id}` was revoked at {key.revoked_at:%Y-%m-%d %H:%M} UTC already"
        )
    reason = redactor_of(store).address(note.strip())
    revoked = msgspec.structs.replace(key, revoked_at=datetime.now(UTC), note=reason)
    with store.begin() as batch:
        batch.commit(entities=[revoked])
    return next(line for line in list_keys(store) if line.key_id == key.key_id)


def public_key_of(file: Path) -> str:
    """Return a public key as base64 of its 32 bytes.

    Raises:
        UsageError: The file cannot be read, is a private key, or holds no public Ed25519 key.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(_LONGEST + 1)
    except OSError as failure:
        raise UsageError(
            f"`{file}` cannot be read: {failure.strerror}; name the file that holds the public key"
        ) from failure
    if b"PRIVATE KEY" in data:
        raise UsageError(
            f"`{file}` holds a private key, which nobody else should see; give its public key "
            "(`openssl pkey -in FILE -pubout`)"
        )
    raw = _of_pem(file, data) if data.lstrip().startswith(b"-----BEGIN") else _of_base64(data)
    if raw is None:
        raise UsageError(
            f"`{file}` holds no public Ed25519 key; expected PEM, or base64 of 32 bytes"
        )
    if is_of_small_order(raw):
        raise UsageError(
            f"`{file}` holds a key of small order, under which anybody can sign; expected the "
            "public key of a pair that `openssl genpkey -algorithm ed25519` makes"
        )
    return base64.b64encode(raw).decode("ascii")


def _of_pem(file: Path, data: bytes) -> bytes | None:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - heavy
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - as above
        Ed25519PublicKey,
    )
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - as above
        load_pem_public_key,
    )

    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        return None
    if not isinstance(key, Ed25519PublicKey):
        kind = type(key).__name__.removesuffix("PublicKey").strip("_")
        raise UsageError(f"`{file}` holds a key of another kind ({kind}); expected Ed25519")
    return key.public_bytes_raw()


def _of_base64(data: bytes) -> bytes | None:
    try:
        raw = base64.b64decode(b"".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == _SIZE else None


def _known(
    store: Store, key: SigningKey, publisher_id: str, valid_until: datetime | None
) -> KeyLine:
    line = next(line for line in list_keys(store) if line.key_id == key.key_id)
    if key.publisher_id != publisher_id:
        raise UsageError(f"this key is registered already, as that of `{line.publisher}`")
    if key.revoked_at is not None:
        raise UsageError(
            f"this key was revoked ({key.note}) and never counts again; make a new one"
        )
    if valid_until is not None and valid_until != key.valid_until:
        raise UsageError(
            f"this key is registered already as `{key.key_id[:8]}`; its time does not change: "
            "revoke it, and register another"
        )
    return line


def _find(keys: tuple[SigningKey, ...], name: str) -> SigningKey:
    wanted = name.strip().lower()
    found = [key for key in keys if key.key_id == wanted]
    if not found and len(wanted) >= _SHORTEST_PREFIX:
        found = [key for key in keys if key.key_id.startswith(wanted)]
    if not found:
        advice = "`evalhouse keys list` lists them"
        raise UnknownNameError("key", name, (key.key_id for key in keys), advice)
    if len(found) > 1:
        raise UsageError(f"`{name}` means {len(found)} keys; give more of its id")
    return found[0]


def _line(key: SigningKey, publisher: str, now: datetime) -> KeyLine:
    return KeyLine(
        key_id=key.key_id,
        publisher=publisher,
        public_key=key.public_key,
        valid_from=key.valid_from,
        valid_until=key.valid_until,
        revoked_at=key.revoked_at,
        note=key.note,
        state=_state(key, now),
    )


def _state(key: SigningKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if now < key.valid_from:
        return "not yet valid"
    return "expired" if key.valid_until is not None and now > key.valid_until else "valid"
