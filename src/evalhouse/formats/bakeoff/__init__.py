"""bakeoff: results of local models against each other, alone, signed, or as bundles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from evalhouse.formats.bakeoff.detail import Detail
from evalhouse.formats.bakeoff.layout import FORMAT
from evalhouse.formats.bakeoff.plan import plan
from evalhouse.formats.bakeoff.recognise import recognise
from evalhouse.formats.bakeoff.unit import ResultReader, fingerprint
from evalhouse.formats.base import (
    Claim,
    FoundFile,
    Plan,
    Reading,
    TableRows,
    Unit,
    UnitFacts,
)
from evalhouse.records import Problem


class Bakeoff:
    """The format of Rethunk-AI's bakeoff and of the bundles that are sent to bakeoff-results."""

    name = FORMAT
    version = "1"

    def recognise(self, folder: Sequence[FoundFile]) -> list[Claim]:
        """Return the results, envelopes and manifests of a folder, and what manifests list."""
        return recognise(folder)

    def one_folder(self, path: str) -> str:
        """Return what stands for a folder: itself, as a bundle never lies apart."""
        return path

    def plan(
        self,
        claims: Sequence[Claim],
        reading: Reading,
        *,
        snapshot: str | None = None,  # noqa: ARG002 - a run has a name of its own
    ) -> list[Plan]:
        """Group claimed files into runs, and count their claims again."""
        return plan(claims, reading)

    def fingerprint(self, unit: Unit, hashes: Mapping[str, str]) -> str:
        """Return the hash of a unit's evidence from the SHA-256 of its files, by path."""
        return fingerprint(unit, msgspec.json.decode(unit.detail, type=Detail), hashes)

    def read(self, unit: Unit, reading: Reading) -> Iterator[TableRows | Problem | UnitFacts]:
        """Yield what a unit holds; the facts come last."""
        return ResultReader(unit, msgspec.json.decode(unit.detail, type=Detail), reading).read()
