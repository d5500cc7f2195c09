"""How likely a model held each option to be, where its server tells the probabilities of tokens."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence

from evalhouse.providers import Reply, TokenLogprob
from evalhouse.providers.reply import TOKENS_KEPT
from evalhouse.scoring.field import Field


def option_logprobs(
    field: Field, reply: Reply, path: Sequence[str], start: int
) -> dict[str, float]:
    """Return the natural log-probability of options, as far as the server's alternatives tell.

    The token with which the answer begins decides: an alternative there counts for the one option
    that it begins, or that begins with it. What several options begin with counts for none.

    Args:
        field: a checkbox, dropdown or scale; others give nothing.
        reply: with the log-probabilities of its first tokens.
        path: the keys under which the answer stands.
        start: where in the text the object begins.
    """
    spelled = _spellings(field)
    at = _value_place(reply.text, path, start) if spelled and reply.logprobs else None
    if at is None:
        return {}
    found = _token_at(reply, at, start)
    if found is None:
        return {}
    token, before = found
    sums: dict[str, float] = {}
    for text, logprob in _alternatives(token):
        rest = text[len(before) :]
        fits = [name for name, written in spelled.items() if _begins(written, rest)]
        if text.startswith(before) and rest and len(fits) == 1:
            sums[fits[0]] = sums.get(fits[0], 0.0) + math.exp(logprob)
    return {name: math.log(total) for name, total in sums.items() if total > 0}


def _spellings(field: Field) -> dict[str, str]:
    """Return how the answers of a field begin in JSON, after a quote if there is one."""
    if field.kind == "checkbox":
        return {"1": "true", "0": "false"}
    if field.kind == "likert":
        return {str(point): str(point) for point in field.points}
    if field.kind == "dropdown":
        return {option: json.dumps(option, ensure_ascii=False)[1:] for option in field.options}
    return {}


def _value_place(text: str, path: Sequence[str], start: int) -> int | None:
    """Return where a value begins in the text, behind its quote."""
    at = start
    for key in path:
        pattern = re.escape(json.dumps(key, ensure_ascii=False)) + r'\s*:\s*"?'
        found = re.compile(pattern).search(text, at)
        if not found:
            return None
        at = found.end()
    return at


def _token_at(reply: Reply, at: int, start: int) -> tuple[TokenLogprob, str] | None:
    """Return the token in which a place of the text lies, and what of the token stands before."""
    tokens = reply.logprobs
    joined = "".join(token.token for token in tokens)
    # Thinking that was taken out of the text is still among the tokens, and may hold the like.
    before, tail = reply.text[start:at], reply.text[start:]
    base = joined.rfind(before)
    is_cut = len(tokens) >= TOKENS_KEPT
    if base < 0 or (is_cut and not tail.startswith(joined[base:])):
        return None
    wanted, begin = base + at - start, 0
    for token in tokens:
        end = begin + len(token.token)
        if begin <= wanted < end:
            return token, token.token[: wanted - begin]
        begin = end
    return None


def _alternatives(token: TokenLogprob) -> Iterable[tuple[str, float]]:
    listed = dict(token.alternatives)
    found = {token.token: token.logprob, **listed}
    return ((text, min(logprob, 0.0)) for text, logprob in found.items())


def _begins(written: str, rest: str) -> bool:
    # A number ends where its digits do: `10` does not begin with the answer 1.
    is_whole = rest.startswith(written) and not rest[len(written) :][:1].isdigit()
    return is_whole or written.startswith(rest)
