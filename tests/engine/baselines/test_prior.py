from __future__ import annotations

import json
from collections import Counter

import pytest

from evalhouse.engine.baselines import Labelled, predict
from evalhouse.scoring.field import Field
from tests.engine.baselines.made import span


def test_answers_are_drawn_as_often_as_people_gave_them() -> None:
    texts = [f"text {number}" for number in range(2000)]
    gold = ["for" if number % 10 else "against" for number in range(2000)]
    side = Field("side", "dropdown", ("for", "neither", "against"))
    drawn = Counter(predict("random", [side], Labelled(texts, texts, {"side": gold}))["side"])
    assert set(drawn) == {"for", "against"}
    assert drawn["against"] == pytest.approx(200, abs=5 * (2000 * 0.1 * 0.9) ** 0.5)


def test_rows_columns_and_seeds_draw_apart() -> None:
    texts = [f"text {number}" for number in range(60)]
    gold = [str(number % 2) for number in range(60)]
    fields = [Field("a", "checkbox"), Field("b", "checkbox")]
    labelled = Labelled(texts, texts, {"a": gold, "b": gold})
    found = predict("random", fields, labelled)
    assert found["a"] != found["b"]
    assert found["a"] != predict("random", fields, labelled, seed=1)["a"]


def test_sets_are_drawn_whole() -> None:
    texts = [f"text {number}" for number in range(50)]
    gold = ["a|b" if number % 2 else "[]" for number in range(50)]
    topics = Field("topics", "multiselect", ("a", "b"))
    found = predict("random", [topics], Labelled(texts, texts, {"topics": gold}))
    assert set(found["topics"]) == {'["a", "b"]', "[]"}


def test_spans_are_words_that_were_marked_in_other_texts() -> None:
    texts = [f"bus {number} and fare {number} are late" for number in range(30)]
    gold = [json.dumps([span(text, "bus", "what"), span(text, "fare", "what")]) for text in texts]
    parts = Field("parts", "span", labels=("who", "what"))
    found = predict("random", [parts], Labelled(texts, texts, {"parts": gold}))["parts"]
    assert found == gold
    gold[::2] = [""] * 15
    found = predict("random", [parts], Labelled(texts, texts, {"parts": gold}))["parts"]
    assert set(Counter(len(json.loads(cell or "[]")) for cell in found)) == {0, 2}
