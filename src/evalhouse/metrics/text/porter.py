"""Porter's stemmer with the extensions that NLTK adds to it by default.

Porter 1980, An algorithm for suffix stripping, Program 14(3), 130-137, doi:10.1108/eb046814.
"""

from __future__ import annotations

from functools import lru_cache

_IRREGULAR = {
    "sky": "sky",
    "skies": "sky",
    "dying": "die",
    "lying": "lie",
    "tying": "tie",
    "news": "news",
    "innings": "inning",
    "inning": "inning",
    "outings": "outing",
    "outing": "outing",
    "cannings": "canning",
    "canning": "canning",
    "howe": "howe",
    "proceed": "proceed",
    "exceed": "exceed",
    "succeed": "succeed",
}
_SECOND = {
    "ational": "ate",
    "tional": "tion",
    "enci": "ence",
    "anci": "ance",
    "izer": "ize",
    "bli": "ble",
    "entli": "ent",
    "eli": "e",
    "ousli": "ous",
    "ization": "ize",
    "ation": "ate",
    "ator": "ate",
    "alism": "al",
    "iveness": "ive",
    "fulness": "ful",
    "ousness": "ous",
    "aliti": "al",
    "iviti": "ive",
    "biliti": "ble",
    "fulli": "ful",
}
_THIRD = {
    "icate": "ic",
    "ative": "",
    "alize": "al",
    "iciti": "ic",
    "ical": "ic",
    "ful": "",
    "ness": "",
}
_FOURTH = frozenset(
    {
        *("al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment"),
        *("ent", "ion", "ou", "ism", "ate", "iti", "ous", "ive", "ize"),
    }
)
_SHAPES = bytes(
    ord("v") if chr(byte) in "aeiou" else ord("y") if chr(byte) == "y" else ord("c")
    for byte in range(256)
)


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """Return the stem of a word, as NLTK's `PorterStemmer().stem` does.

    Example, from the paper:
        >>> [stem(word) for word in ("relational", "conditional", "hopefulness", "hopping")]
        ['relat', 'condit', 'hope', 'hop']
    """
    lower = word.lower()
    if lower in _IRREGULAR:
        return _IRREGULAR[lower]
    if len(word) <= 2:
        return lower
    for step in (_without_plural, _without_ending, _without_y, _second, _third, _fourth):
        lower = step(lower)
    return _without_double_l(_without_e(lower))


def _shape(word: str) -> bytes:
    """Write a word in "v" for vowels and "c" for consonants; a y follows what stands before it."""
    shape = word.encode("ascii", "replace").translate(_SHAPES)
    if b"y" not in shape:
        return shape
    resolved = bytearray(shape)
    for place, letter in enumerate(resolved):
        if letter == ord("y"):
            after_consonant = place and resolved[place - 1] == ord("c")
            resolved[place] = ord("v") if after_consonant else ord("c")
    return bytes(resolved)


def _measure(word: str) -> int:
    return _shape(word).count(b"vc")


def _ends_short(word: str) -> bool:
    shape = _shape(word)
    if len(word) == 2:
        return shape == b"vc"
    return shape.endswith(b"cvc") and word[-1] not in "wxy"


def _without_plural(word: str) -> str:
    if not word.endswith("s") or word.endswith("ss"):
        return word
    if word.endswith("sses") or (word.endswith("ies") and len(word) != 4):
        return word[:-2]
    return word[:-1]


def _without_ending(word: str) -> str:
    if word.endswith("ied"):
        return word[:-1] if len(word) == 4 else word[:-2]
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) else word
    for ending in ("ed", "ing"):
        rest = word.removesuffix(ending)
        if rest != word and b"v" in _shape(rest):
            return _mended(rest)
    return word


def _mended(rest: str) -> str:
    if rest.endswith(("at", "bl", "iz")):
        return rest + "e"
    if len(rest) > 1 and rest[-1] == rest[-2] and _shape(rest).endswith(b"c"):
        return rest if rest[-1] in "lsz" else rest[:-1]
    return rest + "e" if _measure(rest) == 1 and _ends_short(rest) else rest


def _without_y(word: str) -> str:
    is_ending = word.endswith("y") and len(word) > 2 and _shape(word[:-1]).endswith(b"c")
    return word[:-1] + "i" if is_ending else word


def _second(word: str) -> str:
    if word.endswith("alli"):
        return _second(word[:-2]) if _measure(word[:-4]) else word
    if word.endswith("logi"):
        return word[:-1] if _measure(word[:-3]) else word
    return _replaced(word, _SECOND)


def _third(word: str) -> str:
    return _replaced(word, _THIRD)


def _replaced(word: str, rules: dict[str, str]) -> str:
    # The longest ending that has a rule decides, whether or not the rule then applies.
    for size in range(min(7, len(word)), 2, -1):
        ending = word[-size:]
        if ending in rules:
            rest = word[:-size]
            return rest + rules[ending] if _measure(rest) else word
    return word


def _fourth(word: str) -> str:
    for size in range(min(5, len(word)), 1, -1):
        ending = word[-size:]
        if ending in _FOURTH:
            rest = word[:-size]
            applies = _measure(rest) > 1 and (ending != "ion" or rest[-1] in "st")
            return rest if applies else word
    return word


def _without_e(word: str) -> str:
    if not word.endswith("e"):
        return word
    rest = word[:-1]
    measure = _measure(rest)
    return rest if measure > 1 or (measure == 1 and not _ends_short(rest)) else word


def _without_double_l(word: str) -> str:
    return word[:-1] if word.endswith("ll") and _measure(word[:-1]) > 1 else word
