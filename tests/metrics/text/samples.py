"""Texts to compare: like those people write, and unlike."""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path

SIGNS = "abcde 12.,,..-- -\n\n\t&;lt quot'\"$%()[]{}éß世界😀«»€½٣ \u00a0\u2028\x1c\x85_/:ABYİΣ"
SPECIAL = ("", " ", "\n", "a", "the", "😀", "世界", "\ud800", ". . .", "a\nb", "a\n\nb", "The cat.")


@cache
def words() -> list[str]:
    """Every distinct English-looking word in the sources of the standard library."""
    sources = sorted(Path(re.__file__).parent.parent.glob("*.py"))
    found = set[str]()
    for source in sources:
        found |= set(re.findall("[A-Za-z]{2,}", source.read_text("utf-8", "replace")))
    return sorted(found)


def natural(chance: random.Random) -> str:
    """Some words with marks between them, and at times a new line."""
    chosen = [*chance.choices(words(), k=chance.randint(0, 14)), "3,000.50", "U.S.", "10-20", "\n"]
    return " ".join(chance.sample(chosen, chance.randint(0, len(chosen))))


def noise(chance: random.Random) -> str:
    """Signs without sense."""
    return "".join(chance.choices(SIGNS, k=chance.randint(0, 40)))


def altered(text: str, chance: random.Random) -> str:
    """A text that is equal, near, or another one altogether."""
    kind = chance.random()
    if kind < 0.1:
        return text
    if kind < 0.2:
        return noise(chance)
    parts = text.split(" ")
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(parts))
        parts[place] = chance.choice([*parts, *words()[::997], "", "the", "cat.", ",,5"])
    return " ".join(parts)


@cache
def pairs(count: int = 600, seed: int = 0) -> tuple[list[str], list[str]]:
    """Gold texts and answers: all pairs of special ones, then made-up ones."""
    chance = random.Random(seed)
    gold = [first for first in SPECIAL for _ in SPECIAL]
    model = [second for _ in SPECIAL for second in SPECIAL]
    made = [chance.choice((natural, noise))(chance) for _ in range(count)]
    return gold + made, model + [altered(text, chance) for text in made]


@cache
def references(count: int = 600, seed: int = 0) -> tuple[list[list[str]], list[str]]:
    """The same, with three gold texts each."""
    chance = random.Random(seed + 1)
    gold, model = pairs(count, seed)
    return [[text, altered(text, chance), altered(text, chance)] for text in gold], model
