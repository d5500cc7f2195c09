"""The scores of a field under both names, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from evalhouse.assessment.lines import as_line, line
from evalhouse.assessment.matching import Cells, FieldRows
from evalhouse.assessment.names import HEADLINES, MEANINGS
from evalhouse.assessment.results import ScoreLine
from evalhouse.metrics.labels import Absent
from evalhouse.metrics.text import text_metrics
from evalhouse.scoring import Field, Scoring, score_field
from evalhouse.scoring.cells import read_texts
from evalhouse.scoring.texts import text_interval

Lines = tuple[ScoreLine, ...]


def field_scores(
    rows: FieldRows, gold: Cells, model: Cells, options: Scoring
) -> tuple[Lines, Lines]:
    """Return the scores over all labels and those of single ones.

    The first have the headline first, then every metric under the name that codebook-lab has for
    it, then all under ours; each name stands once. Labels come in the order of the codebook.
    """
    found = score_field(
        rows.field, gold, model, texts=rows.texts, clusters=rows.clusters, options=options
    )
    lines = list(map(as_line, found))
    ours = {each.metric: each for each in lines if each.label is None}
    lowered = _lowered(rows, gold, model, options) if rows.field.kind == "textbox" else {}
    theirs = dict(_renamed(rows, ours | lowered))
    names = dict.fromkeys((*HEADLINES[rows.field.kind], *theirs, *ours))
    overall = tuple(theirs.get(name) or ours[name] for name in names)
    return overall, tuple(sorted((each for each in lines if each.label), key=_place(rows.field)))


def _place(field: Field) -> Callable[[ScoreLine], int]:
    """Return the place of a line's label in the codebook; what is not there comes last."""
    known = [*field.options, *field.labels, *map(str, field.points)]
    at = {label: place for place, label in enumerate(known)}
    return lambda each: at.get(each.label or "", len(at))


def _renamed(rows: FieldRows, ours: Mapping[str, ScoreLine]) -> Iterator[tuple[str, ScoreLine]]:
    for name, meaning in MEANINGS[rows.field.kind].items():
        held = ours[name if meaning.is_lowered else meaning.metric]
        note = "; ".join(filter(None, (held.note, meaning.note)))
        yield name, msgspec.structs.replace(held, metric=name, note=note)


def _lowered(rows: FieldRows, gold: Cells, model: Cells, options: Scoring) -> dict[str, ScoreLine]:
    """Score texts in lower case without surrounding space, as some names of codebook-lab mean."""
    wanted = {
        meaning.metric: name for name, meaning in MEANINGS["textbox"].items() if meaning.is_lowered
    }
    found = text_metrics(_cleaned(gold), _cleaned(model), metrics=tuple(wanted))
    lines = {}
    for metric, score in found.items():
        interval = None
        if options.has_intervals:
            interval = text_interval(score, clusters=rows.clusters, options=options)
        held = line(metric, score.value, interval)
        lines[wanted[metric]] = held
    return lines


def _cleaned(cells: Cells) -> Sequence[str | Absent]:
    return [
        cell if isinstance(cell, Absent) else cell.strip().lower() or Absent.MISSING
        for cell in read_texts(cells)
    ]
