"""What every row of the catalog is."""

from __future__ import annotations

from typing import ClassVar

import msgspec


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the catalog."""

    table: ClassVar[str]
