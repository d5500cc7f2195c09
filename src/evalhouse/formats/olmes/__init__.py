"""OLMES (oe-eval): folders of records, predictions, requests and recorded inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from evalhouse.formats.base import (
    Claim,
    FoundFile,
    Plan,
    Reading,
    TableRows,
    Unit,
    UnitFacts,
)
from evalhouse.formats.olmes.plan import plan
from evalhouse.formats.olmes.recognise import recognise
from evalhouse.formats.olmes.runs import FORMAT, one_folder
from evalhouse.formats.olmes.unit import UnitReader, unit_fingerprint
from evalhouse.records import Problem


class Olmes:
    """The format of OLMES dumps."""

    name = FORMAT
    version = "1"

    def recognise(self, folder: Sequence[FoundFile]) -> list[Claim]:
        """Return the files of a folder that OLMES wrote."""
        return recognise(folder)

    def one_folder(self, path: str) -> str:
        """Return what stands for a folder, so that parts of one dump that lie apart meet."""
        return one_folder(path)

    def plan(
        self, claims: Sequence[Claim], reading: Reading, *, snapshot: str | None = None
    ) -> list[Plan]:
        """Group claimed files into runs and units."""
        return plan(claims, reading, snapshot=snapshot)

    def fingerprint(self, unit: Unit, hashes: Mapping[str, str]) -> str:
        """Return the hash of a unit's evidence from the SHA-256 of its files, by path."""
        return unit_fingerprint(unit, hashes)

    def read(self, unit: Unit, reading: Reading) -> Iterator[TableRows | Problem | UnitFacts]:
        """Yield what a unit holds; the facts come last."""
        return UnitReader(unit, reading).read()
