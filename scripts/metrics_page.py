"""The reference page of every metric, from `evalhouse.metrics.METRICS`."""

from __future__ import annotations

import math
from collections.abc import Iterator

from evalhouse.metrics import METRICS
from evalhouse.metrics.value import Metric

HEAD = """# Metrics

<!-- Written by `make docs` from evalhouse.metrics; edit there. -->

Every metric is a pure function: arrays in, a value with the number of units it rests on and a note
out. Where it is undefined the value is NaN and the note says why. Four kinds of absence (missing,
not applicable, invalid, failed) are counted apart, and none is a class unless asked. [How to choose
among them, and their intervals and tests](../statistics.md).

`range` bounds every value, `↑` says that higher is better and `⇄` that gold and model may change
places; `tested against` names where the values come from that the tests compare with.
"""
FAMILIES = {
    "choices": ("Choices", "one label a unit: checkbox, dropdown, class"),
    "agreement": ("Agreement of two", "how far two coders agree beyond chance"),
    "ordinal": ("Scales", "points of a declared scale, such as Likert's"),
    "correlation": ("Correlation", "whether two sides order units alike"),
    "multilabel": ("Sets of labels", "several boxes to tick"),
    "raters": ("Many raters", "any number of coders, with missing values"),
    "text": ("Texts", "a text a unit"),
    "spans": ("Spans", "stretches of a text, with labels or without"),
    "generation": ("Generation", "samples of generated answers, and log-likelihoods"),
    "calibration": ("Calibration", "probabilities against what happened"),
    "ranking": ("Ranking", "scores against what happened"),
}


def metrics_page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *(line for family in FAMILIES for line in _family(family))])


def _family(family: str) -> Iterator[str]:
    title, sentence = FAMILIES[family]
    held = [metric for metric in METRICS if metric.family == family]
    yield from (f"## {title}", "", f"For {sentence}.", "")
    yield "| metric | unit | range | | tested against | defined by |"
    yield "|---|---|---|---|---|---|"
    names: dict[str, str] = {}
    for metric in held:
        names.setdefault(metric.definition, metric.documentation)
        yield _row(metric)
    yield ""
    for name, text in names.items():
        yield from (f"### {name}", "", "```text", text, "```", "")


def _row(metric: Metric) -> str:
    signs = ("↑" if metric.higher_is_better else "↓") + (" ⇄" if metric.is_symmetric else "")
    ends = f"{_end(metric.low)} to {_end(metric.high)}"
    source = f"[`{metric.definition}`](#{metric.definition.lower().replace('.', '')})"
    cells = (f"`{metric.name}`", metric.unit, ends, signs, metric.reference, source)
    return f"| {' | '.join(cells)} |"


def _end(bound: float) -> str:
    return ("−∞" if bound < 0 else "∞") if math.isinf(bound) else f"{bound:g}"
