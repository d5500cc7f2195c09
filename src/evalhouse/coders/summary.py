"""A page about coders: who read what, how far they agree, what is to be done."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from evalhouse.coders.agreement import FieldAgreement
from evalhouse.coders.findings import Findings
from evalhouse.coders.issues import counted
from evalhouse.stats.results import Interval

_NOTHING = "–"


def summary(findings: Findings, names: Sequence[str]) -> str:
    """Return the page as Markdown; `names` are the files beside it."""
    panel = findings.panel
    lines = [
        "# Agreement of coders",
        "",
        f"{len(panel.coders)} coders read {len(panel.items):,} items: {', '.join(panel.coders)}.",
        f"Intervals are of level {findings.level:g}.",
        "",
        *_fields(findings),
        "",
        "Agreement is the mean share of pairs of coders with equal labels.",
        "Alpha is Krippendorff's: nominal, for scales ordinal, for spans nominal over tokens.",
        "",
        *_pairs(findings),
        "",
        *_issues(findings),
        "",
        "## Next",
        "",
        *(f"- {step}" for step in next_steps(findings)),
        "",
        "## Files",
        "",
        *(f"- `{name}`" for name in names),
    ]
    return "\n".join(lines) + "\n"


def next_steps(findings: Findings) -> Iterator[str]:
    """Yield what a person does next, most urgent first."""
    queue, issues = len(findings.consensus.queue), len(findings.issues)
    if issues:
        yield (
            f"look through {_counted(issues, 'row')} of `validation_issues.csv`, correct the "
            "tables of the coders, and compare them again"
        )
    if queue:
        yield (
            f"decide {_counted(queue, 'item')} of `adjudication_queue.csv` in a copy of it: "
            "fill in the fields named under `undecided` (`[]` for no spans), and compare again "
            "with `--adjudications COPY`"
        )
        if any(
            findings.consensus.counts[found.column]
            for found in findings.fields
            if found.kind == "span"
        ):
            yield "until then, what only half of the coders mark is not in `ground-truth.csv`"
    else:
        yield "every label is settled: `ground-truth.csv` can stand in a task's folder"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' if count != 1 else ''}"


def _fields(findings: Findings) -> Iterator[str]:
    yield "| field | type | items | agreement | alpha | unanimous | undecided |"
    yield "|---|---|---|---|---|---|---|"
    for found in findings.fields:
        cells = [
            found.column,
            found.kind,
            f"{found.n_items:,} of {found.n_applicable:,}",
            between(found.agreement),
            f"{between(found.alpha)} {_how(found)}",
            between(found.unanimity),
            f"{findings.consensus.counts[found.column]:,}",
        ]
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _how(found: FieldAgreement) -> str:
    return found.alpha_level if found.alpha_unit == "item" else f"{found.alpha_unit}s"


def _pairs(findings: Findings) -> Iterator[str]:
    yield "| field | coders | items | agreement | kappa |"
    yield "|---|---|---|---|---|"
    for found in findings.fields:
        for pair in found.pairs:
            cells = [found.column, f"{pair.first}, {pair.second}", f"{pair.n:,}"]
            cells += [between(pair.agreement), between(pair.kappa)]
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _issues(findings: Findings) -> Iterator[str]:
    counts = counted(findings.issues)
    if not counts:
        yield "No issues were found in the tables of the coders."
        return
    yield "| issue | rows |"
    yield "|---|---|"
    for kind, count in counts.items():
        yield f"| `{kind}` | {count:,} |"


def between(found: Interval) -> str:
    """Return a number with its bounds for people.

    Example:
        >>> between(Interval(0.75, 0.5, 0.9, 0.95, "", 40))
        '0.750 (0.500 to 0.900)'
    """
    if math.isnan(found.estimate):
        return _NOTHING
    if math.isnan(found.low):
        return f"{found.estimate:.3f}"
    return f"{found.estimate:.3f} ({found.low:.3f} to {found.high:.3f})"
