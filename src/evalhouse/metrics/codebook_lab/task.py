"""A whole task as codebook-lab 1.4.0 scores it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field

from evalhouse.errors import UsageError
from evalhouse.metrics.codebook_lab.choices import (
    ENDLESS,
    choice_values,
    likert_values,
    nothing,
    prepared,
)
from evalhouse.metrics.codebook_lab.columns import Column, inferred
from evalhouse.metrics.codebook_lab.fields import Field, Rows, applicable
from evalhouse.metrics.codebook_lab.marks import UnreadableMarksError
from evalhouse.metrics.codebook_lab.spans import span_values
from evalhouse.metrics.codebook_lab.textbox import TextModels, textbox_values
from evalhouse.metrics.value import Value

_AGREEMENT = ("percentage_agreement",)
_CHOICE = (
    *_AGREEMENT,
    *("accuracy", "precision", "recall", "f1", "cohen_kappa", "krippendorff_alpha"),
)
_TEXTBOX = (
    *_AGREEMENT,
    *("norm_levenshtein", "bleu", "rouge1_f", "rouge2_f", "rougeL_f", "cosine_similarity"),
    *("bertscore_precision", "bertscore_recall", "bertscore_f1"),
)
METRICS_BY_TYPE: dict[str, tuple[str, ...]] = {
    "checkbox": _CHOICE,
    "dropdown": _CHOICE,
    "likert": (*_CHOICE, "spearman_corr", "quadratic_kappa"),
    "textbox": _TEXTBOX,
    "span": ("token_f1", "exact_match_f1", "char_iou"),
}
"""The rows of codebook-lab's table for a field of each type, in its order."""


@dataclass(frozen=True)
class Cells:
    """The text cells of one CSV file, column by column, all of the same length.

    `width` is the number of columns of the file, of which not all need to be here: pandas settles
    types block by block, and a wider file has shorter blocks. `text` names the column that spans
    refer to.
    """

    columns: Mapping[str, Sequence[str]]
    width: int | None = None
    text: str | None = None

    @property
    def length(self) -> int:
        """How many rows there are."""
        lengths = set(map(len, self.columns.values()))
        if len(lengths) > 1:
            raise UsageError(
                f"columns of one file are equally long; found {min(lengths)} and {max(lengths)} "
                "rows"
            )
        return lengths.pop() if lengths else 0

    def read(self, length: int, names: Sequence[str]) -> dict[str, Column]:
        """Return columns as codebook-lab gets them from pandas, filled up with empty cells."""
        width = self.width or len(self.columns)
        return {
            name: inferred(self.columns[name], width=width, length=length)
            for name in names
            if name in self.columns
        }


@dataclass(frozen=True)
class Processing:
    """What is scored at all, as the settings of a run say, and the folders of models."""

    textbox: bool = True
    span: bool = True
    models: TextModels = dataclass_field(default_factory=TextModels)


def codebook_lab_metrics(
    fields: Sequence[Field],
    gold: Cells,
    model: Cells,
    *,
    processing: Processing | None = None,
) -> dict[str, dict[str, Value]]:
    """Score a model's output as codebook-lab 1.4.0 does, number for number.

    This reproduces what it computes, defects and all, so that old results can be compared: rows
    are paired by position, numbers beside empty cells become decimals (so that one empty cell
    turns a whole checkbox column to "not ticked"), an empty answer is a class, alpha treats the
    alphabetical order of labels as an interval scale, and quadratic kappa closes the gaps of a
    scale. For right numbers take the metrics of this package by their own names.

    Args:
        fields: the codebook's annotations in its order.
        gold: the cells of the ground truth as text, unquoted, and which column holds the texts.
        model: the cells of the output. The shorter file is filled up with empty cells.
        processing: whether textboxes and spans are scored.

    Returns:
        For each column the metrics of `METRICS_BY_TYPE` in their order. Where codebook-lab leaves
        a cell empty the value is NaN, and the note says why; `n` is the number of rows or pairs.

    Range: that of each metric; see the reference of codebook-lab.
    Undefined: where codebook-lab gives nothing: columns that are missing or not processed, no row
    to which a field applies, one class only (kappa and alpha), no span at all.

    Source: codebook-lab 1.4.0, doi:10.5281/zenodo.19185921, with pandas 3.

    Example:
        >>> ticks = Cells({"Stance_Clear": ["1", "1", "1", "0"]})
        >>> blank = Cells({"Stance_Clear": ["1", "1", "", "0"]})
        >>> found = codebook_lab_metrics([Field("Stance_Clear", "checkbox")], ticks, blank)
        >>> found["Stance_Clear"]["accuracy"].value
        0.25
    """
    settings = processing or Processing()
    length = max(gold.length, model.length)
    names = list(dict.fromkeys(field.column for field in fields))
    sides = gold.read(length, [*names, gold.text or ""]), model.read(length, names)
    applies = applicable(fields, sides[0], length)
    job = _Job(sides[0], sides[1], applies, gold.text, settings)
    return {field.column: job.scored(field) for field in fields}


@dataclass(frozen=True)
class _Job:
    gold: Mapping[str, Column]
    model: Mapping[str, Column]
    applies: Mapping[str, Rows]
    text: str | None
    settings: Processing

    def scored(self, field: Field) -> dict[str, Value]:
        names = METRICS_BY_TYPE.get(field.type, _AGREEMENT)
        if reason := self._reason(field):
            return nothing(names, 0, reason)
        rows = self.applies[field.column]
        found = self._values(field, rows)
        if isinstance(found, str):
            return nothing(names, int(rows.sum()), found)
        return {name: found[name] for name in names}

    def _reason(self, field: Field) -> str:
        """Say why there is nothing to score."""
        if field.column not in self.gold or field.column not in self.model:
            return "the column is missing"
        if field.type == "textbox" and not self.settings.textbox:
            return "textboxes are not processed"
        if field.type == "span":
            if not self.settings.span:
                return "spans are not processed"
            if self.text is None or self.text not in self.gold:
                return "the texts are missing"
        return "" if self.applies[field.column].any() else "the field applies to no row"

    def _values(self, field: Field, rows: Rows) -> dict[str, Value] | str:
        gold, model = (side[field.column].kept(rows) for side in (self.gold, self.model))
        if field.type == "textbox":
            return textbox_values(gold, model, self.settings.models)
        if field.type == "span":
            return self._span_values(field, rows)
        first, second = prepared(gold, field.type), prepared(model, field.type)
        if first is None or second is None:
            return ENDLESS
        found = choice_values(first, second)
        return found | likert_values(gold, model) if field.type == "likert" else found

    def _span_values(self, field: Field, rows: Rows) -> dict[str, Value] | str:
        gold, model = (side[field.column].kept(rows) for side in (self.gold, self.model))
        texts = self.gold[self.text or ""].kept(rows).rows
        try:
            return span_values(gold, model, texts, is_labelled=bool(field.label_options))
        except UnreadableMarksError as failure:
            return f"codebook-lab gives up the field: {failure}"
