"""Models in full: lookups, sources, aliases, what waits for a person; categories of tasks.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from evalhouse.data.migrations.tools import (
    BOOLEAN,
    FLOAT,
    ID,
    INTEGER,
    TEXT,
    TIME,
    at_least,
    index,
    key,
    one_of,
    optional,
    rebuild,
    refers,
    required,
    unique,
    zero_or_one,
)
from evalhouse.data.migrations.versions import r0001_first_tables as first

revision = "0002"
down_revision = "0001"

_MODELS = (
    ("architecture_id", ID, "model_architectures"),
    ("file_format_id", ID, "model_file_formats"),
    ("quantization_id", ID, "quantization_methods"),
    ("context_length_min", INTEGER, None),
    ("context_length_max", INTEGER, None),
    ("weights_bytes", INTEGER, None),
    ("stated", TEXT, None),
)
_TASKS = (("category_id", ID, "task_categories"),)
_ENVIRONMENTS = (("gpus", TEXT, None),)
_LIMITS = (
    ("models", "context_length_min", 0, None),
    ("models", "context_length_max", 0, None),
    ("models", "weights_bytes", 0, None),
    ("prompts", "difficulty", 0, None),
    ("run_model_metrics", "score", 0, 1),
    ("run_model_metrics", "n_items", 0, None),
    ("run_model_metrics", "items_failed", 0, None),
)
_ADDED = {"models": _MODELS, "tasks": _TASKS, "environments": _ENVIRONMENTS}
_REBUILT = ("models", "tasks", "prompts", "environments", "run_model_metrics")


def upgrade() -> None:
    """Create the lookups, then what refers to them."""
    _create_creator_aliases()
    _create_source_types()
    _create_model_architectures()
    _create_model_file_formats()
    _create_quantization_methods()
    _create_task_categories()
    if op.get_bind().dialect.name == "sqlite":
        for table in _REBUILT:
            rebuild(table, globals()[f"_create_{table}"], first_columns(table))
    else:
        _alter()
    _create_model_sources()
    _create_model_aliases()
    _create_model_conflicts()
    _create_task_aliases()


def downgrade() -> None:
    """Drop what refers to the lookups, then the lookups."""
    op.drop_table("task_aliases")
    op.drop_table("model_conflicts")
    op.drop_table("model_aliases")
    op.drop_table("model_sources")
    if op.get_bind().dialect.name == "sqlite":
        for table in _REBUILT:
            rebuild(table, getattr(first, f"_create_{table}"), first_columns(table))
    else:
        _alter_back()
    op.drop_table("task_categories")
    op.drop_table("quantization_methods")
    op.drop_table("model_file_formats")
    op.drop_table("model_architectures")
    op.drop_table("source_types")
    op.drop_table("creator_aliases")


def first_columns(table: str) -> list[str]:
    added = {name for name, _, _ in _ADDED.get(table, ())}
    found = [column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)]
    return [name for name in found if name not in added]


def _alter() -> None:
    for table, columns in _ADDED.items():
        for name, kind, target in columns:
            op.add_column(table, optional(name, kind))
            if target:
                op.create_foreign_key(f"fk_{table}_{name}", table, target, [name], [name])
    index("models", "creator_id")
    for table, column, least, most in _LIMITS:
        rule = at_least(table, column, least, most)
        op.create_check_constraint(f"ck_{table}_{column}", table, rule.sqltext)


def _alter_back() -> None:
    for table, column, _, _ in _LIMITS:
        op.drop_constraint(f"ck_{table}_{column}", table)
    op.drop_index("ix_models_creator_id", "models")
    for table, columns in _ADDED.items():
        for name, _, _ in columns:
            op.drop_column(table, name)


def _create_creator_aliases() -> None:
    op.create_table(
        "creator_aliases",
        required("alias_id", ID),
        required("creator_id", ID),
        optional("alias_name", TEXT),
        required("reason", TEXT),
        required("decided_by", TEXT),
        required("decided_at", TIME),
        key("creator_aliases", "alias_id"),
        refers("creator_aliases", ("creator_id",), "creators", ("creator_id",)),
    )
    index("creator_aliases", "creator_id")


def _create_source_types() -> None:
    op.create_table(
        "source_types",
        required("source_type_id", ID),
        required("name", TEXT),
        optional("description", TEXT),
        key("source_types", "source_type_id"),
        unique("source_types", "name"),
    )


def _create_model_architectures() -> None:
    op.create_table(
        "model_architectures",
        required("architecture_id", ID),
        required("name", TEXT),
        optional("description", TEXT),
        key("model_architectures", "architecture_id"),
        unique("model_architectures", "name"),
    )


def _create_model_file_formats() -> None:
    op.create_table(
        "model_file_formats",
        required("file_format_id", ID),
        required("name", TEXT),
        optional("description", TEXT),
        key("model_file_formats", "file_format_id"),
        unique("model_file_formats", "name"),
    )


def _create_quantization_methods() -> None:
    op.create_table(
        "quantization_methods",
        required("quantization_id", ID),
        required("name", TEXT),
        optional("bits_per_weight", FLOAT),
        optional("measured_by", TEXT),
        optional("description", TEXT),
        key("quantization_methods", "quantization_id"),
        unique("quantization_methods", "name"),
        at_least("quantization_methods", "bits_per_weight", 0),
    )


def _create_task_categories() -> None:
    op.create_table(
        "task_categories",
        required("category_id", ID),
        required("name", TEXT),
        optional("description", TEXT),
        key("task_categories", "category_id"),
        unique("task_categories", "name"),
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
        optional("architecture_id", ID),
        optional("file_format_id", ID),
        optional("quantization_id", ID),
        optional("context_length_min", INTEGER),
        optional("context_length_max", INTEGER),
        optional("weights_bytes", INTEGER),
        optional("stated", TEXT),
        key("models", "model_id"),
        unique("models", "model_hash"),
        refers("models", ("creator_id",), "creators", ("creator_id",)),
        refers("models", ("predecessor_model_id",), "models", ("model_id",)),
        refers("models", ("base_model_id",), "models", ("model_id",)),
        refers("models", ("quantized_from_id",), "models", ("model_id",)),
        refers("models", ("architecture_id",), "model_architectures", ("architecture_id",)),
        refers("models", ("file_format_id",), "model_file_formats", ("file_format_id",)),
        refers("models", ("quantization_id",), "quantization_methods", ("quantization_id",)),
        zero_or_one("models", "provisional"),
        at_least("models", "context_length_min", 0),
        at_least("models", "context_length_max", 0),
        at_least("models", "weights_bytes", 0),
    )
    index("models", "model_name")
    index("models", "creator_id")


def _create_model_sources() -> None:
    op.create_table(
        "model_sources",
        required("model_source_id", ID),
        required("model_id", ID),
        required("source_type_id", ID),
        required("url", TEXT),
        optional("source_metadata", TEXT),
        optional("updated", TIME),
        key("model_sources", "model_source_id"),
        unique("model_sources", "model_id", "url"),
        refers("model_sources", ("model_id",), "models", ("model_id",)),
        refers("model_sources", ("source_type_id",), "source_types", ("source_type_id",)),
    )


def _create_model_aliases() -> None:
    op.create_table(
        "model_aliases",
        required("alias_id", ID),
        required("model_id", ID),
        optional("alias_name", TEXT),
        required("reason", TEXT),
        required("decided_by", TEXT),
        required("decided_at", TIME),
        key("model_aliases", "alias_id"),
        refers("model_aliases", ("model_id",), "models", ("model_id",)),
    )
    index("model_aliases", "model_id")


def _create_model_conflicts() -> None:
    op.create_table(
        "model_conflicts",
        required("conflict_id", ID),
        required("kind", TEXT),
        required("model_id", ID),
        optional("other_model_id", ID),
        required("difference", TEXT),
        optional("origin", TEXT),
        required("state", TEXT),
        optional("note", TEXT),
        required("seen_at", TIME),
        optional("decided_by", TEXT),
        optional("decided_at", TIME),
        key("model_conflicts", "conflict_id"),
        refers("model_conflicts", ("model_id",), "models", ("model_id",)),
        refers("model_conflicts", ("other_model_id",), "models", ("model_id",)),
        one_of("model_conflicts", "kind", "same_weights", "different_value", "unknown_value"),
        one_of("model_conflicts", "state", "open", "merged", "kept", "rejected"),
    )
    index("model_conflicts", "state")
    index("model_conflicts", "model_id")


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
        optional("category_id", ID),
        key("tasks", "task_id"),
        unique("tasks", "natural_key_hash"),
        refers("tasks", ("parent_id",), "tasks", ("task_id",)),
        refers("tasks", ("category_id",), "task_categories", ("category_id",)),
        one_of("tasks", "kind", "codebook", "prompts", "benchmark"),
        zero_or_one("tasks", "is_suite"),
    )
    index("tasks", "task_name")
    index("tasks", "parent_id")


def _create_task_aliases() -> None:
    op.create_table(
        "task_aliases",
        required("alias_id", ID),
        required("task_id", ID),
        optional("alias_name", TEXT),
        required("reason", TEXT),
        required("decided_by", TEXT),
        required("decided_at", TIME),
        key("task_aliases", "alias_id"),
        refers("task_aliases", ("task_id",), "tasks", ("task_id",)),
    )
    index("task_aliases", "task_id")


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
        at_least("prompts", "difficulty", 0),
    )


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
        optional("gpus", TEXT),
        key("environments", "environment_id"),
        zero_or_one("environments", "git_dirty"),
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
        at_least("run_model_metrics", "score", 0, 1),
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
        at_least("run_model_metrics", "n_items", 0),
        at_least("run_model_metrics", "items_failed", 0),
    )
    index("run_model_metrics", "task_id")
    index("run_model_metrics", "model_id")
    index("run_model_metrics", "unit_id")
