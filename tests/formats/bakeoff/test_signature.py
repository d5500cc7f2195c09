"""Signed envelopes against registered keys, with real keys made here."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evalhouse import ids
from evalhouse.formats import FORMATS
from evalhouse.formats.bakeoff.outline import Outline, read_outline
from evalhouse.formats.bakeoff.signature import (
    content_digest,
    signed_digest,
    sigstore_standing,
    verdict_of,
)
from evalhouse.formats.base import Plan, Reading
from evalhouse.formats.files import FoundFile, walk
from evalhouse.records import SigningKey, Submission
from evalhouse.redact import Redactor
from tests.formats.bakeoff.made import (
    public_text,
    result,
    sealed,
    sha256,
    write_bundle,
    write_result,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)
OWNER = ids.derive("publishers", "the-grove")


@pytest.fixture(scope="module")
def private() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def registered(private: Ed25519PrivateKey, **changes: Any) -> SigningKey:
    text = public_text(private)
    key = SigningKey(
        key_id=ids.derive("signing_keys", text),
        publisher_id=OWNER,
        public_key=text,
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return msgspec.structs.replace(key, **changes)


def outline_of(path: Path) -> Outline:
    return read_outline(str(path), is_envelope="sig" in json.loads(path.read_text()))


def standing(path: Path, *keys: SigningKey, now: datetime = NOW) -> tuple[str, str]:
    found = verdict_of(outline_of(path), keys, now)
    return found.standing, found.reason


def plans(folder: Path, *keys: SigningKey) -> list[Plan]:
    form = FORMATS["bakeoff"]
    folders: dict[str, list[FoundFile]] = {}
    for item in walk([folder]):
        if isinstance(item, FoundFile):
            folders.setdefault(item.folder, []).append(item)
    claims = [claim for files in folders.values() for claim in form.recognise(files)]
    reading = replace(Reading(Redactor(b"key")), signing_keys=keys)
    return form.plan(claims, reading)


def submission(plan: Plan) -> Submission:
    (found,) = [each for each in plan.entities if isinstance(each, Submission)]
    return found


def test_the_digest_is_that_of_canonical_json() -> None:
    # `{"a":"\u00e9","b":1.0}` is the canonical JSON that bakeoff's documents give.
    assert signed_digest({"b": 1.0, "a": "é"}).hex() == ids.sha256_hex(r'{"a":"\u00e9","b":1.0}')


def test_a_registered_key_makes_a_signature_count(
    private: Ed25519PrivateKey, tmp_path: Path
) -> None:
    path = write_result(tmp_path / "r.json", sealed(result(), private))
    assert standing(path, registered(private))[0] == "valid"


def test_a_number_that_is_none_is_signed_as_python_writes_it(
    private: Ed25519PrivateKey, tmp_path: Path
) -> None:
    content = result(hardware={"ram_gb": float("nan")})
    path = write_result(tmp_path / "r.json", sealed(content, private))
    assert standing(path, registered(private))[0] == "valid"


def test_a_changed_result_is_not_what_was_signed(
    private: Ed25519PrivateKey, tmp_path: Path
) -> None:
    envelope = sealed(result(), private)
    envelope["result"]["run_status"] = "complete"
    path = write_result(tmp_path / "r.json", envelope)
    found, reason = standing(path, registered(private))
    assert found == "invalid"
    assert envelope["sig"]["sha256"] in reason


def test_a_signature_over_another_digest_is_unknown(
    private: Ed25519PrivateKey, tmp_path: Path
) -> None:
    wrong = base64.b64encode(private.sign(b"\x00" * 32)).decode()
    path = write_result(tmp_path / "r.json", sealed(result(), private, signature=wrong))
    assert standing(path, registered(private)) == (
        "unknown",
        "none of the 1 registered keys made the signature",
    )


def test_a_key_of_nobody_is_unknown(private: Ed25519PrivateKey, tmp_path: Path) -> None:
    path = write_result(tmp_path / "r.json", sealed(result(), Ed25519PrivateKey.generate()))
    assert standing(path, registered(private))[0] == "unknown"
    assert standing(path) == ("unknown", "no key is registered")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"revoked_at": NOW - timedelta(days=1), "note": "it leaked"}, "was revoked"),
        ({"valid_until": NOW - timedelta(seconds=1)}, "expired at 2026-05-31"),
        ({"valid_from": NOW + timedelta(days=1)}, "counts from 2026-06-02"),
    ],
)
def test_keys_count_in_their_time_by_the_clock_of_the_house(
    changes: dict[str, Any], told: str, private: Ed25519PrivateKey, tmp_path: Path
) -> None:
    path = write_result(tmp_path / "r.json", sealed(result(), private))
    found, reason = standing(path, registered(private, **changes))
    assert found == "invalid"
    assert told in reason


@pytest.mark.parametrize("seal", [{"sha256": None}, {"signature": "no base64!"}, {"signature": 5}])
def test_a_damaged_seal_is_invalid(
    seal: dict[str, Any], private: Ed25519PrivateKey, tmp_path: Path
) -> None:
    path = write_result(tmp_path / "r.json", sealed(result(), private, **seal))
    assert standing(path, registered(private))[0] == "invalid"


def test_a_plain_result_is_not_signed(tmp_path: Path) -> None:
    assert standing(write_result(tmp_path / "r.json", result()))[0] == "unsigned"


def test_a_result_is_the_same_in_an_envelope_and_without(
    private: Ed25519PrivateKey, tmp_path: Path
) -> None:
    plain = write_result(tmp_path / "a.json", result(), indent=None)
    whole = write_result(tmp_path / "b.json", sealed(result(), private))
    digests = {content_digest(outline_of(path)) for path in (plain, whole)}
    assert len(digests) == 1


def test_a_signed_result_is_a_submission_of_the_owner_of_its_key(
    private: Ed25519PrivateKey, tmp_path: Path
) -> None:
    key = registered(private)
    write_result(tmp_path / "r.json", sealed(result(), private))
    (plan,) = plans(tmp_path, key)
    assert plan.run.publisher_id == OWNER
    found = submission(plan)
    assert (found.key_id, found.publisher_id, found.evidence_level) == (key.key_id, OWNER, 2)
    assert plan.problems == []


def test_a_signature_that_does_not_count_is_told_and_gives_no_publisher(
    private: Ed25519PrivateKey, tmp_path: Path
) -> None:
    write_result(tmp_path / "r.json", sealed(result(), private))
    (plan,) = plans(tmp_path, registered(private, revoked_at=NOW))
    assert submission(plan).key_id is None
    assert plan.run.publisher_id is None
    (problem,) = plan.problems
    assert (problem.kind, problem.severity) == ("invalid_signature", "conflict")
    assert "`a-runner`" in problem.message
    assert [each.kind for each in plans(tmp_path)[0].problems] == ["unknown_key"]


def test_an_altered_envelope_is_a_claim(private: Ed25519PrivateKey, tmp_path: Path) -> None:
    envelope = sealed(result(), private)
    envelope["result"]["records"] = envelope["result"]["records"][:-1]
    write_result(tmp_path / "r.json", envelope)
    (plan,) = plans(tmp_path, registered(private))
    assert submission(plan).evidence_level == 0


def test_an_envelope_inside_a_bundle_is_read_as_its_result(
    private: Ed25519PrivateKey, tmp_path: Path
) -> None:
    write_bundle(tmp_path / "submissions" / "the-grove" / "run", sealed(result(), private))
    (plan,) = plans(tmp_path, registered(private))
    assert plan.problems == []
    assert submission(plan).evidence_level == 2
    assert len(plan.units) == 1


def test_a_bundle_filed_under_another_name_than_its_keys_owner_is_told(
    private: Ed25519PrivateKey, tmp_path: Path
) -> None:
    write_bundle(tmp_path / "submissions" / "somebody" / "run", sealed(result(), private))
    (plan,) = plans(tmp_path, registered(private))
    assert [each.kind for each in plan.problems] == ["other_publisher"]
    assert plan.run.publisher_id == OWNER


@pytest.mark.parametrize(
    ("content", "status", "told"),
    [
        ({"junk": 1}, "mismatch", "no evidence of a log"),
        ({"verificationMaterial": {}}, "not recomputable", "no digest"),
        ("digest of another", "mismatch", "about a file with the SHA-256 00"),
        ("digest", "not recomputable", "is about this file"),
        (None, "mismatch", "no Sigstore bundle"),
    ],
)
def test_a_sigstore_bundle_tells_which_file_it_is_about(
    content: Any, status: str, told: str, tmp_path: Path
) -> None:
    path = write_result(tmp_path / "result.json", result())
    digest = bytes.fromhex(sha256(path)) if content == "digest" else b"\x00" * 32
    if isinstance(content, str):
        digest_text = base64.b64encode(digest).decode()
        message = {"messageDigest": {"algorithm": "SHA2_256", "digest": digest_text}}
        content = {"verificationMaterial": {}, "messageSignature": message}
    signature = tmp_path / "s.json"
    signature.write_text("{" if content is None else json.dumps(content))
    found = sigstore_standing(str(signature), sha256(path))
    assert found[0] == status
    assert told in found[1]


def test_a_signature_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert sigstore_standing(str(tmp_path / "none"), None)[0] == "not recomputable"
