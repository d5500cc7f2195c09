from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.text import (
    CHRF_PLUS_PLUS,
    METRICS,
    TEXT_METRICS,
    TextScore,
    bertscore,
    chrf,
    corpus_bleu,
    embedding_cosine,
    exact_match,
    levenshtein,
    rouge,
    sentence_bleu,
    text_metrics,
    token_f1,
)
from tests.metrics.text.samples import pairs

LINES = ["a a a\nc c b"], ["b a a\nc a a"]  # ROUGE-Lsum is not the same in both directions
ROUGES = ("rouge1", "rouge2", "rougeL", "rougeLsum")


def one_by_one(gold: Sequence[str], model: Sequence[str]) -> dict[str, TextScore]:
    parts = rouge(gold, model, names=ROUGES).items()
    return {
        "exact_match": exact_match(gold, model),
        "exact_match_casefold": exact_match(gold, model, normalise="casefold"),
        "exact_match_squad": exact_match(gold, model, normalise="squad"),
        "levenshtein": levenshtein(gold, model),
        "token_f1": token_f1(gold, model),
        "sentence_bleu": sentence_bleu(gold, model),
        "corpus_bleu": corpus_bleu(gold, model),
        "chrf": chrf(gold, model),
        "chrf_plus_plus": chrf(gold, model, settings=CHRF_PLUS_PLUS),
        **{f"{name}_precision": score.precision for name, score in parts},
        **{f"{name}_recall": score.recall for name, score in parts},
        **{f"{name}_f": score.f for name, score in parts},
    }


def test_one_sweep_gives_what_each_metric_gives() -> None:
    found = text_metrics(*pairs())
    assert tuple(found) == TEXT_METRICS
    for name, score in one_by_one(*pairs()).items():
        assert found[name].value == score.value
        assert found[name].scores.tolist() == score.scores.tolist()


def test_results_come_in_the_order_that_is_asked_for() -> None:
    names = ["rougeL_f", "chrf", "exact_match"]
    assert list(text_metrics(["a"], ["a"], metrics=names)) == names


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("embedding_cosine", "needs the folder of a sentence-transformers model"),
        ("bertscore_f1", "needs the folder of a transformers model"),
    ],
)
def test_without_a_model_the_row_is_there_and_says_so(name: str, note: str) -> None:
    found = text_metrics(["a", "b"], ["a", None])[name]
    assert math.isnan(found.value.value)
    assert found.value.note.startswith(note)
    assert found.share_valid.value == 0.5


@pytest.mark.parametrize(
    ("name", "module"),
    [("embedding_cosine", "sentence_transformers"), ("bertscore_f1", "transformers")],
)
def test_without_the_extra_the_row_is_there_and_names_it(
    name: str, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, "torch", None)
    metrics = [name, "levenshtein"]
    found = text_metrics(
        ["a"], ["a"], metrics=metrics, embedding_model=tmp_path, bertscore_model=tmp_path
    )
    assert math.isnan(found[name].value.value)
    assert found[name].value.note == "needs the extra `text`: pip install 'evalhouse[text]'"
    assert found["levenshtein"].value.value == 1


@pytest.mark.parametrize("option", ["embedding_model", "bertscore_model"])
def test_a_model_that_is_no_folder_is_refused_before_anything(option: str) -> None:
    model: dict[str, Any] = {option: "sentence-transformers/all-MiniLM-L6-v2"}
    with pytest.raises(UsageError, match="nothing is downloaded here"):
        text_metrics(["a"], ["a"], **model)


@pytest.mark.parametrize("metric", [embedding_cosine, bertscore])
def test_each_metric_alone_refuses_it_too(metric: Any) -> None:
    with pytest.raises(UsageError, match="there is no folder with a model"):
        metric(["a"], ["a"], encoder="roberta-large")


def test_an_unknown_metric_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean `rouge1_f`"):
        text_metrics(["a"], ["a"], metrics=["rouge1"])


def test_every_metric_is_registered_under_its_name() -> None:
    assert tuple(metric.name for metric in METRICS) == TEXT_METRICS


@pytest.mark.parametrize("metric", METRICS[:-4], ids=lambda metric: metric.name)
def test_registered_metrics_stay_within_their_bounds(metric: Any) -> None:
    found = metric.function(*pairs(100))
    assert metric.low <= found.value.value <= metric.high
    assert (found.scores >= metric.low).all()
    assert (found.scores <= metric.high + 1e-12).all()


@pytest.mark.parametrize("metric", METRICS[:-4], ids=lambda metric: metric.name)
def test_registered_metrics_are_symmetric_where_they_say_so(metric: Any) -> None:
    gold, model = (side + extra for side, extra in zip(pairs(100), LINES, strict=True))
    there, back = (metric.function(*sides).value.value for sides in ((gold, model), (model, gold)))
    assert (abs(there - back) < 1e-12) == metric.is_symmetric
