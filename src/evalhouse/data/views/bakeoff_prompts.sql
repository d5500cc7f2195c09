-- one row per prompt, in the words of the bakeoff schema

SELECT
    prompt_id,
    task_id,
    file_path,
    git_commit_hash,
    prompt_hash AS content_sha256,
    content_length_bytes,
    version,
    release_date,
    is_prerelease,
    difficulty,
    modified_at
FROM catalog.prompts
