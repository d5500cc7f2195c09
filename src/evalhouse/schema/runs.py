"""Tables of runs, their results, and who publishes them."""

from __future__ import annotations

from evalhouse.schema.columns import Column, catalog_table

PUBLISHERS = catalog_table(
    "publishers",
    "person or team that publishes results",
    Column("publisher_id", "id", "UUIDv5 of the name", key=True, required=True),
    Column("name", "text", "name", required=True, unique=True),
    Column("contact", "text", "how to reach them"),
)

SIGNING_KEYS = catalog_table(
    "signing_keys",
    "public key that a publisher signs with",
    Column("key_id", "id", "UUIDv5 of the key", key=True, required=True),
    Column(
        "publisher_id", "id", "whose it is", required=True, references="publishers.publisher_id"
    ),
    Column("algorithm", "text", "how it signs", required=True, values=("ed25519",)),
    Column("public_key", "text", "the key, base64", required=True, unique=True),
    Column("valid_from", "timestamp", "first moment it counts", required=True),
    Column("valid_until", "timestamp", "last moment it counts"),
    Column("revoked_at", "timestamp", "when it was revoked"),
    Column("note", "text", "why it was revoked"),
)

ENVIRONMENTS = catalog_table(
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
    Column("gpus", "json", "GPUs with their memory"),
)

RUNS = catalog_table(
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

RUN_MODEL_METRICS = catalog_table(
    "run_model_metrics",
    "result of one model on one prompt in one run",
    Column("run_id", "id", "the run", key=True, required=True, references="runs.run_id"),
    Column(
        "prompt_id", "id", "the prompt", key=True, required=True, references="prompts.prompt_id"
    ),
    Column("model_id", "id", "the model", key=True, required=True, references="models.model_id"),
    Column("task_id", "id", "the prompt's task", required=True, references="tasks.task_id"),
    Column("unit_id", "id", "unit it came with; a new batch of it replaces the row"),
    Column(
        "score",
        "float",
        "primary result where it is a proportion",
        unit="0 to 1",
        minimum=0,
        maximum=1,
    ),
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
    Column("n_items", "integer", "items evaluated", unit="items", minimum=0),
    Column("items_failed", "integer", "items without a valid answer", unit="items", minimum=0),
    references=((("task_id", "prompt_id"), "prompts", ("task_id", "prompt_id")),),
    indexes=(("task_id",), ("model_id",), ("unit_id",)),
)

ARTIFACTS = catalog_table(
    "artifacts",
    "file kept with a run",
    Column("run_id", "id", "the run", key=True, required=True, references="runs.run_id"),
    Column("path", "text", "path inside the run", key=True, required=True),
    Column("kind", "text", "what it is", required=True),
    Column("sha256", "hash", "SHA-256 of its bytes, its name in blobs", required=True),
    Column("bytes", "integer", "size as it was found", unit="bytes", required=True),
)

SUBMISSION_STATES = (
    "received",
    "accepted",
    "incomplete",
    "failed",
    "disputed",
    "superseded",
    "revoked",
)

SUBMISSIONS = catalog_table(
    "submissions",
    "bundle of results that a publisher sent",
    Column("submission_id", "id", "UUIDv5 of the bundle's hash", key=True, required=True),
    Column("bundle_sha256", "hash", "SHA-256 of the bundle", required=True, unique=True),
    Column("publisher_id", "id", "who sent it", references="publishers.publisher_id"),
    Column("key_id", "id", "key that signed it, where it held", references="signing_keys.key_id"),
    Column("run_id", "id", "run that it holds", required=True, references="runs.run_id"),
    Column(
        "evidence_level",
        "integer",
        "0 claimed, 1 intact, 2 recomputed, 3 bound, 4 repeated",
        required=True,
        minimum=0,
        maximum=4,
    ),
    Column("state", "text", "state after its last event", required=True, values=SUBMISSION_STATES),
    Column("received_at", "timestamp", "when it arrived", required=True),
    indexes=(("run_id",), ("state",)),
)

SUBMISSION_EVENTS = catalog_table(
    "submission_events",
    "change of a submission's state",
    Column(
        "submission_id",
        "id",
        "the submission",
        key=True,
        required=True,
        references="submissions.submission_id",
    ),
    Column("number", "integer", "1, 2, … in order", key=True, required=True, minimum=1),
    Column("state", "text", "state from then on", required=True, values=SUBMISSION_STATES),
    Column("decided_by", "text", "who or what decided", required=True),
    Column("decided_at", "timestamp", "when", required=True),
    Column("reason", "text", "why", required=True),
    Column("link", "text", "where more is told"),
)
