from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evalhouse.metrics.text import EmbeddingModel, embedding_cosine, text_metrics

REASON = "the extra `text` is not installed"
pytest.importorskip("torch", reason=REASON)
package = pytest.importorskip("sentence_transformers", reason=REASON)

GOLD = ["the cat sat on the mat.", "a dog", "cats", "", "the cat"]
MODEL = ["the cat sat", "the dog", "dogs on mat", "a", "the cat"]


@pytest.fixture(scope="module")
def encoder(bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sentences")
    modules = pytest.importorskip("sentence_transformers.sentence_transformer.modules")
    parts = [modules.Transformer(str(bert)), modules.Pooling(32, "mean")]
    package.SentenceTransformer(modules=parts, device="cpu").save(str(folder))
    return folder


def expected(encoder: Path) -> Any:
    model = package.SentenceTransformer(str(encoder), device="cpu")
    first, second = (model.encode(side) for side in (GOLD, MODEL))
    return package.util.pairwise_cos_sim(first, second).numpy()


@pytest.mark.parametrize("batch_size", [1, 64])
def test_it_is_the_cosine_of_sentence_transformers(encoder: Path, batch_size: int) -> None:
    settings = EmbeddingModel(encoder, batch_size=batch_size, device="cpu")
    found = embedding_cosine(GOLD, MODEL, encoder=settings)
    np.testing.assert_allclose(found.scores, expected(encoder), rtol=0, atol=1e-6)
    assert found.value.note == f"model: {encoder.name}"


def test_equal_texts_score_one_and_absent_ones_zero(encoder: Path) -> None:
    found = embedding_cosine(["the cat", "a", None], ["the cat", None, "b"], encoder=encoder)
    assert found.scores[:2].tolist() == pytest.approx([1, 0])
    assert np.isnan(found.scores[2])
    assert found.share_valid.value == 0.5


def test_of_several_gold_texts_the_nearest_counts(encoder: Path) -> None:
    found = embedding_cosine([["a dog", "the cat"]], ["the cat"], encoder=encoder)
    assert found.value.value == pytest.approx(1)


def test_the_sweep_has_it(encoder: Path) -> None:
    found = text_metrics(GOLD, MODEL, embedding_model=encoder)["embedding_cosine"]
    scores = embedding_cosine(GOLD, MODEL, encoder=encoder).scores
    np.testing.assert_array_equal(found.scores, scores)


def test_without_a_gold_text_it_is_undefined(encoder: Path) -> None:
    assert not embedding_cosine([None], ["a"], encoder=encoder).value.is_defined
