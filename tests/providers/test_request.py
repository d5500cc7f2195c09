from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from evalhouse.errors import UsageError
from evalhouse.providers import Message, ProviderSettings, Request, Sampling, open_provider
from evalhouse.providers.client import HttpProvider
from evalhouse.providers.request import PARAMETERS, Target, encoded
from tests.providers.asking import SCHEMA, request, settings


@pytest.mark.parametrize(
    "values",
    [
        {"temperature": -0.1},
        {"temperature": float("nan")},
        {"top_p": 1.1},
        {"max_tokens": 0},
        {"thinking_tokens": 0},
        {"stop": ("",)},
        {"stop": "END"},
    ],
)
def test_what_no_model_can_be_asked_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=f"`{next(iter(values))}`"):
        Sampling(**values)


def test_a_request_has_a_message() -> None:
    with pytest.raises(UsageError, match="no message"):
        Request((), "m")


def test_half_a_character_is_refused() -> None:
    with pytest.raises(UsageError, match="surrogate"):
        _ = request("\ud83d").sha256


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"omit": ("sed",)}, "no parameter is called `sed`; did you mean `seed`"),
        ({"timeout": 0}, "`timeout`"),
        ({"timeout": float("nan")}, "`timeout`"),
        ({"model": ""}, "`model` is empty"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        ProviderSettings(**{"provider": "openai", "model": "m"} | values)


def test_an_unknown_provider_is_told_from_the_known() -> None:
    with pytest.raises(UsageError, match="did you mean `openai`"):
        open_provider(ProviderSettings("openia", "m"))


DIFFERENT: list[dict[str, Any]] = [
    {"text": "Is it not so?"},
    {"temperature": 0.0},
    {"temperature": 0.1},
    {"top_p": 0.5},
    {"seed": 0},
    {"max_tokens": 5},
    {"stop": ("a",)},
    {"stop": ("a", "b")},
    {"effort": "low"},
    {"effort": False},
    {"logprobs": 0},
    {"logprobs": 1},
    {"schema": SCHEMA},
    {"schema": dict(reversed(SCHEMA.items()))},
    {"repeat": 1},
]


def test_every_difference_of_a_request_makes_another_hash() -> None:
    hashes = {request(**values).sha256 for values in [{}, *DIFFERENT]}
    assert len(hashes) == len(DIFFERENT) + 1
    assert request().sha256 == request().sha256


@pytest.mark.parametrize("provider", ["openai", "ollama"])
def test_every_difference_of_a_request_makes_another_key_of_the_cache(provider: str) -> None:
    told = replace(settings(provider, "http://127.0.0.1:9"), dialect=None)
    asked = [request(**values) for values in [{}, *DIFFERENT]]
    if provider == "openai":
        told = replace(told, dialect="vllm")
    keys = {open_provider(told).cache_key(one, "r") for one in asked}
    assert len(keys) == len(asked)


def test_whoever_is_asked_makes_another_key_of_the_cache() -> None:
    url = "http://127.0.0.1:9"
    others = [
        (settings("openai", url), request(), None),
        (settings("openai", url), request(), "r"),
        (settings("openai", url + "/v2"), request(), "r"),
        (settings("openai", url), structs.replace(request(), model="other"), "r"),
        (settings("ollama", url), request(), "r"),
        (settings("ollama", url, context_length=5), request(), "r"),
        (settings("replay", "."), request(), "r"),
    ]
    keys = {open_provider(told).cache_key(one, revision) for told, one, revision in others}
    assert len(keys) == len(others)


def test_a_key_of_the_cache_stays_what_it_is() -> None:
    """Kept answers must be found again by later versions."""
    asked = Request((Message("user", "é"),), "m", Sampling(temperature=0.0, seed=1))
    canonical = open_provider(settings("openai", "127.0.0.1:8000")).canonical(asked, "r")
    assert canonical.decode() == (
        '{"base_url":"http://127.0.0.1:8000/v1","model":"m","provider":"openai","repeat":0,'
        '"revision":"r"}\n{"model":"m","messages":[{"role":"user","content":"é"}],'
        '"temperature":0.0,"seed":1}'
    )


def test_a_target_cannot_be_mistaken_for_another() -> None:
    one = Target("a", "b", "c", None).canonical(b"x")
    assert one != Target("a", "b", "c", "null").canonical(b"x")
    assert one != Target("a", 'b","model":"c', "", None).canonical(b"x")


def test_parameters_come_in_one_order() -> None:
    asked = request(schema=SCHEMA, logprobs=0, seed=1, temperature=0.0, effort=False)
    names = tuple(asked.parameters())
    assert names == tuple(name for name in PARAMETERS if name in names)
    assert names == ("temperature", "seed", "effort", "schema", "logprobs")
    assert "seed" not in asked.parameters(omit=("seed",))


def _http(provider: str) -> HttpProvider:
    opened = open_provider(settings(provider, "http://127.0.0.1:9"))
    assert isinstance(opened, HttpProvider)
    return opened


@pytest.mark.parametrize("provider", ["openai", "ollama"])
def test_a_body_is_the_same_whether_its_frame_is_new_or_known(provider: str) -> None:
    opened = _http(provider)
    other = {"type": "object", "properties": {"z": {}, "a": {}}}
    asked = [
        request(text, schema=schema, logprobs=logprobs, **sampling)
        for text in ("short", 'with "quotes", \u00e9 and \U0001f600', "short")
        for schema in (SCHEMA, other, None)
        for logprobs in (None, 2)
        for sampling in ({}, {"temperature": 0.5, "seed": 3})
    ]
    for each in asked:
        assert opened.body(each) == encoded(opened.compose(each))


def test_frames_are_forgotten_in_time_and_an_id_is_never_taken_for_another_schema() -> None:
    opened = _http("openai")
    for number in range(500):
        schema = {"type": "object", "title": str(number)}
        each = request(schema=schema)
        assert opened.body(each) == encoded(opened.compose(each))
