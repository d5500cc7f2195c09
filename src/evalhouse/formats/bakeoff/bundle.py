"""A folder of bakeoff: a bundle with its manifest, or results that lie by themselves."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Literal

from evalhouse import ids
from evalhouse.formats.bakeoff.layout import (
    DASHBOARD,
    KNOWN_VERSION,
    MANIFEST,
    REQUIRED,
    RESULT,
    SIGNATURE,
    SUMMARY,
)
from evalhouse.formats.bakeoff.manifest import Manifest, is_inside, read_manifest
from evalhouse.formats.bakeoff.outline import Outline, problem, read_outline
from evalhouse.formats.bakeoff.recognise import ENVELOPE, MANIFEST_FAMILY, RESULTS
from evalhouse.formats.base import Claim, FoundFile
from evalhouse.formats.files import file_sha256
from evalhouse.records import Problem

_UNHASHED = (MANIFEST, SIGNATURE)  # no manifest can hold its own hash, nor one made after it
_SHOWN = 8
_MOST_FILES = 10_000  # a folder with more is more than a bundle


@dataclass(frozen=True)
class FileCheck:
    """A file of a bundle with the hash that the manifest states and the one that it has."""

    name: str
    stated: str | None
    found: str | None
    reason: str | None = None

    @property
    def status(self) -> Literal["match", "mismatch", "not recomputable"]:
        """Return the outcome, as the table `checks` calls it."""
        if self.stated is None or (self.found is None and self.reason is None):
            return "not recomputable"
        return "match" if self.stated == self.found else "mismatch"


@dataclass
class Bundle:
    """What belongs together: a result with its manifest, or one of both."""

    folder: str
    result: Claim | None
    outline: Outline | None
    manifest: Manifest | None = None
    claims: list[Claim] = field(default_factory=list)  # all, the result too
    links: list[Claim] = field(default_factory=list)  # out of it: neither followed nor kept
    further: list[FoundFile] = field(default_factory=list)  # listed, in folders below
    checks: list[FileCheck] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)  # of its files, by path
    problems: list[Problem] = field(default_factory=list)

    @property
    def native_id(self) -> str | None:
        """Return the name of the run: the result's, else the manifest's."""
        ours = self.outline.run_id if self.outline else None
        return ours or (self.manifest.run_id if self.manifest else None)

    @property
    def timestamp(self) -> str | None:
        """Return the time of the run, as written."""
        ours = self.outline.timestamp if self.outline else None
        return ours or (self.manifest.timestamp if self.manifest else None)

    @property
    def is_intact(self) -> bool:
        """Tell whether every listed hash holds and every file is listed."""
        return bool(self.checks) and all(check.status == "match" for check in self.checks)

    @property
    def sha256(self) -> str:
        """Return the hash of the bundle: over the names and hashes of its files."""
        named = sorted((_inside(path, self.folder), digest) for path, digest in self.hashes.items())
        return ids.sha256_hex(ids.canonical_json([list(each) for each in named]))

    @property
    def place(self) -> str:
        """Return the file that problems of the bundle as a whole are told of."""
        if self.manifest is not None:
            return self.manifest.path
        return self.result.file.path if self.result else self.folder


def bundles(claims: Sequence[Claim]) -> list[Bundle]:
    """Return what the claimed files make, folder by folder.

    Raises:
        OSError: A file that was there a moment ago cannot be read.
    """
    by_folder: dict[str, list[Claim]] = defaultdict(list)
    for claim in sorted(claims, key=lambda claim: claim.file.path):
        by_folder[claim.file.folder].append(claim)
    return [made for folder, listed in sorted(by_folder.items()) for made in _of(folder, listed)]


def _of(folder: str, claims: list[Claim]) -> Iterator[Bundle]:
    manifests = [claim for claim in claims if claim.family == MANIFEST_FAMILY]
    links = [claim for claim in claims if manifests and leaves(folder, claim.file.path)]
    claims = [claim for claim in claims if claim not in links]
    results = [claim for claim in claims if claim.family in RESULTS]
    outlines = {
        claim.file.path: read_outline(claim.file.path, is_envelope=claim.family == ENVELOPE)
        for claim in results
    }
    manifests = [claim for claim in manifests if claim not in links]
    chosen: Claim | None = None
    if manifests:
        first = manifests[0]
        manifest = read_manifest(first.file.path)
        chosen = _result_of(manifest, results, outlines)
        rest = [claim for claim in claims if claim.family not in (*RESULTS, MANIFEST_FAMILY)]
        own = [*([chosen] if chosen else []), *manifests, *rest]
        outline = outlines[chosen.file.path] if chosen else None
        bundle = Bundle(folder, chosen, outline, manifest, own, links)
        bundle.problems += manifest.problems
        _check(bundle, [claim.file.path for claim in manifests[1:]])
        yield bundle
    for claim in results:
        if claim is not chosen:
            lone = Bundle(folder, claim, outlines[claim.file.path], None, [claim])
            lone.hashes[claim.file.path] = outlines[claim.file.path].sha256
            yield lone


def _result_of(
    manifest: Manifest, results: Sequence[Claim], outlines: dict[str, Outline]
) -> Claim | None:
    """Return the result that a manifest is about: by its name, else by the name of the run."""
    by_name = {claim.file.name: claim for claim in results}
    stated = manifest.signature.get("signed_file")
    for name in (RESULT, stated if isinstance(stated, str) else "", *manifest.hashes):
        if name in by_name and (name in manifest.hashes or name == RESULT):
            return by_name[name]
    same = [claim for claim in results if outlines[claim.file.path].run_id == manifest.run_id]
    return same[0] if same else None


# -- integrity -----------------------------------------------------------------------------------


def _check(bundle: Bundle, spare: Sequence[str]) -> None:
    manifest = bundle.manifest
    assert manifest is not None
    for path in spare:
        message = f"the bundle has another manifest, `{PurePath(path).name}`, which was passed over"
        bundle.problems.append(problem(path, "second_manifest", message, "conflict"))
    for claim in bundle.claims:
        bundle.hashes[claim.file.path] = file_sha256(claim.file.path)
    for name, stated in manifest.hashes.items():
        bundle.checks.append(_checked(bundle, name, stated))
    bundle.checks += _unlisted(bundle)
    for name in REQUIRED:
        there = os.path.lexists(Path(bundle.folder, name))
        if name not in manifest.hashes and not there:
            message = f"`{name}` is missing, which every `{KNOWN_VERSION}` bundle holds"
            bundle.problems.append(problem(manifest.path, "missing_file", message, "conflict"))


def leaves(folder: str, path: str) -> bool:
    """Tell whether a path is a link to something outside a folder."""
    real = os.path.realpath(path)
    return os.path.commonpath([real, os.path.realpath(folder)]) != os.path.realpath(folder)


def _checked(bundle: Bundle, name: str, stated: str | None) -> FileCheck:
    """Compare a listed file with its hash, and tell what is amiss."""
    if not is_inside(name):
        reason = "the path leads out of the bundle, so the file was not read"
        return _refused(bundle, name, stated, "path_out_of_bundle", reason)
    path = str(Path(bundle.folder, name))
    if not os.path.lexists(path):
        return _refused(bundle, name, stated, "missing_file", "the file is not there")
    if leaves(bundle.folder, path):
        reason = "it is a link out of the bundle, which was not followed"
        return _refused(bundle, name, stated, "link_out_of_bundle", reason)
    found = bundle.hashes.get(path) or file_sha256(path) or None
    if found is None:
        return _refused(bundle, name, stated, "unreadable_file", "the file cannot be read")
    if path not in bundle.hashes:
        bundle.hashes[path] = found
        bundle.further.append(_found(path, bundle.folder))
    if stated is not None and stated != found:
        message = f"`{name}` has the SHA-256 {found}, and the manifest states {stated}"
        bundle.problems.append(problem(path, "hash_mismatch", message, "conflict"))
    return FileCheck(name, stated, found)


def _refused(bundle: Bundle, name: str, stated: str | None, kind: str, reason: str) -> FileCheck:
    shown = name if name.isprintable() else repr(name)
    message = f"the manifest lists `{shown[:200]}`: {reason}"
    bundle.problems.append(problem(bundle.place, kind, message, "conflict"))
    return FileCheck(name, stated, None, reason)


def _found(path: str, root: str) -> FoundFile:
    status = Path(path).stat()
    return FoundFile(path, root, status.st_size, status.st_mtime_ns)


def _unlisted(bundle: Bundle) -> list[FileCheck]:
    """Return the files of the bundle that no hash protects, and tell of them once."""
    manifest = bundle.manifest
    assert manifest is not None
    stated = manifest.signature.get("path")
    known = {*manifest.hashes, *_UNHASHED, Path(manifest.path).name}
    known |= {stated} if isinstance(stated, str) else set()
    own = {claim.file.name for claim in bundle.claims} | {RESULT, SUMMARY, DASHBOARD}
    there = [name for name in _names_below(bundle.folder) if name not in known]
    if there:
        shown = ", ".join(f"`{name}`" for name in there[:_SHOWN])
        more = f" and {len(there) - _SHOWN} more" if len(there) > _SHOWN else ""
        message = f"the manifest lists no hash of {shown}{more}, which anyone may have changed"
        bundle.problems.append(problem(manifest.path, "unlisted_file", message, "conflict"))
    return [
        FileCheck(name, None, bundle.hashes.get(str(Path(bundle.folder, name))), "not listed")
        for name in there
        if name in own
    ]


def _names_below(folder: str) -> list[str]:
    """Return the files in a folder and below; what another manifest speaks for is not ours."""
    names = []
    for place, inner, files in os.walk(folder):
        inner[:] = sorted(name for name in inner if not Path(place, name, MANIFEST).exists())
        names += [_inside(str(Path(place, name)), folder) for name in sorted(files)]
        if len(names) > _MOST_FILES:
            break
    return names


def _inside(path: str, folder: str) -> str:
    return os.path.relpath(path, folder).replace(os.sep, "/")
