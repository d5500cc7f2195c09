"""Sizes that a model can have: bounds of its figures, and which of them contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

BOUNDS: Mapping[str, int] = {
    "parameter_count": 10**16,
    "active_parameter_count": 10**16,
    "context_length": 10**9,
    "context_length_min": 10**9,
    "context_length_max": 10**9,
    "weights_bytes": 2**62,
}
"""What a figure is below: more than any model has, and little enough to be doubled in 64 bits."""

_WORDS = {10**16: "10^16", 10**9: "10^9", 2**62: "2^62"}
_ORDERED = (
    ("active_parameter_count", "parameter_count"),
    ("context_length_min", "context_length"),
    ("context_length_min", "context_length_max"),
    ("context_length", "context_length_max"),
)


def bound(name: str) -> str:
    """Return the bound of a figure in words.

    Example:
        >>> bound("context_length"), bound("weights_bytes")
        ('10^9', '2^62')
    """
    return _WORDS[BOUNDS[name]]


def is_possible(name: str, figure: int) -> bool:
    """Tell whether a model can have such a figure.

    Example:
        >>> is_possible("parameter_count", 8_030_261_248), is_possible("parameter_count", 10**16)
        (True, False)
    """
    return 0 <= figure < BOUNDS[name]


def contradictions(sizes: Mapping[str, int | None]) -> Iterator[tuple[str, str]]:
    """Yield pairs of figures of which the first is larger than the second, and cannot be.

    Example:
        >>> list(contradictions({"parameter_count": 7, "active_parameter_count": 8}))
        [('active_parameter_count', 'parameter_count')]
        >>> list(contradictions({"context_length": 8, "context_length_min": None}))
        []
    """
    for smaller, larger in _ORDERED:
        low, high = sizes.get(smaller), sizes.get(larger)
        if low is not None and high is not None and low > high:
            yield smaller, larger


def contradiction_words(sizes: Mapping[str, int | None]) -> list[str]:
    """Return what contradicts, each as a clause of a sentence.

    Example:
        >>> contradiction_words({"parameter_count": 7, "active_parameter_count": 8})
        ['`active_parameter_count` is 8, more than the 7 of `parameter_count`']
    """
    return [
        f"`{low}` is {sizes[low]:,}, more than the {sizes[high]:,} of `{high}`"
        for low, high in contradictions(sizes)
    ]
