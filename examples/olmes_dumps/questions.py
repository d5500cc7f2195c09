"""A tiny made-up question bank: plain English, composed from templates, seeded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NAMES = (
    "Maya", "Omar", "Zoë", "José", "Ines", "Tomek", "Priya", "Lars", "Amara", "Björn", "Chloé",
    "Dmitri", "Elena", "Farid", "Grace", "Hugo", "Irene", "Jun", "Kofi", "Leila", "Mateo", "Nadia",
    "Olga", "Pavel", "Quinn", "Rosa", "Sven", "Tara", "Uma", "Viktor", "Wanda", "Yusuf",
)  # fmt: skip
PLACES = (
    "the bakery", "the town library", "a small museum", "the post office", "the harbour", "a farm",
    "the train station", "the night market", "a flower shop", "the observatory", "the old mill",
    "a repair café", "the swimming pool", "a bicycle workshop", "the park", "the school",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ADJECTIVES = (
    "quiet", "rainy", "busy", "cold", "bright", "windy", "slow", "warm", "foggy", "cheerful",
)  # fmt: skip
THINGS = (
    "apples", "pencils", "stamps", "tickets", "lamps", "postcards", "walnuts", "buttons", "candles",
    "marbles", "teacups", "seashells", "notebooks", "tulips", "bricks", "puzzles",
)  # fmt: skip
CAPITALS = {
    "France": "Paris", "Japan": "Tokyo", "Kenya": "Nairobi", "Peru": "Lima", "Norway": "Oslo",
    "Egypt": "Cairo", "Canada": "Ottawa", "Poland": "Warsaw", "Brazil": "Brasília",
    "Iceland": "Reykjavík", "Portugal": "Lisbon", "Austria": "Vienna", "Vietnam": "Hanoi",
    "Ghana": "Accra", "Chile": "Santiago", "Colombia": "Bogotá", "Greece": "Athens",
    "Ireland": "Dublin", "Nepal": "Kathmandu", "Cuba": "Havana", "Finland": "Helsinki",
    "Hungary": "Budapest", "Senegal": "Dakar", "Jordan": "Amman", "Uruguay": "Montevideo",
}  # fmt: skip
KINDS = {
    "bird": ("heron", "sparrow", "owl", "puffin"),
    "fish": ("salmon", "trout", "herring", "carp"),
    "metal": ("copper", "zinc", "iron", "tin"),
    "planet": ("Saturn", "Neptune", "Mars", "Venus"),
    "fruit": ("plum", "mango", "pear", "fig"),
    "tool": ("hammer", "chisel", "wrench", "saw"),
    "musical instrument": ("cello", "flute", "banjo", "harp"),
    "river": ("the Danube", "the Nile", "the Amazon", "the Mekong"),
    "tree": ("oak", "birch", "willow", "maple"),
    "language": ("Hindi", "Swahili", "Turkish", "Welsh"),
}
MEANS = {
    "keep soup warm on a long walk": "a flask with a tight lid",
    "cut paper in a straight line": "scissors and a ruler",
    "find north without a phone": "a magnetic compass",
    "dry wet boots overnight": "crumpled newspaper and a warm room",
    "reach a book on the top shelf": "a steady stepladder",
    "stop a door from slamming": "a rubber wedge under the door",
    "water the plants during a holiday": "a bottle that drips slowly into the soil",
    "carry eggs home on a bicycle": "a padded box in the basket",
    "see the craters of the Moon": "a small telescope on a tripod",
    "remember a shopping list": "a note in the coat pocket",
    "hear a faint heartbeat": "a stethoscope",
    "tell whether milk has gone sour": "the smell of the milk",
    "separate sand from pebbles": "a sieve with small holes",
    "light a room when the power fails": "a candle in a glass jar",
    "measure the height of a child": "a tape measure on the wall",
}
OPPOSITES = {
    "cold": "hot", "early": "late", "empty": "full", "narrow": "wide", "brave": "fearful",
    "loud": "quiet", "ancient": "modern", "shallow": "deep", "rough": "smooth", "generous": "mean",
    "rare": "common", "heavy": "light",
}  # fmt: skip
_SCENES = (
    "{name} works at {place} on {day}s.",
    "It is a {adjective} {day} at {place}.",
    "{name} and {other} meet at {place} every {day}.",
    "On a {adjective} {day}, {name} brings {number} {things} to {place}.",
    'At {place}, {other} asks: "Has anyone seen my {things}?"',
    "{name} counts {number} {things} while {other} waits near {place}.",
    "A parcel of {number} {things} arrived at {place} last {day}.",
    "{other} sells {things} at {place} for {number} cents a piece.",
    "{name} wrote $x^{{2}} = {number}$ on the board at {place}.",
    "Nobody goes to {place} on a {adjective} {day} – except {name}.",
)


@dataclass(frozen=True)
class Question:
    """A question with its right answer, at least four wrong ones, and the way to the answer."""

    prompt: str
    answer: str
    wrong: tuple[str, ...]
    why: str


def _scene(rng: Random) -> str:
    name, other = rng.sample(NAMES, 2)
    return rng.choice(_SCENES).format(
        name=name,
        other=other,
        place=rng.choice(PLACES),
        day=rng.choice(DAYS),
        adjective=rng.choice(ADJECTIVES),
        number=rng.randrange(3, 400),
        things=rng.choice(THINGS),
    )


@cache
def _scenes() -> tuple[str, ...]:
    rng = Random(1)
    return tuple(_scene(rng) for _ in range(10_000))


def passage(rng: Random, sentences: int) -> str:
    """That many everyday sentences, from a pool made once."""
    return " ".join(rng.choices(_scenes(), k=sentences))


def _numbers(answer: int) -> tuple[str, ...]:
    return tuple(str(answer + step) for step in (1, 2, 5, 10, 20))


def _others(values: Mapping[str, str], answer: str, rng: Random) -> tuple[str, ...]:
    return tuple(value for value in rng.sample(list(values.values()), 6) if value != answer)


def sums(rng: Random) -> Question:
    """How many things somebody has."""
    name, things = rng.choice(NAMES), rng.choice(THINGS)
    first, second = rng.randrange(3, 90), rng.randrange(3, 90)
    return Question(
        f"{name} has {first} {things} and buys {second} more. How many {things} has {name} now?",
        str(first + second),
        _numbers(first + second),
        f"{name} starts with {first} {things}. Buying {second} more gives {first} + {second} = "
        f"{first + second}.",
    )


def capitals(rng: Random) -> Question:
    """Which city is a capital."""
    country = rng.choice(tuple(CAPITALS))
    answer = CAPITALS[country]
    return Question(
        f"Which city is the capital of {country}?",
        answer,
        _others(CAPITALS, answer, rng),
        f"The government of {country} sits in {answer}.",
    )


def kinds(rng: Random) -> Question:
    """Which of several words names a kind of thing."""
    kind = rng.choice(tuple(KINDS))
    answer = rng.choice(KINDS[kind])
    rest = [word for other, words in KINDS.items() if other != kind for word in words]
    return Question(
        f"Which of these is a {kind}?",
        answer,
        tuple(rng.sample(rest, 5)),
        f"Of all that was named, only {answer} is a {kind}.",
    )


def everyday(rng: Random) -> Question:
    """What helps with an everyday task."""
    goal = rng.choice(tuple(MEANS))
    name = rng.choice(NAMES)
    return Question(
        f"{name} wants to {goal}. What would help most?",
        MEANS[goal],
        _others(MEANS, MEANS[goal], rng),
        f"To {goal}, {name} needs {MEANS[goal]}.",
    )


def opposites(rng: Random) -> Question:
    """Which word means the opposite."""
    word = rng.choice(tuple(OPPOSITES))
    answer = OPPOSITES[word]
    return Question(
        f'Which word means the opposite of "{word}"?',
        answer,
        _others(OPPOSITES, answer, rng),
        f'Something that is not {word} at all is {answer}, so the answer is "{answer}".',
    )


def sequences(rng: Random) -> Question:
    """Which number comes next."""
    start, step = rng.randrange(2, 50), rng.randrange(2, 13)
    shown = ", ".join(str(start + step * place) for place in range(4))
    answer = start + step * 4
    return Question(
        f"Which number comes next: {shown}, …?",
        str(answer),
        _numbers(answer),
        f"Each number is {step} more than the one before: {start + step * 3} + {step} = {answer}.",
    )


SUBJECTS: dict[str, Callable[[Random], Question]] = {
    "sums": sums,
    "capitals": capitals,
    "kinds": kinds,
    "everyday": everyday,
    "opposites": opposites,
    "sequences": sequences,
}
