"""Cells in columns, those of a task together: what scores are made from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evalhouse.store import Reader
from evalhouse.views.averages import RULES
from evalhouse.views.entries import NOTHING, Bools, Entries, Floats, Ints, Words, indices

REPORTED, RECOMPUTED = "reported", "recomputed"
_TABLE = "run_model_metrics"
_NOTES = ("value_note", "failure_detail", "failure_reason")


class Where(NamedTuple):
    """Whose score it is: one model in one run."""

    run_id: str
    model_id: str


@dataclass(frozen=True)
class Cells:
    """Results of models on tasks in runs, ordered by task, run, model and prompt.

    A place is a model in a run, by its number in the order of the ids of both.
    """

    entries: Entries
    spans: dict[str, slice]  # of each task
    run_ids: pa.Array  # of each place
    model_ids: pa.Array
    prompt_ids: pa.Array  # of each row
    notes: pa.Array
    words: Words

    @classmethod
    def of(cls, reader: Reader) -> Cells:
        """Return all cells of a house, kept until the house changes."""
        return reader.kept("cells", (_TABLE,), lambda: cls.primary(reader.table(_TABLE)))

    @classmethod
    def primary(cls, table: pa.Table) -> Cells:
        """Return cells with their primary values."""
        ids = ("run_id", "model_id", "prompt_id", "task_id")
        columns = {name: table[name] for name in (*ids, "n_items", "unit", "higher_is_better")}
        columns |= {name: table[f"primary_{name}"] for name in ("value", "stderr", "metric")}
        note = pc.coalesce(*(table[name] for name in _NOTES))
        return cls.ordered(pa.table({**columns, "origin": table["origin"], "note": note}))

    @classmethod
    def ordered(cls, table: pa.Table) -> Cells:
        """Return cells in order; those that differ in nothing else stay as they come."""
        tasks, task = _ranked(table["task_id"])
        runs, run = _ranked(table["run_id"])
        models, model = _ranked(table["model_id"])
        prompts, prompt = _ranked(table["prompt_id"])
        pairs, place = np.unique(run * len(models) + model, return_inverse=True)
        order = np.lexsort((prompt, place, task))
        words = Words((*RULES, RECOMPUTED, REPORTED))
        entries = Entries(
            place=place.astype(np.int32),
            row=np.arange(len(place)),
            value=_floats(table["value"]),
            stderr=_floats(table["stderr"]),
            n_items=_floats(table["n_items"]),
            metric=words.codes(table["metric"]),
            unit=words.codes(table["unit"]),
            direction=_truth_codes(table["higher_is_better"]),
            origin=words.codes(table["origin"]),
        ).at(order)
        ends = np.searchsorted(task[order], np.arange(len(tasks) + 1)).tolist()
        return cls(
            entries=entries.with_(row=np.arange(len(place))),
            spans={name: slice(*ends[at : at + 2]) for at, name in enumerate(tasks.to_pylist())},
            run_ids=runs.take(pa.array(pairs // max(len(models), 1))),
            model_ids=models.take(pa.array(pairs % max(len(models), 1))),
            prompt_ids=prompts.take(indices(prompt[order])),
            notes=table["note"].combine_chunks().take(pa.array(order)),
            words=words,
        )

    def of_task(self, task_id: str) -> Entries:
        """Return the cells of a task."""
        span = self.spans.get(task_id)
        return self.entries.at(span) if span else NOTHING

    def of_run(self, run_id: str) -> Cells:
        """Return the cells of a run alone."""
        places = np.flatnonzero(pc.equal(self.run_ids, run_id))
        first, last = (places[0], places[-1]) if len(places) else (0, -1)
        place = self.entries.place
        return self.where((place >= first) & (place <= last))

    def where(self, kept: Bools) -> Cells:
        """Return some of the cells, by a mask."""
        rows = np.flatnonzero(kept)
        bounds = [(span.start, span.stop) for span in self.spans.values()]
        found = np.searchsorted(rows, np.array(bounds, dtype=np.int64).reshape(-1, 2)).tolist()
        at = pa.array(rows)
        return replace(
            self,
            entries=self.entries.at(rows).with_(row=np.arange(len(rows))),
            spans={
                task_id: slice(start, stop)
                for task_id, (start, stop) in zip(self.spans, found, strict=True)
                if stop > start
            },
            prompt_ids=self.prompt_ids.take(at),
            notes=self.notes.take(at),
        )

    def with_entries(self, entries: Entries) -> Cells:
        """Return the same cells with other columns."""
        return replace(self, entries=entries)

    def place_of(self, where: Where) -> int | None:
        """Return the place of a model in a run, None where it has no cell."""
        both = pc.and_(
            pc.equal(self.run_ids, where.run_id), pc.equal(self.model_ids, where.model_id)
        )
        found = pc.index(both, value=True).as_py()
        return None if found < 0 else int(found)


def _ranked(column: pa.ChunkedArray) -> tuple[pa.Array, Ints]:
    """Return the distinct values in order, and for each row which it is."""
    encoded = column.combine_chunks().dictionary_encode()
    order = np.asarray(pc.sort_indices(encoded.dictionary))
    rank = np.empty(len(order) + 1, dtype=np.int64)
    rank[order] = np.arange(len(order))
    rank[len(order)] = -1  # an empty value comes first
    codes = np.asarray(encoded.indices.fill_null(len(order)))
    return encoded.dictionary.take(pa.array(order)), rank[codes]


def _floats(column: pa.ChunkedArray) -> Floats:
    return np.array(column.cast(pa.float64()).fill_null(np.nan).combine_chunks())


def _truth_codes(column: pa.ChunkedArray) -> Ints:
    return np.array(column.cast(pa.int8()).fill_null(-1).combine_chunks())
