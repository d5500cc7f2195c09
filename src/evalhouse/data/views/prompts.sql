-- one row per prompt or task configuration of a task, with its text

SELECT prompt.*, told.prompt_text
FROM catalog.prompts AS prompt
LEFT JOIN catalog.prompt_texts AS told ON told.prompt_hash = prompt.prompt_hash
