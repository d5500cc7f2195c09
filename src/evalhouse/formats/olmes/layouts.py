"""The rows of OLMES files, in the writer's key order."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from evalhouse.formats.rowfile import Layout


class Prediction(msgspec.Struct, gc=False):
    """A row of `predictions.jsonl`: one document as the model answered it."""

    doc_id: int
    native_id: Raw
    metrics: Raw
    model_output: Raw
    label: Raw | None = None
    task_hash: Raw | None = None
    model_hash: Raw | None = None


class Request(msgspec.Struct, gc=False):
    """A row of `requests.jsonl`: one call to the model."""

    request_type: Raw
    doc: Raw
    request: Raw
    idx: Raw
    task_name: Raw
    doc_id: int
    native_id: Raw
    label: Raw | None = None


class RecordedInput(msgspec.Struct, gc=False):
    """A row of `recorded-inputs.jsonl`: the prompts of one document."""

    doc: Raw
    task_name: Raw
    doc_id: int
    native_id: Raw
    label: Raw | None = None
    requests: Raw | None = None


PREDICTIONS = Layout(Prediction, frozenset({"doc_id"}))
REQUESTS = Layout(Request, frozenset({"doc_id"}))
INPUTS = Layout(RecordedInput, frozenset({"doc_id"}))
