"""What of a result is checked: files, settings, signatures, scores, the GPU it names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from evalhouse.formats.bakeoff.bundle import Bundle
from evalhouse.formats.bakeoff.outline import Outline, problem, text_of
from evalhouse.formats.bakeoff.recognise import SIGSTORE
from evalhouse.formats.bakeoff.recount import Check, CheckStatus, Recount, config_check
from evalhouse.formats.bakeoff.signature import Verdict, sigstore_standing
from evalhouse.lookups.hardware import find_gpu
from evalhouse.records import Problem

_PCI = re.compile(r"([0-9a-fA-F]{4}):([0-9a-fA-F]{4})")
_STANDINGS: dict[str, CheckStatus] = {"valid": "match", "invalid": "mismatch"}


def checks_of(
    bundle: Bundle,
    outline: Outline,
    verdict: Verdict,
    recount: Recount,
    claims: Mapping[str, dict[str, Any]],
) -> Iterator[Check]:
    """Yield every check of a bundle and its result."""
    for file in bundle.checks:
        yield Check("files", file.name, file.stated, file.found, file.status, file.reason)
    config = config_check(outline)
    if config is not None:
        yield config
    if outline.is_envelope:
        status = _STANDINGS.get(verdict.standing, "not recomputable")
        yield Check("signature", "ed25519", verdict.runner, None, status, verdict.reason)
    for claim in bundle.claims:
        if claim.family == SIGSTORE:
            sealed = bundle.hashes.get(outline.path)
            standing, reason = sigstore_standing(claim.file.path, sealed)
            yield Check("signature", claim.file.name, None, None, standing, reason)
    yield from recount.checks(claims)


def mismatches(bundle: Bundle, outline: Outline, checks: list[Check]) -> Iterator[Problem]:
    """Yield a problem for what does not match; files and envelopes are told of elsewhere."""
    for check in checks:
        if check.status != "mismatch":
            continue
        if check.scope == "hash":
            message = f"the settings hash to {check.recomputed}, not to {check.claimed}"
            yield problem(outline.path, "other_settings", message, "conflict")
        elif check.scope in ("scores", "items"):
            yield problem(outline.path, "score_mismatch", _difference(check), "conflict")
        elif check.scope == "signature" and check.metric != "ed25519":
            path = next(
                claim.file.path for claim in bundle.claims if claim.file.name == check.metric
            )
            yield problem(path, "invalid_signature", check.reason or "", "conflict")


def gpu_problems(outline: Outline) -> Iterator[Problem]:
    """Tell of a GPU whose PCI id is that of another model than its name."""
    told = outline.part("hardware")
    name = text_of(told.get("gpu_model")) or text_of(told.get("device_name"))
    pci = text_of(told.get("device_pci"))
    match = _PCI.fullmatch(pci) if pci else None
    if match is None:
        return
    found = find_gpu(name, vendor_id=match[1].lower(), device_id=match[2].lower())
    if found is not None and found.note is not None:
        message = f"`hardware` contradicts itself: {found.note}"
        yield problem(outline.path, "other_gpu", message, "conflict")


def _difference(check: Check) -> str:
    what = f"`{check.metric}` of `{check.model}`"
    if check.scope == "items":
        return f"{what}: {check.claimed} state another score than their text gives ({check.reason})"
    return f"{what} is stated as {check.claimed}, and its records give {check.recomputed}"
