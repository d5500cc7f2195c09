"""The catalog: who, what, where, when. Identities and relations with foreign keys."""

from __future__ import annotations

from evalhouse.schema.columns import Column, Table

FAILURE_REASONS = (
    "timeout",
    "refusal",
    "malformed_output",
    "oom",
    "load_failure",
    "capability_gap",
    "infra_error",
    "cancelled",
    "unknown",
)


def _table(
    name: str,
    row: str,
    *columns: Column,
    unique: tuple[tuple[str, ...], ...] = (),
    references: tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...] = (),
    indexes: tuple[tuple[str, ...], ...] = (),
) -> Table:
    return Table(name, "catalog", row, columns, unique, references, indexes)


HOUSE_SETTINGS = _table(
    "house_settings",
    "setting of the house as a whole",
    Column("name", "text", "name of the setting", key=True, required=True),
    Column("value", "text", "its value", required=True),
)

CREATORS = _table(
    "creators",
    "organisation or person that makes models",
    Column("creator_id", "id", "UUIDv5 of the name", key=True, required=True),
    Column("name", "text", "canonical name", required=True, unique=True),
    Column("display_name", "text", "name as shown"),
    Column("homepage", "text", "address of its site"),
    Column("service_identifiers", "json", "its names on model hubs"),
    Column("provisional", "boolean", "known only from results so far", required=True),
)

MODELS = _table(
    "models",
    "model as evaluated (provider, name, version, quantization, adapter)",
    Column("model_id", "id", "UUIDv5 of the canonical parts", key=True, required=True),
    Column("provider", "text", "where it is had: huggingface, openai, local, …", required=True),
    Column("model_name", "text", "name at the provider", required=True),
    Column("model_version", "text", "version that the provider gives"),
    Column("model_family", "text", "family it belongs to"),
    Column("revision", "text", "branch, tag or commit of the weights"),
    Column("creator_id", "id", "who made it", references="creators.creator_id"),
    Column("model_hash", "hash", "SHA-256 of the weights, the truth about identity", unique=True),
    Column("parameter_count", "integer", "all parameters", unit="parameters"),
    Column("active_parameter_count", "integer", "parameters used per token", unit="parameters"),
    Column("context_length", "integer", "longest context", unit="tokens"),
    Column("release_date", "text", "day of release, ISO 8601"),
    Column("description", "text", "in a sentence"),
    Column("predecessor_model_id", "id", "the model it follows", references="models.model_id"),
    Column("base_model_id", "id", "the model an adapter is on", references="models.model_id"),
    Column("adapter_hash", "hash", "SHA-256 of the adapter's weights"),
    Column("quantized_from_id", "id", "the unquantised model", references="models.model_id"),
    Column("provisional", "boolean", "known only from results so far", required=True),
    indexes=(("model_name",),),
)

TASKS = _table(
    "tasks",
    "task, suite or variant: a node of the task tree",
    Column("task_id", "id", "UUIDv5 of the path in the tree", key=True, required=True),
    Column("task_name", "text", "name, as the source spells it", required=True),
    Column("task_path", "text", "canonical path in the tree", required=True),
    Column("task_description", "text", "in a sentence"),
    Column("parent_id", "id", "the node above; empty for a root", references="tasks.task_id"),
    Column("sort_order", "integer", "place among its siblings", required=True),
    Column(
        "kind",
        "text",
        "how its prompts are made",
        required=True,
        values=("codebook", "prompts", "benchmark"),
    ),
    Column("is_suite", "boolean", "its score is made from its members' scores", required=True),
    Column("grader", "text", "what scores it"),
    Column("grader_commit", "text", "commit of the grader"),
    Column("dataset", "text", "data set, with its configuration"),
    Column("dataset_revision", "text", "revision of the data set"),
    Column("split", "text", "split of the data set"),
    Column("natural_key_hash", "hash", "SHA-256 of the path", required=True, unique=True),
    indexes=(("task_name",), ("parent_id",)),
)

TASK_MEMBERS = _table(
    "task_members",
    "member of a suite (a task can be in several)",
    Column("suite_id", "id", "the suite", key=True, required=True, references="tasks.task_id"),
    Column(
        "member_id",
        "id",
        "task or suite in it",
        key=True,
        required=True,
        references="tasks.task_id",
    ),
    Column("sort_order", "integer", "place in the suite", required=True),
    Column("rule", "text", "how members are averaged: macro, micro, mc_or_rc", required=True),
)

PROMPT_TEXTS = _table(
    "prompt_texts",
    "distinct prompt text or task configuration",
    Column("prompt_hash", "hash", "SHA-256 of the text", key=True, required=True),
    Column("prompt_text", "text", "the text itself", required=True),
)

PROMPTS = _table(
    "prompts",
    "prompt or task configuration of a task",
    Column("prompt_id", "id", "UUIDv5 of task and text", key=True, required=True),
    Column("task_id", "id", "the task", required=True, references="tasks.task_id"),
    Column(
        "kind",
        "text",
        "what the text is",
        required=True,
        values=("text", "template", "task_config"),
    ),
    Column(
        "prompt_hash",
        "hash",
        "SHA-256 of the text",
        required=True,
        references="prompt_texts.prompt_hash",
    ),
    Column("file_path", "text", "file it comes from"),
    Column("git_commit_hash", "text", "commit of its last change"),
    Column("content_length_bytes", "integer", "length of the text", unit="bytes"),
    Column("version", "text", "version it states"),
    Column("release_date", "text", "day of release, ISO 8601"),
    Column("is_prerelease", "boolean", "not final yet", required=True),
    Column("difficulty", "integer", "steps above the easiest, from 0", required=True),
    Column("alias_of", "id", "the prompt it repeats on purpose", references="prompts.prompt_id"),
    Column("modified_at", "timestamp", "when the text last changed"),
    unique=(("task_id", "prompt_hash"), ("task_id", "prompt_id")),
)

PUBLISHERS = _table(
    "publishers",
    "person or team that publishes results",
    Column("publisher_id", "id", "UUIDv5 of the name", key=True, required=True),
    Column("name", "text", "name", required=True, unique=True),
    Column("contact", "text", "how to reach them"),
)

SOURCES = _table(
    "sources",
    "dump that was taken in",
    Column("source_id", "id", "UUIDv5 of format and native key", key=True, required=True),
    Column("format", "text", "format it was recognised as", required=True),
    Column("uri", "text", "folder or address where it was first seen", required=True),
    Column("content_sha256", "hash", "SHA-256 over its files' hashes", required=True),
    Column("files", "integer", "files in it", unit="files", required=True),
    Column("bytes", "integer", "size of its files", unit="bytes", required=True),
    Column("ingested_at", "timestamp", "when it was last taken in", required=True),
    Column("reader_version", "text", "version of the reader", required=True),
    Column(
        "status",
        "text",
        "complete, or with problems",
        required=True,
        values=("complete", "problems"),
    ),
)

FILES = _table(
    "files",
    "place where a file of a source was seen",
    Column("location_id", "id", "UUIDv5 of the place", key=True, required=True),
    Column("source_file_id", "id", "the file, wherever it lies", required=True),
    Column("source_id", "id", "its source", required=True, references="sources.source_id"),
    Column("path", "text", "absolute path or URL", required=True),
    Column("relative_path", "text", "path inside the source", required=True),
    Column("family", "text", "what it holds, as its format calls it", required=True),
    Column("bytes", "integer", "size", unit="bytes", required=True),
    Column("mtime_ns", "integer", "modification time", unit="ns since 1970", required=True),
    Column("sha256", "hash", "SHA-256 of its bytes; empty where it was not read"),
    Column(
        "disposition",
        "text",
        "what became of it",
        required=True,
        values=("parsed", "kept", "ignored"),
    ),
    Column("reason", "text", "why it was kept or ignored"),
    Column("unit_id", "id", "unit whose rows it gave"),
    Column("blob", "hash", "name of its copy in blobs, where rows cannot rebuild it"),
    Column("rows", "integer", "rows read from it", unit="rows"),
    Column("redactions", "integer", "secrets replaced in it", required=True),
    Column("live", "boolean", "it changed while it was read", required=True),
    indexes=(("source_file_id",), ("unit_id",), ("path",)),
)

ENVIRONMENTS = _table(
    "environments",
    "software environment that a run states",
    Column("environment_id", "id", "UUIDv5 of the content", key=True, required=True),
    Column("python", "text", "version of Python"),
    Column("packages", "json", "packages and versions"),
    Column("git_commit", "text", "commit of the evaluating code"),
    Column("git_dirty", "boolean", "it had uncommitted changes"),
    Column("git_tag", "text", "tag of that commit"),
    Column("os", "text", "operating system"),
    Column("kernel", "text", "its kernel"),
    Column("container", "text", "container image"),
    Column("frameworks", "json", "versions of torch, CUDA, driver, …"),
    Column("variables", "json", "other variables that the source states"),
)

RUNS = _table(
    "runs",
    "evaluation run",
    Column(
        "run_id", "id", "UUIDv5 of the native run key; ours are random", key=True, required=True
    ),
    Column("short_id", "text", "first 8 hex digits, more on collision", required=True, unique=True),
    Column("label", "text", "name for people"),
    Column("publisher_id", "id", "who published it", references="publishers.publisher_id"),
    Column("started_at", "timestamp", "start of its first task"),
    Column("finished_at", "timestamp", "end of its last task"),
    Column("submitted_at", "timestamp", "when it first entered this house", required=True),
    Column("runner", "text", "program that ran it"),
    Column("runner_version", "text", "its version"),
    Column("prompt_git_hash", "text", "commit of the prompts"),
    Column("config", "json", "every setting"),
    Column("config_hash", "hash", "SHA-256 of the canonical settings", required=True),
    Column("environment_id", "id", "where it ran", references="environments.environment_id"),
    Column("seed", "integer", "seed of the run"),
    Column(
        "status",
        "text",
        "state of the evidence",
        required=True,
        values=("complete", "incomplete", "failed"),
    ),
    Column("supersedes", "id", "the run it replaces", references="runs.run_id"),
)

RUN_SOURCES = _table(
    "run_sources",
    "source that a run was read from",
    Column("run_id", "id", "the run", key=True, required=True, references="runs.run_id"),
    Column(
        "source_id", "id", "the source", key=True, required=True, references="sources.source_id"
    ),
)

RUN_MODEL_METRICS = _table(
    "run_model_metrics",
    "result of one model on one prompt in one run",
    Column("run_id", "id", "the run", key=True, required=True, references="runs.run_id"),
    Column(
        "prompt_id", "id", "the prompt", key=True, required=True, references="prompts.prompt_id"
    ),
    Column("model_id", "id", "the model", key=True, required=True, references="models.model_id"),
    Column("task_id", "id", "the prompt's task", required=True, references="tasks.task_id"),
    Column("unit_id", "id", "unit it came with; a new batch of it replaces the row"),
    Column("score", "float", "primary result where it is a proportion", unit="0 to 1"),
    Column("pass_fail", "boolean", "passed, where that is what is asked"),
    Column("primary_metric", "text", "name of the primary metric"),
    Column("primary_value", "float", "its value, on its own scale"),
    Column("primary_stderr", "float", "its standard error over items"),
    Column("unit", "text", "unit of the value"),
    Column("higher_is_better", "boolean", "direction of the value"),
    Column("value_note", "text", "why the value is empty (not finite, absent)"),
    Column(
        "origin",
        "text",
        "stated by the source, or recomputed from items",
        required=True,
        values=("reported", "recomputed"),
    ),
    Column("failure_reason", "text", "why there is no result", values=FAILURE_REASONS),
    Column("failure_detail", "text", "in the source's words"),
    Column(
        "flops_per_token_theoretical", "integer", "2 × (active) parameters", unit="FLOP per token"
    ),
    Column("n_items", "integer", "items evaluated", unit="items"),
    Column("items_failed", "integer", "items without a valid answer", unit="items"),
    references=((("task_id", "prompt_id"), "prompts", ("task_id", "prompt_id")),),
    indexes=(("task_id",), ("model_id",), ("unit_id",)),
)

ARTIFACTS = _table(
    "artifacts",
    "file kept with a run",
    Column("run_id", "id", "the run", key=True, required=True, references="runs.run_id"),
    Column("path", "text", "path inside the run", key=True, required=True),
    Column("kind", "text", "what it is", required=True),
    Column("sha256", "hash", "SHA-256 of its bytes, its name in blobs", required=True),
    Column("bytes", "integer", "size", unit="bytes", required=True),
)

BATCHES = _table(
    "batches",
    "write to the house: visible when committed",
    Column("batch_id", "id", "random", key=True, required=True),
    Column(
        "state",
        "text",
        "only committed batches are seen",
        required=True,
        values=("open", "committed", "abandoned"),
    ),
    Column("host", "text", "machine that writes", required=True),
    Column("pid", "integer", "process that writes", required=True),
    Column("opened_at", "timestamp", "start", required=True),
    Column("heartbeat_at", "timestamp", "last sign of life", required=True),
    Column("committed_at", "timestamp", "end"),
    Column("sequence", "integer", "order of commits", unique=True),
    Column("code_version", "text", "version of evalhouse", required=True),
    indexes=(("state",),),
)

BATCH_UNITS = _table(
    "batch_units",
    "unit in a batch",
    Column("unit_id", "id", "the unit", key=True, required=True),
    Column("batch_id", "id", "the batch", key=True, required=True, references="batches.batch_id"),
    Column("run_id", "id", "its run", required=True, references="runs.run_id"),
    Column("part", "text", "native name of the unit in its run", required=True),
    Column("fingerprint", "hash", "SHA-256 of what it was read from", required=True),
    indexes=(("run_id",), ("batch_id",)),
)

UNIT_SUPERSEDES = _table(
    "unit_supersedes",
    "unit of a batch whose rows are not seen any more",
    Column("unit_id", "id", "the unit", key=True, required=True),
    Column("batch_id", "id", "the batch", key=True, required=True, references="batches.batch_id"),
    Column("superseded_by", "id", "batch that took its place", references="batches.batch_id"),
)

CATALOG_TABLES = (
    HOUSE_SETTINGS,
    CREATORS,
    MODELS,
    TASKS,
    TASK_MEMBERS,
    PROMPT_TEXTS,
    PROMPTS,
    PUBLISHERS,
    SOURCES,
    FILES,
    ENVIRONMENTS,
    RUNS,
    RUN_SOURCES,
    RUN_MODEL_METRICS,
    ARTIFACTS,
    BATCHES,
    BATCH_UNITS,
    UNIT_SUPERSEDES,
)
"""In an order in which rows can be written: what is referred to comes first."""
