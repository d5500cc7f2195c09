"""The tables that tell of coders: headers of codebook-lab first, what is ours after them."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence

from evalhouse.coders.agreement import FieldAgreement, PairAgreement
from evalhouse.coders.findings import Findings
from evalhouse.coders.labels import shown
from evalhouse.coders.panel import ITEM, Item
from evalhouse.coders.span_agreement import SCORES
from evalhouse.metrics.spans import Span
from evalhouse.stats.results import Interval

Rows = Sequence[Sequence[str]]

_BOUNDED = ("weighted_kappa", *SCORES)
_PAIRS = (
    *("field", "coder_a", "coder_b", "n_compared", "percentage_agreement", "cohen_kappa"),
    *("agreement_low", "agreement_high", "kappa_low", "kappa_high", "krippendorff_alpha"),
    *(name + end for name in _BOUNDED for end in ("", "_low", "_high")),
    *("level", "note"),
)
_ALL = (
    *("field", "n_applicable_items", "n_items", "n_coders_assigned", "krippendorff_alpha"),
    *("fleiss_kappa", "unanimity_rate", "majority_agreement_rate"),
    *("annotation_type", "alpha_level", "alpha_unit", "alpha_low", "alpha_high"),
    *("krippendorff_alpha_nominal", "fleiss_low", "fleiss_high", "unanimity_low"),
    *("unanimity_high", "majority_low", "majority_high"),
    *("pair_agreement", "pair_agreement_low", "pair_agreement_high"),
    *("gwet_ac1", "gwet_low", "gwet_high"),
    *("character_alpha", "character_alpha_low", "character_alpha_high"),
    *("n_undecided", "level", "note"),
)
_OPTIONS = (
    *("field", "option", "n_items", "pair_agreement", "pair_agreement_low", "pair_agreement_high"),
    *("krippendorff_alpha", "alpha_low", "alpha_high", "gwet_ac1", "gwet_low", "gwet_high"),
    *("level", "note"),
)
_ISSUES = ("issue_type", "item_id", "coder_id", "field", "value", "message")


def tables(findings: Findings) -> dict[str, str]:
    """Return every table as the text of a CSV file, by its name."""
    made = {
        "validation_issues.csv": (_ISSUES, _issues(findings)),
        "pairwise_icr.csv": (_PAIRS, _pairs(findings)),
        "multirater_icr.csv": (_ALL, _fields(findings)),
        "disagreements.csv": _disagreements(findings),
        "ground-truth.csv": _ground_truth(findings),
        "adjudication_queue.csv": _queue(findings),
    }
    options = _options(findings)
    if options:
        made["options_icr.csv"] = (_OPTIONS, options)
    return {name: _written(header, rows) for name, (header, rows) in made.items()}


def _written(header: Sequence[str], rows: Rows) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def _number(value: float) -> str:
    return "" if math.isnan(value) else repr(float(value))


def _whole(found: Interval | None) -> list[str]:
    """Return an estimate with its bounds."""
    if found is None:
        return ["", "", ""]
    return [_number(number) for number in (found.estimate, found.low, found.high)]


def _notes(found: Iterable[tuple[str, Interval]]) -> str:
    """Return what is to be said of numbers, each with its name."""
    return "; ".join(f"{name}: {each.note}" for name, each in found if each.note)


def _issues(findings: Findings) -> Rows:
    return [
        (each.issue_type, each.item_id, each.coder_id, each.field, each.value, each.message)
        for each in findings.issues
    ]


def _pairs(findings: Findings) -> Rows:
    return [_pair(found.column, pair) for found in findings.fields for pair in found.pairs]


def _pair(column: str, pair: PairAgreement) -> list[str]:
    agreement, kappa = _whole(pair.agreement), _whole(pair.kappa)
    row = [column, pair.first, pair.second, str(pair.n), agreement[0], kappa[0]]
    row += [*agreement[1:], *kappa[1:], _number(pair.alpha.estimate)]
    for name in _BOUNDED:
        row += _whole(pair.more.get(name))
    told = {"percentage_agreement": pair.agreement, "cohen_kappa": pair.kappa, **pair.more}
    return [*row, str(pair.agreement.level), _notes(told.items())]


def _fields(findings: Findings) -> Rows:
    return [_field(found, findings) for found in findings.fields]


def _field(found: FieldAgreement, findings: Findings) -> list[str]:
    alpha, fleiss, gwet = _whole(found.alpha), _whole(found.fleiss), _whole(found.gwet)
    unanimity, majority = _whole(found.unanimity), _whole(found.majority)
    told = {"krippendorff_alpha": found.alpha, "fleiss_kappa": found.fleiss, "gwet_ac1": found.gwet}
    return [
        *(found.column, str(found.n_applicable), str(found.n_items)),
        *(";".join(map(str, found.assigned)), alpha[0], fleiss[0], unanimity[0], majority[0]),
        *(found.kind, found.alpha_level, found.alpha_unit, *alpha[1:]),
        *(_number(found.alpha_nominal.estimate), *fleiss[1:], *unanimity[1:], *majority[1:]),
        *(*_whole(found.agreement), *gwet, *_whole(found.more.get("character_alpha"))),
        *(str(findings.consensus.counts[found.column]), str(findings.level)),
        _notes({**told, "pair_agreement": found.agreement, **found.more}.items()),
    ]


def _options(findings: Findings) -> Rows:
    return [
        [
            *(found.column, each.option, str(found.n_items), *_whole(each.agreement)),
            *(*_whole(each.alpha), *_whole(each.gwet), str(findings.level)),
            _notes([("krippendorff_alpha", each.alpha), ("gwet_ac1", each.gwet)]),
        ]
        for found in findings.fields
        for each in found.options
    ]


def _disagreements(findings: Findings) -> tuple[Sequence[str], Rows]:
    panel, rows = findings.panel, []
    columns = _carried(findings)
    given = {column: list(panel.given(column)) for column in panel.codebook.by_column}
    for place, item in enumerate(panel.items):
        for column, annotation in panel.codebook.by_column.items():
            labels = {
                coder: shown(annotation.field, label, item.text)
                for coder, label in given[column][place]
            }
            observed = list(dict.fromkeys(labels.values()))
            if len(observed) > 1:
                row = [*_cells(item, columns), column, str(len(labels)), " | ".join(observed)]
                rows.append([*row, *(labels.get(coder, "") for coder in panel.coders)])
    return (*columns, "field", "n_labels", "labels_observed", *panel.coders), rows


def _ground_truth(findings: Findings) -> tuple[Sequence[str], Rows]:
    panel, columns = findings.panel, _metadata(findings)
    fields = list(panel.codebook.by_column)
    rows = [
        [*_cells(item, columns), *(cells[column] for column in fields)]
        for item, cells in zip(panel.items, findings.consensus.cells, strict=True)
    ]
    return (*columns, *fields), rows


def _queue(findings: Findings) -> tuple[Sequence[str], Rows]:
    """List what needs a decision: what is settled is filled in, beside what each coder says."""
    panel, found, columns = findings.panel, findings.consensus, _carried(findings)
    fields = panel.codebook.by_column
    open_fields = [column for column in fields if found.counts[column]]
    given = {column: [dict(row) for row in panel.given(column)] for column in open_fields}
    rows = []
    for place in found.queue:
        item, cells, undecided = panel.items[place], found.cells[place], found.undecided[place]
        row = [*_cells(item, columns), *(cells[column] for column in fields)]
        row += [" | ".join(undecided), _regions(found.regions[place], item)]
        for column in open_fields:
            labels = given[column][place]
            row += [
                shown(fields[column].field, labels[coder], item.text) if coder in labels else ""
                for coder in panel.coders
            ]
        rows.append(row)
    said = (f"{column} ({coder})" for column in open_fields for coder in panel.coders)
    return (*columns, *fields, "undecided", "undecided_parts", *said), rows


def _regions(regions: Mapping[str, Sequence[Span]], item: Item) -> str:
    """Name the parts of a text on which coders are split."""
    return " | ".join(
        f"{column} {start}-{end}: {item.text[start:end]}"
        for column, spans in regions.items()
        for start, end, _ in spans
    )


def _metadata(findings: Findings) -> list[str]:
    """Return the columns that are carried, as the tables of coders have them."""
    return list(dict.fromkeys(name for item in findings.panel.items for name in item.carried))


def _carried(findings: Findings) -> list[str]:
    """Return the columns that say which item a row is about."""
    columns = _metadata(findings)
    return columns if findings.panel.codebook.settings.id_column in columns else [ITEM, *columns]


def _cells(item: Item, columns: Sequence[str]) -> list[str]:
    return [item.carried.get(name, item.id if name == ITEM else "") for name in columns]
