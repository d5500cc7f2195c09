"""How near the meanings of two texts lie, by sentence embeddings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evalhouse.metrics.text.models import (
    NO_EMBEDDING_MODEL,
    NO_EXTRA,
    EmbeddingModel,
    checked_folder,
)
from evalhouse.metrics.text.pairs import GoldTexts, Pairs, Texts, pair_texts
from evalhouse.metrics.text.score import TextScore, empty_score, mean_score


def embedding_cosine(
    gold: GoldTexts | Pairs,
    model: Texts | None = None,
    *,
    encoder: EmbeddingModel | str | Path | None = None,
) -> TextScore:
    """Mean cosine of the embeddings of gold and model.

    mean over units of u · v / (|u| |v|)

    Args:
        gold: (m,) texts, each one or several, of which the nearest counts.
        model: (m,) texts. A unit without one scores 0.
        encoder: a sentence-transformers model in a folder of this machine.

    Range: -1 (opposite) to 1 (the same direction). An empty text is embedded like any other.
    Undefined, with a note of what is needed: without a gold text, without the extra `text`, and
    without a model.

    Source: Reimers and Gurevych 2019, doi:10.18653/v1/D19-1410.

    Example:
        >>> embedding_cosine(["a cat"], ["the cat"]).value.note
        'needs the folder of a sentence-transformers model; nothing is downloaded'
    """
    pairs = pair_texts(gold, model)
    if encoder is None:
        return empty_score(pairs, NO_EMBEDDING_MODEL)
    settings = encoder if isinstance(encoder, EmbeddingModel) else EmbeddingModel(encoder)
    checked_folder(settings.path)
    texts = list(dict.fromkeys([*pairs.gold, *pairs.model]))
    try:
        vectors = _encoded(texts, settings)
    except ModuleNotFoundError:
        return empty_score(pairs, NO_EXTRA)
    place = {text: row for row, text in enumerate(texts)}
    first, second = (vectors[[place[text] for text in side]] for side in (pairs.gold, pairs.model))
    cosines = np.einsum("ij,ij->i", first, second).clip(-1, 1)
    note = f"model: {Path(settings.path).name}"
    return mean_score(pairs, cosines[pairs.best(cosines)], note)


def _encoded(texts: list[str], settings: EmbeddingModel) -> NDArray[np.float64]:
    from sentence_transformers import (  # noqa: PLC0415 - an extra, and heavy
        SentenceTransformer,
    )

    if not texts:
        return np.empty((0, 1))
    encoder = SentenceTransformer(str(settings.path), device=settings.device, local_files_only=True)
    vectors = encoder.encode(
        texts, batch_size=settings.batch_size, show_progress_bar=False, convert_to_numpy=True
    )
    exact = np.asarray(vectors, np.float64)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    return exact / np.where(lengths > 0, lengths, 1)
