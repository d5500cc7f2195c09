"""Evalhouse: run LLM evaluations, take in everyone else's, keep every byte of evidence.

    import evalhouse

    house = evalhouse.open("house")
    house.ingest("dumps/")
    house.sql("select task, avg(score) from responses group by task")

Names load on first use, so that `import evalhouse` is quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalhouse.version import __version__

if TYPE_CHECKING:
    from evalhouse.house import House
    from evalhouse.house import open_house as open  # noqa: A004 - evalhouse.open(...) is the API

__all__ = ["House", "__version__", "open"]


def __getattr__(name: str) -> object:
    """Import the facade when one of its names is first asked for (PEP 562)."""
    if name in {"House", "open"}:
        from evalhouse import house  # noqa: PLC0415 - this is what makes the package lazy

        return house.House if name == "House" else house.open_house
    raise AttributeError(f"module `evalhouse` has no attribute `{name}`")
