-- one row per response, every attempt, with the JSON that `choices` rebuilds

SELECT response.* REPLACE (
    coalesce(model_output, lake.model_output(output_keys, outputs)) AS model_output,
    coalesce(metrics, lake.item_metrics(metric_keys, outputs, label)) AS metrics
)
FROM lake.responses AS response
LEFT JOIN (
    SELECT run_id, task, doc_id, attempt, unit_id, batch_id, list({
        'sum_logits': sum_logits, 'sum_logits_uncond': sum_logits_uncond,
        'num_tokens': num_tokens, 'num_tokens_all': num_tokens_all,
        'num_chars': num_chars, 'is_greedy': is_greedy, 'bits_per_byte': bits_per_byte
    } ORDER BY choice) AS outputs
    FROM lake.choices
    GROUP BY run_id, task, doc_id, attempt, unit_id, batch_id
) USING (run_id, task, doc_id, attempt, unit_id, batch_id)
