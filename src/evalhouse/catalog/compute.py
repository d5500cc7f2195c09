"""Operations per token on every result: from the sizes of models, as they become known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from evalhouse.catalog.aliases import KINDS, resolved
from evalhouse.catalog.database import Session
from evalhouse.metrics.compute import flops_per_token
from evalhouse.records import Cell

_SIZES = "SELECT parameter_count, active_parameter_count FROM models WHERE model_id = ?"
_LARGEST = 2**63 - 1  # a catalog from elsewhere may state sizes that no model has
_DIFFERS = {"sqlite": "IS NOT", "postgresql": "IS DISTINCT FROM"}


def flops_of(session: Session, model_id: str) -> int | None:
    """Return the operations per token of a model, else of the model that it stands for."""
    for identity in dict.fromkeys((model_id, resolved(session, KINDS["model"], model_id))):
        found = session.rows(_SIZES, identity)
        flops = flops_per_token(*found[0]) if found else None
        if flops is not None and flops <= _LARGEST:
            return flops
    return None


def with_flops(session: Session, cells: Sequence[Cell]) -> list[Cell]:
    """Give results the operations per token of their model; what a source states stays else."""
    known = {model: flops_of(session, model) for model in {cell.model_id for cell in cells}}
    if not any(flops is not None for flops in known.values()):
        return list(cells)
    return [
        cell if flops is None else replace(cell, flops_per_token_theoretical=flops)
        for cell in cells
        for flops in (known[cell.model_id],)
    ]


def refresh_flops(session: Session, model_ids: Iterable[str]) -> None:
    """Write the operations per token of models on all results of them and of their aliases."""
    wanted = dict.fromkeys(model_ids)
    for model_id in list(wanted):
        aliases = session.rows("SELECT alias_id FROM model_aliases WHERE model_id = ?", model_id)
        wanted |= dict.fromkeys(str(alias) for (alias,) in aliases)
    for model_id in wanted:
        session.execute(
            "UPDATE run_model_metrics SET flops_per_token_theoretical = ? "  # noqa: S608 - our own words
            "WHERE model_id = ? AND flops_per_token_theoretical "
            f"{_DIFFERS[session.dialect]} ?",
            flops := flops_of(session, model_id),
            model_id,
            flops,
        )
