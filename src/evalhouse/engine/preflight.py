"""What is checked before the first row: server, model, and room for the longest prompt."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from evalhouse.engine.prompts import Prompts
from evalhouse.errors import EvalhouseError, UnknownNameError, UsageError
from evalhouse.providers import Endpoint
from evalhouse.tasks.rows import Row

CHARACTERS_PER_TOKEN = 5
"""More than tokenizers of natural text reach, so that only what surely does not fit is refused."""


class UnreadyServerError(EvalhouseError):
    """The server cannot be asked."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(
            f"the server cannot be asked: {endpoint.fault}; start it, or name another with "
            "`--base-url`"
        )


class MissingModelError(UnknownNameError):
    """The server does not have the model."""

    def __init__(self, endpoint: Endpoint) -> None:
        known = endpoint.models or ()
        super().__init__(f"model at {endpoint.base_url}", endpoint.model, known)


def check_endpoint(endpoint: Endpoint) -> None:
    """Refuse a server that is away, or does not have the model.

    Raises:
        UnreadyServerError: The server is away.
        MissingModelError: It does not have the model.
    """
    if not endpoint.reachable:
        raise UnreadyServerError(endpoint)
    if endpoint.model_present is False:
        raise MissingModelError(endpoint)


def check_room(endpoint: Endpoint, prompts: Prompts, rows: Iterable[Row]) -> None:
    """Refuse a context into which the longest prompt and its answer surely do not fit.

    Raises:
        UsageError: Names the row, and the tokens that are needed and served.
    """
    served = endpoint.context_length
    if served is None:
        return
    asking = prompts.asking
    together = asking.batch_size if asking.request_unit == "batch" else 1
    longest = max(_groups(rows, together), key=_characters, default=[])
    if not longest or not prompts.columns:
        return
    columns = prompts.columns[:1] if asking.request_unit == "field" else prompts.columns
    prompt = prompts.text(prompts.form(columns), longest)
    needed = (len(prompts.system) + len(prompt)) // CHARACTERS_PER_TOKEN
    needed += asking.sampling.max_tokens or 0
    if needed > served:
        raise UsageError(
            f"the row `{longest[0].id}` needs at least {needed:,} tokens for prompt and answer, "
            f"and {endpoint.model} is served with {served:,}; serve it with a longer context, or "
            "shorten the text, the examples or `max_tokens`"
        )


def _groups(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    remaining = iter(rows)
    while some := list(itertools.islice(remaining, size)):
        yield some


def _characters(rows: list[Row]) -> int:
    return sum(len(row.text) for row in rows)
