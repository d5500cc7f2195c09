"""The audit of an adapter as a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from evalhouse.lora.audit import LayerAudit, suggested
from evalhouse.lora.summary import Group, Suggestion
from evalhouse.reports.document import (
    Block,
    Bullets,
    Chart,
    Column,
    Document,
    Folded,
    Paragraph,
    Picture,
    Section,
    Table,
    Words,
    code,
    name,
    plain,
    words,
)
from evalhouse.reports.pictures.matrix import Block as Cells
from evalhouse.reports.pictures.matrix import matrix
from evalhouse.reports.pictures.spectra import spectra
from evalhouse.reports.wording import NOTHING, amount, counted, share
from evalhouse.version import __version__
from evalhouse.views.lora import AuditPage, HeatMap, curves, heat_map

_MOST_TYPES = 40  # columns of a heat map
_MOST_BLOCKS = 200  # its rows
_WITH_TEXTS = 12  # columns up to which cells have their numbers


def adapter_document(pages: Sequence[AuditPage]) -> Document:
    """Return the audits of the adapters of a folder or file."""
    blocks = tuple(block for place, page in enumerate(pages) for block in _page(page, place))
    path = str(pages[0].adapter.path)
    return Document(plain("Audit of an adapter"), code(path), blocks, f"evalhouse {__version__}")


def _page(page: AuditPage, place: int) -> Iterator[Block]:
    mark, named = f"adapter-{place + 1}", page.adapter.name
    called = (*plain("Adapter "), *name(named)) if named else plain("In short")
    yield Section(called, tuple(_short(page)), f"{mark}-short")
    if page.faults:
        bullets = Bullets(tuple(map(words, page.faults)), is_warning=True)
        yield Section(plain("What is wrong with it"), (bullets,), f"{mark}-faults")
    if page.findings:
        found = tuple(words(each.sentence) for each in page.findings)
        yield Section(plain("Findings"), (Bullets(found),), f"{mark}-findings")
    if page.summary.suggestions:
        yield Section(plain("Suggested ranks"), (_suggestions(page),), f"{mark}-ranks")
    if page.audit.used:
        yield Section(plain("Pictures"), tuple(_pictures(page)), f"{mark}-pictures")
    yield Section(plain("Layers"), (Folded("All layers", (_layers(page),)),), f"{mark}-layers")


def _short(page: AuditPage) -> Iterator[Block]:
    adapter, settings = page.adapter, page.adapter.settings
    methods = " and ".join(sorted({layer.method for layer in adapter.layers}))
    base = settings.base_model if settings else None
    yield Paragraph(
        (
            *plain(
                f"{methods}, {counted(len(page.layers), 'layer')}, "
                f"{counted(adapter.parameters, 'parameter')}"
            ),
            *((*plain(", on "), *name(base)) if base else ()),
            *plain(f". The norm of all updates together is {amount(page.audit.frobenius)}."),
        )
    )
    titles = ("layers", "parameters", "stable rank", "effective rank", "utilization")
    kept = share(page.audit.options.share)
    more = (f"rank for {kept} energy, median", "90th percentile", "share of the energy")
    columns = (Column("type"), *(Column(title, is_number=True) for title in (*titles, *more)))
    groups = (*page.summary.types, page.summary.whole)
    yield Table("Types of layers, and all", columns, tuple(map(_group, groups)))


def _group(group: Group) -> tuple[Words, ...]:
    return (
        name(group.name),
        plain(f"{group.layers:,}"),
        plain(f"{group.parameters:,}"),
        plain(amount(group.stable_rank_mean)),
        plain(amount(group.effective_rank_mean)),
        plain(share(group.utilization_mean)),
        plain(amount(group.energy_rank_p50)),
        plain(amount(group.energy_rank_p90)),
        plain(share(group.share)),
    )


def _suggestions(page: AuditPage) -> Table:
    columns = (
        Column("rule"),
        Column("rank"),
        Column("parameters", is_number=True),
        Column("saved", is_number=True),
        Column("relative error of the best truncation", is_number=True),
    )
    rows = tuple(_suggestion(each) for each in page.summary.suggestions)
    return Table("Ranks by rules", columns, rows)


def _suggestion(each: Suggestion) -> tuple[Words, ...]:
    found = sorted(set(each.ranks.values()))
    told = str(found[0]) if len(found) == 1 else f"{found[0]} to {found[-1]}"
    return (
        code(each.rule),
        plain(told),
        plain(f"{each.parameters:,}"),
        plain(share(each.reduction)),
        plain(share(each.error)),
    )


def _pictures(page: AuditPage) -> Iterator[Block]:
    panels = curves(page.layers)
    yield Picture(
        "Singular values of each layer over its largest one",
        f"{counted(len(panels), 'panel')} of lines that fall from 1; the table below has the ranks "
        "that they lead to.",
        partial(spectra, panels),
    )
    for figure, title in (
        ("utilization", "Utilization: stable rank over rank"),
        ("frobenius", "Norm of the update"),
    ):
        shown = heat_map(page.layers, figure)
        if len(shown.types) > _MOST_TYPES or len(shown.blocks) > _MOST_BLOCKS:
            what = f"{len(shown.blocks):,} blocks of {len(shown.types):,} types are too many"
            yield Paragraph(plain(f"{title}: {what} for a picture."))
            continue
        described = f"A row a block, a column a type of layers: {_ends(shown)}."
        yield Picture(title, described, partial(_heat, shown, title))


def _heat(shown: HeatMap, title: str) -> Chart:
    largest = max((each for row in shown.cells for each in row if each is not None), default=0)
    shades = [[None if each is None else each / (largest or 1) for each in row]
              for row in shown.cells]  # fmt: skip
    texts = [[_text(each) for each in row] for row in shown.cells]
    has_texts = len(shown.types) <= _WITH_TEXTS
    cells = Cells(title, shown.types, shades, texts if has_texts else ())
    return matrix(shown.blocks, (cells,), least=48)


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.2g}"


def _ends(shown: HeatMap) -> str:
    values = [each for row in shown.cells for each in row if each is not None]
    return f"from {amount(min(values))} to {amount(max(values))}" if values else "no values"


def _layers(page: AuditPage) -> Table:
    shares = list(page.layers[0].energy_ranks) if page.layers else []
    titles = ["rank", "scale", "spectral norm", "Frobenius norm", "stable rank", "effective rank"]
    titles += [f"rank for {share(each)}" for each in shares]
    titles += ["suggested"]
    columns = [Column("layer"), *(Column(title, is_number=True) for title in titles)]
    columns.append(Column("gain", is_number=True, is_optional=True))
    rows = tuple(
        (*_layer(layer), plain(str(suggested(layer, page.audit.options))), _gain(layer))
        for layer in page.layers
    )
    return Table("Layers", tuple(columns), rows)


def _layer(layer: LayerAudit) -> tuple[Words, ...]:
    return (
        name(layer.module),
        plain(str(layer.rank)),
        plain(amount(layer.scale)),
        plain(f"{amount(layer.spectral)}{'' if layer.is_resolved else ' (not resolved)'}"),
        plain(amount(layer.frobenius)),
        plain(amount(layer.stable_rank)),
        plain(amount(layer.effective_rank)),
        *(plain(NOTHING if rank is None else str(rank)) for rank in layer.energy_ranks.values()),
    )


def _gain(layer: LayerAudit) -> Words:
    return plain(share(layer.gain.spectral)) if layer.gain else ()
