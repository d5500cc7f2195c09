"""What most raters mark in a text: the spans of several made into one list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from evalhouse.errors import UsageError
from evalhouse.metrics.spans.span import Span

Marks = frozenset[str | None]
"""The labels that a rater gives a stretch of text; empty where it marks nothing."""


@dataclass(frozen=True)
class Consolidation:
    """What raters mark together, in order of the text.

    `disputed` holds the stretches on which not all of them agree, and `undecided` those of them on
    which no majority does; both have no labels.
    """

    spans: tuple[Span, ...]
    disputed: tuple[Span, ...]
    undecided: tuple[Span, ...]


@dataclass(frozen=True)
class _Stretch:
    """A stretch of text within which nobody begins or ends a span, with the marks of each rater."""

    start: int
    end: int
    marks: tuple[Marks, ...]
    at_least: int

    @property
    def votes(self) -> int:
        """How many raters mark it, as whatever."""
        return sum(map(bool, self.marks))

    @property
    def labels(self) -> Marks:
        """What it is by the vote."""
        if self.votes < self.at_least:
            return frozenset()
        given = Counter(label for marks in self.marks for label in marks)
        return frozenset(label for label, count in given.items() if 2 * count > self.votes)

    @property
    def is_disputed(self) -> bool:
        """Whether two raters differ."""
        return len(set(self.marks)) > 1

    @property
    def is_undecided(self) -> bool:
        """Whether no majority says that it is marked, as what, or that it is not."""
        if self.votes < self.at_least:
            return 2 * self.votes >= len(self.marks)
        return not self.labels


def consolidated(
    raters: Sequence[Sequence[Span]], text_length: int, *, at_least: int | None = None
) -> Consolidation:
    """Make one list of the spans that several raters mark in a text, by a vote on each character.

    Of `n` raters `v` mark a character. It is marked if `v >= at_least`, and has each label that
    more than `v / 2` of those raters give it. Neighbours of a label make one span, which is cut
    where at least `at_least` raters end one span of the label and begin another.

    Args:
        raters: (n,) lists of spans, empty where a rater marks nothing. Raters who did not answer
            are not among them. Offsets are clipped to the text, and a span that marks no character
            is left out. A span without a label has the label `None`.
        text_length: characters of the text.
        at_least: votes that a character needs; without it, those of more than half of the raters.

    Returns:
        Spans that lie in the text, in its order; no two of a label overlap. Two raters agree on
        what both mark. A stretch is undecided if it has too few votes, yet those of half of the
        raters, or if it has enough and none of its labels has a majority.

    Raises:
        UsageError: without raters, and for `at_least` or a length that cannot be.

    Source: the majority vote on labels, each character taken as a unit; by hand.

    Example:
        >>> a, b = [Span(4, 11, "A")], [Span(4, 7, "A"), Span(19, 22, "B")]
        >>> found = consolidated([a, b, [Span(4, 7, "B")]], 23)
        >>> found.spans
        (Span(start=4, end=7, label='A'),)
        >>> [(one.start, one.end) for one in found.disputed]
        [(4, 11), (19, 22)]
    """
    needed = _checked(raters, text_length, at_least)
    inside = [_clipped(spans, text_length) for spans in raters]
    stretches = list(_stretches(inside, needed))
    names = sorted({label for each in stretches for label in each.labels}, key=_named)
    found = [
        Span(start, end, name)
        for name in names
        for start, end in _runs(
            ((each.start, each.end) for each in stretches if name in each.labels),
            _cuts(inside, name, needed),
        )
    ]
    return Consolidation(
        tuple(sorted(found, key=lambda span: (span.start, span.end, _named(span.label)))),
        _regions(each for each in stretches if each.is_disputed),
        _regions(each for each in stretches if each.is_undecided),
    )


def _checked(raters: Sequence[Sequence[Span]], text_length: int, at_least: int | None) -> int:
    if not raters:
        raise UsageError("spans of several raters are consolidated; found no rater; give one list")
    if text_length < 0:
        raise UsageError(f"a text has no {text_length} characters; give its length")
    if at_least is None:
        return len(raters) // 2 + 1
    if not 1 <= at_least <= len(raters):
        raise UsageError(
            f"`at_least` is a number of raters from 1 to {len(raters)}; found {at_least!r}"
        )
    return at_least


def _named(label: str | None) -> tuple[bool, str]:
    return (label is not None, label or "")


def _clipped(spans: Iterable[Span], length: int) -> list[Span]:
    inside = (Span(max(start, 0), min(end, length), label) for start, end, label in spans)
    return sorted({span for span in inside if span.start < span.end}, key=lambda each: each[:2])


def _stretches(raters: Sequence[Sequence[Span]], at_least: int) -> Iterator[_Stretch]:
    """Cut the text wherever anyone begins or ends a span."""
    points = sorted({point for spans in raters for span in spans for point in span[:2]})
    place = {point: number for number, point in enumerate(points)}
    marks: list[list[set[str | None]]] = [[set() for _ in raters] for _ in points[1:]]
    for rater, spans in enumerate(raters):
        for start, end, label in spans:
            for number in range(place[start], place[end]):
                marks[number][rater].add(label)
    for (start, end), given in zip(pairwise(points), marks, strict=True):
        if any(given):
            yield _Stretch(start, end, tuple(map(frozenset, given)), at_least)


def _cuts(raters: Sequence[Sequence[Span]], label: str | None, at_least: int) -> set[int]:
    """Return where enough raters end one span of a label and begin the next."""
    counts: Counter[int] = Counter()
    for spans in raters:
        own = [span for span in spans if span.label == label]
        edges = {span.end for span in own} & {span.start for span in own}
        counts.update(
            edge for edge in edges if not any(span.start < edge < span.end for span in own)
        )
    return {edge for edge, count in counts.items() if count >= at_least}


def _runs(parts: Iterable[tuple[int, int]], cuts: Iterable[int] = ()) -> Iterator[tuple[int, int]]:
    """Join parts that touch, unless there is a cut between them."""
    kept = set(cuts)
    first: int | None = None
    last = 0
    for start, end in parts:
        if first is not None and (start > last or start in kept):
            yield first, last
            first = None
        first, last = (start if first is None else first), end
    if first is not None:
        yield first, last


def _regions(stretches: Iterable[_Stretch]) -> tuple[Span, ...]:
    return tuple(Span(*run) for run in _runs((each.start, each.end) for each in stretches))
