"""What the commands of one call share: which house, and how to open it."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

import typer

import evalhouse
from evalhouse.cli.output import say_aside
from evalhouse.config import house_place

if TYPE_CHECKING:
    from evalhouse.house import House


@dataclass(frozen=True)
class Session:
    """The house that a call names; `option` is None where it names none."""

    option: str | None

    @classmethod
    def of(cls, context: typer.Context) -> Session:
        """Return the session of a call."""
        session = context.obj
        return session if isinstance(session, cls) else cls(None)

    @property
    def place(self) -> str:
        """Return where the house is: the option, else the environment, else `./house`."""
        return house_place(self.option)

    def read(self) -> House:
        """Open the house; NoHouseError where there is none."""
        return _told(evalhouse.open(self.place, create=False))

    def write(self) -> House:
        """Open the house, or make it."""
        return _told(evalhouse.open(self.place))

    def command(self, *words: str) -> str:
        """Return a command as a person types it for this house."""
        house = ["--house", self.option] if self.option else []
        return " ".join(["evalhouse", *(quote(word) for word in (*house, *words))])


def _told(house: House) -> House:
    """Say so where opening has brought the catalog up to date."""
    if house.store.migrated_from is not None:
        say_aside(
            f"the catalog was migrated from revision {house.store.migrated_from} of its schema to "
            f"{house.store.catalog.HEAD}, which older versions of evalhouse cannot read"
        )
    return house
