"""The lake: what came out. Rows of metrics, responses, requests, inputs, labels, problems.

Nested objects of a source are JSON text exactly as written; hot values are typed columns. Where
that text can be rebuilt byte for byte from typed columns, its column is empty and `output_keys`
or `metric_keys` says how (the view `items` shows the text either way).
"""

from __future__ import annotations

from evalhouse.schema.columns import Column, Table

KINDS = ("text", "escaped", "integer", "number", "boolean", "null", "array", "object", "absent")
"""Of what kind a JSON value was; `escaped` is text that only its JSON spelling can hold."""

_PROVENANCE = (
    Column("batch_id", "id", "write that brought the row", required=True),
    Column("unit_id", "id", "smallest part replaced as a whole", required=True),
    Column("source_file_id", "id", "file it was read from"),
    Column("line", "integer", "line in that file, from 1"),
)
_RUN = (
    Column("run_id", "id", "the run"),
    Column("model_id", "id", "the model"),
    Column("prompt_id", "id", "the prompt or task configuration"),
    Column("task", "text", "task, by the name that is unique in its run"),
)
_ITEM = (
    *_RUN,
    Column("doc_id", "integer", "number of the item in its run; twins folded"),
    Column("attempt", "integer", "0, 1, … where a run holds an item more than once"),
)
_NATIVE = (
    Column("native_id", "text", "id of the item in its data set"),
    Column("native_id_kind", "text", "kind of the native id", values=KINDS),
)
_LABEL = (
    Column("label", "text", "gold answer; JSON unless it is text"),
    Column("label_kind", "text", "kind of the label", values=KINDS),
)
_ITEM_HASH = Column("item_sha256", "hash", "SHA-256 of the document's JSON text")
_TEXT = Column("text", "text", "the whole original row, where columns cannot rebuild it")


def _table(name: str, row: str, *columns: Column) -> Table:
    return Table(name, "lake", row, (*columns, *_PROVENANCE))


METRICS = _table(
    "metrics",
    "value of a metric",
    *_RUN,
    Column("scope", "text", "field, subject, split or variant; empty for all"),
    Column("scope_type", "text", "what the scope is: task, suite, extra_metrics, run, …"),
    Column("metric", "text", "name of the metric, as the source spells it"),
    Column("definition", "text", "whose definition of the metric it is"),
    Column("value", "float", "the value, on the source's scale"),
    Column("value_note", "text", "why the value is empty"),
    Column("n", "integer", "items behind the value", unit="items"),
    Column("stderr", "float", "standard error over items"),
    Column("ci_low", "float", "lower end of the interval"),
    Column("ci_high", "float", "upper end of the interval"),
    Column("ci_method", "text", "how the interval was made"),
    Column("higher_is_better", "boolean", "direction, where it is known"),
    Column("unit", "text", "unit, where it is known"),
    Column("is_primary", "boolean", "the metric that the task declares as primary"),
    Column(
        "origin",
        "text",
        "stated by the source, or recomputed where it states none",
        values=("reported", "recomputed"),
    ),
    Column("level", "text", "evidence level", values=("L0", "L1", "L2", "L3", "L4")),
)

CHECKS = _table(
    "checks",
    "number or hash that was verified",
    *_RUN,
    Column("scope", "text", "what kind of thing: hash, choices, items, task, suite, files"),
    Column("metric", "text", "which number or hash"),
    Column("claimed", "text", "as the source spells it"),
    Column("recomputed", "text", "as it was recomputed"),
    Column("tolerance", "float", "relative difference allowed"),
    Column(
        "status",
        "text",
        "outcome",
        values=("match", "mismatch", "not recomputable"),
    ),
    Column("reason", "text", "why it does not match or cannot be recomputed"),
)

RECORDS = _table(
    "records",
    "result record of a dump, aggregates included",
    *_RUN,
    Column("task_name", "text", "registry name"),
    Column("alias", "text", "full configured name"),
    Column("is_aggregate", "boolean", "made from other records"),
    Column("task_idx", "integer", "place in its launch"),
    Column("task_hash", "hash", "the source's hash of the task settings"),
    Column("model_hash", "hash", "the source's hash of the model settings"),
    Column("processing_time", "float", "time the task took", unit="s"),
    Column("current_date", "text", "when the task started, as written"),
    Column("num_instances", "integer", "items evaluated", unit="items"),
    Column("num_shots", "integer", "examples in the prompt", unit="examples"),
    Column("split", "text", "split of the data set"),
    Column("limit", "text", "limit on items, exactly as written"),
    Column("primary_metric", "text", "name of the primary metric"),
    Column("model_config", "json", "model settings"),
    Column("task_config", "json", "task settings"),
    Column("compute_config", "json", "compute settings"),
    Column("beaker_info", "json", "job variables"),
    Column("metrics", "json", "all metrics"),
    Column("keys", "text", "keys of the record, in order"),
    Column("scalars", "json", "the scalar values, as written"),
    _TEXT,
)

RESPONSES = _table(
    "responses",
    "item answered by a model (item × attempt)",
    *_ITEM,
    Column("repeat", "integer", "repeat of the run it belongs to, from 0"),
    *_NATIVE,
    _ITEM_HASH,
    *_LABEL,
    Column("task_hash", "hash", "the source's hash of the task settings"),
    Column("model_hash", "hash", "the source's hash of the model settings"),
    Column("model_output", "json", "what the model gave; empty where `choices` holds it"),
    Column("output_keys", "text", "keys of each output that `choices` rebuilds, in order"),
    Column("answer", "text", "answer extracted from the output"),
    Column("metrics", "json", "item metrics; empty where `choices` rebuilds them"),
    Column("metric_keys", "text", "keys of the item metrics that `choices` rebuilds, in order"),
    Column("score", "float", "the task's primary metric for this item"),
    Column(
        "status",
        "text",
        "outcome of the item",
        values=("ok", "invalid", "failed", "not_applicable"),
    ),
    Column("failure_reason", "text", "why there is no answer"),
    Column("seconds", "float", "time to answer", unit="s"),
    Column("seconds_to_first_token", "float", "time to the first token", unit="s"),
    Column("tokens_in", "integer", "prompt tokens", unit="tokens"),
    Column("tokens_out", "integer", "answer tokens", unit="tokens"),
    Column("tokens_reasoning", "integer", "reasoning tokens", unit="tokens"),
    Column("energy_wh", "float", "energy used", unit="Wh"),
    Column("finish_reason", "text", "why the model stopped"),
    _TEXT,
)

CHOICES = _table(
    "choices",
    "answer choice of an item, as scored by the model",
    *_ITEM,
    Column("choice", "integer", "number of the choice, from 0"),
    Column("sum_logits", "float", "log-likelihood of the choice", unit="nat"),
    Column("sum_logits_uncond", "float", "log-likelihood without the question", unit="nat"),
    Column("num_tokens", "integer", "tokens of the choice", unit="tokens"),
    Column("num_tokens_all", "integer", "tokens of context and choice", unit="tokens"),
    Column("num_chars", "integer", "characters of the choice", unit="characters"),
    Column("is_greedy", "boolean", "the model would have said it"),
    Column("bits_per_byte", "float", "information per byte of the choice", unit="bit/byte"),
)

REQUESTS = _table(
    "requests",
    "request to a model",
    *_ITEM,
    *_NATIVE,
    Column("idx", "integer", "number of the choice or repeat"),
    Column("request_type", "text", "loglikelihood, generate_until, …"),
    Column("request", "json", "the request itself"),
    *_LABEL,
    _ITEM_HASH,
    Column("unconditioned", "boolean", "a twin that leaves the question out"),
    Column("source_doc_id", "integer", "item number as written, before folding twins"),
    Column("task_name", "text", "registry name, as written"),
    _TEXT,
)

INPUTS = _table(
    "inputs",
    "recorded input of an item",
    *_ITEM,
    *_NATIVE,
    *_LABEL,
    Column("requests", "json", "its requests, as sent"),
    _ITEM_HASH,
    Column("task_name", "text", "registry name, as written"),
    _TEXT,
)

DOCUMENTS = _table(
    "documents",
    "distinct document (the view folds copies)",
    Column("item_sha256", "hash", "SHA-256 of the JSON text", required=True),
    Column("item_key", "text", "identity of the item across runs"),
    Column("doc", "json", "the document"),
)

LABELS = _table(
    "labels",
    "answer of a person to a field about an item, in one version of the ground truth",
    Column("task", "text", "task, by its path in the tree"),
    Column("field", "text", "field, by its column, which is the task of its responses"),
    Column("item_sha256", "hash", "SHA-256 of the document's JSON text"),
    Column("native_id", "text", "id of the row in the ground truth"),
    Column("coder_id", "text", "who answered; `gold` for the consensus"),
    Column("value", "text", "the cell, as written"),
    Column("applicable", "boolean", "the question arises by that coder's other answers"),
    Column("adjudicated", "boolean", "settled by a further person"),
    Column("ground_truth_sha256", "hash", "SHA-256 of the ground truth, as a run's settings state"),
)

PROBLEMS = _table(
    "problems",
    "thing that could not be read, or does not fit",
    Column("run_id", "id", "the run, where it is known"),
    Column("task", "text", "the task, where it is known"),
    Column("path", "text", "file, relative to its source"),
    Column("byte_offset", "integer", "where it starts in the (unpacked) file", unit="bytes"),
    Column("kind", "text", "what kind of problem"),
    Column(
        "severity",
        "text",
        "damage: bytes that could not be read; conflict: two sources disagree; notice: look at it",
        values=("damage", "conflict", "notice"),
    ),
    Column("message", "text", "what is wrong, in a sentence"),
    Column("excerpt", "text", "how it begins"),
    Column("bytes", "binary", "the bytes themselves"),
)

LAKE_TABLES = (
    METRICS,
    CHECKS,
    RECORDS,
    RESPONSES,
    CHOICES,
    REQUESTS,
    INPUTS,
    DOCUMENTS,
    LABELS,
    PROBLEMS,
)
