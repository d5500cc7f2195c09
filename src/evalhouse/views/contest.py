"""What is compared: a task or suite, its scores, and who reached them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evalhouse.store import Reader
from evalhouse.views.cells import Cells
from evalhouse.views.entries import UNKNOWN, Entries, Floats, Ints, Words, indices, joined
from evalhouse.views.scores import Scores
from evalhouse.views.settings import Results, Settings
from evalhouse.views.tree import Node, Tree


@dataclass(frozen=True)
class Choice:
    """Which results are compared: a metric (None: the primary one), and settings they must have.

    `where` maps a key to the values it may have; `group_by` names keys.
    """

    metric: str | None = None
    where: Mapping[str, Sequence[str]] = field(default_factory=dict)
    group_by: Sequence[str] = ()


@dataclass(frozen=True)
class Entrant:
    """A model in a run."""

    model: str
    revision: str | None
    run: str  # the short id
    label: str | None
    run_id: str
    model_id: str


@dataclass(frozen=True)
class Measure:
    """What the values of a page are; None where they differ, or it is not known."""

    metric: str | None
    unit: str | None
    higher_is_better: bool | None

    @classmethod
    def of(cls, entries: Entries, words: Words) -> Measure:
        """Return what scores have in common; those without a value say nothing."""
        told = entries.at(~np.isnan(entries.value))
        if not len(told):
            told = entries
        direction = _shared(told.direction)
        return cls(
            words.word(_shared(told.metric)),
            words.word(_shared(told.unit)),
            None if direction == UNKNOWN else bool(direction),
        )

    def key(self, value: float | None) -> tuple[bool, float]:
        """Return what sorts the best first and what has no value last."""
        sign = 1 if self.higher_is_better is False else -1
        return (value is None, sign * (value or 0.0))

    def order(self, values: Floats, entrants: pa.Table) -> Ints:
        """Return the positions of values from the best to the worst; the equal go by name."""
        sign = 1 if self.higher_is_better is False else -1
        keys = {
            "is_empty": pa.array(np.isnan(values)),
            "rank": pa.array(sign * np.where(np.isnan(values), 0.0, values)),
            "model": entrants["model"],
            "revision": pc.fill_null(entrants["revision"], ""),
            "run": entrants["run"],
            "position": pa.array(np.arange(len(values))),
        }
        by = [(name, "ascending") for name in keys]
        return np.asarray(pc.sort_indices(pa.table(keys), sort_keys=by))

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what a reader of the ranking must know."""
        if self.higher_is_better is None:
            return ("whether higher is better is not known here; the largest value comes first",)
        return ()


class Contest:
    """A task or suite of the house, by name."""

    def __init__(self, reader: Reader, name: str, choice: Choice) -> None:
        self.reader = reader
        self.choice = choice
        self.tree = Tree.of(reader)
        self.nodes = self.tree.find(name)

    @property
    def title(self) -> str:
        """Return the name of the task."""
        return self.nodes[0].name

    @property
    def below(self) -> list[Node]:
        """Return all nodes that stand below."""
        return [each for node in self.nodes for each in self.tree.below(node)]

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what a reader must know of the task."""
        if len(self.nodes) == 1:
            return ()
        paths = ", ".join(node.path for node in self.nodes)
        return (f"{self.title} stands at several places, all of which are shown: {paths}",)

    def scores(self, nodes: Sequence[Node]) -> Scores:
        """Read the scores of some nodes and of all that they are made from."""
        ids = [node.task_id for node in nodes]
        return Scores.of(self.reader, self.tree, ids, self.choice.metric)

    def kept(self, scores: Scores, parts: Sequence[Entries]) -> list[Entries]:
        """Return of each part the scores whose results have the settings asked for."""
        if not self.choice.where:
            return list(parts)
        found = Settings.of(self.reader, _results(scores.cells, joined(parts)))
        ends = np.cumsum([len(part) for part in parts])[:-1]
        masks = np.split(found.matching(self.choice.where), ends)
        return [part.at(mask) for part, mask in zip(parts, masks, strict=True)]

    def entrants(self, cells: Cells, places: Ints) -> pa.Table:
        """Return the names of models and runs, a column for each field of `Entrant`."""
        at = pa.array(places)
        run_ids, model_ids = cells.run_ids.take(at), cells.model_ids.take(at)
        runs, models = self.reader.table("runs"), self.reader.table("models")
        run = pc.index_in(run_ids, runs["run_id"])
        model = pc.index_in(model_ids, models["model_id"])
        return pa.table(
            {
                "model": models["model_name"].take(model),
                "revision": models["revision"].take(model),
                "run": runs["short_id"].take(run),
                "label": runs["label"].take(run),
                "run_id": run_ids,
                "model_id": model_ids,
            }
        )


def _results(cells: Cells, entries: Entries) -> Results:
    """Return what scores belong to."""
    prompts = cells.prompt_ids.take(indices(entries.row))
    fields = [
        _distinct(cells.run_ids, entries.place),
        _distinct(cells.model_ids, entries.place),
        _distinct(prompts, np.arange(len(entries))),
    ]
    return Results(tuple(ids for ids, _ in fields), tuple(codes for _, codes in fields))


def _distinct(ids: pa.Array, at: Ints) -> tuple[list[str | None], Ints]:
    """Return the distinct ids at some positions, and for each position which it is."""
    encoded = ids.dictionary_encode(null_encoding="encode")
    used, codes = np.unique(np.asarray(encoded.indices)[at], return_inverse=True)
    return encoded.dictionary.take(pa.array(used)).to_pylist(), codes


def _shared(codes: Ints) -> int:
    """Return the code that all share, `UNKNOWN` where there is none."""
    return int(codes[0]) if len(codes) and (codes == codes[0]).all() else UNKNOWN
