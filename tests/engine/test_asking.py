from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evalhouse.engine.asking import CHAT_MODES, PROMPT_TYPES, Asking, chat_mode, prompt_type
from evalhouse.errors import UnknownNameError, UsageError


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("request_unit", "row", "no request unit is called `row`; known: `batch`, `field`, `text`"),
        ("chat_mode", "chat", "no chat mode is called `chat`"),
        ("retry_strategy", "again", "no retry strategy is called `again`"),
        ("prompt_type", "cot", "no prompt type is called `cot`; known: `CoT`, `persona`"),
        ("history_window", -1, "`history_window` is -1 and must be at least 0"),
        ("batch_size", 0, "`batch_size` is 0 and must be at least 1"),
        ("repeats", 0, "`repeats` is 0 and must be at least 1"),
        ("retries", -1, "`retries` is -1 and must be at least 0"),
        ("logprobs", 21, "`logprobs` is 21; servers give 0 to 20 alternatives"),
        ("logprobs", -1, "`logprobs` is -1; servers give 0 to 20 alternatives"),
    ],
)
def test_what_is_not_known_or_makes_no_sense_is_refused(
    name: str, value: Any, message: str
) -> None:
    with pytest.raises(UsageError) as failure:
        Asking(**{name: value})
    assert str(failure.value).startswith(message)


def test_a_template_of_ones_own_needs_no_prompt_type() -> None:
    asking = Asking(prompt_type="mine", template=Path("mine.txt"))
    assert not asking.thinks_aloud
    assert not Asking(prompt_type="CoT", template=Path("mine.txt")).thinks_aloud
    assert Asking(prompt_type="CoT").thinks_aloud


@pytest.mark.parametrize(
    ("word", "mode"),
    [
        *((mode, mode) for mode in CHAT_MODES),
        ("text", "per_text"),
        ("row", "per_text"),
        ("Per-Row", "per_text"),
        ("query", "per_query"),
        ("FRESH", "per_query"),
        ("stateless", "per_query"),
        (" one-chat ", "continuous"),
        ("single_chat", "continuous"),
    ],
)
def test_chat_modes_have_the_other_names_that_codebook_lab_takes(word: str, mode: str) -> None:
    assert chat_mode(word) == mode
    assert Asking(chat_mode=chat_mode(word)).is_sequential == (mode == "continuous")


def test_a_chat_mode_that_is_none_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="no chat mode is called `per_page`"):
        chat_mode("per_page")


def test_prompt_types_are_known_whatever_their_case() -> None:
    assert [prompt_type(kind.upper()) for kind in PROMPT_TYPES] == list(PROMPT_TYPES)
    assert prompt_type("mine") == "mine"
