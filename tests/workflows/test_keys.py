"""Keys of publishers: what is taken, what is refused, what stays."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from evalhouse import ids
from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.store import Store
from evalhouse.workflows.keys import (
    list_keys,
    public_key_of,
    register_key,
    revoke_key,
    signing_keys,
)

SOON = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def private() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def text_file(folder: Path, key: Ed25519PrivateKey) -> Path:
    path = folder / "key.txt"
    path.write_text(base64.b64encode(key.public_key().public_bytes_raw()).decode() + "\n")
    return path


def pem_file(folder: Path, key: Ed25519PrivateKey) -> Path:
    path = folder / "key.pem"
    path.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


def test_pem_and_base64_are_one_key(tmp_path: Path, private: Ed25519PrivateKey) -> None:
    one, other = text_file(tmp_path, private), pem_file(tmp_path, private)
    assert public_key_of(one) == public_key_of(other)


def test_a_registered_key_is_there_with_its_publisher(
    store: Store, tmp_path: Path, private: Ed25519PrivateKey
) -> None:
    line = register_key(store, pem_file(tmp_path, private), " the-grove ", valid_until=SOON)
    assert (line.publisher, line.state) == ("the-grove", "valid")
    (key,) = signing_keys(store)
    assert key.key_id == line.key_id
    assert key.publisher_id == ids.derive("publishers", "the-grove")
    assert key.valid_until == SOON
    assert list_keys(store) == (line,)


def test_a_key_registered_twice_stays_as_it_is(
    store: Store, tmp_path: Path, private: Ed25519PrivateKey
) -> None:
    file = text_file(tmp_path, private)
    first = register_key(store, file, "the-grove")
    assert register_key(store, file, "the-grove") == first
    with pytest.raises(UsageError, match="registered already, as that of `the-grove`"):
        register_key(store, file, "somebody")
    with pytest.raises(UsageError, match="its time does not change"):
        register_key(store, file, "the-grove", valid_until=SOON)


def test_a_revoked_key_never_counts_again(
    store: Store, tmp_path: Path, private: Ed25519PrivateKey
) -> None:
    file = text_file(tmp_path, private)
    line = register_key(store, file, "the-grove")
    revoked = revoke_key(store, line.key_id[:8], "it leaked")
    assert (revoked.state, revoked.note) == ("revoked", "it leaked")
    assert signing_keys(store)[0].revoked_at is not None
    with pytest.raises(UsageError, match="never counts again"):
        register_key(store, file, "the-grove")
    with pytest.raises(UsageError, match="was revoked at"):
        revoke_key(store, line.key_id, "again")


def test_keys_expire_and_begin(store: Store, tmp_path: Path, private: Ed25519PrivateKey) -> None:
    register_key(store, text_file(tmp_path, private), "a", valid_from=SOON)
    assert [line.state for line in list_keys(store)] == ["not yet valid"]
    later = SOON + timedelta(days=1)
    assert [line.state for line in list_keys(store, now=later)] == ["valid"]


def test_an_expired_key_is_listed_as_such(
    store: Store, tmp_path: Path, private: Ed25519PrivateKey
) -> None:
    register_key(store, text_file(tmp_path, private), "a", valid_until=SOON)
    (line,) = list_keys(store, now=SOON + timedelta(seconds=1))
    assert line.state == "expired"


def test_a_key_cannot_expire_before_it_counts(
    store: Store, tmp_path: Path, private: Ed25519PrivateKey
) -> None:
    past = datetime(2020, 1, 1, tzinfo=UTC)
    with pytest.raises(UsageError, match="cannot expire"):
        register_key(store, text_file(tmp_path, private), "a", valid_until=past)


def test_a_private_key_is_refused_and_stored_nowhere(
    store: Store, tmp_path: Path, private: Ed25519PrivateKey
) -> None:
    path = tmp_path / "private.pem"
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(UsageError, match="holds a private key"):
        register_key(store, path, "the-grove")
    assert signing_keys(store) == ()


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    public = generate_private_key(SECP256R1()).public_key()
    path.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(UsageError, match="key of another kind"):
        public_key_of(path)


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"AAAA", b"-----BEGIN PUBLIC KEY-----\nno\n", b"\xff" * 40]
)
def test_what_is_no_key_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(data)
    with pytest.raises(UsageError, match="holds no public Ed25519 key"):
        public_key_of(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        public_key_of(tmp_path / "none")


def test_a_key_needs_a_publisher_and_a_revocation_a_note(
    store: Store, tmp_path: Path, private: Ed25519PrivateKey
) -> None:
    file = text_file(tmp_path, private)
    with pytest.raises(UsageError, match="needs a publisher"):
        register_key(store, file, "  ")
    line = register_key(store, file, "a")
    with pytest.raises(UsageError, match="say why"):
        revoke_key(store, line.key_id, " ")
    with pytest.raises(UnknownNameError, match="keys list"):
        revoke_key(store, "ffff", "why")


def test_the_beginning_of_several_ids_is_refused(store: Store, tmp_path: Path) -> None:
    keys = [register_key(store, text_file(tmp_path, Ed25519PrivateKey.generate()), "a")]
    keys.append(register_key(store, text_file(tmp_path, Ed25519PrivateKey.generate()), "a"))
    assert len(list_keys(store)) == 2
    with pytest.raises(UnknownNameError):
        revoke_key(store, "", "why")


def test_no_secret_in_a_name_or_note_is_stored(
    store: Store, tmp_path: Path, private: Ed25519PrivateKey
) -> None:
    secret = "sk-proj-" + "aB3x" * 10
    file = text_file(tmp_path, private)
    line = register_key(store, file, f"grove {secret}")
    assert line.publisher.startswith("grove ⟦redacted:openai:")
    assert register_key(store, file, f"grove {secret}") == line
    assert register_key(store, file, line.publisher) == line
    note = revoke_key(store, line.key_id, f"leaked {secret} at https://h/?sig=abcd1234").note
    assert note is not None
    assert "⟦redacted:openai:" in note
    assert "abcd1234" not in note
    told = str([store.catalog.arrow(name) for name in ("publishers", "signing_keys")])
    assert secret not in told


@pytest.mark.parametrize(
    "y",
    [
        0,  # and with it the key of zeros alone
        1,
        2**255 - 20,
        2**255 - 19,  # 0, encoded otherwise
        2**255 - 18,
        0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,  # of order 8
        2**255 - 19 - 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    ],
)
def test_a_key_under_which_anybody_can_sign_is_refused(tmp_path: Path, y: int) -> None:
    path = tmp_path / "weak.txt"
    for sign in (0, 2**255):
        path.write_text(base64.b64encode((y + sign).to_bytes(32, "little")).decode())
        with pytest.raises(UsageError, match="small order, under which anybody can sign"):
            public_key_of(path)
