"""The files of a run: which of them were read, which were kept or passed over, and why."""

from __future__ import annotations

from pathlib import PurePath

from evalhouse import ids
from evalhouse.formats.bakeoff.bundle import Bundle
from evalhouse.formats.bakeoff.recognise import SIGSTORE
from evalhouse.formats.files import FoundFile
from evalhouse.records import Disposition, SourceFile


class Listing:
    """Collects the files of a source, each place once; those in `keep` go to the blobs."""

    def __init__(self, source_id: str, bundle: Bundle) -> None:
        self._source_id, self._bundle = source_id, bundle
        self.files: dict[str, SourceFile] = {}
        self.keep: list[SourceFile] = []

    def add(
        self, file: FoundFile, family: str, disposition: Disposition, reason: str | None = None
    ) -> SourceFile:
        """List a file, unless its place is listed already."""
        relative = "/".join(PurePath(file.path).parts[-2:])
        listed = SourceFile(
            location_id=ids.file_location_id(self._source_id, file.path),
            source_file_id=ids.source_file_id(self._source_id, relative),
            source_id=self._source_id,
            path=file.path,
            relative_path=relative,
            family=family,
            bytes=file.size,
            mtime_ns=file.mtime_ns,
            sha256=self._bundle.hashes.get(file.path) or None,
            disposition=disposition,
            reason=reason,
        )
        return self.files.setdefault(file.path, listed)

    def add_bundle(self) -> None:
        """List what lies beside the result."""
        for claim in self._bundle.claims:
            if claim.file.path not in self.files:
                is_read = claim is self._bundle.result or claim.family in ("manifest", SIGSTORE)
                reason = None if is_read else "it tells in words what the result tells in numbers"
                kind: Disposition = "parsed" if is_read else "kept"
                self.keep.append(self.add(claim.file, claim.family, kind, reason))
        self._add_further(self._bundle, "the manifest lists it")

    def set_aside(self, other: Bundle) -> None:
        """List the files of a bundle that holds the same run once more."""
        reason = f"its run is that of `{self._bundle.place}`"
        for claim in other.claims:
            self.keep.append(self.add(claim.file, claim.family, "kept", reason))
        self._add_further(other, reason)

    def _add_further(self, bundle: Bundle, reason: str) -> None:
        for file in bundle.further:
            self.keep.append(self.add(file, "listed", "kept", reason))
        for claim in bundle.links:
            told = "a link out of its bundle, which was not followed"
            self.add(claim.file, claim.family, "ignored", told)
