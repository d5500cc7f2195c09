"""Texts as words and signs, in their order and with their places."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evalhouse.engine.baselines.words import pieces

LONGEST_PHRASE = 20
"""Longer phrases are not looked for: they hardly come back, and looking for them takes long."""

Phrase = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class PieceRows:
    """Each text as the numbers of its words and signs, with where each begins and ends.

    `known` has the number of every word and sign, in lower case.
    """

    known: Mapping[str, int]
    numbers: Sequence[array[int]]
    begins: Sequence[array[int]]
    ends: Sequence[array[int]]

    def phrase(self, text: str) -> Phrase | None:
        """Return the words of a phrase; None where it is empty, too long, or in no text."""
        numbers = tuple(self.known.get(text[i:j].lower(), -1) for i, j in pieces(text))
        is_possible = 0 < len(numbers) <= LONGEST_PHRASE and -1 not in numbers
        return numbers if is_possible else None

    def found(self, phrases: Iterable[Phrase]) -> Iterator[tuple[int, Phrase, int, int]]:
        """Yield every place where a phrase stands as whole words, also within another phrase.

        A place is its row, the phrase, and where it begins and ends; they come row by row.
        """
        wanted = set(phrases)
        sizes: dict[int, set[int]] = {}
        for phrase in wanted:
            sizes.setdefault(phrase[0], set()).add(len(phrase))
        for row, numbers in enumerate(self.numbers):
            for first, number in enumerate(numbers):
                for size in sizes.get(number, ()):
                    phrase = tuple(numbers[first : first + size])
                    if phrase in wanted and len(phrase) == size:
                        last = first + size - 1
                        yield row, phrase, self.begins[row][first], self.ends[row][last]


def read_pieces(texts: Iterable[str]) -> PieceRows:
    """Take texts apart."""
    known: dict[str, int] = {}
    numbers: list[array[int]] = []
    begins: list[array[int]] = []
    ends: list[array[int]] = []
    for text in texts:
        places = pieces(text)
        words = (text[begin:end].lower() for begin, end in places)
        numbers.append(array("q", [known.setdefault(word, len(known)) for word in words]))
        begins.append(array("q", [begin for begin, _ in places]))
        ends.append(array("q", [end for _, end in places]))
    return PieceRows(known, numbers, begins, ends)
