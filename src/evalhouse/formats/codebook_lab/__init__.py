"""codebook-lab: folders of annotation runs, its own and those of evalhouse, and their tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from evalhouse.formats.base import (
    Claim,
    FoundFile,
    Plan,
    Reading,
    TableRows,
    Unit,
    UnitFacts,
)
from evalhouse.formats.codebook_lab.folder import FORMAT
from evalhouse.formats.codebook_lab.gold import LabelDetail, label_fingerprint, read_labels
from evalhouse.formats.codebook_lab.plan import Detail, plan
from evalhouse.formats.codebook_lab.recognise import recognise
from evalhouse.formats.codebook_lab.unit import RunReader, run_fingerprint
from evalhouse.records import Problem

_DETAILS: msgspec.json.Decoder[Detail | LabelDetail] = msgspec.json.Decoder(Detail | LabelDetail)


class CodebookLab:
    """The format of codebook-lab, which evalhouse writes too, with more in it."""

    name = FORMAT
    version = "1"

    def recognise(self, folder: Sequence[FoundFile]) -> list[Claim]:
        """Return the files of a folder that belong to a run, and the tables that runs share."""
        return recognise(folder)

    def one_folder(self, path: str) -> str:
        """Return what stands for a folder: itself, as a run never lies apart."""
        return path

    def plan(
        self,
        claims: Sequence[Claim],
        reading: Reading,
        *,
        snapshot: str | None = None,  # noqa: ARG002 - a run has a name of its own
    ) -> list[Plan]:
        """Group claimed files into runs."""
        return plan(claims, reading)

    def fingerprint(self, unit: Unit, hashes: Mapping[str, str]) -> str:
        """Return the hash of a unit's evidence from the SHA-256 of its files, by path."""
        detail = _DETAILS.decode(unit.detail)
        if isinstance(detail, LabelDetail):
            return label_fingerprint(detail)
        return run_fingerprint(unit, detail, hashes)

    def read(self, unit: Unit, reading: Reading) -> Iterator[TableRows | Problem | UnitFacts]:
        """Yield what a unit holds; the facts come last."""
        detail = _DETAILS.decode(unit.detail)
        if isinstance(detail, LabelDetail):
            return read_labels(unit, detail, reading)
        return RunReader(unit, detail, reading).read()
