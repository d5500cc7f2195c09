from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evalhouse.errors import UsageError
from evalhouse.metrics.text import BertModel, BertScore, bertscore, text_metrics

REASON = "the extra `text` is not installed"
torch = pytest.importorskip("torch", reason=REASON)
transformers = pytest.importorskip("transformers", reason=REASON)

GOLD = ["the cat sat on the mat.", "a dog", "cats", "xyz abc the", "the cat", "the cat"]
MODEL = ["the cat sat", "the dog", "dogs on mat", " on the cat ", "the cat", "the cat " * 30]


def theirs(bert: Path, gold: list[Any], model: list[str], **options: Any) -> np.ndarray[Any, Any]:
    package = pytest.importorskip("bert_score", reason="bert-score is not installed")
    scorer = package.BERTScorer(model_type=str(bert), device="cpu", nthreads=0, **options)
    # One pair at a time: in a larger batch its padding can count as a match.
    return np.array([part.numpy() for part in scorer.score(model, gold, batch_size=1)])


def ours(found: BertScore) -> np.ndarray[Any, Any]:
    return np.array([part.scores for part in (found.precision, found.recall, found.f1)])


@pytest.mark.parametrize("layer", [1, 2, 3])
@pytest.mark.parametrize("batch_size", [1, 4])
def test_it_equals_bert_score(bert: Path, layer: int, batch_size: int) -> None:
    found = bertscore(GOLD, MODEL, encoder=BertModel(bert, layer=layer, batch_size=batch_size))
    expected = theirs(bert, GOLD, MODEL, num_layers=layer)
    np.testing.assert_allclose(ours(found), expected, rtol=0, atol=1e-6)


def test_weights_by_document_frequency_equal_bert_score(bert: Path) -> None:
    found = bertscore(GOLD, MODEL, encoder=BertModel(bert, layer=2, idf=True))
    expected = theirs(bert, GOLD, MODEL, num_layers=2, idf=True, idf_sents=GOLD)
    np.testing.assert_allclose(ours(found), expected, rtol=0, atol=1e-6)


def test_the_encoder_of_two_parts_is_used_as_in_bert_score(bert: Path, tmp_path: Path) -> None:
    settings = {"d_model": 32, "encoder_layers": 2, "decoder_layers": 1, "vocab_size": 70}
    transformers.BartModel(
        transformers.BartConfig(**settings, encoder_attention_heads=4, decoder_attention_heads=4)
    ).save_pretrained(tmp_path)
    transformers.AutoTokenizer.from_pretrained(bert).save_pretrained(tmp_path)
    found = bertscore(GOLD, MODEL, encoder=BertModel(tmp_path, layer=1))
    expected = theirs(tmp_path, GOLD, MODEL, num_layers=1)
    np.testing.assert_allclose(ours(found), expected, rtol=0, atol=1e-6)


def byte_level(folder: Path, **options: Any) -> Path:
    """A small RoBERTa, whose tokenizer knows single bytes and one pair of them."""
    alphabet = importlib.import_module("tokenizers.pre_tokenizers").ByteLevel.alphabet()
    names = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *sorted(alphabet), "th"]
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps(dict(zip(names, range(300), strict=False))))
    (folder / "merges.txt").write_text("#version: 0.2\nt h\n")
    paths = {"vocab": str(folder / "vocab.json"), "merges": str(folder / "merges.txt")}
    transformers.RobertaTokenizer(**paths, **options).save_pretrained(folder)
    torch.manual_seed(0)
    settings = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = transformers.RobertaConfig(
        **settings, vocab_size=len(names), intermediate_size=40, max_position_embeddings=42
    )
    transformers.RobertaModel(config).save_pretrained(folder)
    return folder


def test_the_first_word_is_one_within_a_text_and_long_texts_are_cut(tmp_path: Path) -> None:
    plain = byte_level(tmp_path / "plain")
    spaced = byte_level(tmp_path / "spaced", add_prefix_space=True, model_max_length=40)
    found = ours(bertscore(GOLD, MODEL, encoder=BertModel(plain, layer=1)))
    expected = theirs(spaced, GOLD, MODEL, num_layers=1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_of_several_gold_texts_the_best_counts_as_in_bert_score(bert: Path) -> None:
    gold = [[text, "the dog sat"] for text in GOLD]
    found = bertscore(gold, MODEL, encoder=BertModel(bert, layer=3))
    expected = theirs(bert, gold, MODEL, num_layers=3)
    np.testing.assert_allclose(ours(found), expected, rtol=0, atol=1e-6)


def test_the_last_layer_is_the_default(bert: Path) -> None:
    default, last = bertscore(GOLD, MODEL, encoder=bert), BertModel(bert, layer=3)
    np.testing.assert_array_equal(ours(default), ours(bertscore(GOLD, MODEL, encoder=last)))
    assert default.f1.value.note == f"model: {bert.name}, last layer"


def test_a_baseline_rescales(bert: Path) -> None:
    floor = (0.2, 0.3, 0.25)
    plain = ours(bertscore(GOLD, MODEL, encoder=bert))
    found = ours(bertscore(GOLD, MODEL, encoder=BertModel(bert, baseline=floor)))
    lows = np.array(floor)[:, None]
    np.testing.assert_allclose(found, (plain - lows) / (1 - lows), rtol=1e-12)


def test_absent_and_empty_answers_score_zero_and_equal_ones_one(bert: Path) -> None:
    found = bertscore(["the cat", "cat", "", "dog", None], [None, "", "", "dog", "x"], encoder=bert)
    assert found.f1.scores[:3].tolist() == [0, 0, 0]
    assert found.f1.scores[3] == pytest.approx(1, abs=1e-6)
    assert np.isnan(found.f1.scores[4])
    assert found.f1.share_valid.value == 3 / 4


def test_weights_that_are_all_zero_score_zero(bert: Path) -> None:
    found = bertscore(["cat"], ["cat"], encoder=BertModel(bert, idf=True))
    assert found.f1.value.value == 0


def test_the_sweep_has_all_three(bert: Path) -> None:
    found = text_metrics(GOLD, MODEL, bertscore_model=bert)
    scores = ours(bertscore(GOLD, MODEL, encoder=bert))
    names = ("bertscore_precision", "bertscore_recall", "bertscore_f1")
    np.testing.assert_array_equal([found[name].scores for name in names], scores)


def test_without_a_gold_text_it_is_undefined(bert: Path) -> None:
    assert not bertscore([None], ["a"], encoder=bert).f1.value.is_defined


def test_a_layer_that_is_not_there_is_refused(bert: Path) -> None:
    with pytest.raises(UsageError, match="the model has the layers 0 to 3; found `17`"):
        bertscore(GOLD, MODEL, encoder=BertModel(bert, layer=17))
