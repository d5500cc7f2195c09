"""What the repeats of a question have in common: one cell of several."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from evalhouse.assessment.agreement import allowed_spans
from evalhouse.assessment.likeness import similarity
from evalhouse.assessment.matching import Cells
from evalhouse.errors import UsageError
from evalhouse.metrics.labels import Absent
from evalhouse.metrics.spans import consolidated
from evalhouse.scoring.cells import Cell, read_sets
from evalhouse.scoring.field import Field, Kind
from evalhouse.tasks.answers import Answers


@dataclass(frozen=True)
class _Row:
    """The valid answers to one row, in the order of repeats, with their cells."""

    field: Field
    cells: tuple[Cell, ...]
    values: tuple[Any, ...]
    text: str | None

    def leading(self) -> list[Any]:
        """Return the most frequent answers, in the order in which they came first."""
        counts = Counter(self.values)
        most = max(counts.values())
        return [value for value, count in counts.items() if count == most]

    def cell_of(self, value: Any) -> Cell:
        """Return how an answer was first written."""
        return self.cells[self.values.index(value)]


def majority_cells(
    field: Field, repeats: Sequence[Cells], *, texts: Sequence[str] | None = None
) -> list[Cell]:
    """Return for each row what its repeats have in common.

    * checkbox, dropdown: the most frequent valid answer; of several, the one that came first.
    * likert: the same, but of several the one nearest to the median of all valid answers.
    * multiselect: the options that more than half of the valid answers select.
    * textbox: the most frequent text; of several, the one most like all texts.
    * span: the characters that more than half of the valid answers mark, and the labels that most
      of those give them (`metrics.spans.consolidated`).

    A row without a valid answer has the most frequent kind of absence; of several, the first.

    Args:
        field: what was asked.
        repeats: (k,) columns of cells, each of the same rows in the same order.
        texts: what was asked about; with them the words of spans are written out, and offsets that
            lie beyond the text are cut off.

    Raises:
        UsageError: without repeats, and for repeats or texts of different lengths.

    Example:
        >>> stance = Field("stance", "dropdown", ("for", "against"))
        >>> majority_cells(stance, [["for", "?"], ["against", "for"], ["For", ""]])
        ['for', 'for']
    """
    _check(field, repeats, texts)
    values = [_READERS[field.kind](field, cells) for cells in repeats]
    held: Sequence[str | None] = texts or [None] * len(repeats[0])
    rows = zip(zip(*repeats, strict=True), zip(*values, strict=True), held, strict=True)
    return [_common(field, cells, answers, text) for cells, answers, text in rows]


def _check(field: Field, repeats: Sequence[Cells], texts: Sequence[str] | None) -> None:
    if not repeats:
        raise UsageError(f"`{field.name}` has no repeats; give one column of cells for each")
    lengths = {*map(len, repeats)} | (set() if texts is None else {len(texts)})
    if len(lengths) > 1:
        raise UsageError(
            f"`{field.name}` has repeats or texts of {min(lengths)} and of {max(lengths)} rows; "
            "give all of them the same rows"
        )


def _common(field: Field, cells: Sequence[Cell], answers: Sequence[Any], text: str | None) -> Cell:
    places = [place for place, one in enumerate(answers) if not isinstance(one, Absent)]
    if not places:
        kinds: Counter[Absent] = Counter(answers)
        return kinds.most_common(1)[0][0]  # of equal counts, the first
    row = _Row(
        field,
        tuple(cells[place] for place in places),
        tuple(answers[place] for place in places),
        text,
    )
    return _CHOICES[field.kind](row)


def _plurality(row: _Row) -> Cell:
    return row.cell_of(row.leading()[0])


def _nearest(row: _Row) -> Cell:
    middle = median(map(int, row.values))
    return row.cell_of(min(row.leading(), key=lambda point: abs(int(point) - middle)))


def _options(row: _Row) -> Cell:
    counts = Counter(option for chosen in row.values for option in chosen)
    most = {option for option, count in counts.items() if 2 * count > len(row.values)}
    return json.dumps(
        [option for option in row.field.options or sorted(most) if option in most],
        ensure_ascii=False,
    )


def _medoid(row: _Row) -> Cell:
    leading = row.leading()
    if len(leading) == 1:
        return row.cell_of(leading[0])
    nearness = {text: sum(similarity(text, other) for other in row.values) for text in leading}
    return row.cell_of(max(leading, key=nearness.__getitem__))


def _spans(row: _Row) -> Cell:
    ends = [span.end for spans in row.values for span in spans]
    length = max(ends, default=0) if row.text is None else len(row.text)
    entries = []
    for start, end, label in consolidated(row.values, max(length, 0)).spans:
        entry: dict[str, Any] = {"start": start, "end": end}
        if row.text is not None:
            entry["text"] = row.text[start:end]
        entries.append(entry if label is None else entry | {"label": label})
    return json.dumps(entries, ensure_ascii=False) if entries else ""


def _labels(field: Field, cells: Cells) -> list[Any]:
    known = Answers(field)
    return [known[cell] for cell in cells]


_READERS: dict[Kind, Callable[[Field, Cells], Sequence[Any]]] = {
    "checkbox": _labels,
    "dropdown": _labels,
    "likert": _labels,
    "multiselect": read_sets,
    "textbox": _labels,
    "span": allowed_spans,
}
_CHOICES: dict[Kind, Callable[[_Row], Cell]] = {
    "checkbox": _plurality,
    "dropdown": _plurality,
    "likert": _nearest,
    "multiselect": _options,
    "textbox": _medoid,
    "span": _spans,
}
