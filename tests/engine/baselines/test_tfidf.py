from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from evalhouse.engine.baselines import Labelled, predict
from evalhouse.engine.baselines.folds import divided
from evalhouse.engine.baselines.sparse import Floats
from evalhouse.metrics.labels import Absent
from evalhouse.scoring.cells import Cell
from evalhouse.scoring.field import Field
from tests.engine.baselines.made import drawn_texts, span, vectorizer

SIDE = Field("side", "dropdown", ("for", "neither", "against"))
FORCE = Field("force", "likert", scale=(1, 5))


def shares_elsewhere(texts: list[str], codes: list[int]) -> Floats:
    """Return scikit-learn's probabilities (n, classes) with the same folds."""
    found = np.zeros((len(texts), max(codes) + 1))
    for fold in divided(texts):
        known = [row for row in fold.train if codes[row] >= 0]
        logistic = LogisticRegression(tol=1e-10, max_iter=10_000)
        fitted = vectorizer().fit([texts[row] for row in fold.train])
        logistic.fit(fitted.transform([texts[row] for row in known]), [codes[row] for row in known])
        shares = logistic.predict_proba(fitted.transform([texts[row] for row in fold.test]))
        found[np.ix_(fold.test, logistic.classes_)] = shares
    return found


def drawn_codes(seed: int, texts: list[str], classes: int) -> list[int]:
    chance = np.random.default_rng(seed)
    leaning = {word: chance.integers(classes) for text in texts for word in text.split()}
    return [
        int(leaning[text.split()[0]] if chance.random() < 0.8 else chance.integers(classes))
        for text in texts
    ]


@pytest.mark.parametrize("seed", range(3))
def test_choices_are_those_of_scikit_learn(seed: int) -> None:
    texts = drawn_texts(seed, 120)
    codes = drawn_codes(seed, texts, 3)
    gold: list[Cell] = [SIDE.options[code] for code in codes]
    for row in range(0, 120, 7):
        gold[row], codes[row] = Absent.NOT_APPLICABLE, -1
    shares = shares_elsewhere(texts, codes)
    found = predict("tfidf", [SIDE], Labelled(texts, texts, {"side": gold}))["side"]
    first, second = np.sort(shares, axis=1)[:, -1], np.sort(shares, axis=1)[:, -2]
    is_clear = first - second > 1e-5
    assert is_clear.mean() > 0.95
    expected = np.array(SIDE.options)[shares.argmax(axis=1)]
    np.testing.assert_array_equal(np.array(found)[is_clear], expected[is_clear])


def test_points_are_medians_of_what_is_probable() -> None:
    texts = drawn_texts(8, 150)
    codes = drawn_codes(8, texts, 5)
    labelled = Labelled(texts, texts, {"force": [str(code + 1) for code in codes]})
    below = np.cumsum(shares_elsewhere(texts, codes), axis=1)
    found = np.array(predict("tfidf", [FORCE], labelled)["force"], np.int64)
    is_clear = np.abs(below - 0.5).min(axis=1) > 1e-5
    assert is_clear.mean() > 0.95
    np.testing.assert_array_equal(found[is_clear], (below >= 0.5).argmax(axis=1)[is_clear] + 1)


def test_of_a_multiselect_every_option_has_its_own_model() -> None:
    texts = drawn_texts(9, 120)
    options = ("x", "y", "never", "always")
    chosen = [drawn_codes(seed, texts, 2) for seed in (1, 2)]
    gold = [
        json.dumps([name for name, is_in in zip("xy", pair, strict=True) if is_in] + ["always"])
        for pair in zip(*chosen, strict=True)
    ]
    topics = Field("topics", "multiselect", options)
    found = predict("tfidf", [topics], Labelled(texts, texts, {"topics": gold}))["topics"]
    for name, codes in zip("xy", chosen, strict=True):
        share = shares_elsewhere(texts, codes)[:, 1]
        is_clear = np.abs(share - 0.5) > 1e-5
        is_selected = np.array([name in json.loads(cell) for cell in found])
        np.testing.assert_array_equal(is_selected[is_clear], share[is_clear] > 0.5)
    assert all("always" in cell and "never" not in cell for cell in found)


@pytest.mark.parametrize("word", ["planted", "植", "метка", "लगाया"])
def test_a_word_that_tells_the_answer_is_found(word: str) -> None:
    texts = [f"{text} {word}" if row % 2 else text for row, text in enumerate(drawn_texts(1, 200))]
    told = [word in text for text in texts]
    gold = {
        "about": ["1" if is_told else "0" for is_told in told],
        "side": ["against" if is_told else "for" for is_told in told],
        "force": ["5" if is_told else "2" for is_told in told],
        "topics": ['["b"]' if is_told else "[]" for is_told in told],
    }
    about, topics = Field("about", "checkbox"), Field("topics", "multiselect", ("a", "b"))
    found = predict("tfidf", [about, SIDE, FORCE, topics], Labelled(texts, texts, gold))
    for column, cells in gold.items():
        right = sum(map(str.__eq__, cells, found[column]))
        assert right >= 180, column  # and 100 by chance


def test_text_is_that_of_the_most_similar_row_else_the_most_frequent() -> None:
    texts = ["the bus is late", "the bus was late", "fare rise", "fares rise", "night", "?"]
    gold = ["late bus", "", "dear", "dear", "", ""]
    why = Field("why", "textbox")
    found = predict("tfidf", [why], Labelled(texts, texts, {"why": gold}), folds=6)["why"]
    assert found == ["dear", "late bus", "dear", "dear", "dear", "dear"]


@pytest.mark.parametrize("seed", range(2))
def test_a_pipeline_of_scikit_learn_predicts_the_same(seed: int) -> None:
    texts = drawn_texts(seed, 100, 20)
    labels = [SIDE.options[code] for code in drawn_codes(seed, texts, 3)]
    found = predict("tfidf", [SIDE], Labelled(texts, texts, {"side": labels}))["side"]
    agreed = 0
    for fold in divided(texts):
        model = make_pipeline(vectorizer(), LogisticRegression(max_iter=1000))
        model.fit([texts[row] for row in fold.train], [labels[row] for row in fold.train])
        expected = model.predict([texts[row] for row in fold.test])
        agreed += sum(found[row] == each for row, each in zip(fold.test, expected, strict=True))
    assert agreed >= 99


def spans(texts: list[str], gold: list[str], labels: tuple[str, ...] = ()) -> list[list[str]]:
    """Return the words that are marked in each text, with their labels."""
    parts = Field("parts", "span", labels=labels)
    found = predict("tfidf", [parts], Labelled(texts, texts, {"parts": gold}), folds=len(texts))
    listed = [json.loads(cell or "[]") for cell in found["parts"]]
    for text, marked in zip(texts, listed, strict=True):
        assert all(text[one["start"] : one["end"]] == one["text"] for one in marked)
    return [[f"{one['text']} {one.get('label', '')}".strip() for one in each] for each in listed]


def test_phrases_are_found_again_whole_and_the_longest_first() -> None:
    texts = ["Mill Street is shut", "no Mill here", "MILL  STREET, Mill and Millers", "nothing"]
    gold = [
        json.dumps([span(texts[0], "Mill Street")]),
        json.dumps([span(texts[1], "Mill")]),
        json.dumps([span(texts[2], "MILL  STREET"), span(texts[2], "Mill")]),
        "[]",
    ]
    assert spans(texts, gold) == [["Mill Street"], ["Mill"], ["MILL  STREET", "Mill"], []]


def test_a_phrase_has_the_label_it_most_often_had() -> None:
    texts = ["Ann spoke", "then Ann left", "to Ann", "Ann!", "Bob"]
    labels = ["what", "who", "who"]
    gold = [
        *(json.dumps([span(t, "Ann", one)]) for t, one in zip(texts[:3], labels, strict=True)),
        "",
        json.dumps([span("Bob", "Bob", "who")]),
    ]
    assert spans(texts, gold, ("what", "who"))[3:] == [["Ann who"], []]


def test_words_that_mostly_stand_unmarked_are_left_alone() -> None:
    texts = ["the bus", "the fare", "the lift", "the ramp", "the night"]
    gold = [json.dumps([span(texts[0], "the")]), "", "", json.dumps([span(texts[3], "ramp")]), ""]
    assert spans(texts, gold) == [[], [], [], [], []]
    assert spans([*texts[:1], "so the end"], [gold[0], ""])[1] == ["the"]


def test_signs_and_words_of_scripts_without_space_are_found() -> None:
    texts = ["良い🔥🔥です", "バス🔥🔥", "料金が高い。", "とても高い"]
    gold = [
        json.dumps([span(texts[0], "🔥🔥")]),
        json.dumps([span(texts[1], "🔥🔥")]),
        json.dumps([span(texts[2], "高い")]),
        json.dumps([span(texts[3], "高い")]),
    ]
    assert spans(texts, gold) == [["🔥🔥"], ["🔥🔥"], ["高い"], ["高い"]]


def test_very_long_phrases_and_cells_that_are_no_spans_teach_nothing() -> None:
    long = " ".join(f"word{number}" for number in range(21))
    texts = [long, f"{long} again", "bus late", "bus"]
    gold = [json.dumps([span(long, long)])] * 2 + ["bus", json.dumps([span("bus", "bus")])]
    assert spans(texts, gold) == [[], [], ["bus"], []]
