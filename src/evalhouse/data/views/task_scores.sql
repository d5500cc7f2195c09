-- one row per result of a model on a task in a run, with names instead of ids

SELECT
    models.model_name AS model,
    models.revision,
    tasks.task_name AS task,
    cells.score,
    cells.primary_metric,
    cells.primary_value,
    cells.primary_stderr,
    cells.unit,
    cells.higher_is_better,
    cells.pass_fail,
    cells.n_items,
    cells.items_failed,
    cells.origin,
    cells.value_note,
    cells.failure_reason,
    tasks.is_suite,
    tasks.task_path,
    parents.task_path AS parent_path,
    models.provider,
    models.model_version,
    runs.short_id AS run,
    runs.label AS run_label,
    runs.started_at,
    runs.status AS run_status,
    cells.run_id,
    cells.model_id,
    cells.task_id,
    cells.prompt_id,
    cells.unit_id
FROM run_model_metrics AS cells
JOIN runs ON runs.run_id = cells.run_id
JOIN catalog.models AS models ON models.model_id = cells.model_id
JOIN catalog.tasks AS tasks ON tasks.task_id = cells.task_id
LEFT JOIN catalog.tasks AS parents ON parents.task_id = tasks.parent_id
