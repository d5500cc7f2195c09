from __future__ import annotations

import hashlib
import json
import random
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.formats.olmes.hashes import settings_hash, suite_hash

DEFAULTS: dict[str, Any] = json.loads(
    resources.files("evalhouse").joinpath("data/olmes_defaults.json").read_text("utf-8")
)
# The settings of a public record, whose hash its writer stated.
MATH = {
    "task_name": "minerva_math_500",
    "task_core": "minerva_math_500",
    "split": "test",
    "primary_metric": "exact_match_flex",
    "context_kwargs": {
        "use_cot": True,
        "cot_style": "plain",
        "assistant_prefix": None,
        "fewshot_as_multiturn": True,
        "final_description": "\n\nPresent the answer in LaTex format: \\boxed{Your answer}",
    },
    "generation_kwargs": {
        "max_gen_toks": 32768,
        "temperature": 0.7,
        "do_sample": True,
        "stop_sequences": [],
        "truncate_context": False,
    },
    "native_id_field": "index",
    "fewshot_source": "Minerva:MATH",
    "dataset_path": "HuggingFaceH4/MATH-500",
    "use_chat_format": True,
    "version": 0,
    "metadata": {"regimes": ["hamish_zs_reasoning"]},
}
MATH_HASH = "46e522f957333210bbb212c43a7c2df7"


def md5(value: Any) -> str:
    return hashlib.md5(json.dumps(value, sort_keys=True).encode()).hexdigest()


def test_the_hash_of_a_public_record_is_reproduced() -> None:
    assert settings_hash(MATH, "task") == MATH_HASH


@pytest.mark.parametrize(
    "changes",
    [
        {"metadata": {"alias": "other", "regimes": []}},
        {"num_shots": 0, "fewshot_seed": 1234, "random_subsample_seed": 1234},
        {"limit": None, "revision": None, "compute_gold_bpb": False, "custom_kwargs": {}},
        {"metric_kwargs": {"uncond_docid_offset": 1000000}},
        {"metric_kwargs": {"extra_metric_names": ["num_tokens"], "uncond_docid_offset": None}},
        {"context_kwargs": {**MATH["context_kwargs"], "template": None}},  # type: ignore[dict-item]
    ],
)
def test_what_is_no_setting_or_a_default_does_not_change_the_hash(changes: dict[str, Any]) -> None:
    assert settings_hash({**MATH, **changes}, "task") == MATH_HASH


@pytest.mark.parametrize(
    "changes",
    [
        *({"num_shots": 1}, {"limit": 100}, {"limit": 0.1}, {"version": 0.1}, {"version": 0.0}),
        *({"metric_kwargs": {"pass_at_ks": [1]}}, {"context_kwargs": {"use_cot": True}}),
        {"generation_kwargs": {}},
    ],
)
def test_what_was_set_otherwise_changes_the_hash(changes: dict[str, Any]) -> None:
    assert settings_hash({**MATH, **changes}, "task") != MATH_HASH


def test_the_hash_is_that_of_the_settings_that_differ() -> None:
    model = {**DEFAULTS["model"], "model": "é", "model_path": ["/a", "/b"], "chat_model": True}
    expected = {"model": "é", "model_path": "/a", "chat_model": True}
    assert settings_hash(model, "model") == md5(expected)
    assert '"\\u00e9"' in json.dumps(expected)


def test_a_setting_that_has_no_default_counts_unless_it_is_null() -> None:
    given_twice = {"new_argument": 1, "other": None}
    assert settings_hash(given_twice, "model") == md5({"new_argument": 1})


def test_until_august_2024_some_keys_always_counted() -> None:
    config = {"task_name": "t", "dataset_path": "d", "metadata": {"alias": "a"}, "num_shots": 0}
    kept = {"task_name": "t", "dataset_path": "d", "metadata": {"alias": "a"}}
    assert settings_hash(config, "task", legacy=True) == md5(kept)
    model: dict[str, Any] = {"model": "m", "model_path": None, "metadata": {}}
    assert settings_hash(model, "model", legacy=True) == md5(model)
    assert settings_hash({"model": "m"}, "model", legacy=True) == md5({"model": "m"})


@given(st.permutations(list(MATH)))
def test_the_order_of_settings_does_not_matter(order: list[str]) -> None:
    assert settings_hash({name: MATH[name] for name in order}, "task") == MATH_HASH


def test_a_limit_beyond_64_bits_is_hashed_as_written() -> None:
    assert settings_hash({"limit": 10**19}, "task") == md5({"limit": 10**19})


def test_no_settings_have_the_hash_of_an_empty_object() -> None:
    assert settings_hash({}, "task") == settings_hash(DEFAULTS["task"], "task") == md5({})


@given(st.lists(st.text("0123456789abcdef", min_size=32, max_size=32), max_size=5))
def test_a_suite_is_hashed_by_its_members_in_any_order(hashes: list[str]) -> None:
    shuffled = random.Random(1).sample(hashes, len(hashes))
    assert suite_hash(shuffled) == md5({"hashes": sorted(hashes)})
