from __future__ import annotations

import random
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.text import tokens
from evalhouse.metrics.text.tokens import TOKENIZERS, Tokenizer, encoded, tokenizer_named
from tests.metrics.text.samples import pairs

CLASSES = {
    "13a": ("tokenizer_13a", "Tokenizer13a"),
    "none": ("tokenizer_none", "NoneTokenizer"),
    "char": ("tokenizer_char", "TokenizerChar"),
    "intl": ("tokenizer_intl", "TokenizerV14International"),
}


def by_sacrebleu(name: str, text: str) -> list[str]:
    module, kind = CLASSES[name]
    tokenizer = getattr(import_module(f"sacrebleu.tokenizers.{module}"), kind)()
    return str(tokenizer(text.rstrip())).split()


@pytest.mark.parametrize("name", TOKENIZERS)
def test_each_tokenizer_equals_sacrebleus(name: str) -> None:
    tokenizer = tokenizer_named(name)
    for text in {text for side in pairs() for text in side}:
        assert tokenizer(text) == by_sacrebleu(name, text)


@given(st.text(alphabet="a1.,- \n&lt;<skiped>'!é", max_size=30))
def test_marks_and_numbers_are_set_apart_as_by_sacrebleu(text: str) -> None:
    assert tokenizer_named("13a")(text) == by_sacrebleu("13a", text)


@given(st.text(alphabet="ab1½.,-«» +€\n", max_size=30))
def test_marks_of_all_scripts_are_set_apart_as_by_sacrebleu(text: str) -> None:
    assert tokenizer_named("intl")(text) == by_sacrebleu("intl", text)


def test_an_unknown_tokenizer_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="no tokenizer is called `13b`"):
        tokenizer_named("13b")


def test_equal_tokens_of_a_unit_have_equal_codes() -> None:
    first, second = encoded(["a b a", "b a"], [2], Tokenizer())
    assert first[0] == first[2] == second[1]
    assert first[1] == second[0] != first[0]


def test_more_words_than_there_are_codes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_CODE_POINTS", 3)
    with pytest.raises(UsageError, match="too many distinct words"):
        encoded(["a b", "c d"], [2], Tokenizer())


def test_codes_may_run_out_without_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_ROOM", 10)
    chance = random.Random(0)
    texts = [" ".join(chance.choices("abcdefghijklmnop", k=8)) for _ in range(40)]
    codes = encoded(texts, [2] * 20, Tokenizer())
    for row in range(0, 40, 2):
        same = [[a == b for b in texts[row + 1].split()] for a in texts[row].split()]
        assert [[a == b for b in codes[row + 1]] for a in codes[row]] == same
