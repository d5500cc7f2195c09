"""The first tables: identities, sources, runs, cells and batches.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None

BOOLEAN = sa.Boolean()
FLOAT: sa.Double[Any] = sa.Double()
ID = sa.CHAR(36).with_variant(sa.UUID(as_uuid=False), "postgresql")
INTEGER = sa.BigInteger()
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


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


def _required(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _optional(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name="_".join(("uq", table, *columns)))


def _refers(
    table: str, columns: tuple[str, ...], target: str, there: tuple[str, ...]
) -> sa.ForeignKeyConstraint:
    own = target == table
    return sa.ForeignKeyConstraint(
        columns,
        [f"{target}.{name}" for name in there],
        name="_".join(("fk", table, *columns)),
        deferrable=True if own else None,
        initially="DEFERRED" if own else None,
    )


def _one_of(table: str, column: str, *values: str) -> sa.CheckConstraint:
    allowed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({allowed})", name=f"ck_{table}_{column}")


def _zero_or_one(table: str, column: str) -> sa.CheckConstraint:
    rule = sa.CheckConstraint(f"{column} IN (0, 1)", name=f"ck_{table}_{column}")
    return rule.ddl_if(dialect="sqlite")


def _index(table: str, *columns: str) -> None:
    op.create_index("_".join(("ix", table, *columns)), table, list(columns))


def _create_house_settings() -> None:
    op.create_table(
        "house_settings",
        _required("name", TEXT),
        _required("value", TEXT),
        _key("house_settings", "name"),
    )


def _create_creators() -> None:
    op.create_table(
        "creators",
        _required("creator_id", ID),
        _required("name", TEXT),
        _optional("display_name", TEXT),
        _optional("homepage", TEXT),
        _optional("service_identifiers", TEXT),
        _required("provisional", BOOLEAN),
        _key("creators", "creator_id"),
        _unique("creators", "name"),
        _zero_or_one("creators", "provisional"),
    )


def _create_models() -> None:
    op.create_table(
        "models",
        _required("model_id", ID),
        _required("provider", TEXT),
        _required("model_name", TEXT),
        _optional("model_version", TEXT),
        _optional("model_family", TEXT),
        _optional("revision", TEXT),
        _optional("creator_id", ID),
        _optional("model_hash", TEXT),
        _optional("parameter_count", INTEGER),
        _optional("active_parameter_count", INTEGER),
        _optional("context_length", INTEGER),
        _optional("release_date", TEXT),
        _optional("description", TEXT),
        _optional("predecessor_model_id", ID),
        _optional("base_model_id", ID),
        _optional("adapter_hash", TEXT),
        _optional("quantized_from_id", ID),
        _required("provisional", BOOLEAN),
        _key("models", "model_id"),
        _unique("models", "model_hash"),
        _refers("models", ("creator_id",), "creators", ("creator_id",)),
        _refers("models", ("predecessor_model_id",), "models", ("model_id",)),
        _refers("models", ("base_model_id",), "models", ("model_id",)),
        _refers("models", ("quantized_from_id",), "models", ("model_id",)),
        _zero_or_one("models", "provisional"),
    )
    _index("models", "model_name")


def _create_tasks() -> None:
    op.create_table(
        "tasks",
        _required("task_id", ID),
        _required("task_name", TEXT),
        _required("task_path", TEXT),
        _optional("task_description", TEXT),
        _optional("parent_id", ID),
        _required("sort_order", INTEGER),
        _required("kind", TEXT),
        _required("is_suite", BOOLEAN),
        _optional("grader", TEXT),
        _optional("grader_commit", TEXT),
        _optional("dataset", TEXT),
        _optional("dataset_revision", TEXT),
        _optional("split", TEXT),
        _required("natural_key_hash", TEXT),
        _key("tasks", "task_id"),
        _unique("tasks", "natural_key_hash"),
        _refers("tasks", ("parent_id",), "tasks", ("task_id",)),
        _one_of("tasks", "kind", "codebook", "prompts", "benchmark"),
        _zero_or_one("tasks", "is_suite"),
    )
    _index("tasks", "task_name")
    _index("tasks", "parent_id")


def _create_task_members() -> None:
    op.create_table(
        "task_members",
        _required("suite_id", ID),
        _required("member_id", ID),
        _required("sort_order", INTEGER),
        _required("rule", TEXT),
        _key("task_members", "suite_id", "member_id"),
        _refers("task_members", ("suite_id",), "tasks", ("task_id",)),
        _refers("task_members", ("member_id",), "tasks", ("task_id",)),
    )


def _create_prompt_texts() -> None:
    op.create_table(
        "prompt_texts",
        _required("prompt_hash", TEXT),
        _required("prompt_text", TEXT),
        _key("prompt_texts", "prompt_hash"),
    )


def _create_prompts() -> None:
    op.create_table(
        "prompts",
        _required("prompt_id", ID),
        _required("task_id", ID),
        _required("kind", TEXT),
        _required("prompt_hash", TEXT),
        _optional("file_path", TEXT),
        _optional("git_commit_hash", TEXT),
        _optional("content_length_bytes", INTEGER),
        _optional("version", TEXT),
        _optional("release_date", TEXT),
        _required("is_prerelease", BOOLEAN),
        _required("difficulty", INTEGER),
        _optional("alias_of", ID),
        _optional("modified_at", TIME),
        _key("prompts", "prompt_id"),
        _unique("prompts", "task_id", "prompt_hash"),
        _unique("prompts", "task_id", "prompt_id"),
        _refers("prompts", ("task_id",), "tasks", ("task_id",)),
        _refers("prompts", ("prompt_hash",), "prompt_texts", ("prompt_hash",)),
        _refers("prompts", ("alias_of",), "prompts", ("prompt_id",)),
        _one_of("prompts", "kind", "text", "template", "task_config"),
        _zero_or_one("prompts", "is_prerelease"),
    )


def _create_publishers() -> None:
    op.create_table(
        "publishers",
        _required("publisher_id", ID),
        _required("name", TEXT),
        _optional("contact", TEXT),
        _key("publishers", "publisher_id"),
        _unique("publishers", "name"),
    )


def _create_sources() -> None:
    op.create_table(
        "sources",
        _required("source_id", ID),
        _required("format", TEXT),
        _required("uri", TEXT),
        _required("content_sha256", TEXT),
        _required("files", INTEGER),
        _required("bytes", INTEGER),
        _required("ingested_at", TIME),
        _required("reader_version", TEXT),
        _required("status", TEXT),
        _key("sources", "source_id"),
        _one_of("sources", "status", "complete", "problems"),
    )


def _create_files() -> None:
    op.create_table(
        "files",
        _required("location_id", ID),
        _required("source_file_id", ID),
        _required("source_id", ID),
        _required("path", TEXT),
        _required("relative_path", TEXT),
        _required("family", TEXT),
        _required("bytes", INTEGER),
        _required("mtime_ns", INTEGER),
        _optional("sha256", TEXT),
        _required("disposition", TEXT),
        _optional("reason", TEXT),
        _optional("unit_id", ID),
        _optional("blob", TEXT),
        _optional("rows", INTEGER),
        _required("redactions", INTEGER),
        _required("live", BOOLEAN),
        _key("files", "location_id"),
        _refers("files", ("source_id",), "sources", ("source_id",)),
        _one_of("files", "disposition", "parsed", "kept", "ignored"),
        _zero_or_one("files", "live"),
    )
    _index("files", "source_file_id")
    _index("files", "unit_id")
    _index("files", "path")


def _create_environments() -> None:
    op.create_table(
        "environments",
        _required("environment_id", ID),
        _optional("python", TEXT),
        _optional("packages", TEXT),
        _optional("git_commit", TEXT),
        _optional("git_dirty", BOOLEAN),
        _optional("git_tag", TEXT),
        _optional("os", TEXT),
        _optional("kernel", TEXT),
        _optional("container", TEXT),
        _optional("frameworks", TEXT),
        _optional("variables", TEXT),
        _key("environments", "environment_id"),
        _zero_or_one("environments", "git_dirty"),
    )


def _create_runs() -> None:
    op.create_table(
        "runs",
        _required("run_id", ID),
        _required("short_id", TEXT),
        _optional("label", TEXT),
        _optional("publisher_id", ID),
        _optional("started_at", TIME),
        _optional("finished_at", TIME),
        _required("submitted_at", TIME),
        _optional("runner", TEXT),
        _optional("runner_version", TEXT),
        _optional("prompt_git_hash", TEXT),
        _optional("config", TEXT),
        _required("config_hash", TEXT),
        _optional("environment_id", ID),
        _optional("seed", INTEGER),
        _required("status", TEXT),
        _optional("supersedes", ID),
        _key("runs", "run_id"),
        _unique("runs", "short_id"),
        _refers("runs", ("publisher_id",), "publishers", ("publisher_id",)),
        _refers("runs", ("environment_id",), "environments", ("environment_id",)),
        _refers("runs", ("supersedes",), "runs", ("run_id",)),
        _one_of("runs", "status", "complete", "incomplete", "failed"),
    )


def _create_run_sources() -> None:
    op.create_table(
        "run_sources",
        _required("run_id", ID),
        _required("source_id", ID),
        _key("run_sources", "run_id", "source_id"),
        _refers("run_sources", ("run_id",), "runs", ("run_id",)),
        _refers("run_sources", ("source_id",), "sources", ("source_id",)),
    )


def _create_run_model_metrics() -> None:
    op.create_table(
        "run_model_metrics",
        _required("run_id", ID),
        _required("prompt_id", ID),
        _required("model_id", ID),
        _required("task_id", ID),
        _optional("unit_id", ID),
        _optional("score", FLOAT),
        _optional("pass_fail", BOOLEAN),
        _optional("primary_metric", TEXT),
        _optional("primary_value", FLOAT),
        _optional("primary_stderr", FLOAT),
        _optional("unit", TEXT),
        _optional("higher_is_better", BOOLEAN),
        _optional("value_note", TEXT),
        _required("origin", TEXT),
        _optional("failure_reason", TEXT),
        _optional("failure_detail", TEXT),
        _optional("flops_per_token_theoretical", INTEGER),
        _optional("n_items", INTEGER),
        _optional("items_failed", INTEGER),
        _key("run_model_metrics", "run_id", "prompt_id", "model_id"),
        _refers("run_model_metrics", ("run_id",), "runs", ("run_id",)),
        _refers("run_model_metrics", ("prompt_id",), "prompts", ("prompt_id",)),
        _refers("run_model_metrics", ("model_id",), "models", ("model_id",)),
        _refers("run_model_metrics", ("task_id",), "tasks", ("task_id",)),
        _refers("run_model_metrics", ("task_id", "prompt_id"), "prompts", ("task_id", "prompt_id")),
        _zero_or_one("run_model_metrics", "pass_fail"),
        _zero_or_one("run_model_metrics", "higher_is_better"),
        _one_of("run_model_metrics", "origin", "reported", "recomputed"),
        _one_of(
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
    _index("run_model_metrics", "task_id")
    _index("run_model_metrics", "model_id")
    _index("run_model_metrics", "unit_id")


def _create_artifacts() -> None:
    op.create_table(
        "artifacts",
        _required("run_id", ID),
        _required("path", TEXT),
        _required("kind", TEXT),
        _required("sha256", TEXT),
        _required("bytes", INTEGER),
        _key("artifacts", "run_id", "path"),
        _refers("artifacts", ("run_id",), "runs", ("run_id",)),
    )


def _create_batches() -> None:
    op.create_table(
        "batches",
        _required("batch_id", ID),
        _required("state", TEXT),
        _required("host", TEXT),
        _required("pid", INTEGER),
        _required("opened_at", TIME),
        _required("heartbeat_at", TIME),
        _optional("committed_at", TIME),
        _optional("sequence", INTEGER),
        _required("code_version", TEXT),
        _key("batches", "batch_id"),
        _unique("batches", "sequence"),
        _one_of("batches", "state", "open", "committed", "abandoned"),
    )
    _index("batches", "state")


def _create_batch_units() -> None:
    op.create_table(
        "batch_units",
        _required("unit_id", ID),
        _required("batch_id", ID),
        _required("run_id", ID),
        _required("part", TEXT),
        _required("fingerprint", TEXT),
        _key("batch_units", "unit_id", "batch_id"),
        _refers("batch_units", ("batch_id",), "batches", ("batch_id",)),
        _refers("batch_units", ("run_id",), "runs", ("run_id",)),
    )
    _index("batch_units", "run_id")
    _index("batch_units", "batch_id")


def _create_unit_supersedes() -> None:
    op.create_table(
        "unit_supersedes",
        _required("unit_id", ID),
        _required("batch_id", ID),
        _optional("superseded_by", ID),
        _key("unit_supersedes", "unit_id", "batch_id"),
        _refers("unit_supersedes", ("batch_id",), "batches", ("batch_id",)),
        _refers("unit_supersedes", ("superseded_by",), "batches", ("batch_id",)),
    )
