"""Baselines: models that need no server, and a floor that any other should be above.

They learn from what people answered, and predict each row from other rows alone: rows are divided
into folds by their texts (`folds.divided`), and what is learned from all folds but one is asked of
that one. No row's answer has any influence on what is predicted for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from evalhouse.engine.baselines.folds import divided
from evalhouse.engine.baselines.gold import Gold, read_gold
from evalhouse.engine.baselines.labelled import Labelled
from evalhouse.engine.baselines.majority import Majority
from evalhouse.engine.baselines.material import Material
from evalhouse.engine.baselines.phrases import Phrases
from evalhouse.engine.baselines.prior import Prior
from evalhouse.engine.baselines.tfidf import Tfidf
from evalhouse.errors import UnknownNameError
from evalhouse.scoring.field import Field

__all__ = ["BASELINES", "Labelled", "predict"]

_MODELS: dict[str, type[Majority | Prior | Tfidf]] = {
    "majority": Majority,
    "random": Prior,
    "tfidf": Tfidf,
}
BASELINES: tuple[str, ...] = tuple(_MODELS)
"""Every baseline by its name; the class of each says how it answers each type of field."""


def predict(
    name: str, fields: Sequence[Field], labelled: Labelled, *, seed: int = 0, folds: int = 5
) -> dict[str, list[str]]:
    """Return by column a cell for every row, as if the field were asked everywhere.

    Where the other folds hold no answer to a field, its cells are `gold.fallback`: also for all
    rows of a task with one distinct text.

    Args:
        name: one of `BASELINES`.
        fields: what is asked.
        labelled: texts, ids and answers.
        seed: chooses the folds, and what is drawn at random.
        folds: in how many parts rows are divided, two or more; with fewer distinct texts, each is
            predicted from all others.

    Raises:
        UnknownNameError: for a name that is no baseline.
        UsageError: for fewer than two folds, or a column that is not as long as the texts.

    Example:
        >>> labelled = Labelled(["a", "b", "c"], ["1", "2", "3"], {"side": ["for", "for", ""]})
        >>> predict("majority", [Field("side", "dropdown", ("against", "for"))], labelled)
        {'side': ['for', 'for', 'for']}
    """
    if name not in _MODELS:
        raise UnknownNameError("baseline", name, BASELINES)
    material = Material(labelled.texts, labelled.ids, seed)
    columns = [_read(field, labelled, material) for field in fields]
    found = {field.name: [""] * len(labelled.texts) for field in fields}
    for fold in divided(labelled.texts, seed=seed, count=folds):
        model = _MODELS[name](material, fold)
        for column in columns:
            cells = model.spans(column) if isinstance(column, Phrases) else model.cells(column)
            for row, cell in zip(fold.test.tolist(), cells, strict=True):
                found[column.field.name][row] = cell
    return found


def _read(field: Field, labelled: Labelled, material: Material) -> Gold | Phrases:
    cells = labelled.column(field)
    if field.kind == "span":
        return Phrases(field, cells, material)
    return read_gold(field, cells)
