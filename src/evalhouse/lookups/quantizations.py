"""Quantizations: which one a text names, and which one the name of a file or model holds."""

from __future__ import annotations

import re
from functools import cache

from evalhouse.lookups.spellings import folded, found_in, named_prefixes, spellings
from evalhouse.records import QuantizationMethod

_WIDTH = re.compile(r"(?P<bits>\d+(?:\.\d+)?)(?:bpw|bits?)?(?:h[468])?")
_EXLLAMA = re.compile("exl[23]")
_EXLLAMA_IN_NAMES = (
    r"\d+(?:\.\d+)?bpw[-_]h\d[-_]exl[23]",
    r"\d+(?:\.\d+)?bpw[-_]exl[23]",
    r"exl[23][-_]\d+(?:\.\d+)?bpw",
)
# A dynamic quantization is another one than what its name goes on with.
_DYNAMIC = "ud"


def quantization(text: str) -> QuantizationMethod | None:
    """Return the quantization that a text names.

    Example:
        >>> quantization("gguf-q8_0").name, quantization("torch.float16").name
        ('q8_0', 'fp16')
        >>> quantization("exl2 4.0bpw").bits_per_weight
        4.0
        >>> quantization("a secret method") is None
        True
    """
    plain = folded(text)
    starts = (start for start in map(folded, named_prefixes()) if plain.startswith(start))
    bare = plain[max(map(len, starts), default=0) :]
    return (
        found_in(QuantizationMethod, plain) or found_in(QuantizationMethod, bare) or _exllama(plain)
    )


def quantization_in(name: str) -> re.Match[str] | None:
    """Return where the name of a file or model names its quantization, the last such place.

    Example:
        >>> quantization_in("Llama-3.2-1B-UD-Q4_K_XL")[0]
        'UD-Q4_K_XL'
        >>> quantization_in("gpt-4o") is None
        True
    """
    found = None
    for found in _pattern().finditer(name):  # noqa: B007 - the last one is wanted
        pass
    return found


def _exllama(plain: str) -> QuantizationMethod | None:
    """Return the row of the mean width that stands beside the name of the method."""
    method = _EXLLAMA.search(plain)
    width = _WIDTH.fullmatch(plain[: method.start()] + plain[method.end() :]) if method else None
    if not method or not width:
        return None
    of_width = found_in(QuantizationMethod, f"{method[0]}_{float(width['bits'])}bpw")
    return of_width or found_in(QuantizationMethod, method[0])


@cache
def _pattern() -> re.Pattern[str]:
    """Return what a quantization looks like inside a name, the longest spellings first."""
    texts = sorted(filter(_is_telling, spellings(QuantizationMethod)), key=len, reverse=True)
    choices = [*_EXLLAMA_IN_NAMES, *map(_loose, texts)]
    starts = "|".join(map(_loose, [*named_prefixes(), _DYNAMIC]))
    # What goes on after `_` is a variety that no spelling has, and must not be read as its start.
    return re.compile(
        rf"(?<![a-z0-9])(?:(?:{starts})[-_])?(?:{'|'.join(choices)})(?![a-z0-9]|_[a-z0-9])",
        re.IGNORECASE,
    )


def _is_telling(spelling: str) -> bool:
    """Tell whether a spelling can stand in a name without being a word of it."""
    is_word = spelling.replace(" ", "").isalpha()
    return len(spelling) > 2 and (not is_word or spelling in _METHODS)


_METHODS = frozenset({"gptq", "awq", "hqq", "aqlm", "quip", "vptq", "eetq", "bitnet"})


def _loose(spelling: str) -> str:
    return r"[-_ ]?".join(map(re.escape, re.split(r"[\s_-]+", spelling)))
