"""What is made equal before texts are compared."""

from __future__ import annotations

import re
import string
from collections.abc import Callable

from evalhouse.errors import UnknownNameError

Normaliser = Callable[[str], str]

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def squad(text: str) -> str:
    """Return a text as SQuAD's evaluation compares it.

    Lower case, without ASCII punctuation, without the articles "a", "an" and "the", words set
    apart by one space, in this order (Rajpurkar et al. 2016, doi:10.18653/v1/D16-1264).

    Example:
        >>> squad("The  Eiffel-Tower!")
        'eiffeltower'
    """
    bare = text.lower().translate(_NO_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


NORMALISATIONS: dict[str, Normaliser] = {
    "none": lambda text: text,
    "lower": lambda text: text.strip().lower(),
    "casefold": lambda text: text.strip().casefold(),
    "squad": squad,
}
"""By name: as it is; trimmed and lower case; trimmed and case-folded; as SQuAD does."""


def normaliser(name: str) -> Normaliser:
    """Return a normalisation by its name.

    Raises:
        UnknownNameError: for another name.
    """
    if name not in NORMALISATIONS:
        raise UnknownNameError("normalisation", name, NORMALISATIONS)
    return NORMALISATIONS[name]
