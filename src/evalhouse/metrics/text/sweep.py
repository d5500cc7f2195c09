"""All metrics of texts in one go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from evalhouse.errors import UnknownNameError
from evalhouse.metrics.text.bertscore import bertscore
from evalhouse.metrics.text.bleu import corpus_bleu
from evalhouse.metrics.text.chrf import CHRF, CHRF_PLUS_PLUS, chrf_counts, chrf_of_counts
from evalhouse.metrics.text.edits import levenshtein
from evalhouse.metrics.text.embedding import embedding_cosine
from evalhouse.metrics.text.exact import exact_match
from evalhouse.metrics.text.models import BertModel, EmbeddingModel, checked_folder
from evalhouse.metrics.text.pairs import GoldTexts, Pairs, Texts, pair_texts
from evalhouse.metrics.text.rouge import rouge
from evalhouse.metrics.text.score import TextScore
from evalhouse.metrics.text.sentence_bleu import sentence_bleu
from evalhouse.metrics.text.token_f1 import token_f1

Single = Callable[[Pairs], TextScore]

SINGLE: dict[str, Single] = {
    "exact_match": exact_match,
    "exact_match_casefold": partial(exact_match, normalise="casefold"),
    "exact_match_squad": partial(exact_match, normalise="squad"),
    "levenshtein": levenshtein,
    "token_f1": token_f1,
    "sentence_bleu": sentence_bleu,
    "corpus_bleu": corpus_bleu,
}
CHRFS = {"chrf": CHRF, "chrf_plus_plus": CHRF_PLUS_PLUS}
ROUGES = ("rouge1", "rouge2", "rougeL", "rougeLsum")
ROUGE_NAMES = tuple(f"{name}_{part}" for name in ROUGES for part in ("precision", "recall", "f"))
BERTSCORES = ("bertscore_precision", "bertscore_recall", "bertscore_f1")
TEXT_METRICS = (*SINGLE, *CHRFS, *ROUGE_NAMES, "embedding_cosine", *BERTSCORES)
"""Every name that `text_metrics` knows."""


def text_metrics(
    gold: GoldTexts | Pairs,
    model: Texts | None = None,
    *,
    metrics: Sequence[str] = TEXT_METRICS,
    embedding_model: EmbeddingModel | str | Path | None = None,
    bertscore_model: BertModel | str | Path | None = None,
) -> dict[str, TextScore]:
    """Compute metrics of texts at once, which shares the work that they have in common.

    Args:
        gold: (m,) texts, each one or several that are equally right.
        model: (m,) texts of the same units in the same order.
        metrics: names of `TEXT_METRICS`; the results come in this order.
        embedding_model: a folder with a sentence-transformers model, for "embedding_cosine".
        bertscore_model: a folder with a transformers model, for BERTScore.

    Metrics whose model or package is not there are in the results, undefined, with a note.

    Raises:
        UnknownNameError: for a metric that is not known.
        UsageError: for texts that are not paired or no texts, and folders that are not there.

    Example:
        >>> found = text_metrics(["a b", "c"], ["a b", None], metrics=["exact_match", "rouge1_f"])
        >>> found["rouge1_f"].value, found["rouge1_f"].share_valid
        (Value(value=0.5, n=2, note=''), Value(value=0.5, n=2, note='1 missing: these score 0'))
    """
    unknown = [name for name in metrics if name not in TEXT_METRICS]
    if unknown:
        raise UnknownNameError("metric of texts", unknown[0], TEXT_METRICS)
    for folder in (embedding_model, bertscore_model):
        if folder is not None:
            checked_folder(folder if isinstance(folder, (str, Path)) else folder.path)
    pairs, asked = pair_texts(gold, model), frozenset(metrics)
    found = {name: metric(pairs) for name, metric in SINGLE.items() if name in asked}
    found |= _chrfs(pairs, asked) | _rouges(pairs, asked)
    if "embedding_cosine" in asked:
        found["embedding_cosine"] = embedding_cosine(pairs, encoder=embedding_model)
    if not asked.isdisjoint(BERTSCORES):
        scores = bertscore(pairs, encoder=bertscore_model)
        found |= zip(BERTSCORES, (scores.precision, scores.recall, scores.f1), strict=True)
    return {name: found[name] for name in metrics}


def text_metric(gold: GoldTexts | Pairs, model: Texts | None = None, *, name: str) -> TextScore:
    """Compute one metric of texts by its name; see `text_metrics`."""
    return text_metrics(gold, model, metrics=(name,))[name]


def _chrfs(pairs: Pairs, asked: frozenset[str]) -> dict[str, TextScore]:
    wanted = {name: settings for name, settings in CHRFS.items() if name in asked}
    if not wanted:
        return {}
    # The orders of chrF are the first of those of chrF++.
    counts = chrf_counts(pairs, max(wanted.values(), key=lambda settings: settings.orders))
    return {name: chrf_of_counts(pairs, counts, settings) for name, settings in wanted.items()}


def _rouges(pairs: Pairs, asked: frozenset[str]) -> dict[str, TextScore]:
    wanted = [name for name in ROUGES if any(part.startswith(f"{name}_") for part in asked)]
    return dict(_parts(pairs, wanted)) if wanted else {}


def _parts(pairs: Pairs, names: Sequence[str]) -> Iterator[tuple[str, TextScore]]:
    for name, score in rouge(pairs, names=names).items():
        for part in ("precision", "recall", "f"):
            yield f"{name}_{part}", getattr(score, part)
