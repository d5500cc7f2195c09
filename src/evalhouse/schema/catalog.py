"""The catalog: who, what, where, when. Identities and relations with foreign keys."""

from __future__ import annotations

from evalhouse.schema import hardware, models, runs, sources, tasks

CATALOG_TABLES = (
    sources.HOUSE_SETTINGS,
    models.CREATORS,
    models.CREATOR_ALIASES,
    models.SOURCE_TYPES,
    models.MODEL_ARCHITECTURES,
    models.MODEL_FILE_FORMATS,
    models.QUANTIZATION_METHODS,
    models.MODELS,
    models.MODEL_SOURCES,
    models.MODEL_ALIASES,
    models.MODEL_CONFLICTS,
    tasks.TASK_CATEGORIES,
    tasks.TASKS,
    tasks.TASK_ALIASES,
    tasks.TASK_MEMBERS,
    tasks.PROMPT_TEXTS,
    tasks.PROMPTS,
    runs.PUBLISHERS,
    runs.SIGNING_KEYS,
    sources.SOURCES,
    sources.FILES,
    runs.ENVIRONMENTS,
    runs.RUNS,
    sources.RUN_SOURCES,
    runs.RUN_MODEL_METRICS,
    hardware.INTERFACE_TYPES,
    hardware.COMPUTE_FORMATS,
    hardware.TFLOPS_SOURCES,
    hardware.GPU_HARDWARE,
    hardware.GPU_TFLOPS,
    hardware.SYSTEM_HARDWARE,
    hardware.SYSTEM_SOFTWARE,
    hardware.SYSTEM_GPU_LINKS,
    hardware.RUN_HARDWARE_METRICS,
    runs.ARTIFACTS,
    runs.SUBMISSIONS,
    runs.SUBMISSION_EVENTS,
    sources.BATCHES,
    sources.BATCH_UNITS,
    sources.UNIT_SUPERSEDES,
)
"""In an order in which rows can be written: what is referred to comes first."""
