"""The rows of OLMES files, in the writer's key order."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from evalhouse.formats.rowfile import ABSENT, Layout


class Prediction(msgspec.Struct, gc=False):
    """A row of `predictions.jsonl`: one document as the model answered it."""

    doc_id: int
    native_id: Raw
    metrics: Raw
    model_output: Raw
    label: Raw = ABSENT
    task_hash: Raw = ABSENT
    model_hash: Raw = ABSENT


class Request(msgspec.Struct, gc=False):
    """A row of `requests.jsonl`: one call to the model."""

    request_type: Raw
    doc: Raw
    request: Raw
    idx: Raw
    task_name: Raw
    doc_id: int
    native_id: Raw
    label: Raw = ABSENT


class RecordedInput(msgspec.Struct, gc=False):
    """A row of `recorded-inputs.jsonl`: the prompts of one document."""

    doc: Raw
    task_name: Raw
    doc_id: int
    native_id: Raw
    label: Raw = ABSENT
    requests: Raw = ABSENT


PREDICTIONS = Layout(Prediction, frozenset({"doc_id"}))
REQUESTS = Layout(Request, frozenset({"doc_id"}))
INPUTS = Layout(RecordedInput, frozenset({"doc_id"}))
