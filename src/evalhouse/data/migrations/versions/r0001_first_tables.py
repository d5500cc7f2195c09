"""The first tables: identities, sources, runs, cells and batches.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from alembic import op

from evalhouse.data.migrations.tools import (
    BOOLEAN,
    FLOAT,
    ID,
    INTEGER,
    TEXT,
    TIME,
    index,
    key,
    one_of,
    optional,
    refers,
    required,
    unique,
    zero_or_one,
)

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Create the tables, what is referred to first."""
    _create_house_settings()
    _create_creators()
    _create_models()
    _create_tasks()
    _create_task_members()
    _create_prompt_texts()
    _create_prompts()
    _create_publishers()
    _create_sources()
    _create_files()
    _create_environments()
    _create_runs()
    _create_run_sources()
    _create_run_model_metrics()
    _create_artifacts()
    _create_batches()
    _create_batch_units()
    _create_unit_supersedes()


def downgrade() -> None:
    """Drop the tables with all they hold, what refers first."""
    op.drop_table("unit_supersedes")
    op.drop_table("batch_units")
    op.drop_table("batches")
    op.drop_table("artifacts")
    op.drop_table("run_model_metrics")
    op.drop_table("run_sources")
    op.drop_table("runs")
    op.drop_table("environments")
    op.drop_table("files")
    op.drop_table("sources")
    op.drop_table("publishers")
    op.drop_table("prompts")
    op.drop_table("prompt_texts")
    op.drop_table("task_members")
    op.drop_table("tasks")
    op.drop_table("models")
    op.drop_table("creators")
    op.drop_table("house_settings")


def _create_house_settings() -> None:
    op.create_table(
        "house_settings",
        required("name", TEXT),
        required("value", TEXT),
        key("house_settings", "name"),
    )


def _create_creators() -> None:
    op.create_table(
        "creators",
        required("creator_id", ID),
        required("name", TEXT),
        optional("display_name", TEXT),
        optional("homepage", TEXT),
        optional("service_identifiers", TEXT),
        required("provisional", BOOLEAN),
        key("creators", "creator_id"),
        unique("creators", "name"),
        zero_or_one("creators", "provisional"),
    )


def _create_models() -> None:
    op.create_table(
        "models",
        required("model_id", ID),
        required("provider", TEXT),
        required("model_name", TEXT),
        optional("model_version", TEXT),
        optional("model_family", TEXT),
        optional("revision", TEXT),
        optional("creator_id", ID),
        optional("model_hash", TEXT),
        optional("parameter_count", INTEGER),
        optional("active_parameter_count", INTEGER),
        optional("context_length", INTEGER),
        optional("release_date", TEXT),
        optional("description", TEXT),
        optional("predecessor_model_id", ID),
        optional("base_model_id", ID),
        optional("adapter_hash", TEXT),
        optional("quantized_from_id", ID),
        required("provisional", BOOLEAN),
        key("models", "model_id"),
        unique("models", "model_hash"),
        refers("models", ("creator_id",), "creators", ("creator_id",)),
        refers("models", ("predecessor_model_id",), "models", ("model_id",)),
        refers("models", ("base_model_id",), "models", ("model_id",)),
        refers("models", ("quantized_from_id",), "models", ("model_id",)),
        zero_or_one("models", "provisional"),
    )
    index("models", "model_name")


def _create_tasks() -> None:
    op.create_table(
        "tasks",
        required("task_id", ID),
        required("task_name", TEXT),
        required("task_path", TEXT),
        optional("task_description", TEXT),
        optional("parent_id", ID),
        required("sort_order", INTEGER),
        required("kind", TEXT),
        required("is_suite", BOOLEAN),
        optional("grader", TEXT),
        optional("grader_commit", TEXT),
        optional("dataset", TEXT),
        optional("dataset_revision", TEXT),
        optional("split", TEXT),
        required("natural_key_hash", TEXT),
        key("tasks", "task_id"),
        unique("tasks", "natural_key_hash"),
        refers("tasks", ("parent_id",), "tasks", ("task_id",)),
        one_of("tasks", "kind", "codebook", "prompts", "benchmark"),
        zero_or_one("tasks", "is_suite"),
    )
    index("tasks", "task_name")
    index("tasks", "parent_id")


def _create_task_members() -> None:
    op.create_table(
        "task_members",
        required("suite_id", ID),
        required("member_id", ID),
        required("sort_order", INTEGER),
        required("rule", TEXT),
        key("task_members", "suite_id", "member_id"),
        refers("task_members", ("suite_id",), "tasks", ("task_id",)),
        refers("task_members", ("member_id",), "tasks", ("task_id",)),
    )


def _create_prompt_texts() -> None:
    op.create_table(
        "prompt_texts",
        required("prompt_hash", TEXT),
        required("prompt_text", TEXT),
        key("prompt_texts", "prompt_hash"),
    )


def _create_prompts() -> None:
    op.create_table(
        "prompts",
        required("prompt_id", ID),
        required("task_id", ID),
        required("kind", TEXT),
        required("prompt_hash", TEXT),
        optional("file_path", TEXT),
        optional("git_commit_hash", TEXT),
        optional("content_length_bytes", INTEGER),
        optional("version", TEXT),
        optional("release_date", TEXT),
        required("is_prerelease", BOOLEAN),
        required("difficulty", INTEGER),
        optional("alias_of", ID),
        optional("modified_at", TIME),
        key("prompts", "prompt_id"),
        unique("prompts", "task_id", "prompt_hash"),
        unique("prompts", "task_id", "prompt_id"),
        refers("prompts", ("task_id",), "tasks", ("task_id",)),
        refers("prompts", ("prompt_hash",), "prompt_texts", ("prompt_hash",)),
        refers("prompts", ("alias_of",), "prompts", ("prompt_id",)),
        one_of("prompts", "kind", "text", "template", "task_config"),
        zero_or_one("prompts", "is_prerelease"),
    )


def _create_publishers() -> None:
    op.create_table(
        "publishers",
        required("publisher_id", ID),
        required("name", TEXT),
        optional("contact", TEXT),
        key("publishers", "publisher_id"),
        unique("publishers", "name"),
    )


def _create_sources() -> None:
    op.create_table(
        "sources",
        required("source_id", ID),
        required("format", TEXT),
        required("uri", TEXT),
        required("content_sha256", TEXT),
        required("files", INTEGER),
        required("bytes", INTEGER),
        required("ingested_at", TIME),
        required("reader_version", TEXT),
        required("status", TEXT),
        key("sources", "source_id"),
        one_of("sources", "status", "complete", "problems"),
    )


def _create_files() -> None:
    op.create_table(
        "files",
        required("location_id", ID),
        required("source_file_id", ID),
        required("source_id", ID),
        required("path", TEXT),
        required("relative_path", TEXT),
        required("family", TEXT),
        required("bytes", INTEGER),
        required("mtime_ns", INTEGER),
        optional("sha256", TEXT),
        required("disposition", TEXT),
        optional("reason", TEXT),
        optional("unit_id", ID),
        optional("blob", TEXT),
        optional("rows", INTEGER),
        required("redactions", INTEGER),
        required("live", BOOLEAN),
        key("files", "location_id"),
        refers("files", ("source_id",), "sources", ("source_id",)),
        one_of("files", "disposition", "parsed", "kept", "ignored"),
        zero_or_one("files", "live"),
    )
    index("files", "source_file_id")
    index("files", "unit_id")
    index("files", "path")


def _create_environments() -> None:
    op.create_table(
        "environments",
        required("environment_id", ID),
        optional("python", TEXT),
        optional("packages", TEXT),
        optional("git_commit", TEXT),
        optional("git_dirty", BOOLEAN),
        optional("git_tag", TEXT),
        optional("os", TEXT),
        optional("kernel", TEXT),
        optional("container", TEXT),
        optional("frameworks", TEXT),
        optional("variables", TEXT),
        key("environments", "environment_id"),
        zero_or_one("environments", "git_dirty"),
    )


def _create_runs() -> None:
    op.create_table(
        "runs",
        required("run_id", ID),
        required("short_id", TEXT),
        optional("label", TEXT),
        optional("publisher_id", ID),
        optional("started_at", TIME),
        optional("finished_at", TIME),
        required("submitted_at", TIME),
        optional("runner", TEXT),
        optional("runner_version", TEXT),
        optional("prompt_git_hash", TEXT),
        optional("config", TEXT),
        required("config_hash", TEXT),
        optional("environment_id", ID),
        optional("seed", INTEGER),
        required("status", TEXT),
        optional("supersedes", ID),
        key("runs", "run_id"),
        unique("runs", "short_id"),
        refers("runs", ("publisher_id",), "publishers", ("publisher_id",)),
        refers("runs", ("environment_id",), "environments", ("environment_id",)),
        refers("runs", ("supersedes",), "runs", ("run_id",)),
        one_of("runs", "status", "complete", "incomplete", "failed"),
    )


def _create_run_sources() -> None:
    op.create_table(
        "run_sources",
        required("run_id", ID),
        required("source_id", ID),
        key("run_sources", "run_id", "source_id"),
        refers("run_sources", ("run_id",), "runs", ("run_id",)),
        refers("run_sources", ("source_id",), "sources", ("source_id",)),
    )


def _create_run_model_metrics() -> None:
    op.create_table(
        "run_model_metrics",
        required("run_id", ID),
        required("prompt_id", ID),
        required("model_id", ID),
        required("task_id", ID),
        optional("unit_id", ID),
        optional("score", FLOAT),
        optional("pass_fail", BOOLEAN),
        optional("primary_metric", TEXT),
        optional("primary_value", FLOAT),
        optional("primary_stderr", FLOAT),
        optional("unit", TEXT),
        optional("higher_is_better", BOOLEAN),
        optional("value_note", TEXT),
        required("origin", TEXT),
        optional("failure_reason", TEXT),
        optional("failure_detail", TEXT),
        optional("flops_per_token_theoretical", INTEGER),
        optional("n_items", INTEGER),
        optional("items_failed", INTEGER),
        key("run_model_metrics", "run_id", "prompt_id", "model_id"),
        refers("run_model_metrics", ("run_id",), "runs", ("run_id",)),
        refers("run_model_metrics", ("prompt_id",), "prompts", ("prompt_id",)),
        refers("run_model_metrics", ("model_id",), "models", ("model_id",)),
        refers("run_model_metrics", ("task_id",), "tasks", ("task_id",)),
        refers("run_model_metrics", ("task_id", "prompt_id"), "prompts", ("task_id", "prompt_id")),
        zero_or_one("run_model_metrics", "pass_fail"),
        zero_or_one("run_model_metrics", "higher_is_better"),
        one_of("run_model_metrics", "origin", "reported", "recomputed"),
        one_of(
            "run_model_metrics",
            "failure_reason",
            "timeout",
            "refusal",
            "malformed_output",
            "oom",
            "load_failure",
            "capability_gap",
            "infra_error",
            "cancelled",
            "unknown",
        ),
    )
    index("run_model_metrics", "task_id")
    index("run_model_metrics", "model_id")
    index("run_model_metrics", "unit_id")


def _create_artifacts() -> None:
    op.create_table(
        "artifacts",
        required("run_id", ID),
        required("path", TEXT),
        required("kind", TEXT),
        required("sha256", TEXT),
        required("bytes", INTEGER),
        key("artifacts", "run_id", "path"),
        refers("artifacts", ("run_id",), "runs", ("run_id",)),
    )


def _create_batches() -> None:
    op.create_table(
        "batches",
        required("batch_id", ID),
        required("state", TEXT),
        required("host", TEXT),
        required("pid", INTEGER),
        required("opened_at", TIME),
        required("heartbeat_at", TIME),
        optional("committed_at", TIME),
        optional("sequence", INTEGER),
        required("code_version", TEXT),
        key("batches", "batch_id"),
        unique("batches", "sequence"),
        one_of("batches", "state", "open", "committed", "abandoned"),
    )
    index("batches", "state")


def _create_batch_units() -> None:
    op.create_table(
        "batch_units",
        required("unit_id", ID),
        required("batch_id", ID),
        required("run_id", ID),
        required("part", TEXT),
        required("fingerprint", TEXT),
        key("batch_units", "unit_id", "batch_id"),
        refers("batch_units", ("batch_id",), "batches", ("batch_id",)),
        refers("batch_units", ("run_id",), "runs", ("run_id",)),
    )
    index("batch_units", "run_id")
    index("batch_units", "batch_id")


def _create_unit_supersedes() -> None:
    op.create_table(
        "unit_supersedes",
        required("unit_id", ID),
        required("batch_id", ID),
        optional("superseded_by", ID),
        key("unit_supersedes", "unit_id", "batch_id"),
        refers("unit_supersedes", ("batch_id",), "batches", ("batch_id",)),
        refers("unit_supersedes", ("superseded_by",), "batches", ("batch_id",)),
    )
