-- one row per setting of a run (nested keys joined by a dot; a list is one value, as JSON)

WITH RECURSIVE flattened AS (
    SELECT run_id, '' AS path, json(config) AS value
    FROM runs
    WHERE json_valid(config)
    UNION ALL
    SELECT
        parent.run_id,
        CASE WHEN parent.path = '' THEN child.key ELSE parent.path || '.' || child.key END,
        child.value
    FROM flattened AS parent, json_each(parent.value) AS child
    WHERE json_type(parent.value) = 'OBJECT'
)
SELECT run_id, path AS key, value ->> '$' AS value
FROM flattened
WHERE path <> '' AND (json_type(value) <> 'OBJECT' OR value = '{}')
