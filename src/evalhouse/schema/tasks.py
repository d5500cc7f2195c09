"""Tables of what is asked: tasks, suites, prompts."""

from __future__ import annotations

from evalhouse.schema.columns import Column, catalog_table

TASK_CATEGORIES = catalog_table(
    "task_categories",
    "kind of ability that a task asks for",
    Column("category_id", "id", "UUIDv5 of the name", key=True, required=True),
    Column("name", "text", "name", required=True, unique=True),
    Column("description", "text", "in a sentence"),
)

TASKS = catalog_table(
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
    Column("category_id", "id", "ability it asks for", references="task_categories.category_id"),
    indexes=(("task_name",), ("parent_id",)),
)

TASK_MEMBERS = catalog_table(
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

PROMPT_TEXTS = catalog_table(
    "prompt_texts",
    "distinct prompt text or task configuration",
    Column("prompt_hash", "hash", "SHA-256 of the text", key=True, required=True),
    Column("prompt_text", "text", "the text itself", required=True),
)

PROMPTS = catalog_table(
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
    Column("difficulty", "integer", "steps above the easiest, from 0", required=True, minimum=0),
    Column("alias_of", "id", "the prompt it repeats on purpose", references="prompts.prompt_id"),
    Column("modified_at", "timestamp", "when the text last changed"),
    unique=(("task_id", "prompt_hash"), ("task_id", "prompt_id")),
)

TASK_ALIASES = catalog_table(
    "task_aliases",
    "other id of a task: what was learnt later, reversible by removing the row",
    Column("alias_id", "id", "the other id; need not be a row", key=True, required=True),
    Column("task_id", "id", "what it stands for", required=True, references="tasks.task_id"),
    Column("alias_name", "text", "name that the other id was made of"),
    Column("reason", "text", "why both are the same", required=True),
    Column("decided_by", "text", "who said so", required=True),
    Column("decided_at", "timestamp", "when", required=True),
    indexes=(("task_id",),),
)
