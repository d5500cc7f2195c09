"""Scores of a field as codebook-lab 1.4.0 computes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalhouse.errors import UsageError
from evalhouse.metrics import codebook_lab
from evalhouse.scoring.cells import Cell
from evalhouse.scoring.field import Field
from evalhouse.scoring.score import FieldScore, Scoring

_TEXTS = "\x00texts"  # no column of a codebook has this name


def codebook_lab_scores(
    field: Field,
    gold: Sequence[Cell],
    model: Sequence[Cell],
    *,
    texts: Sequence[str] | None,
    options: Scoring,
) -> Iterator[FieldScore]:
    """Score one field as if it were the only one of its files; absence is an empty cell.

    Conditions of a codebook are not known here: `metrics.codebook_lab` scores whole tasks.

    Raises:
        UsageError: for a multiselect, which codebook-lab does not have.
    """
    if field.kind == "multiselect":
        raise UsageError(
            f"`{field.name}` is a multiselect, which codebook-lab does not have; "
            "score it with the definition `evalhouse`"
        )
    models = codebook_lab.TextModels(options.embedding_model, options.bertscore_model)
    sides = [
        {field.name: [cell if isinstance(cell, str) else "" for cell in side]}
        for side in (gold, model)
    ]
    if texts is not None:
        sides[0][_TEXTS] = list(texts)
    found = codebook_lab.codebook_lab_metrics(
        [codebook_lab.Field(field.name, field.kind, field.options, field.labels)],
        codebook_lab.Cells(sides[0], text=None if texts is None else _TEXTS),
        codebook_lab.Cells(sides[1]),
        processing=codebook_lab.Processing(models=models),
    )
    for metric, value in found[field.name].items():
        yield FieldScore(field.name, metric, None, value, None, "codebook-lab")
