"""Settings of a house, and where each value came from.

A house needs no configuration. `house.toml` may name another catalog or lake; it never holds a
credential: an address with a password is refused, the password belongs in the environment.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from evalhouse.errors import HouseError, UsageError

HOUSE_VARIABLE = "EVALHOUSE_HOUSE"
DEFAULT_HOUSE = "./house"
SETTINGS_FILE = "house.toml"
_KNOWN = ("catalog", "lake")
_PASSWORD = re.compile(r"://[^:/@]*:[^@]+@|[?&](?:ssl)?password=.")  # drivers take any character


@dataclass(frozen=True)
class HouseSettings:
    """Where a house keeps its parts."""

    folder: Path
    catalog: str  # a SQLAlchemy URL
    lake: str  # a folder or an address such as s3://bucket/prefix
    origin: dict[str, str] = field(default_factory=dict)

    @property
    def blobs(self) -> str:
        """Return where content-addressed files are kept: beside the lake."""
        if "://" in self.lake:
            return self.lake.rstrip("/") + "/_blobs"
        return str(self.folder / "blobs")


def house_place(option: str | None) -> str:
    """Return the place of the house: the option, else the environment, else `./house`."""
    return option or os.environ.get(HOUSE_VARIABLE) or DEFAULT_HOUSE


def load(
    place: str | os.PathLike[str], *, catalog: str | None = None, lake: str | None = None
) -> HouseSettings:
    """Read the settings of the house at `place`; arguments win over its `house.toml`.

    Raises:
        UsageError: `house.toml` is not what is expected, or holds a password.
        HouseError: It cannot be read.
    """
    folder = Path(place).expanduser().resolve()
    if any("\ud800" <= letter <= "\udfff" for letter in str(folder)):  # bytes that are no text
        raise UsageError(f"the name of the house `{folder}` is not UTF-8; choose another")
    written = _read(folder / SETTINGS_FILE)
    defaults = {
        "catalog": f"sqlite:///{folder / 'catalog.db'}",
        "lake": str(folder / "lake"),
    }
    values: dict[str, str] = {}
    origin: dict[str, str] = {}
    for name, given in (("catalog", catalog), ("lake", lake)):
        chosen = given or written.get(name) or defaults[name]
        values[name] = _absolute(chosen, folder) if name == "lake" else chosen
        origin[name] = "argument" if given else SETTINGS_FILE if written.get(name) else "default"
    return HouseSettings(folder, values["catalog"], values["lake"], origin)


def require_storable(settings: HouseSettings) -> None:
    """Refuse settings with a credential, which no file may hold."""
    for name, value in _chosen(settings).items():
        _refuse_credentials(name, value)


def _chosen(settings: HouseSettings) -> dict[str, str]:
    return {
        name: getattr(settings, name)
        for name in _KNOWN
        if settings.origin.get(name, "default") != "default"
    }


def save(settings: HouseSettings) -> None:
    """Write `house.toml` for every setting that is not a default; credentials are refused."""
    require_storable(settings)
    chosen = _chosen(settings)
    if chosen:
        lines = [f"{name} = {_quoted(value)}\n" for name, value in chosen.items()]
        path = settings.folder / SETTINGS_FILE
        try:
            path.write_text("".join(lines), encoding="utf-8")
        except OSError as failure:
            raise HouseError(f"`{path}` cannot be written: {failure.strerror}") from failure


def _read(path: Path) -> dict[str, str]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as failure:
        raise UsageError(f"`{path}` is not valid TOML: {failure}; correct or remove it") from None
    except OSError as failure:
        raise HouseError(f"`{path}` cannot be read: {failure.strerror}") from failure
    for name, value in values.items():
        if name not in _KNOWN:
            raise UsageError(
                f"`{path}` sets `{name}`, which no house has; known: `catalog`, `lake`"
            )
        if not isinstance(value, str):
            raise UsageError(f"`{path}` sets `{name}` to {value!r}; expected text in quotes")
        _refuse_credentials(name, value)
    return values


def _refuse_credentials(name: str, value: str) -> None:
    if _PASSWORD.search(value):
        raise UsageError(
            f"the {name} address holds a password, and passwords never reach disk; leave it out "
            f"and set PGPASSWORD or use a password file"
        )


def _absolute(place: str, folder: Path) -> str:
    return place if "://" in place else str((folder / place).resolve())


def _quoted(value: str) -> str:
    """Spell text in TOML: as JSON does, and without the one control character that JSON leaves."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
