from __future__ import annotations

import re
import tomllib
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.metrics import METRICS
from evalhouse.metrics.value import Metric
from evalhouse.normalise.metrics import (
    PROPORTION,
    UNKNOWN,
    MetricMeaning,
    meaning_of,
    shared_meaning,
    with_meaning,
)
from evalhouse.records import Cell

PERCENT = MetricMeaning("percent", higher_is_better=True)
UP = MetricMeaning(PROPORTION, higher_is_better=True)
DOWN = MetricMeaning(PROPORTION, higher_is_better=False)
COEFFICIENT = MetricMeaning("coefficient", higher_is_better=True)

MEANINGS = {
    "acc": UP,
    "acc_raw": UP,
    "acc_per_token": UP,
    "acc_per_char": UP,
    "acc_per_byte": UP,
    "acc_uncond": UP,
    "accuracy_norm": UP,
    "extra_metrics.acc": UP,
    "exact_match": UP,
    "exact_match_flex": UP,
    "exact_match_flex_sub_algebra": UP,
    "f1": UP,
    "mc2": UP,
    "pass_at_1": UP,
    "maj_at_64": UP,
    "prompt_level_strict_acc": UP,
    "inst_level_loose_acc": UP,
    "rouge1_f1": UP,
    "rougeL_p": UP,
    "answer_format_correct": UP,
    "no_answer": DOWN,
    "max_tokens_reached": DOWN,
    "win_rate": PERCENT,
    "length_controlled_winrate": PERCENT,
    "bits_per_byte": MetricMeaning("bit/byte", higher_is_better=False),
    "logits_per_byte_corr": MetricMeaning("bit/byte", higher_is_better=False),
    "sum_logits_corr": MetricMeaning("nat", higher_is_better=True),
    "ppl_token": MetricMeaning("perplexity", higher_is_better=False),
    "num_tokens": MetricMeaning("tokens"),
    "total_price": MetricMeaning("USD", higher_is_better=False),
    "processing_time": MetricMeaning("s", higher_is_better=False),
    "partial_score_judged": UP,
    "pairwise_win": UP,
    "percentage_agreement": UP,
    "f1_weighted": UP,
    "jaccard": UP,
    "hamming_loss": DOWN,
    "token_f1": UP,
    "exact_match_f1": UP,
    "char_iou": UP,
    "norm_levenshtein": UP,
    "rougeL_f": UP,
    "bleu": MetricMeaning(None, higher_is_better=True),
    "quadratic_kappa": COEFFICIENT,
    "krippendorff_alpha": COEFFICIENT,
    "krippendorff_alpha_nominal_raters": COEFFICIENT,
    "spearman_corr": COEFFICIENT,
    "bertscore_f1": COEFFICIENT,
    "root_mean_square_error": MetricMeaning("scale", higher_is_better=False),
    "total_inference_time": MetricMeaning("s", higher_is_better=False),
}
LOOKALIKES = ["my_acc_score", "accurate", "acc_per_word", "pass_at_k", "rouge3_f1", "ACC", "", "f"]


def _entries() -> list[dict[str, Any]]:
    text = resources.files("evalhouse").joinpath("data/metrics.toml").read_text("utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text)["metrics"]
    return found


def _cell(value: float | None, **changes: Any) -> Cell:
    given: dict[str, Any] = {
        "run_id": "r",
        "prompt_id": "p",
        "model_id": "m",
        "task_id": "t",
        "unit_id": "u",
        "primary_metric": "acc",
        "primary_value": value,
        "origin": "reported",
    }
    return Cell(**{**given, **changes})


@pytest.mark.parametrize("entry", _entries(), ids=lambda entry: entry["pattern"][:30])
def test_every_known_pattern_has_an_example(entry: dict[str, Any]) -> None:
    expected = MetricMeaning(entry.get("unit"), entry.get("higher_is_better"))
    assert any(
        re.fullmatch(entry["pattern"], name) and meaning == expected
        for name, meaning in MEANINGS.items()
    )


@pytest.mark.parametrize("name", MEANINGS)
def test_a_metric_means_what_its_name_says(name: str) -> None:
    assert meaning_of(name) == MEANINGS[name]


@pytest.mark.parametrize("average", ["_micro", "_macro", "_micro_macro"])
@pytest.mark.parametrize("name", MEANINGS)
def test_an_average_means_what_its_parts_mean(name: str, average: str) -> None:
    assert meaning_of(name + average) == MEANINGS[name]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.definition)
def test_a_metric_of_ours_means_what_it_declares(metric: Metric) -> None:
    known = meaning_of(metric.name)
    assert known.unit in (None, metric.unit)
    assert known.higher_is_better in (None, metric.higher_is_better)


@pytest.mark.parametrize("name", LOOKALIKES)
def test_what_is_not_known_has_no_unit_and_no_direction(name: str) -> None:
    assert meaning_of(name) == UNKNOWN


def test_metrics_share_what_all_of_them_mean() -> None:
    assert shared_meaning(["acc", "exact_match", "f1"]) == UP
    assert shared_meaning(["acc", "bits_per_byte"]) == UNKNOWN
    assert shared_meaning(["acc", "judge_rating"]) == UNKNOWN
    assert shared_meaning([]) == UNKNOWN


@given(st.floats(0, 1))
def test_a_proportion_becomes_the_score(value: float) -> None:
    cell = with_meaning(_cell(value), ["acc"])
    assert (cell.score, cell.unit, cell.higher_is_better) == (value, PROPORTION, True)
    assert cell.value_note is None


@given(st.one_of(st.floats(max_value=0, exclude_max=True), st.floats(1, exclude_min=True)))
def test_what_is_no_proportion_keeps_its_value_and_says_why_it_is_no_score(value: float) -> None:
    cell = with_meaning(_cell(value), ["acc"])
    assert (cell.score, cell.primary_value) == (None, value)
    assert cell.value_note == f"{value!r} is outside 0 to 1, where `acc` lies by definition"


def test_nan_is_no_score() -> None:
    assert with_meaning(_cell(float("nan")), ["acc"]).score is None


def test_an_absent_value_stays_absent_with_its_note() -> None:
    cell = with_meaning(_cell(None, value_note="not finite: inf"), ["acc"])
    assert (cell.score, cell.value_note) == (None, "not finite: inf")


@pytest.mark.parametrize("basis", [["bits_per_byte"], ["judge_rating"], [], ["acc", "ppl_token"]])
def test_only_a_proportion_has_a_score(basis: list[str]) -> None:
    assert with_meaning(_cell(0.5), basis).score is None


def test_everything_else_of_a_cell_stays() -> None:
    cell = _cell(0.5, primary_stderr=0.1, n_items=4)
    changed = with_meaning(cell, ["acc"])
    same = set(Cell.__struct_fields__) - {"score", "unit", "higher_is_better", "value_note"}
    assert all(getattr(changed, name) == getattr(cell, name) for name in same)
