from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.workflows.annotation.options import SETTINGS, known_name, settings_of

OTHERS: dict[str, Any] = {
    "provider": "anthropic",
    "base_url": "http://127.0.0.1:1",
    "revision": "abc",
    "key_variable": "KEY",
    "timeout": 5.0,
    "stream": True,
    "dialect": "vllm",
    "omit": ("seed",),
    "context_length": 8192,
    "keep_alive": "5m",
    "use_proxy": True,
    "temperature": 0.7,
    "top_p": 0.9,
    "seed": 7,
    "max_tokens": 50,
    "stop": ("\n\n", "END"),
    "reasoning": "low",
    "thinking_tokens": 99,
    "request_unit": "field",
    "chat_mode": "continuous",
    "history_window": 3,
    "batch_size": 9,
    "prompt_type": "persona",
    "template": Path("prompt.txt"),
    "use_examples": False,
    "process_textbox": False,
    "process_span": False,
    "repeats": 3,
    "logprobs": 5,
    "structured": False,
    "retries": 4,
    "retry_strategy": "identical",
    "retry_temperature": 0.1,
    "concurrency": 2,
    "requests_per_minute": 60.0,
    "tokens_per_minute": 1000.0,
    "max_requests": 11,
    "max_total_tokens": 12,
    "max_cost": 1.5,
    "level": 0.9,
    "resamples": 100,
    "scoring_seed": 5,
    "transport_retries": 1,
    "limit": 10,
    "outputs": Path("elsewhere"),
    "cache": Path("kept"),
    "record": Path("said.jsonl"),
    "country": "FRA",
    "energy": False,
    "new": True,
    "quantization": "q4",
    "label": "mine",
}
PLACES = {
    "reasoning": "asking.sampling.effort",
    "max_total_tokens": "spending.max_tokens",
    "scoring_seed": "scoring.seed",
    "transport_retries": "persistence.retries",
    "energy": "is_metered",
    "new": "is_new",
}
PARTS = ("provider", "asking", "asking.sampling", "limits", "spending", "scoring")


def value_of(settings: Any, name: str) -> Any:
    """Return the setting of a name, wherever it is kept."""
    if name in PLACES:
        for part in PLACES[name].split("."):
            settings = getattr(settings, part)
        return settings
    for place in ("", *PARTS):
        holder = settings
        for part in place.split(".") if place else ():
            holder = getattr(holder, part)
        if name in type(holder).__annotations__ and name not in {"seed", "provider"}:
            return getattr(holder, name)
    return getattr(settings.provider if name == "provider" else settings.asking.sampling, name)


@pytest.mark.parametrize("name", sorted(set(SETTINGS) - {"model"}))
def test_every_setting_arrives_where_it_belongs_and_nowhere_else(name: str) -> None:
    usual = settings_of({"model": "m"})
    changed = settings_of({"model": "m", name: OTHERS[name]})
    assert value_of(changed, name) == OTHERS[name]
    assert value_of(usual, name) != OTHERS[name]
    for other in set(OTHERS) - {name}:
        assert value_of(changed, other) == value_of(usual, other), other


@pytest.mark.parametrize("name", sorted(set(SETTINGS) - {"model", "omit", "stop"}))
def test_text_says_the_same_as_the_value(name: str) -> None:
    value = OTHERS[name]
    word = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
    assert settings_of({"model": "m", name: word}) == settings_of({"model": "m", name: value})


@pytest.mark.parametrize(
    ("word", "value"),
    [("none", None), ("None", None), ("0", 0.0), ("0.5", 0.5)],
)
def test_temperature_alone_can_be_switched_off(word: str, value: float | None) -> None:
    settings = settings_of({"model": "m", "temperature": word, "top_p": "none"})
    assert settings.asking.sampling.temperature == value
    assert settings.asking.sampling.top_p is None


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("temperature", "warm", "`temperature` is `warm`; expected a number"),
        ("temperature", -1, "`temperature` is -1 and must be at least 0"),
        ("seed", 1.5, "`seed` is `1.5`; expected a whole number"),
        ("seed", True, "expected a whole number"),
        ("use_examples", "maybe", "expected yes or no"),
        ("base_url", True, "expected text"),
        ("repeats", 0, "must be at least 1"),
        ("limit", 0, "must be at least 1"),
        ("logprobs", 50, "0 to 20"),
        ("concurrency", 0, "must be more than 0"),
        ("max_requests", 0, "more than 0"),
        ("chat_mode", "chatty", "no chat mode is called `chatty`"),
        ("request_unit", "page", "no request unit is called `page`"),
        ("prompt_type", "poem", "no prompt type is called `poem`"),
        ("retry_strategy", "beg", "no retry strategy is called `beg`"),
        ("modell", "m", "did you mean `model`"),
    ],
)
def test_what_cannot_be_meant_is_told_in_a_sentence(name: str, value: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        settings_of({"model": "m", name: value})


def test_a_run_needs_a_model() -> None:
    with pytest.raises(UsageError, match="no model is named"):
        settings_of({"provider": "openai"})


@pytest.mark.parametrize(
    ("spelled", "name"),
    [("chat-mode", "chat_mode"), ("country_iso_code", "country"), ("Model", "model")],
)
def test_settings_are_known_by_other_spellings(spelled: str, name: str) -> None:
    assert known_name(spelled) == name


def test_an_unknown_setting_names_those_like_it() -> None:
    with pytest.raises(UnknownNameError, match="`temperature`"):
        known_name("temprature")
