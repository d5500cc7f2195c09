from __future__ import annotations

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from evalhouse.engine.baselines import Labelled, predict
from evalhouse.engine.baselines.folds import divided
from evalhouse.scoring.field import Field
from tests.engine.baselines.made import drawn_texts


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_dummy_classifier_of_scikit_learn(seed: int) -> None:
    texts = drawn_texts(seed, 40)
    labels = np.random.default_rng(seed).choice(["a", "b", "c"], 40)
    expected = np.empty(40, dtype="U1")
    for fold in divided(texts, seed=seed):
        dummy = DummyClassifier(strategy="most_frequent")
        dummy.fit(np.zeros((len(fold.train), 1)), labels[fold.train])
        expected[fold.test] = dummy.predict(np.zeros((len(fold.test), 1)))
    side = Field("side", "dropdown", ("a", "b", "c"))  # the order in which ties are decided there
    labelled = Labelled(texts, texts, {"side": labels.tolist()})
    assert predict("majority", [side], labelled, seed=seed)["side"] == expected.tolist()


def test_of_answers_alike_the_first_of_the_codebook_is_given() -> None:
    fields = [
        Field("side", "dropdown", ("z", "a")),
        Field("tick", "checkbox"),
        Field("topics", "multiselect", ("x", "y")),
    ]
    texts = ["one", "two", "three"]
    gold = {"side": ["a", "z", ""], "tick": ["1", "0", ""], "topics": ["x", "y|x", ""]}
    found = predict("majority", fields, Labelled(texts, texts, gold), folds=3)
    assert [found[field.name][2] for field in fields] == ["z", "0", '["x"]']


def test_spans_are_never_marked() -> None:
    texts = ["bus", "bus late", "bus fare"]
    gold = ['[{"start": 0, "end": 3}]'] * 3
    labelled = Labelled(texts, texts, {"parts": gold})
    assert predict("majority", [Field("parts", "span")], labelled) == {"parts": ["", "", ""]}
