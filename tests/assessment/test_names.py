"""That a name of codebook-lab means the same idea here, by other libraries on the same answers."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import krippendorff
import numpy as np
import pytest
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
from rapidfuzz.distance import Levenshtein
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score, f1_score, precision_score, recall_score

from evalhouse.assessment import assess
from evalhouse.assessment.names import HEADLINES, MEANINGS, known_names
from evalhouse.assessment.scores import field_scores
from evalhouse.metrics.codebook_lab import METRICS_BY_TYPE
from evalhouse.metrics.spans import Span
from evalhouse.scoring import Field, Scoring
from evalhouse.scoring.field import KINDS
from tests.assessment.made import answers_to, field_rows, make_task
from tests.metrics.spans import enumerated

QUICK = Scoring(has_intervals=False)


def values(
    field: Field, gold: list[str], model: list[str], texts: Sequence[str] = ()
) -> dict[str, float]:
    scores, _ = field_scores(field_rows(field, gold, model, texts=texts), gold, model, QUICK)
    return {each.metric: np.nan if each.value is None else each.value for each in scores}


def drawn(seed: int, options: list[str], rows: int = 60) -> tuple[list[str], list[str]]:
    chance = random.Random(seed)
    gold = [chance.choice(options) for _ in range(rows)]
    return gold, [one if chance.random() < 0.6 else chance.choice(options) for one in gold]


@pytest.mark.parametrize("kind", ["checkbox", "dropdown"])
def test_names_of_labels_mean_what_other_libraries_compute(kind: str) -> None:
    options = ["0", "1"] if kind == "checkbox" else ["for", "against", "None"]
    field = Field("x", "checkbox") if kind == "checkbox" else Field("x", "dropdown", (*options,))
    gold, model = drawn(1, options)
    found = values(field, gold, model)
    codes = [[options.index(one) for one in side] for side in (gold, model)]
    expected = {
        "f1": f1_score(gold, model, average="macro"),
        "precision": precision_score(gold, model, average="macro"),
        "recall": recall_score(gold, model, average="macro"),
        "cohen_kappa": cohen_kappa_score(gold, model),
        "accuracy": np.mean(np.array(gold) == model),
        "percentage_agreement": np.mean(np.array(gold) == model),
        "krippendorff_alpha": krippendorff.alpha(codes, level_of_measurement="nominal"),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-12)
    assert [found[name] for name in ("f1_macro", "precision_macro", "recall_macro")] == [
        found[name] for name in ("f1", "precision", "recall")
    ]


def test_names_of_scales_mean_what_other_libraries_compute() -> None:
    gold, model = drawn(2, ["1", "2", "5", "7"])
    found = values(Field("x", "likert", scale=(1, 7)), gold, model)
    numbers = [list(map(int, side)) for side in (gold, model)]
    expected = {
        "spearman_corr": spearmanr(*numbers).statistic,
        # scikit-learn counts steps between labels, so the unused points of the scale are given.
        "quadratic_kappa": cohen_kappa_score(*numbers, labels=range(1, 8), weights="quadratic"),
        "krippendorff_alpha": krippendorff.alpha(numbers, level_of_measurement="ordinal"),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-12)


def test_the_gaps_of_a_scale_are_kept() -> None:
    gold, model = ["1", "2", "9", "1", "2", "9"], ["1", "9", "9", "1", "2", "2"]
    found = values(Field("x", "likert", scale=(1, 9)), gold, model)
    kept = cohen_kappa_score(gold, model, labels=list("123456789"), weights="quadratic")
    closed = cohen_kappa_score(gold, model, labels=list("129"), weights="quadratic")
    assert found["quadratic_kappa"] == pytest.approx(kept)
    assert found["quadratic_kappa"] != pytest.approx(closed)


def test_names_of_texts_mean_what_other_libraries_compute() -> None:
    gold = ["The late tram stops here", " Night buses help", "same words here now"]
    model = ["the tram stops late here", "night buses HELP a lot", "same words here now"]
    found = values(Field("x", "textbox"), gold, model)
    pairs = [(one.strip().lower(), two.lower()) for one, two in zip(gold, model, strict=True)]
    smooth = SmoothingFunction().method1
    expected = {
        "norm_levenshtein": np.mean([Levenshtein.normalized_similarity(*pair) for pair in pairs]),
        "bleu": np.mean(
            [
                sentence_bleu([one.split()], two.split(), smoothing_function=smooth)
                for one, two in pairs
            ]
        ),
        "percentage_agreement": 1 / 3,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-12)
    assert found["levenshtein"] < found["norm_levenshtein"]


def as_cells(lists: list[list[Span]]) -> list[str]:
    return [json.dumps([span._asdict() for span in spans]) for spans in lists]


def test_names_of_spans_mean_what_counting_one_by_one_gives() -> None:
    gold, model, texts = enumerated.corpus(4, units=30)
    kept = [[span for span in spans if span.start < span.end] for spans in gold]
    field = Field("x", "span", labels=enumerated.LABELS)
    found = values(field, as_cells(kept), as_cells(model), texts=texts)
    expected = enumerated.scores(kept, model, texts)
    for name, ours in (
        ("token_f1", "token_f1_macro"),
        ("exact_match_f1", "strict_f1"),
        ("char_iou", "char_iou"),
    ):
        assert found[name] == pytest.approx(expected[ours], abs=1e-12)


def test_every_name_of_codebook_lab_has_a_meaning_in_its_order() -> None:
    for kind in KINDS:
        assert tuple(MEANINGS[kind]) == METRICS_BY_TYPE.get(kind, ())


def test_the_headline_stands_first_and_every_name_once(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    for each in assess(task, answers_to(task), QUICK).fields:
        names = [score.metric for score in each.scores]
        assert tuple(names[: len(each.headline)]) == each.headline == HEADLINES[each.kind]
        assert len(set(names)) == len(names)
        assert {*MEANINGS[each.kind], *known_names(each.kind)} <= set(names)


def test_a_field_that_was_not_answered_has_its_names_without_values(tmp_path: Path) -> None:

    task = make_task(tmp_path)
    answers = answers_to(task)
    cells = {name: held for name, held in answers.cells.items() if name != "S_Why"}
    found = assess(task, replace(answers, cells=cells), QUICK)
    why = next(each for each in found.fields if each.column == "S_Why")
    assert tuple(score.metric for score in why.scores) == METRICS_BY_TYPE["textbox"]
    assert {score.value for score in why.scores} == {None}
    assert why.warnings == (
        "there is no column `S_Why` in the answers, so the field is not scored",
    )
