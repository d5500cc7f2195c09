from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.formats.olmes.choices import (
    BITS,
    FORMS,
    Choices,
    ItemMetrics,
    arrow_columns,
    decode,
    output_keys,
    select,
)
from evalhouse.formats.olmes.choices import rebuilt_outputs as rebuilt

Choice = dict[str, Any]
KEYS = (
    *("sum_logits", "num_tokens", "num_tokens_all", "is_greedy", "sum_logits_uncond"),
    *("logits_per_token", "bits_per_byte", "logits_per_char", "num_chars"),
)
METRICS = (
    *(f"predicted_index_{form}" for form in FORMS),
    "correct_choice",
    *(f"acc_{form}" for form in FORMS),
    *("no_answer", "sum_logits_corr", "logits_per_token_corr"),
    *("logits_per_char_corr", "bits_per_byte_corr"),
)


def choice(total: float, *, tokens: int = 2, chars: int = 4, uncond: float = -1.0) -> Choice:
    """Score a choice as the writer does."""
    return {
        "sum_logits": total,
        "num_tokens": tokens,
        "num_tokens_all": tokens + 3,
        "is_greedy": total > -1,
        "sum_logits_uncond": uncond,
        "logits_per_token": total / max(tokens, 1),
        "bits_per_byte": -BITS * (total / max(chars, 1)),
        "logits_per_char": total / max(chars, 1),
        "num_chars": chars,
    }


def slow_metrics(choices: list[Choice], gold: int) -> dict[str, Any]:
    """Score an item one value at a time, as the writer does."""

    def best(values: list[float]) -> int:
        return max(range(len(values)), key=values.__getitem__)

    picks = {
        "raw": best([item["sum_logits"] for item in choices]),
        "per_token": best([item["logits_per_token"] for item in choices]),
        "per_char": best([item["logits_per_char"] for item in choices]),
        "per_byte": best([-item["bits_per_byte"] for item in choices]),
        "uncond": best([item["sum_logits"] - item["sum_logits_uncond"] for item in choices]),
    }
    right = choices[gold]
    return {
        **{f"predicted_index_{form}": picks[form] for form in FORMS},
        "correct_choice": gold,
        **{f"acc_{form}": int(picks[form] == gold) for form in FORMS},
        "no_answer": int(max(item["sum_logits"] for item in choices) == -999),
        "sum_logits_corr": right["sum_logits"],
        "logits_per_token_corr": right["logits_per_token"],
        "logits_per_char_corr": right["logits_per_char"],
        "bits_per_byte_corr": right["bits_per_byte"],
    }


def texts(values: list[Any]) -> list[bytes]:
    return [json.dumps(value).encode() for value in values]


def decoded(items: list[list[Choice]], keys: tuple[str, ...] = KEYS) -> Choices:
    found = decode(texts(items), keys)
    assert found is not None
    return found


# Ties, exponents that Python and others spell differently, and the writer's mark of no answer.
totals = st.one_of(
    st.sampled_from([-1.0, -2.0, -0.5, 0.0, -0.0, -999.0, -1e-05, -9.9e-05, -1e-04, -1e-07, -1e16]),
    st.floats(-1e6, 0.0),
    st.floats(-1e-4, -1e-5),
)
choices_of_items = st.lists(
    st.lists(
        st.builds(
            choice,
            totals,
            tokens=st.integers(0, 4),
            chars=st.integers(0, 9),
            uncond=totals,
        ),
        min_size=1,
        max_size=5,
    ),
    min_size=1,
    max_size=6,
)


@given(choices_of_items, st.data())
def test_outputs_and_metrics_follow_bit_for_bit_as_the_writer_spells_them(
    items: list[list[Choice]], data: st.DataObject
) -> None:
    gold = [data.draw(st.integers(0, len(item) - 1)) for item in items]
    found = decoded(items)
    assert rebuilt(found, KEYS, texts(items)).all()
    stated = texts([slow_metrics(item, right) for item, right in zip(items, gold, strict=True)])
    computed = ItemMetrics.compute(found, np.array(gold))
    assert computed.rebuilt(METRICS, stated).all()


@given(choices_of_items, st.data())
def test_one_other_value_is_seen_in_its_item_and_in_no_other(
    items: list[list[Choice]], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(items) - 1))
    metrics = [slow_metrics(item, 0) for item in items]
    computed = ItemMetrics.compute(decoded(items), np.zeros(len(items), np.int64))
    key = data.draw(st.sampled_from(METRICS))
    value = metrics[place][key]
    metrics[place][key] = value + 1 if isinstance(value, int) else np.nextafter(value, -math.inf)
    expected = [index != place for index in range(len(items))]
    assert computed.rebuilt(METRICS, texts(metrics)).tolist() == expected


@given(choices_of_items, st.sampled_from(["logits_per_token", "logits_per_char"]), st.data())
def test_a_derived_value_that_does_not_follow_is_seen(
    items: list[list[Choice]], key: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(items) - 1))
    items[place][-1][key] = float(np.nextafter(items[place][-1][key], -math.inf))
    expected = [index != place for index in range(len(items))]
    assert rebuilt(decoded(items), KEYS, texts(items)).tolist() == expected


# -- spellings -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spelled", ["-999", "-1e-5", "-1.50", "-1E3", "-0.00001", "0", "-1.0000000000000000001"]
)
def test_a_number_that_python_spells_otherwise_is_not_rebuilt(spelled: str) -> None:
    keys = ("sum_logits", "num_tokens")
    outputs = [b'[{"sum_logits": %s, "num_tokens": 1}]' % spelled.encode()]
    found = decode(outputs, keys)
    assert found is not None
    assert found.arrays["sum_logits"].tolist() == [float(spelled)]
    assert rebuilt(found, keys, outputs).tolist() == [False]


@pytest.mark.parametrize("total", [-1e-05, -3.3e-05, -9.999e-05, -0.0001, -1e-06, -1e16, -1e22])
def test_every_exponent_is_spelled_as_python_spells_it(total: float) -> None:
    items = [[{"sum_logits": total, "num_tokens": 1}]] * 2
    found = decoded(items, ("sum_logits", "num_tokens"))
    assert rebuilt(found, ("sum_logits", "num_tokens"), texts(items)).tolist() == [True, True]


@pytest.mark.parametrize(
    "output",
    [
        "[]",
        '[{"sum_logits": "a", "num_tokens": 1}]',
        '[{"sum_logits": NaN, "num_tokens": 1}]',
        '[{"sum_logits": null, "num_tokens": 1}]',
        '[{"sum_logits": -1.0}]',
        '[{"sum_logits": -1.0, "num_tokens": 1.5}]',
        "{}",
        "null",
    ],
)
def test_outputs_that_are_no_choices_are_never_taken_for_some(output: str) -> None:
    keys = ("sum_logits", "num_tokens")
    outputs = [b'[{"sum_logits": -1.0, "num_tokens": 1}]', output.encode()]
    assert decode(outputs, keys) is None
    assert decode(outputs[::-1], keys) is None


@pytest.mark.parametrize(
    ("first", "keys"),
    [
        ([choice(-1.0)], KEYS),
        ([{"sum_logits": -1.0, "num_tokens": 1}], ("sum_logits", "num_tokens")),
        ([{"num_tokens": 1, "sum_logits": -1.0}], ("num_tokens", "sum_logits")),
        ([{"sum_logits": -1.0}], None),
        ([{"sum_logits": -1.0, "num_tokens": 1, "text": "a"}], None),
        ([{"sum_logits": -1.0, "num_tokens": 1, "logits_per_char": -1.0}], None),
        ([{**choice(-1.0), "logits_per_byte": 1.0}], None),
        ([], None),
        ({}, None),
        (["a"], None),
        (None, None),
    ],
)
def test_choices_are_known_by_their_keys(first: Any, keys: tuple[str, ...] | None) -> None:
    assert output_keys(first) == keys


# -- picks ---------------------------------------------------------------------------------------


def computed(items: list[list[Choice]], gold: list[int]) -> ItemMetrics:
    return ItemMetrics.compute(decoded(items), np.array(gold))


def value(metrics: ItemMetrics, key: str) -> list[Any]:
    found = metrics.values(key)
    assert found is not None
    return list(found.tolist())


def test_the_first_of_equal_choices_is_picked() -> None:
    metrics = computed([[choice(-2.0), choice(-1.0), choice(-1.0)], [choice(-1.0)] * 4], [1, 0])
    for form in FORMS:
        assert value(metrics, f"predicted_index_{form}") == [1, 0]
        assert value(metrics, f"acc_{form}") == [1, 1]


def test_each_form_has_its_own_best() -> None:
    item = [
        choice(-4.0, tokens=8, chars=2, uncond=-1.0),
        choice(-3.0, tokens=1, chars=1, uncond=-1.0),
        choice(-9.0, tokens=9, chars=40, uncond=-90.0),
    ]
    metrics = computed([item], [2])
    picks = {form: value(metrics, f"predicted_index_{form}")[0] for form in FORMS}
    assert picks == {"raw": 1, "per_token": 0, "per_char": 2, "per_byte": 2, "uncond": 2}


def test_an_item_of_one_choice_is_right_and_beside_longer_ones_not_confused() -> None:
    metrics = computed([[choice(-50.0)], [choice(-3.0), choice(-2.0)], [choice(-1e9)]], [0, 0, 0])
    assert value(metrics, "acc_raw") == [1, 0, 1]
    assert value(metrics, "sum_logits_corr") == [-50.0, -3.0, -1e9]


def test_no_answer_is_one_where_nothing_was_scored() -> None:
    items = [[choice(-999.0)] * 2, [choice(-999.0), choice(-998.0)], [choice(-1000.0)]]
    assert value(computed(items, [0, 0, 0]), "no_answer") == [1, 0, 0]


def test_what_was_not_recorded_is_null_and_never_guessed() -> None:
    items = [[{"sum_logits": -1.0, "num_tokens": 1}, {"sum_logits": -2.0, "num_tokens": 1}]]
    found = decoded(items, ("sum_logits", "num_tokens"))
    metrics = ItemMetrics.compute(found, np.array([0]))
    for form in ("per_char", "per_byte", "uncond"):
        assert metrics.values(f"predicted_index_{form}") is None
        assert metrics.values(f"acc_{form}") is None
    assert metrics.values("bits_per_byte_corr") is None
    assert metrics.values("logits_per_char_corr") is None
    stated = b'{"acc_raw": 1, "acc_uncond": null, "predicted_index_uncond": null}'
    keys = ("acc_raw", "acc_uncond", "predicted_index_uncond")
    assert metrics.rebuilt(keys, [stated]).tolist() == [True]


# -- columns -------------------------------------------------------------------------------------


@given(choices_of_items)
def test_columns_number_the_choices_of_each_item(items: list[list[Choice]]) -> None:
    columns = arrow_columns(decoded(items))
    flat = [item for choices in items for item in choices]
    assert columns["choice"].to_pylist() == [n for item in items for n in range(len(item))]
    for name in ("sum_logits", "num_tokens", "is_greedy", "num_chars", "bits_per_byte"):
        assert columns[name].to_pylist() == [item[name] for item in flat]
    assert not {"logits_per_token", "logits_per_char"} & set(columns)


def test_the_former_name_of_bits_per_byte_fills_the_same_column() -> None:
    keys = ("sum_logits", "num_tokens", "logits_per_byte")
    found = decoded([[{"sum_logits": -1.0, "num_tokens": 1, "logits_per_byte": 0.5}]], keys)
    columns = arrow_columns(found)
    assert columns["bits_per_byte"].to_pylist() == [0.5]
    assert "logits_per_byte" not in columns


@given(choices_of_items, st.data())
def test_some_items_can_be_selected(items: list[list[Choice]], data: st.DataObject) -> None:
    keep = data.draw(st.lists(st.booleans(), min_size=len(items), max_size=len(items)))
    kept = [item for item, wanted in zip(items, keep, strict=True) if wanted]
    found = select(decoded(items), np.array(keep))
    assert found.counts.tolist() == list(map(len, kept))
    assert found.arrays["sum_logits"].tolist() == [c["sum_logits"] for item in kept for c in item]


@pytest.mark.parametrize(
    ("total", "size", "chars", "fits"),
    [(-3.0, 4, 4, True), (-3.0, 7, 4, True), (-3.0, 17, 4, False), (-3.0, 3, 4, False)],
)
def test_bits_per_byte_must_follow_from_a_possible_number_of_bytes(
    total: float, size: int, chars: int, *, fits: bool
) -> None:
    made = {**choice(total, chars=chars), "bits_per_byte": -BITS * (total / size)}
    found = decoded([[made]]).whole_bytes()
    assert found is not None
    assert found.tolist() == [fits]


def test_bits_per_byte_of_no_whole_number_of_bytes_are_seen() -> None:
    made = {**choice(-3.0), "bits_per_byte": -BITS * (-3.0 / 4) + 1e-6}
    found = decoded([[made, choice(0.0)]]).whole_bytes()
    assert found is not None
    assert found.tolist() == [False, True]
