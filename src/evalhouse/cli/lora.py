"""Commands about adapters: audit, compress."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evalhouse.cli.errors import complain
from evalhouse.cli.output import Column, heading, print_rows, say, write_json
from evalhouse.cli.text import NOTHING, counted, near, size
from evalhouse.errors import EvalhouseError, UsageError

if TYPE_CHECKING:
    from evalhouse.lora.audit import LayerAudit
    from evalhouse.lora.summary import Group, Suggestion
    from evalhouse.views.lora import AuditPage
    from evalhouse.workflows.lora.compress import Compressed

lora = typer.Typer(help="Audit LoRA adapters and make them smaller.", no_args_is_help=True)

_TYPES_NAMED = 8  # whose ranks are told one by one

Ranks = Annotated[
    str | None,
    typer.Option("--allowed-ranks", metavar="LIST", help="Ranks to choose from, as `4,8,16`."),
]


@lora.command()
def audit(  # noqa: PLR0913 - each parameter is an option of the command
    adapter: Annotated[
        str, typer.Argument(metavar="ADAPTER", help="Folder or file of an adapter.")
    ],
    *,
    name: Annotated[
        str | None,
        typer.Option("--adapter", metavar="NAME", help="One adapter of a file of several."),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="The base model, for gains beside its weights."),
    ] = None,
    allowed_ranks: Ranks = None,
    energy: Annotated[
        float | None, typer.Option(help="Share of the energy that a suggested rank keeps: 0.9.")
    ] = None,
    budget: Annotated[
        float | None, typer.Option(help="Relative error of ranks by an error budget: 0.1.")
    ] = None,
    layers: Annotated[bool, typer.Option("--layers", help="Show every layer.")] = False,
    html: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write a page with pictures too.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Show how much of its rank an adapter uses, layer by layer, and which ranks would do."""
    use_one_thread()
    from evalhouse.workflows.lora.audit import (  # noqa: PLC0415 - numpy is not for help
        AuditOptions,
        audit_adapters,
    )

    options = AuditOptions(
        Path(adapter),
        name,
        Path(base) if base else None,
        ranks_of(allowed_ranks),
        energy,
        budget,
    )
    if html:
        _check_page_name(html)
    pages = audit_adapters(options)
    if html:
        _write_page(pages, html)
    if json:
        _write_data(pages)
    else:
        for place, page in enumerate(pages):
            _tell(page, apart=place > 0, layers=layers)
        if html:
            say("", f"{near(html)} has the pictures")
    faults = [fault for page in pages for fault in page.faults]
    for fault in faults:
        complain(fault)
    if faults:
        raise typer.Exit(EvalhouseError.exit_code)


@lora.command()
def compress(  # noqa: PLR0913 - each parameter is an option of the command
    adapters: Annotated[
        list[str],
        typer.Argument(metavar="ADAPTER…", help="Folder or file of an adapter; several add up."),
    ],
    *,
    plan: Annotated[
        str,
        typer.Option(
            metavar="PLAN",
            help="uniform:8, uniform:median, uniform:p90, per-layer:0.9, per-type:0.9, "
            "shuffled:0.9 (a control), budget:0.1 (relative error), budget:params=0.5 or "
            "budget:bytes=20MB.",
        ),
    ],
    to: Annotated[str, typer.Option(metavar="FOLDER", help="Where to write the new one.")],
    weights: Annotated[
        str | None,
        typer.Option(metavar="LIST", help="Weights of several in their sum, as `0.5,0.5`."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--adapter", metavar="NAME", help="One adapter of a file of several."),
    ] = None,
    allowed_ranks: Ranks = None,
    dtype: Annotated[
        str | None, typer.Option(metavar="TYPE", help="F32, F16 or BF16; else as it is stored.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the control.")] = 0,
    force: Annotated[
        bool, typer.Option("--force", help="Replace an adapter that is there.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Cut an adapter to lower ranks without training, or add several up; PEFT loads the result."""
    use_one_thread()
    from evalhouse.workflows.lora.compress import (  # noqa: PLC0415 - numpy is not for help
        REPORT,
        CompressOptions,
        compress_adapters,
    )

    options = CompressOptions(
        tuple(map(Path, adapters)),
        plan,
        Path(to),
        _numbers(weights),
        name,
        ranks_of(allowed_ranks),
        dtype,
        seed,
        force,
    )
    made = compress_adapters(options)
    if json:
        sys.stdout.write((made.folder / REPORT).read_text("utf-8"))
    else:
        _tell_compressed(made)


def _tell_compressed(made: Compressed) -> None:
    ranks = sorted(set(made.compression.ranks.values()))
    reduction = 1 - made.parameters / made.parameters_before
    say(
        f"{near(str(made.weights))}: rank {_range(ranks)}, "
        f"{counted(made.parameters, 'parameter')} ({reduction:.1%} fewer), {size(made.bytes)} "
        f"instead of {size(made.bytes_before)}",
        f"relative error of all updates {made.relative_error:.4%}; the best truncation to these "
        f"ranks has {made.relative_optimum:.4%}",
    )
    worst = max(made.compression.cuts, key=lambda cut: cut.error / (cut.frobenius or 1))
    if worst.error:
        say(f"most in {worst.module}: {worst.error / worst.frobenius:.4%}, rank {worst.rank}")
    if made.compression.plan.is_control:
        say("this is a control: its ranks are placed at random, and it is not to be used")


def _numbers(text: str | None) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        found = tuple(float(each) for each in text.replace(" ", ",").split(",") if each)
    except ValueError:
        found = ()
    if not found or not all(abs(each) < 1e6 for each in found):
        raise UsageError(f"`--weights {text}` is no list of numbers, such as `0.5,0.5`")
    return found


def use_one_thread() -> None:
    """Keep numpy from starting threads: factors are so small that these wait more than they work.

    It reads this once, when it is loaded.
    """
    if "numpy" not in sys.modules:
        for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ.setdefault(name, "1")


def ranks_of(text: str | None) -> tuple[int, ...] | None:
    """Return the ranks of a list; UsageError where it is none."""
    if text is None:
        return None
    try:
        return tuple(int(each) for each in text.replace(" ", ",").split(",") if each)
    except ValueError as failure:
        raise UsageError(
            f"`--allowed-ranks {text}` is no list of whole numbers, such as `4,8,16`"
        ) from failure


def _write_data(pages: Sequence[AuditPage]) -> None:
    from evalhouse.views.lora import as_data  # noqa: PLC0415 - numpy is not for help

    found = [as_data(page) for page in pages]
    write_json(found[0] if len(found) == 1 else found)


def _write_page(pages: Sequence[AuditPage], path: str) -> None:
    from evalhouse.workflows.lora.pages import write_page  # noqa: PLC0415 - heavy, not for help

    write_page(pages, Path(path))


def _check_page_name(path: str) -> None:
    from evalhouse.workflows.lora.pages import (  # noqa: PLC0415 - heavy, not for help
        check_page_name,
    )

    check_page_name(Path(path))


def _tell(page: AuditPage, *, apart: bool, layers: bool) -> None:
    adapter, whole = page.adapter, page.summary.whole
    named = f" {adapter.name}" if adapter.name else ""
    heading(f"{near(str(adapter.path))}{named}", apart=apart)
    methods = " and ".join(sorted({layer.method for layer in adapter.layers}))
    ranks = sorted({layer.rank for layer in page.layers})
    told = f"rank {ranks[0]}" if len(ranks) == 1 else f"ranks {_range(ranks)}"
    say(
        f"{methods} of {told}, {counted(len(page.layers), 'layer')}, "
        f"{counted(adapter.parameters, 'parameter')}, {size(adapter.bytes)}",
        f"stable rank {_number(whole.stable_rank_mean)} on average, effective rank "
        f"{_number(whole.effective_rank_mean)}, utilization {_share(whole.utilization_mean)}, norm "
        f"of all updates {page.audit.frobenius:.4g}",
    )
    say("")
    _print_groups(page)
    if page.summary.suggestions:
        heading("suggested ranks", apart=True)
        _print_suggestions(page)
    if layers:
        heading("layers", apart=True)
        _print_layers(page)
    if page.findings:
        heading("findings", apart=True)
        say(*(f"  {each.level}: {each.sentence}" for each in page.findings))


def _print_groups(page: AuditPage) -> None:
    share = f"{page.audit.options.share:.0%}"
    titles = ["layers", "parameters", "stable rank", "effective rank", "utilization"]
    titles += [f"rank for {share}: median", "90th percentile", "energy"]
    columns = [Column("type", is_name=True), *(Column(title, "right") for title in titles)]
    groups = [*page.summary.types, page.summary.whole]
    print_rows(columns, [_group_row(group) for group in groups])


def _group_row(group: Group) -> tuple[str, ...]:
    return (
        group.name,
        f"{group.layers:,}",
        f"{group.parameters:,}",
        _number(group.stable_rank_mean),
        _number(group.effective_rank_mean),
        _share(group.utilization_mean),
        _number(group.energy_rank_p50),
        _number(group.energy_rank_p90),
        _share(group.share),
    )


def _print_suggestions(page: AuditPage) -> None:
    columns = [Column("rule", is_name=True), Column("rank"), Column("parameters", "right")]
    columns += [Column("saved", "right"), Column("error", "right")]
    print_rows(
        columns,
        [
            (
                each.rule,
                _ranks(each),
                f"{each.parameters:,}",
                _share(each.reduction),
                _share(each.error),
            )
            for each in page.summary.suggestions
        ],
    )


def _ranks(each: Suggestion) -> str:
    if each.rank is not None:
        return str(each.rank)
    if each.rule == "per_type" and len(each.ranks) <= _TYPES_NAMED:
        return ", ".join(f"{name} {rank}" for name, rank in each.ranks.items())
    return _range(sorted(set(each.ranks.values())))


def _print_layers(page: AuditPage) -> None:
    from evalhouse.lora.audit import suggested  # noqa: PLC0415 - loaded by now

    shares = list(page.layers[0].energy_ranks) if page.layers else []
    titles = ["rank", "scale", "spectral norm", "Frobenius", "stable", "effective", "utilization"]
    titles += [f"{share:.0%}" for share in shares]
    titles += ["suggested", "gain"]
    columns = [Column("layer", is_name=True), *(Column(title, "right") for title in titles)]
    columns[-1] = Column("gain", "right", is_optional=True)
    print_rows(
        columns,
        [
            (*_layer_row(layer), str(suggested(layer, page.audit.options)), _gain(layer))
            for layer in page.layers
        ],
    )


def _layer_row(layer: LayerAudit) -> tuple[str, ...]:
    return (
        layer.module,
        f"{layer.rank}",
        _number(layer.scale),
        f"{layer.spectral:.4g}{'' if layer.is_resolved else ' ?'}",
        f"{layer.frobenius:.4g}",
        _number(layer.stable_rank),
        _number(layer.effective_rank),
        _share(layer.utilization),
        *(NOTHING if rank is None else str(rank) for rank in layer.energy_ranks.values()),
    )


def _gain(layer: LayerAudit) -> str:
    return f"{layer.gain.spectral:.3%}" if layer.gain else ""


def _range(ranks: Sequence[int]) -> str:
    return f"{ranks[0]} to {ranks[-1]}" if len(ranks) > 1 else str(ranks[0]) if ranks else NOTHING


def _number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.4g}"


def _share(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.1%}"
