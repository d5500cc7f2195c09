"""What coders say together: a strict majority, or a decision by hand, or a place in the queue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from evalhouse.coders.issues import Issue
from evalhouse.coders.labels import Label, cell_of
from evalhouse.coders.panel import Item, Panel
from evalhouse.metrics.spans import Span
from evalhouse.metrics.spans.consensus import consolidated
from evalhouse.scoring.field import Field
from evalhouse.tasks.conditions import Applies

Decisions = Mapping[str, Mapping[str, Label]]
"""What was decided by hand: labels by item and column."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is settled about one field of one item.

    `regions` are parts of the text on which coders of spans are split; what more than half of them
    mark is in `label` all the same.
    """

    label: Label | None
    is_undecided: bool = False
    regions: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Consensus:
    """The consensus (items): cells by column, and the columns that need a decision.

    `counts` says by column how many items need one, `decided` how many labels were decided by hand.
    """

    cells: tuple[Mapping[str, str], ...]
    undecided: tuple[tuple[str, ...], ...]
    regions: tuple[Mapping[str, tuple[Span, ...]], ...]
    counts: Mapping[str, int]
    decided: int
    issues: tuple[Issue, ...]

    @property
    def queue(self) -> list[int]:
        """Return the places of items that need a decision."""
        return [place for place, columns in enumerate(self.undecided) if columns]


def settle(panel: Panel, decisions: Decisions) -> Consensus:
    """Settle every field of every item in the codebook's order.

    Whether a question arises follows the consensus on what it depends on. A decision by hand wins;
    otherwise a label needs more than half of those given, an option of a multiselect more than half
    of the sets, a character of a span more than half of the lists.
    """
    issues: list[Issue] = []
    settled = [
        dict(_settled(panel, place, decisions.get(item.id, {}), issues))
        for place, item in enumerate(panel.items)
    ]
    fields = panel.codebook.by_column
    undecided = tuple(
        tuple(column for column, verdict in row.items() if verdict.is_undecided) for row in settled
    )
    counts = Counter(column for columns in undecided for column in columns)
    return Consensus(
        tuple(
            {
                column: cell_of(fields[column].field, verdict.label, item.text)
                for column, verdict in row.items()
            }
            for item, row in zip(panel.items, settled, strict=True)
        ),
        undecided,
        tuple(
            {column: verdict.regions for column, verdict in row.items() if verdict.regions}
            for row in settled
        ),
        {column: counts[column] for column in fields},
        sum(map(len, decisions.values())) - len(issues),
        tuple(issues),
    )


def _settled(
    panel: Panel, place: int, decided: Mapping[str, Label], issues: list[Issue]
) -> Iterator[tuple[str, Verdict]]:
    item, codebook = panel.items[place], panel.codebook
    cells: dict[str, str] = {}
    for annotation in codebook.annotations:
        column, asked = annotation.column, annotation.field
        arises = Applies.YES
        if annotation.condition is not None:
            arises = codebook.applicability(cells)[column]
        if arises is not Applies.YES:
            if column in decided:
                issues.append(_idle(item, asked, decided[column]))
            verdict = Verdict(None)
        elif column in decided:
            verdict = Verdict(decided[column])
        elif column not in panel.columns:
            verdict = Verdict(None)
        else:
            given = [label for label in panel.labels[column][place] if label is not None]
            verdict = voted(asked, given, item.text)
        cells[column] = cell_of(asked, verdict.label, item.text)
        yield column, verdict


def _idle(item: Item, asked: Field, label: Label) -> Issue:
    return Issue(
        "forbidden_child_value",
        "a label was decided by hand where the question does not arise by the consensus; it is "
        "left out",
        item.id,
        "",
        asked.name,
        cell_of(asked, label, item.text),
    )


def voted(asked: Field, given: Sequence[Label], text: str) -> Verdict:
    """Let coders vote on one field of one item.

    Example:
        >>> voted(Field("Side", "dropdown", ("for", "against")), ["for", "against", "for"], "")
        Verdict(label='for', is_undecided=False, regions=())
        >>> voted(Field("Topics", "multiselect"), [frozenset("ab"), frozenset("b")], "")
        Verdict(label=None, is_undecided=True, regions=())
    """
    if not given:
        return Verdict(None, is_undecided=True)
    if asked.kind == "span":
        return _of_spans([label for label in given if isinstance(label, tuple)], text)
    if asked.kind == "multiselect":
        return _of_options([label for label in given if isinstance(label, frozenset)])
    label, votes = Counter(given).most_common(1)[0]
    return Verdict(label) if 2 * votes > len(given) else Verdict(None, is_undecided=True)


def _of_options(given: Sequence[frozenset[str]]) -> Verdict:
    votes = Counter(option for label in given for option in label)
    if any(2 * count == len(given) for count in votes.values()):
        return Verdict(None, is_undecided=True)
    return Verdict(frozenset(name for name, count in votes.items() if 2 * count > len(given)))


def _of_spans(given: Sequence[tuple[Span, ...]], text: str) -> Verdict:
    found = consolidated(given, len(text))
    return Verdict(found.spans, bool(found.undecided), found.undecided)
