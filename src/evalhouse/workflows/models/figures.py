"""Figures that a person must give as what they are: a fault is a sentence."""

from __future__ import annotations

from evalhouse.errors import UsageError
from evalhouse.lookups import figures
from evalhouse.lookups.model_sizes import BOUNDS, bound

_SHOWN = 60  # characters of a text in a message


def parameters(text: str) -> int:
    """Return a number of parameters; UsageError where the text is none."""
    expected = "a number of parameters, as 8030261248, 8.03e9 or 8B"
    return _required(figures.parameters(text), "parameter_count", text, expected)


def tokens(text: str) -> int:
    """Return a number of tokens, of which `K` are 1024; UsageError where the text is none."""
    expected = "a number of tokens, as 131072 or 128K"
    return _required(figures.tokens(text), "context_length", text, expected)


def _required(figure: int | None, name: str, text: str, expected: str) -> int:
    if figure is None or not 0 < figure < BOUNDS[name]:
        raise UsageError(f"found `{text[:_SHOWN]}`; expected {expected}, below {bound(name)}")
    return figure
