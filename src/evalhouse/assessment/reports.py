"""The text reports of a run, laid out as codebook-lab does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evalhouse.assessment.results import Assessment, Confusion, FieldResult, ScoreLine

RULE = "-" * 50
_HEADERS = ("precision", "recall", "f1-score", "support")
_AVERAGES = ("accuracy", "macro avg", "weighted avg")
_DIAGNOSTICS = 6
"""Metrics of texts that a sentence names."""

Floats = NDArray[np.float64]


def classification_reports(assessment: Assessment) -> str:
    """Return one report for each column: a title, the report, and a rule of 50 dashes.

    A checkbox, dropdown or Likert scale has the table that scikit-learn's `classification_report`
    prints, over the labels that occur on either side, in the order of the codebook. An answer that
    is not valid is no label: it counts against the recall of the gold label and the accuracy, and
    a line below the table counts such answers. Spans and text have a sentence.
    """
    return "".join(
        f"Classification Report for '{each.column}':\n{_body(each)}\n{RULE}\n"
        for each in assessment.fields
    )


def _body(field: FieldResult) -> str:
    if all(score.value is None for score in field.scores):
        return f"No valid data: {next(filter(None, (score.note for score in field.scores)), '')}."
    if field.confusion is not None:
        return f"{_table(field.confusion)}\n{_validity(field)}"
    validity = _validity(field)
    return f"{_sentence(field)}\n{validity}" if validity else _sentence(field)


def _sentence(field: FieldResult) -> str:
    if field.kind == "textbox":
        defined = [each for each in field.scores if each.value is not None]
        first = ", ".join(map(_named, defined[:_DIAGNOSTICS]))
        empty = [each.metric for each in field.scores if each.value is None]
        missing = f" Undefined: {', '.join(empty)}." if empty else ""
        return f"Textbox field, metrics are diagnostics ({first}).{missing}"
    scores = (field.score(name) for name in field.headline)
    shown = ", ".join(_named(score) for score in scores if score)
    what = "Span field, specialized metrics" if field.kind == "span" else "Metrics"
    return f"{what} calculated ({shown})."


def _named(score: ScoreLine) -> str:
    return f"{score.metric}={'undefined' if score.value is None else f'{score.value:.3f}'}"


def _validity(field: FieldResult) -> str:
    """Say how many gold answers have a valid one of the model."""
    share = field.score("valid_share")
    if share is None or share.value is None:
        return ""
    others = f"; {share.note}" if share.note else ""
    valid = round(share.value * share.n)
    return f"Valid answers: {valid:,} of {share.n:,} ({share.value:.1%}{others})."


def _table(found: Confusion) -> str:
    size = len(found.labels)
    counts = np.array(found.counts, np.float64).reshape(size, -1)
    gold, model, hits = counts.sum(axis=1), counts[:, :size].sum(axis=0), np.diagonal(counts)
    scores = np.array([_ratio(hits, model), _ratio(hits, gold), _ratio(2 * hits, gold + model)]).T
    occurs = np.flatnonzero(gold + model > 0).tolist()
    width = max(map(len, (*_AVERAGES, *(found.labels[place] for place in occurs))))
    total = int(gold.sum())
    rows = [_row(width, found.labels[place], scores[place], int(gold[place])) for place in occurs]
    kept = scores[occurs]
    averages = [
        f"{_AVERAGES[0]:>{width}s} {'':>10}{'':>10}{hits.sum() / total:>10.2f}{total:>10}",
        _row(width, _AVERAGES[1], kept.mean(axis=0), total),
        _row(width, _AVERAGES[2], np.average(kept, axis=0, weights=gold[occurs]), total),
    ]
    head = f"{'':>{width}s} " + "".join(f"{name:>10}" for name in _HEADERS)
    return "\n".join([head, "", *rows, "", *averages, ""])


def _row(width: int, name: str, scores: Floats, support: int) -> str:
    return f"{name:>{width}s} " + "".join(f"{one:>10.2f}" for one in scores) + f"{support:>10}"


def _ratio(top: Floats, bottom: Floats) -> Floats:
    return np.divide(top, bottom, out=np.zeros(len(top)), where=bottom > 0)
