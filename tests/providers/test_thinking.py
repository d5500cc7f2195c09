from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.providers.thinking import split


@pytest.mark.parametrize(
    ("text", "thinking", "answer"),
    [
        ("yes", "", "yes"),
        ("<think>hm</think>yes", "hm", "yes"),
        ("\n<think>\nhm\n</think>\n\nyes\n", "hm", "yes\n"),
        ("<THINK>hm</Think>yes", "hm", "yes"),
        ("<thinking>hm</thinking>yes", "hm", "yes"),
        ("<think>a</think><think>b</think>yes", "a\n\nb", "yes"),
        ("<think></think>yes", "", "yes"),
        ("<think>hm", "hm", ""),
        ("<think>a</think><think>b", "a\n\nb", ""),
        ("hm</think>yes", "hm", "yes"),
        ('<think>{"response": 1}</think>{"response": 2}', '{"response": 1}', '{"response": 2}'),
        ('{"response": "</think>"}', "", '{"response": "</think>"}'),
        ("it says <think>hm</think>", "it says <think>hm", ""),
        ("a < b", "", "a < b"),
    ],
)
def test_thinking_is_separated_from_the_answer(text: str, thinking: str, answer: str) -> None:
    assert split(text) == (thinking, answer)


def test_other_tags_can_be_named() -> None:
    assert split("<reason>hm</reason>yes", ("reason",)) == ("hm", "yes")
    assert split("<think>hm</think>yes", ("reason",)) == ("", "<think>hm</think>yes")
    assert split("<think>hm</think>yes", ()) == ("", "<think>hm</think>yes")


@given(st.text())
def test_nothing_is_lost_where_there_are_no_tags(text: str) -> None:
    if "<" not in text:
        assert split(text) == ("", text)


@given(st.text(alphabet="<>/think \n{x", max_size=60))
def test_whatever_comes_is_split(text: str) -> None:
    thinking, answer = split(text)
    assert len(thinking) + len(answer) <= len(text)
