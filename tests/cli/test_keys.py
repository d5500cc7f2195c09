from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.cli.conftest import Evalhouse


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key.pub"
    public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    path.write_text(base64.b64encode(public).decode())
    return path


def test_a_key_is_registered_listed_and_revoked(call: Evalhouse, key: Path, tmp_path: Path) -> None:
    ours = ("--house", tmp_path / "house", "keys")
    done = call(*ours, "register", key, "--publisher", "the-grove", "--valid-until", "2199-01-01")
    assert done.code == 0
    assert "of the-grove counts until 2199-01-01 23:59 UTC" in done.out
    listed = call(*ours, "list", "--json").json
    assert [(each["publisher"], each["state"]) for each in listed] == [("the-grove", "valid")]
    assert listed[0]["public_key"] == key.read_text()
    gone = call(*ours, "revoke", listed[0]["key_id"][:8], "--note", "it leaked")
    assert "does not count any more" in gone.out
    shown = call(*ours, "list").out
    assert "revoked" in shown
    assert "it leaked" in shown


def test_no_key_is_said_with_the_next_step(call: Evalhouse, tmp_path: Path) -> None:
    place = tmp_path / "house"
    call("--house", place, "init")
    assert "no key is registered" in call("--house", place, "keys", "list").out


def test_what_is_wrong_is_one_sentence(call: Evalhouse, key: Path, tmp_path: Path) -> None:
    ours = ("--house", tmp_path / "house", "keys")
    odd = call(*ours, "register", key, "--publisher", "a", "--valid-until", "soon")
    assert odd.code == 2
    assert "`--valid-until soon` is no time" in odd.err
    key.write_text("-----BEGIN PRIVATE KEY-----\n")
    secret = call(*ours, "register", key, "--publisher", "a")
    assert secret.code == 2
    assert "holds a private key" in secret.err


def test_times_with_a_zone_are_taken_as_they_are(
    call: Evalhouse, key: Path, tmp_path: Path
) -> None:
    until = "2199-01-01T12:00:00+02:00"
    ours = ("--house", tmp_path / "house", "keys")
    done = call(*ours, "register", key, "--publisher", "a", "--valid-until", until, "--json")
    assert done.json["valid_until"] == "2199-01-01T10:00:00Z"
