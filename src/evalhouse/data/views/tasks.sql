-- one row per task, suite or variant (a node of the task tree), with the name of its category

SELECT task.*, category.name AS task_category
FROM catalog.tasks AS task
LEFT JOIN catalog.task_categories AS category ON category.category_id = task.category_id
