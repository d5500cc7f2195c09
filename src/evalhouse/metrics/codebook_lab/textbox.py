"""Textbox as codebook-lab scores it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evalhouse.metrics.codebook_lab.columns import Column
from evalhouse.metrics.text import (
    BertModel,
    EmbeddingModel,
    levenshtein,
    text_metrics,
)
from evalhouse.metrics.value import Value, undefined

_SOURCES = {
    "bleu": "sentence_bleu",
    "rouge1_f": "rouge1_f",
    "rouge2_f": "rouge2_f",
    "rougeL_f": "rougeL_f",
    "cosine_similarity": "embedding_cosine",
    "bertscore_precision": "bertscore_precision",
    "bertscore_recall": "bertscore_recall",
    "bertscore_f1": "bertscore_f1",
}
"""The names of ours that, over rows with text on both sides, give codebook-lab's."""


@dataclass(frozen=True)
class TextModels:
    """Folders with the models of two metrics, which are empty without them.

    codebook-lab takes `all-MiniLM-L6-v2` and `roberta-large` with a rescaled baseline.
    """

    embedding: EmbeddingModel | str | Path | None = None
    bertscore: BertModel | str | Path | None = None


def textbox_values(gold: Column, model: Column, models: TextModels) -> dict[str, Value]:
    """Score texts: agreement as written, all else lower-cased and trimmed.

    Rows that are empty on both sides count for the agreement alone; rows that are empty on one
    side score 0 in `norm_levenshtein` and are left out of all the others.
    """
    same = [one == other for one, other in zip(gold.rows, model.rows, strict=True)]
    sides = [np.array(side.map(_cleaned).rows, object) for side in (gold, model)]
    filled = np.array([[bool(text) for text in side] for side in sides], bool).reshape(2, -1)
    either, both = filled.any(axis=0), filled.all(axis=0)
    found = {"percentage_agreement": Value(float(np.mean(same)), len(same))}
    found["norm_levenshtein"] = levenshtein(*(side[either] for side in sides)).value
    scores = text_metrics(
        *(side[both] for side in sides),
        metrics=tuple(_SOURCES.values()),
        embedding_model=models.embedding,
        bertscore_model=models.bertscore,
    )
    found |= {name: scores[source].value for name, source in _SOURCES.items()}
    empty = undefined(0, "no row has a text on both sides")
    return {name: empty if not both.any() and name in _SOURCES else found[name] for name in found}


def _cleaned(text: str) -> str:
    return text.strip().lower()
