"""A run's folder and its shared tables: names of files, keys, columns.

What codebook-lab 1.4.0 writes keeps its names and comes first; what evalhouse adds follows.
"""

from __future__ import annotations

OUTPUT = "output.csv"
CONFIG = "config.json"
TIMING = "timing_data.json"
CHARACTERS = "char_counts.json"
TRACES = "reasoning_traces.jsonl"
EMISSIONS = "emissions.csv"
ENERGY = "energy.json"
REPORTS = "classification_reports.txt"
ENVIRONMENT = "environment.json"
SCORES = "scores.json"
MANIFEST = "manifest.json"
ANSWERS = "answers.jsonl"
RUN_FILES = (
    OUTPUT,
    CONFIG,
    TIMING,
    CHARACTERS,
    TRACES,
    EMISSIONS,
    ENERGY,
    REPORTS,
    ENVIRONMENT,
    SCORES,
    MANIFEST,
    ANSWERS,
)
"""The files of `<outputs>/<task>/<run_id>/`."""

PROVIDER = "ollama"
"""All that codebook-lab can ask."""

METRICS_FOLDER = "metrics"
"""The folder of the shared tables, beside those of the tasks."""

CONFIG_KEYS = (
    *("run_id", "model", "prompt_type", "use_examples", "temperature", "top_p", "chat_mode"),
    *("reasoning", "process_textbox", "process_span", "country_iso_code", "task_name"),
    *("retries", "retry_strategy", "retry_temperature"),
)
"""The keys of codebook-lab's `config.json`, in its order."""

OWN_CONFIG_KEYS = (
    *("run_uuid", "config_hash", "package_version", "provider", "base_url", "model_revision"),
    *("server", "server_version", "served_model", "dialect", "omit", "stream", "think_tags"),
    *("structured", "request_unit", "batch_size", "history_window", "few_shot"),
    *("system_message_sha256", "template", "template_sha256", "seed", "max_tokens", "stop"),
    *("repeats", "logprobs", "thinking_tokens", "transport_retries", "limit", "context_length"),
    *("task_path", "codebook_path", "ground_truth_path", "codebook_sha256"),
    *("ground_truth_sha256", "rows_sha256", "codebook_hash", "prompt_hashes"),
    "prompt_git_hash",
    *("started_at", "finished_at"),
    *("status", "label", "quantization_type", "energy_scope", "rows"),
)
"""The keys that evalhouse adds to `config.json`."""

TIMING_KEYS = ("total_inference_time", "inference_count", "avg_inference_time")
OWN_TIMING_KEYS = (
    *("requests", "reprompts", "transport_failures", "cached", "wall_seconds"),
    *("tokens_input", "tokens_output", "tokens_reasoning", "tokens_cached"),
    *("seconds_to_first_token", "cpu_seconds_user", "cpu_seconds_sys"),
)
CHARACTER_KEYS = ("input_chars", "output_chars")
OWN_CHARACTER_KEYS = ("reasoning_chars",)
TRACE_KEYS = (
    *("row_num", "annotation_name", "annotation_type", "attempt", "chat_mode"),
    *("prompt_chars", "response_chars", "inference_time_s", "reasoning"),
)
OWN_TRACE_KEYS = ("row_id", "repeat")

LONG_HEADER = ("run_id", "column", "annotation_type", "metric", "value")
"""The columns of codebook-lab's table with a row a value."""

SCORE_COLUMNS = (
    *("ci_low", "ci_high", "ci_level", "ci_method", "stderr", "n"),
    *("higher_is_better", "unit"),
)
LONG_COLUMNS = (*LONG_HEADER, *SCORE_COLUMNS, "is_headline", "definition", "note")
LONG_KEY = ("run_id", "column", "annotation_type", "metric")
"""What no two rows of the long table share."""

CLASS_COLUMNS = (
    *("run_id", "column", "annotation_type", "class", "metric", "value"),
    *(*SCORE_COLUMNS, "definition", "note"),
)
CLASS_KEY = ("run_id", "column", "annotation_type", "class", "metric")

RUNS_HEADER = (
    *("run_id", "timestamp", "label", "model_id", "quantization_type", "temperature", "top_p"),
    *("prompt_type", "use_examples", "chat_mode", "reasoning", "process_textbox", "process_span"),
    *("codebook_path", "experiment_directory", "n_queries", "total_inference_time_s"),
    *("avg_inference_time_per_query_s", "total_input_chars", "avg_input_chars_per_query"),
    *("total_output_chars", "avg_output_chars_per_query", "total_energy_kwh"),
    *("avg_energy_kwh_per_query", "total_emissions_kg", "avg_emissions_kg_per_query"),
    *("cpu_model", "gpu_model"),
)
"""The columns of codebook-lab's table with a row a run."""

TOTAL_COLUMNS = (*OWN_TIMING_KEYS, *OWN_CHARACTER_KEYS)
RUNS_COLUMNS = (
    *RUNS_HEADER,
    *(key for key in (*OWN_CONFIG_KEYS, *CONFIG_KEYS) if key not in RUNS_HEADER),
    *TOTAL_COLUMNS,
)
"""Every setting of a run is a column; of those of the long table `run_id` alone is here too."""

RUNS_KEY = ("run_id",)

METRIC_ORDER = (
    "percentage_agreement",
    *("accuracy", "precision", "recall", "f1", "cohen_kappa", "krippendorff_alpha"),
    *("spearman_corr", "quadratic_kappa"),
    *("norm_levenshtein", "bleu", "rouge1_f", "rouge2_f", "rougeL_f", "cosine_similarity"),
    *("bertscore_precision", "bertscore_recall", "bertscore_f1"),
    *("token_f1", "exact_match_f1", "char_iou"),
)
"""The metrics of codebook-lab in the order in which it writes them."""

HEADLINES = {
    "checkbox": "f1",
    "dropdown": "f1",
    "likert": "quadratic_kappa",
    "span": "token_f1",
}
"""The metric of codebook-lab that stands for a field, by the type of the field."""


def long_table(task: str) -> str:
    """Return the name of the table with a row a value."""
    return f"{task}_metrics_log.csv"


def runs_table(task: str) -> str:
    """Return the name of the table with a row a run."""
    return f"{task}_metrics_log_runs.csv"


def classes_table(task: str) -> str:
    """Return the name of the table with a row for each value of a single class."""
    return f"{task}_metrics_log_classes.csv"
