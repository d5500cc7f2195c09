"""The JSON that `choices` rebuilds, against Python's own json module."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhouse import config
from evalhouse.store import Store
from tests.store.rows import response, unit, values, write

OUTPUT_KEYS = (
    *("sum_logits", "sum_logits_uncond", "num_tokens", "num_tokens_all", "is_greedy"),
    *("logits_per_token", "logits_per_char", "bits_per_byte", "logits_per_byte", "num_chars"),
)
KINDS = ("raw", "per_token", "per_char", "per_byte", "uncond")
METRIC_KEYS = [
    *(f"predicted_index_{kind}" for kind in KINDS),
    "correct_choice",
    *(f"acc_{kind}" for kind in KINDS),
    *("no_answer", "sum_logits_corr", "logits_per_token_corr", "logits_per_char_corr"),
    "bits_per_byte_corr",
]
Choice = dict[str, Any]

floats = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([-999.0, -9.5, 0.0, -0.0, 1e16, -1e-5]),  # ties, sentinels, spellings
)
choices = st.lists(
    st.fixed_dictionaries(
        {
            "sum_logits": floats,
            "sum_logits_uncond": st.none() | floats,
            "num_tokens": st.integers(0, 40),
            "num_tokens_all": st.integers(0, 4000),
            "num_chars": st.integers(0, 200),
            "is_greedy": st.booleans(),
            "bits_per_byte": floats,
        }
    ),
    min_size=1,
    max_size=5,
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("rebuilt")
    with Store.open(config.load(folder / "house"), create=True) as opened:
        yield opened


def output(choice: Choice) -> dict[str, Any]:
    made = {
        **choice,
        "logits_per_token": choice["sum_logits"] / max(choice["num_tokens"], 1),
        "logits_per_char": choice["sum_logits"] / max(choice["num_chars"], 1),
        "logits_per_byte": choice["bits_per_byte"],
    }
    return {key: made[key] for key in OUTPUT_KEYS}


def metrics(outputs: list[dict[str, Any]], correct: int) -> dict[str, Any]:
    difference: list[float | None] = [
        None
        if each["sum_logits_uncond"] is None
        else each["sum_logits"] - each["sum_logits_uncond"]
        for each in outputs
    ]
    best = {
        "raw": first(max, [each["sum_logits"] for each in outputs]),
        "per_token": first(max, [each["logits_per_token"] for each in outputs]),
        "per_char": first(max, [each["logits_per_char"] for each in outputs]),
        "per_byte": first(min, [each["bits_per_byte"] for each in outputs]),
        "uncond": first(max, difference),
    }
    right = outputs[correct]
    corr = ("sum_logits", "logits_per_token", "logits_per_char", "bits_per_byte")
    return {
        **{f"predicted_index_{kind}": index for kind, index in best.items()},
        "correct_choice": correct,
        **{
            f"acc_{kind}": None if index is None else int(index == correct)
            for kind, index in best.items()
        },
        "no_answer": int(max(each["sum_logits"] for each in outputs) == -999),
        **{f"{name}_corr": right[name] for name in corr},
    }


def first(choose: Callable[[list[float]], float], scores: list[float | None]) -> int | None:
    known = [score for score in scores if score is not None]
    return known.index(choose(known)) if len(known) == len(scores) else None


@settings(max_examples=15, deadline=None)
@given(items=st.lists(st.tuples(choices, st.integers(0, 4)), min_size=1, max_size=60))
def test_rebuilt_json_equals_that_of_python(
    house: Store, items: list[tuple[list[Choice], int]]
) -> None:
    expected = []
    responses, rows = [], []
    for doc_id, (listed, label) in enumerate(items):
        correct = label % len(listed)
        keys = {"output_keys": ",".join(OUTPUT_KEYS), "metric_keys": ",".join(METRIC_KEYS)}
        responses.append(response("arc", doc_id, label=str(correct), **keys))
        numbered = [response("arc", doc_id, choice=n, **each) for n, each in enumerate(listed)]
        rows.extend(reversed(numbered))
        outputs = [output(each) for each in listed]
        expected.append((json.dumps(outputs), json.dumps(metrics(outputs, correct))))
    part = unit("arc", f"{house.catalog.version() % 256:02x}")
    write(house, {"responses": responses, "choices": rows}, part)
    for view in ("items", "answers"):
        query = f"SELECT [model_output, metrics] FROM {view} ORDER BY doc_id"
        assert [tuple(row) for row in values(house, query)] == expected


def test_numbers_that_are_not_finite_are_spelt_as_python_does(store: Store) -> None:
    listed = [
        response("arc", 0, choice=n, sum_logits=value)
        for n, value in enumerate([float("nan"), float("inf"), float("-inf"), None])
    ]
    answered = response("arc", 0, output_keys="sum_logits")
    write(store, {"responses": [answered], "choices": listed}, unit("arc"))
    [rebuilt] = values(store, "SELECT model_output FROM items")
    spelt = [{"sum_logits": each} for each in (float("nan"), float("inf"), float("-inf"), None)]
    assert rebuilt == json.dumps(spelt)


def test_json_that_was_stored_is_shown_as_it_is(store: Store) -> None:
    stored = response("arc", 0, model_output='[{"a":1}]', metrics="{}")
    write(store, {"responses": [stored, response("arc", 1)]}, unit("arc"))
    query = "SELECT [model_output, metrics] FROM items ORDER BY doc_id"
    assert values(store, query) == [['[{"a":1}]', "{}"], [None, None]]


def test_choices_of_another_attempt_or_unit_are_not_mixed_in(store: Store) -> None:
    keys = {"output_keys": "num_tokens"}
    responses = [response("arc", 0, attempt=n, **keys) for n in range(2)]
    rows = [response("arc", 0, attempt=n, choice=0, num_tokens=n) for n in range(2)]
    write(store, {"responses": responses, "choices": rows}, unit("arc"))
    write(store, {"responses": responses, "choices": rows}, unit("arc", "bb"))
    query = "SELECT model_output FROM answers ORDER BY attempt"
    assert values(store, query) == ['[{"num_tokens": 0}]', '[{"num_tokens": 1}]']


def test_a_key_that_no_column_rebuilds_is_an_error_not_a_gap(store: Store) -> None:
    answered = response("arc", 0, output_keys="sum_logits,colour")
    row = response("arc", 0, choice=0, sum_logits=1.0)
    write(store, {"responses": [answered], "choices": [row]}, unit("arc"))
    with pytest.raises(Exception, match="no column rebuilds the output key colour"):
        values(store, "SELECT model_output FROM items")
