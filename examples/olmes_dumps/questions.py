"""A tiny made-up question bank: plain English, composed from templates, seeded."""

from __future__ import annotations

from dataclasses import dataclass
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
COLOURS = (
    "amber", "blue", "brown", "crimson", "green", "grey", "ivory", "lilac", "orange", "pink",
    "purple", "red", "silver", "turquoise", "white", "yellow",
)  # fmt: skip
DEEDS = (
    "borrows", "buys", "carries", "collects", "counts", "delivers", "donates", "finds", "hides",
    "inspects", "loses", "packs", "paints", "repairs", "returns", "sells", "sorts", "washes",
)  # fmt: skip
STREETS = (
    "Alder Street", "Bridge Road", "Castle Lane", "Dove Alley", "Elm Avenue", "Fountain Square",
    "Garden Path", "Hill Road", "Ivy Lane", "Juniper Way", "King Street", "Lime Walk", "Mill Lane",
    "North Quay", "Orchard Road", "Park Row", "Queen Street", "River Walk", "Station Road",
    "Tower Hill",
)  # fmt: skip
_SCENES = (
    "{name} {deed} {count} {colour} {things} at {place} at {time} on {day}.",
    "It is a {adjective} {day} at {place}, and {things} cost {price} euros a dozen.",
    "{name} and {other} meet at {count} {street} every {day} at {time}.",
    "On a {adjective} {day}, {name} {deed} {things} from {place} to {count} {street}.",
    'At {time}, {other} asks: "Has anyone seen my {colour} {things}?"',
    "{other} {deed} {count} {things} while {name} waits at {count} {street}.",
    "Parcel {number}, full of {colour} {things}, arrived at {place} last {day} at {time}.",
    "{other} sells {colour} {things} at {place} for {price} euros a piece.",
    "{name} wrote $x^{{2}} = {number}$ on the {colour} board at {place}.",
    "Nobody goes to {place} on a {adjective} {day} before {time} – except {name}.",
    "The number of {name} is {number}; the one of {other} ends with {count}.",
)


@dataclass(frozen=True)
class Question:
    """A question with its right answer, at least four wrong ones, and the way to the answer."""

    prompt: str
    answer: str
    wrong: tuple[str, ...]
    why: str


def _scene(rng: Random) -> str:
    # One random number cut into digits: large dumps need millions of sentences.
    rest = rng.getrandbits(96)
    picked = {}
    for slot, words in _SLOTS:
        rest, place = divmod(rest, len(words))
        picked[slot] = words[place]
    rest, number = divmod(rest, 100_000)
    rest, clock = divmod(rest, 24 * 60)
    template = _SCENES[rest % len(_SCENES)]
    return template.format(
        **picked,
        number=number + 100_000,
        count=number % 97 + 3,
        price=f"{number % 4999 / 100 + 0.5:.2f}",
        time=f"{clock // 60}:{clock % 60:02d}",
    )


_SLOTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("name", NAMES[::2]),
    ("other", NAMES[1::2]),
    ("place", PLACES),
    ("day", DAYS),
    ("adjective", ADJECTIVES),
    ("things", THINGS),
    ("colour", COLOURS),
    ("deed", DEEDS),
    ("street", STREETS),
)


def passage(rng: Random, sentences: int) -> str:
    """That many everyday sentences."""
    return " ".join(_scene(rng) for _ in range(sentences))


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
