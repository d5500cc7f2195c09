"""A bundle, or a signed result, as something that a publisher sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Literal

from evalhouse import ids
from evalhouse.formats.bakeoff.bundle import Bundle
from evalhouse.formats.bakeoff.outline import problem, text_of
from evalhouse.formats.bakeoff.recount import Check
from evalhouse.formats.bakeoff.signature import Verdict
from evalhouse.records import Entity, Problem, Publisher, Submission, SubmissionEvent

SYSTEM = "evalhouse"
_FOLDER = "submissions"  # <_FOLDER>/<publisher>/<run>
_DEPTH = 3


@dataclass(frozen=True)
class Findings:
    """What taking in a bundle showed."""

    verdict: Verdict
    checks: Sequence[Check]
    contradictions: int
    status: str
    is_counted: bool = True  # its scores were looked at, not those of a rival that counts


def is_submission(bundle: Bundle) -> bool:
    """Tell whether somebody sent it: a result without manifest and seal just lies there."""
    return bundle.manifest is not None or (
        bundle.outline is not None and bundle.outline.is_envelope
    )


def publisher_of(bundle: Bundle, verdict: Verdict) -> tuple[str | None, Publisher | None]:
    """Return the id of who sent it, and the row where that is not registered yet.

    The owner of the key that signed; else the folder `submissions/<publisher>/<run>`; else who
    the manifest says has signed. Only the first is more than a claim.
    """
    if verdict.standing == "valid" and verdict.key is not None:
        return verdict.key.publisher_id, None
    name = folder_publisher(bundle.folder) or (bundle.manifest.signer if bundle.manifest else None)
    if name is None:
        return None, None
    publisher_id = ids.derive("publishers", name)
    return publisher_id, Publisher(publisher_id=publisher_id, name=name)


def folder_publisher(folder: str) -> str | None:
    """Return the publisher by whose name a bundle is filed.

    Example:
        >>> folder_publisher("/data/submissions/someone/run-1")
        'someone'
        >>> folder_publisher("/data/results/run-1") is None
        True
    """
    parts = PurePath(folder).parts
    filed = len(parts) >= _DEPTH and parts[-_DEPTH] == _FOLDER
    return parts[-2] if filed else None


def signature_problems(bundle: Bundle, verdict: Verdict) -> Iterator[Problem]:
    """Yield what is to be said of a signature."""
    if verdict.standing in ("valid", "unsigned"):
        yield from _missing_signature(bundle)
    else:
        whose = f" (by the runner `{verdict.runner}`)" if verdict.runner else ""
        kind = "invalid_signature" if verdict.standing == "invalid" else "unknown_key"
        severity: Literal["conflict", "notice"] = (
            "conflict" if verdict.standing == "invalid" else "notice"
        )
        message = f"the signature{whose} does not count: {verdict.reason}"
        yield problem(
            bundle.result.file.path if bundle.result else bundle.place, kind, message, severity
        )
    filed = folder_publisher(bundle.folder)
    owner = verdict.key.publisher_id if verdict.standing == "valid" and verdict.key else None
    if filed and owner and ids.derive("publishers", filed) != owner:
        message = f"it is filed under `{filed}`, and the key that signed it is another's"
        yield problem(bundle.place, "other_publisher", message, "conflict")


def _missing_signature(bundle: Bundle) -> Iterator[Problem]:
    signature = bundle.manifest.signature if bundle.manifest else {}
    path = text_of(signature.get("path"))
    if path is None and signature.get("required") is True:
        message = "the manifest demands a signature and names none"
        yield problem(bundle.place, "missing_signature", message, "conflict")
    elif path is not None and path not in {claim.file.name for claim in bundle.claims}:
        message = f"the manifest names the signature `{path[:200]}`, which is not there"
        yield problem(bundle.place, "missing_signature", message, "conflict")


def evidence_level(bundle: Bundle, findings: Findings) -> int:
    """Return what holds: 0 claimed, 1 intact, 2 the scores were counted again and are equal."""
    is_sealed = bundle.outline is None or not bundle.outline.is_envelope
    if not (bundle.is_intact or bundle.manifest is None):
        return 0
    if not (is_sealed or findings.verdict.holds_digest):
        return 0
    return 2 if _recounts(findings) else 1


def _recounts(findings: Findings) -> bool:
    scores = [check for check in findings.checks if check.scope in ("scores", "items")]
    told = any(check.metric == "partial_score" for check in scores)
    is_equal = all(check.status == "match" for check in scores)
    differs = any(check.status == "mismatch" for check in findings.checks)
    return told and is_equal and not differs and not findings.contradictions


def submission_of(
    bundle: Bundle, run_id: str, publisher_id: str | None, findings: Findings, now: datetime
) -> list[Entity]:
    """Return the submission with its first events: it arrived, and what the run says of itself.

    That it is accepted is a person's decision, and nothing here.
    """
    digest = bundle.sha256
    submission_id = ids.derive("submissions", digest)
    events = [("received", _reason(bundle, findings))]
    if findings.status in ("incomplete", "failed"):
        events.append((findings.status, f"the run says that it is {findings.status}"))
    key = findings.verdict.key if findings.verdict.standing == "valid" else None
    states = [
        SubmissionEvent(
            submission_id=submission_id,
            number=number,
            state=state,  # type: ignore[arg-type]
            decided_by=SYSTEM,
            decided_at=now,
            reason=reason,
        )
        for number, (state, reason) in enumerate(events, 1)
    ]
    submission = Submission(
        submission_id=submission_id,
        bundle_sha256=digest,
        run_id=run_id,
        evidence_level=evidence_level(bundle, findings),
        state=states[-1].state,
        received_at=now,
        publisher_id=publisher_id,
        key_id=key.key_id if key else None,
    )
    return [submission, *states]


def _reason(bundle: Bundle, findings: Findings) -> str:
    parts = []
    if bundle.manifest is not None:
        held = sum(check.status == "match" for check in bundle.checks)
        parts.append(f"{held} of {len(bundle.checks)} files match the hashes of the manifest")
    scores = [check for check in findings.checks if check.scope in ("scores", "items")]
    if scores:
        counts = {
            status: sum(check.status == status for check in scores)
            for status in ("match", "mismatch", "not recomputable")
        }
        told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        parts.append(f"scores counted again: {told}")
    elif findings.is_counted:
        parts.append("it states no score")
    else:
        parts.append("another result of the same run counts, so its scores were not counted again")
    if findings.contradictions:
        parts.append(f"{findings.contradictions} contradictions")
    parts.append(findings.verdict.reason)
    return "; ".join(parts)
