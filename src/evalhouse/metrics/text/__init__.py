"""Metrics of texts: gold texts and a model's in, a score with one for every unit out."""

from __future__ import annotations

from functools import partial

from evalhouse.metrics.text.bertscore import BertScore, bertscore
from evalhouse.metrics.text.bleu import BleuSettings, bleu_of_sums, corpus_bleu
from evalhouse.metrics.text.chrf import CHRF_PLUS_PLUS, ChrfSettings, chrf, chrf_of_sums
from evalhouse.metrics.text.edits import levenshtein
from evalhouse.metrics.text.embedding import embedding_cosine
from evalhouse.metrics.text.exact import exact_match
from evalhouse.metrics.text.models import BertModel, EmbeddingModel
from evalhouse.metrics.text.normalisation import NORMALISATIONS
from evalhouse.metrics.text.pairs import Pairs, pair_texts
from evalhouse.metrics.text.porter import stem
from evalhouse.metrics.text.rouge import Rouge, rouge
from evalhouse.metrics.text.score import TextScore, mean_of_sums
from evalhouse.metrics.text.sentence_bleu import sentence_bleu
from evalhouse.metrics.text.sweep import TEXT_METRICS, text_metric, text_metrics
from evalhouse.metrics.text.token_f1 import token_f1
from evalhouse.metrics.text.tokens import TOKENIZERS
from evalhouse.metrics.value import Metric

__all__ = [
    "CHRF_PLUS_PLUS",
    "METRICS",
    "NORMALISATIONS",
    "TEXT_METRICS",
    "TOKENIZERS",
    "BertModel",
    "BertScore",
    "BleuSettings",
    "ChrfSettings",
    "EmbeddingModel",
    "Pairs",
    "Rouge",
    "TextScore",
    "bertscore",
    "bleu_of_sums",
    "chrf",
    "chrf_of_sums",
    "corpus_bleu",
    "embedding_cosine",
    "exact_match",
    "levenshtein",
    "mean_of_sums",
    "pair_texts",
    "rouge",
    "sentence_bleu",
    "stem",
    "text_metric",
    "text_metrics",
    "token_f1",
]

_proportion = partial(
    Metric, family="text", unit="proportion", low=0.0, high=1.0, higher_is_better=True
)
_similarity = partial(
    Metric, family="text", unit="coefficient", low=-1.0, high=1.0, higher_is_better=True
)

METRICS: tuple[Metric, ...] = (
    _proportion(
        name="exact_match", function=exact_match, is_symmetric=True, reference="equality of strings"
    ),
    _proportion(
        name="exact_match_casefold",
        function=partial(text_metric, name="exact_match_casefold"),
        described_by=exact_match,
        is_symmetric=True,
        reference="equality of strings",
    ),
    _proportion(
        name="exact_match_squad",
        function=partial(text_metric, name="exact_match_squad"),
        described_by=exact_match,
        is_symmetric=True,
        reference="SQuAD 2.0's rules",
    ),
    _proportion(
        name="levenshtein", function=levenshtein, is_symmetric=True, reference="Levenshtein"
    ),
    _proportion(
        name="token_f1",
        function=token_f1,
        is_symmetric=True,
        reference="SQuAD 2.0's rules",
    ),
    _proportion(name="sentence_bleu", function=sentence_bleu, is_symmetric=False, reference="nltk"),
    _proportion(
        name="corpus_bleu", function=corpus_bleu, is_symmetric=False, reference="sacrebleu"
    ),
    _proportion(name="chrf", function=chrf, is_symmetric=False, reference="sacrebleu"),
    _proportion(
        name="chrf_plus_plus",
        function=partial(text_metric, name="chrf_plus_plus"),
        described_by=chrf,
        is_symmetric=False,
        reference="sacrebleu",
    ),
    _proportion(
        name="rouge1_precision",
        function=partial(text_metric, name="rouge1_precision"),
        described_by=rouge,
        is_symmetric=False,
        reference="rouge-score",
    ),
    _proportion(
        name="rouge1_recall",
        function=partial(text_metric, name="rouge1_recall"),
        described_by=rouge,
        is_symmetric=False,
        reference="rouge-score",
    ),
    _proportion(
        name="rouge1_f",
        function=partial(text_metric, name="rouge1_f"),
        described_by=rouge,
        is_symmetric=True,
        reference="rouge-score",
    ),
    _proportion(
        name="rouge2_precision",
        function=partial(text_metric, name="rouge2_precision"),
        described_by=rouge,
        is_symmetric=False,
        reference="rouge-score",
    ),
    _proportion(
        name="rouge2_recall",
        function=partial(text_metric, name="rouge2_recall"),
        described_by=rouge,
        is_symmetric=False,
        reference="rouge-score",
    ),
    _proportion(
        name="rouge2_f",
        function=partial(text_metric, name="rouge2_f"),
        described_by=rouge,
        is_symmetric=True,
        reference="rouge-score",
    ),
    _proportion(
        name="rougeL_precision",
        function=partial(text_metric, name="rougeL_precision"),
        described_by=rouge,
        is_symmetric=False,
        reference="rouge-score",
    ),
    _proportion(
        name="rougeL_recall",
        function=partial(text_metric, name="rougeL_recall"),
        described_by=rouge,
        is_symmetric=False,
        reference="rouge-score",
    ),
    _proportion(
        name="rougeL_f",
        function=partial(text_metric, name="rougeL_f"),
        described_by=rouge,
        is_symmetric=True,
        reference="rouge-score",
    ),
    _proportion(
        name="rougeLsum_precision",
        function=partial(text_metric, name="rougeLsum_precision"),
        described_by=rouge,
        is_symmetric=False,
        reference="rouge-score",
    ),
    _proportion(
        name="rougeLsum_recall",
        function=partial(text_metric, name="rougeLsum_recall"),
        described_by=rouge,
        is_symmetric=False,
        reference="rouge-score",
    ),
    _proportion(
        name="rougeLsum_f",
        function=partial(text_metric, name="rougeLsum_f"),
        described_by=rouge,
        is_symmetric=False,
        reference="rouge-score",
    ),
    _similarity(
        name="embedding_cosine",
        function=embedding_cosine,
        is_symmetric=True,
        reference="sentence-transformers",
    ),
    _similarity(
        name="bertscore_precision",
        function=partial(text_metric, name="bertscore_precision"),
        described_by=bertscore,
        is_symmetric=False,
        reference="bert-score",
    ),
    _similarity(
        name="bertscore_recall",
        function=partial(text_metric, name="bertscore_recall"),
        described_by=bertscore,
        is_symmetric=False,
        reference="bert-score",
    ),
    _similarity(
        name="bertscore_f1",
        function=partial(text_metric, name="bertscore_f1"),
        described_by=bertscore,
        is_symmetric=True,
        reference="bert-score",
    ),
)
