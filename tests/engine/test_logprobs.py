from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.engine.answers import find_object
from evalhouse.engine.logprobs import option_logprobs
from evalhouse.providers import Reply, TokenLogprob
from evalhouse.providers.reply import TOKENS_KEPT
from evalhouse.scoring.field import Field

SIDE = Field("f", "dropdown", ("support", "oppose", "mixed", "né"))
NESTED = Field("f", "dropdown", ("for", "for all", "against"))
TICK = Field("f", "checkbox")
FORCE = Field("f", "likert", scale=(1, 10))
COLD = Field("f", "likert", scale=(-2, 2))

Token = str | tuple[str, float, dict[str, float]]


def likely(field: Field, tokens: Sequence[Token], text: str = "", key: str = "response") -> Any:
    """Return the log-probabilities of options, rounded; tokens are `text`, or have alternatives."""
    parts = [each if isinstance(each, tuple) else (each, 0.0, {}) for each in tokens]
    kept = tuple(TokenLogprob(t, own, tuple(more.items())) for t, own, more in parts)[:TOKENS_KEPT]
    text = text or "".join(part[0] for part in parts)
    reply = Reply(text, "stop", logprobs=kept)
    start = find_object(reply, [key], may_think=True).start
    found = option_logprobs(field, reply, (key,), start)
    return {option: round(value, 3) for option, value in found.items()}


HEAD = ('{"', "response", '": "')
BARE, TIGHT = '{"response": ', '{"response":'


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        # The first token of the answer decides, with those that might have stood there.
        ([*HEAD, ("sup", -0.1, {"opp": -3.0, "mix": -4.0, "n": -5.0}), "port", '"}'],
         {"support": -0.1, "oppose": -3.0, "mixed": -4.0, "né": -5.0}),
        ([*HEAD, ("support", -0.1, {"oppose": -3.0, "none": -4.0}), '"}'],
         {"support": -0.1, "oppose": -3.0}),
        # It is among its own alternatives in some servers, and counts once.
        ([*HEAD, ("support", -0.1, {"support": -0.1}), '"}'], {"support": -0.1}),
        # The quote belongs to the token, or the rest of the object does.
        ([TIGHT, (' "support', -0.1, {' "oppose': -3.0, " null": -4.0, '"mixed': -5.0}), '"}'],
         {"support": -0.1, "oppose": -3.0}),
        ([BARE, ('"support"}', -0.1, {'"oppose"}': -3.0, '"opposed"': -4.0})],
         {"support": -0.1, "oppose": -3.0}),
        # Several tokens that lead to one option add up.
        ([*HEAD, ("s", math.log(0.5), {"sup": math.log(0.25), "support": math.log(0.125)}), 'up"}'],
         {"support": round(math.log(0.875), 3)}),
        # What is no beginning of an option counts for none.
        ([*HEAD, ("oppose", -0.1, {"x": -1.0, "": -2.0, "Support": -3.0, " support": -4.0}), '"}'],
         {"oppose": -0.1}),
        # Numbers that are none, or no logarithms.
        ([*HEAD, ("support", 0.3, {"oppose": -math.inf, "mixed": math.nan, "né": 1e9}), '"}'],
         {"support": 0.0, "né": 0.0}),
        ([*HEAD, ("support", -9999.0, {}), '"}'], {}),
    ],
)  # fmt: skip
def test_an_option_is_as_likely_as_the_tokens_that_begin_it(
    tokens: list[Token], expected: dict[str, float]
) -> None:
    assert likely(SIDE, tokens) == expected


@pytest.mark.parametrize(
    ("field", "tokens", "expected"),
    [
        (NESTED, [*HEAD, ("for", -0.1, {'for"': -2.0, "for all": -3.0, "ag": -4.0}), '"}'],
         {"for": -2.0, "for all": -3.0, "against": -4.0}),
        (TICK, [TIGHT, (" true", -0.1, {" false": -2.0, " True": -3.0, "false": -4.0}), "}"],
         {"1": -0.1, "0": -2.0}),
        (FORCE, [BARE, ("7", -0.1, {"1": -1.0, "10": -2.0, "2}": -3.0, "11": -4.0}), "}"],
         {"7": -0.1, "10": -2.0, "2": -3.0}),
        (FORCE, [BARE, ("10}", -0.1, {"1}": -1.0, "100": -2.0})], {"10": -0.1, "1": -1.0}),
        (COLD, [BARE, ("-", -0.1, {"2": -2.0, "-1": -3.0}), "1}"], {"2": -2.0, "-1": -3.0}),
        (Field("f", "dropdown"), [*HEAD, ("a", -0.1, {}), '"}'], {}),
        (Field("f", "textbox"), [*HEAD, ("a", -0.1, {}), '"}'], {}),
        (Field("f", "span", labels=("a",)), [BARE, ("[", -0.1, {}), "]}"], {}),
    ],
)  # fmt: skip
def test_what_several_options_begin_with_counts_for_none(
    field: Field, tokens: list[Token], expected: dict[str, float]
) -> None:
    assert likely(field, tokens) == expected


ANSWER: list[Token] = [*HEAD, ("support", -0.1, {"oppose": -3.0}), '"}']
DECOY: list[Token] = [*HEAD, ("support", -7.0, {"mixed": -8.0}), '"}']
EXPECTED = {"support": -0.1, "oppose": -3.0}


def test_what_was_thought_before_the_answer_does_not_count() -> None:
    assert likely(SIDE, ["I think ", *DECOY, ", so: ", *ANSWER]) == EXPECTED
    # The server, or the client, took the thinking out of the text.
    assert (
        likely(SIDE, ["<think>", *DECOY, "</think>", *ANSWER], '{"response": "support"}')
        == EXPECTED
    )


def test_an_answer_behind_the_tokens_that_are_kept_has_none() -> None:
    for length in (TOKENS_KEPT - 10, TOKENS_KEPT, TOKENS_KEPT + 50):
        thought = [*DECOY, *["so "] * length]
        found = likely(SIDE, [*thought, *ANSWER], '{"response": "support"}')
        assert found == ({} if length >= TOKENS_KEPT else EXPECTED)


def test_an_answer_among_tokens_that_were_cut_later_has_them() -> None:
    tokens = [*ANSWER[:-1], '", "why": "', *["so "] * TOKENS_KEPT, '"}']
    assert likely(SIDE, tokens) == EXPECTED


def test_each_answer_of_several_has_its_own() -> None:
    tokens: list[Token] = [
        '{"why": "', '\\"side\\": \\"oppose\\"', '", "side": "',
        ("oppose", -0.2, {"support": -2.0}), '", "tick": ', ("false", -0.3, {"true": -1.0}), "}",
    ]  # fmt: skip
    assert likely(SIDE, tokens, key="side") == {"oppose": -0.2, "support": -2.0}
    assert likely(TICK, tokens, key="tick") == {"0": -0.3, "1": -1.0}


def test_tokens_that_are_not_the_text_tell_nothing() -> None:
    assert likely(SIDE, ['{"x', ("support", -0.1, {})], '{"response": "support"}') == {}
    reply = Reply('{"response": "support"}', "stop")
    assert option_logprobs(SIDE, reply, ("response",), 0) == {}


TOKENS = st.lists(
    st.tuples(
        st.sampled_from(['{"', "response", '": "', "sup", '"}', "", " ", "x"]),
        st.floats(allow_nan=True),
        st.dictionaries(st.text(max_size=3), st.floats(), max_size=2),
    )
)


@given(TOKENS, st.text(max_size=20), st.integers(0, 30), st.sampled_from([SIDE, TICK, FORCE]))
def test_any_tokens_give_numbers_or_nothing(
    tokens: list[Any], text: str, start: int, field: Field
) -> None:
    kept = tuple(TokenLogprob(t, own, tuple(more.items())) for t, own, more in tokens)
    for shown in (text, "".join(token.token for token in kept)):
        reply = Reply(shown, "stop", logprobs=kept)
        found = option_logprobs(field, reply, ("response",), min(start, len(shown)))
        assert all(math.isfinite(value) for value in found.values())
