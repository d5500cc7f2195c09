"""Answer choices as scored by a model: typed arrays, and what follows from them.

Derived values and item metrics of choice tasks follow bit for bit from log-likelihoods and
counts. They are recomputed here, rendered as the writer renders them, and compared with the
source's own text: equal text proves value and spelling at once, and need not be stored.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from evalhouse.formats.arrays import Array

BITS = 1.44269504089  # the writer's log2(e), cut short
NO_ANSWER = -999
_LOOKED_AT = 5  # first rows that may show that a task is one of choices

_BASE: dict[str, Any] = {
    "sum_logits": float,
    "num_tokens": int,
    "num_tokens_all": int,
    "is_greedy": bool,
    "sum_logits_uncond": float,
    "bits_per_byte": float,
    "logits_per_byte": float,  # its name in 2024
    "num_chars": int,
}
_DERIVED = {"logits_per_token", "logits_per_char"}
OUTPUT_KEYS = frozenset(_BASE) | _DERIVED
FORMS = ("raw", "per_token", "per_char", "per_byte", "uncond")
METRIC_KEYS = frozenset(
    [f"predicted_index_{form}" for form in FORMS]
    + [f"acc_{form}" for form in FORMS]
    + ["correct_choice", "no_answer", "sum_logits_corr", "logits_per_token_corr"]
    + ["logits_per_char_corr", "bits_per_byte_corr"]
)


def output_keys(first: Any) -> tuple[str, ...] | None:
    """Return the keys of a choice if the parsed `model_output` of a row is one of choices."""
    if not isinstance(first, list) or not first or not isinstance(first[0], dict):
        return None
    keys = tuple(first[0])
    if not {"sum_logits", "num_tokens"} <= set(keys) <= OUTPUT_KEYS:
        return None
    twice = {"bits_per_byte", "logits_per_byte"} <= set(keys)
    baseless = "logits_per_char" in keys and "num_chars" not in keys
    return None if twice or baseless else keys


@cache
def _base_struct(keys: tuple[str, ...]) -> type[msgspec.Struct]:
    fields = [(name, _BASE[name]) for name in keys if name in _BASE]
    return msgspec.defstruct("Choice", fields, gc=False)


@cache
def _decoder(keys: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(list[list[_base_struct(keys)]])  # type: ignore[misc] # made at run time


@cache
def _row_struct(keys: tuple[str, ...]) -> type[msgspec.Struct]:
    return msgspec.defstruct("Row", [(name, Any) for name in keys], gc=False)


@dataclass
class Choices:
    """The choices of some items, flat; `offsets` (items + 1) says which belong to which."""

    offsets: Array
    arrays: dict[str, Array]

    @property
    def counts(self) -> Array:
        """Return how many choices each item has."""
        return np.diff(self.offsets)

    @property
    def bits_per_byte(self) -> Array | None:
        """Return bits per byte, under its present or its former name."""
        found = self.arrays.get("bits_per_byte")
        return self.arrays.get("logits_per_byte") if found is None else found

    def derived(self, name: str) -> Array:
        """Return log-likelihood per token or per character."""
        count = self.arrays["num_tokens" if name == "logits_per_token" else "num_chars"]
        return np.asarray(self.arrays["sum_logits"] / np.maximum(count, 1))

    def value(self, name: str) -> Array:
        """Return any output value, flat."""
        return self.derived(name) if name in _DERIVED else self.arrays[name]

    def has(self, name: str) -> bool:
        """Tell whether a value is there or can be derived."""
        if name in _DERIVED:
            return ("num_tokens" if name == "logits_per_token" else "num_chars") in self.arrays
        return name in self.arrays

    def padded(self, values: Array, fill: float) -> Array:
        """Return flat values as a matrix, items × most choices."""
        counts = self.counts
        width = int(counts.max(initial=0))
        matrix = np.full((len(counts), width), fill)
        matrix[np.arange(width) < counts[:, None]] = values
        return matrix

    def items(self) -> Array:
        """Return, for each choice, the index of its item."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    def numbers(self) -> Array:
        """Return, for each choice, its number in its item."""
        first = np.repeat(self.offsets[:-1], self.counts)
        return np.asarray(np.arange(self.offsets[-1]) - first)

    def whole_bytes(self) -> Array | None:
        """Tell for each choice whether bits per byte follow from some whole number of bytes."""
        claimed = self.bits_per_byte
        if claimed is None or "num_chars" not in self.arrays:
            return None
        total, chars = self.arrays["sum_logits"], np.maximum(self.arrays["num_chars"], 1)
        with np.errstate(all="ignore"):
            size = np.rint(-BITS * total / claimed)
            again = -BITS * (total / size)
        close = np.abs(again - claimed) <= 1e-12 * np.abs(claimed)
        possible = (size >= chars) & (size <= 4 * chars)
        return np.asarray((total == 0) & (claimed == 0) | close & possible)


@dataclass(frozen=True)
class Part:
    """Rows that are alike: all outputs are made of choices, or none is."""

    rows: list[int]
    keys: tuple[str, ...] = ()
    choices: Choices | None = None


def parts(outputs: Sequence[msgspec.Raw | bytes]) -> list[Part]:
    """Part rows by what their outputs are; mostly all are alike."""
    everything = list(range(len(outputs)))
    keys = _keys_of(outputs)
    if keys is None:
        return [Part(everything)]
    found = decode(outputs, keys)
    if found is not None:
        return [Part(everything, keys, found)]
    fitting = [index for index in everything if decode(outputs[index : index + 1], keys)]
    others = sorted(set(everything) - set(fitting))
    return [Part(fitting, keys, decode([outputs[each] for each in fitting], keys)), Part(others)]


def _keys_of(outputs: Sequence[msgspec.Raw | bytes]) -> tuple[str, ...] | None:
    """Return the keys of the first output that is made of choices."""
    for output in outputs[:_LOOKED_AT]:
        try:
            keys = output_keys(json.loads(bytes(output)))
        except (ValueError, RecursionError):
            continue
        if keys is not None:
            return keys
    return None


def decode(outputs: Sequence[msgspec.Raw | bytes], keys: tuple[str, ...]) -> Choices | None:
    """Decode the outputs of some items; None where one is not made of one or more such choices."""
    try:
        rows = _decoder(keys).decode(b"[" + b",".join(outputs) + b"]")
    except msgspec.DecodeError:
        return None
    if not all(rows):
        return None
    flat = [choice for row in rows for choice in row]
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, rows), np.int64, len(rows)), out=offsets[1:])
    kinds = {float: np.float64, int: np.int64, bool: np.bool_}
    arrays: dict[str, Array] = {
        name: np.fromiter(map(attrgetter(name), flat), kinds[_BASE[name]], len(flat))
        for name in keys
        if name in _BASE
    }
    return Choices(offsets, arrays)


def rebuilt_outputs(
    choices: Choices, keys: tuple[str, ...], outputs: Sequence[msgspec.Raw | bytes]
) -> Array:
    """Tell for each item whether its output text equals what its typed values give."""
    columns = [choices.value(name) for name in keys]
    struct = _row_struct(keys)
    rows = [struct(*values) for values in zip(*map(np.ndarray.tolist, columns), strict=True)]
    ends = choices.offsets.tolist()
    grouped = [rows[start:end] for start, end in itertools.pairwise(ends)]
    own = np.zeros(len(grouped), np.bool_)
    own[choices.items()[_has_own_spelling(columns, len(rows))]] = True
    return _same_text(grouped, outputs, own)


def _has_own_spelling(columns: Sequence[Array], length: int) -> Array:
    """Tell for each row whether Python spells a number of it otherwise than the encoder."""
    found = np.zeros(length, np.bool_)
    for column in columns:
        if column.dtype == np.float64:
            size = np.abs(column)
            found |= ((size < 1e-4) & (size > 0)) | (size >= 1e16)
    return found


def _same_text(values: list[Any], texts: Sequence[msgspec.Raw | bytes], own: Array) -> Array:
    """Compare values with JSON texts as Python writes them; no value is or holds text."""
    if not own.any():
        encoded = msgspec.json.format(msgspec.json.encode(values), indent=0)
        if encoded == b"[" + b", ".join(texts) + b"]":
            return np.ones(len(values), np.bool_)
    same = [
        (_as_python if is_own else _spaced)(value) == text
        for value, text, is_own in zip(values, map(bytes, texts), own.tolist(), strict=True)
    ]
    return np.array(same, np.bool_)


def _spaced(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=0)


def _as_python(value: Any) -> bytes:
    return json.dumps(msgspec.to_builtins(value)).encode()


@dataclass
class ItemMetrics:
    """What follows from the choices of some items, as the writer computes it."""

    picks: dict[str, Array | None]  # form -> index of the best choice
    gold: Array
    choices: Choices

    @classmethod
    def compute(cls, choices: Choices, gold: Array) -> ItemMetrics:
        """Compute from choices and the numbers of the right ones (first of equals wins)."""
        picks: dict[str, Array | None] = dict.fromkeys(FORMS)
        sources = {
            "raw": "sum_logits",
            "per_token": "logits_per_token",
            "per_char": "logits_per_char",
        }
        for form, name in sources.items():
            if choices.has(name):
                picks[form] = choices.padded(choices.value(name), -np.inf).argmax(axis=1)
        if choices.bits_per_byte is not None:
            picks["per_byte"] = choices.padded(choices.bits_per_byte, np.inf).argmin(axis=1)
        if choices.has("sum_logits_uncond"):
            with np.errstate(over="ignore"):
                gain = choices.value("sum_logits") - choices.value("sum_logits_uncond")
            picks["uncond"] = choices.padded(gain, -np.inf).argmax(axis=1)
        return cls(picks, gold, choices)

    def values(self, key: str) -> Array | None:
        """Return one metric for every item; None where it is null for all of them."""
        form = key.removeprefix("predicted_index_").removeprefix("acc_")
        if key.startswith("predicted_index_"):
            return self.picks[form]
        if key.startswith("acc_"):
            pick = self.picks[form]
            return None if pick is None else (pick == self.gold).astype(np.int64)
        if key == "correct_choice":
            return self.gold
        if key == "no_answer":
            best = self.choices.padded(self.choices.value("sum_logits"), -np.inf).max(axis=1)
            return np.asarray(best == NO_ANSWER, np.int64)
        return self._of_gold(key.removesuffix("_corr"))

    def _of_gold(self, name: str) -> Array | None:
        found = self.choices.bits_per_byte if name == "bits_per_byte" else None
        if found is None:
            found = self.choices.value(name) if self.choices.has(name) else None
        return None if found is None else found[self.choices.offsets[:-1] + self.gold]

    def rebuilt(self, keys: tuple[str, ...], texts: Sequence[msgspec.Raw | bytes]) -> Array:
        """Tell for each item whether its metrics text equals what its choices give."""
        count = len(self.gold)
        arrays = [self.values(key) for key in keys]
        columns = [[None] * count if values is None else values.tolist() for values in arrays]
        struct = _row_struct(keys)
        rows = [struct(*values) for values in zip(*columns, strict=True)]
        own = _has_own_spelling([values for values in arrays if values is not None], count)
        return _same_text(rows, texts, own)


def arrow_columns(choices: Choices) -> dict[str, pa.Array]:
    """Return the typed columns of the table `choices`."""
    columns = {
        name: pa.array(values)
        for name, values in choices.arrays.items()
        if name != "logits_per_byte"
    }
    if choices.bits_per_byte is not None:
        columns["bits_per_byte"] = pa.array(choices.bits_per_byte)
    return {"choice": pa.array(choices.numbers()), **columns}


def select(choices: Choices, keep: Array) -> Choices:
    """Return the choices of the items where `keep` holds."""
    counts = choices.counts[keep]
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    wanted = keep[choices.items()]
    return Choices(offsets, {name: values[wanted] for name, values in choices.arrays.items()})
