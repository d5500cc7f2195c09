"""An audit of an adapter, from its files to a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evalhouse.errors import UsageError
from evalhouse.lora.adapter import Adapter
from evalhouse.lora.audit import Options, audit
from evalhouse.lora.base_weights import read_base
from evalhouse.lora.reading import read_adapter, read_adapters
from evalhouse.views.lora import AuditPage, audit_page

_LARGEST_RANK = 2**20


@dataclass(frozen=True)
class AuditOptions:
    """What is audited, and how.

    Attributes:
        name: of one adapter in a file of several; None for all.
        base: files of the base model, for gains.
        allowed: ranks that may be suggested; None for the usual ones.
        share: of the energy that a suggested rank keeps; None for 0.9.
        budget: relative error that ranks by an error budget may cost; None for the usual one.
    """

    adapter: Path
    name: str | None = None
    base: Path | None = None
    allowed: Sequence[int] | None = field(default=None)
    share: float | None = None
    budget: float | None = None


def audit_adapters(options: AuditOptions) -> tuple[AuditPage, ...]:
    """Audit the adapters of a folder or file.

    Raises:
        UsageError: where an option makes no sense.
        WeightsError: where nothing can be read; what is wrong with parts is in the pages.
    """
    how = options_of(options.allowed, options.share, options.budget)
    if options.name is not None:
        adapters: tuple[Adapter, ...] = (read_adapter(options.adapter, options.name),)
    else:
        adapters = read_adapters(options.adapter)
    base = read_base(options.base) if options.base else None
    return tuple(audit_page(audit(adapter, how, base)) for adapter in adapters)


def options_of(allowed: Sequence[int] | None, share: float | None, budget: float | None) -> Options:
    """Return options that were checked; UsageError where one makes no sense."""
    usual = Options()
    for name, value in (("share of the energy", share), ("error budget", budget)):
        if value is not None and not 0 < value < 1:
            raise UsageError(f"the {name} is {value:g}, and a number between 0 and 1 is expected")
    ranks = usual.allowed if allowed is None else tuple(sorted(set(allowed)))
    if not ranks or ranks[0] < 1 or ranks[-1] > _LARGEST_RANK:
        raise UsageError(
            f"allowed ranks are whole numbers from 1 to {_LARGEST_RANK:,}, such as `4,8,16`"
        )
    return Options(
        ranks,
        usual.share if share is None else share,
        usual.budget if budget is None else budget,
    )
