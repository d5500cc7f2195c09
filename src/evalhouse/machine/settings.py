"""What is recorded of a machine and how it is metered, read from `data/machine.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Annotated

import msgspec

Positive = Annotated[float, msgspec.Meta(gt=0)]


class Container(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one kind of container is known, from inside."""

    kind: str
    files: tuple[str, ...]
    variables: tuple[str, ...]
    words: tuple[str, ...]


class Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A program that runs models: the command that tells its version, and where it stands in it."""

    name: str
    command: tuple[str, ...]
    version: str


class Way(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a part of the machine is metered, where its description begins with `part`."""

    part: str
    says: str


class MeterSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Times in seconds and limits of the meters; the file explains each."""

    sample_seconds: Positive
    measure_seconds: Positive
    keep_seconds: Positive
    stop_seconds: Positive
    highest_watts: Positive
    lowest_coverage: Annotated[float, msgspec.Meta(gt=0, le=1)]
    most_lines: Annotated[int, msgspec.Meta(ge=1)]
    unheard: tuple[str, ...]
    ways: tuple[Way, ...]


class MachineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of the file."""

    variables: tuple[str, ...]
    frameworks: tuple[str, ...]
    engines: tuple[str, ...]
    programs: tuple[Program, ...]
    containers: tuple[Container, ...]
    meters: MeterSettings


@cache
def load_settings() -> MachineSettings:
    """Read and check the settings that ship with the package."""
    text = resources.files("evalhouse").joinpath("data/machine.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), MachineSettings)
