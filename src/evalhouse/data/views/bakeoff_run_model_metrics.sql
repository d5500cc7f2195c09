-- one row per result of a model on a prompt in a run, in the words of the bakeoff schema

SELECT
    run_id,
    prompt_id,
    model_id,
    score,
    pass_fail,
    failure_reason,
    failure_detail,
    flops_per_token_theoretical / 1e9 AS gflops_per_token
FROM catalog.run_model_metrics
