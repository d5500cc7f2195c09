-- one row per document of a task in a run: last response, requests, recorded input, document

-- Joined, not correlated: a filter on run_id, task and doc_id then reaches every file that is read,
-- and a join whose columns nobody asks for is left out.
SELECT
    item.* REPLACE (
        coalesce(item_sha256, asked[1].item_sha256, input.item_sha256) AS item_sha256,
        coalesce(model_output, lake.model_output(output_keys, outputs)) AS model_output,
        coalesce(metrics, lake.item_metrics(metric_keys, outputs, label)) AS metrics
    ),
    '[' || array_to_string(list_transform(
        list_filter(asked, lambda each: each.attempt = list_max(
            list_transform(asked, lambda other: other.attempt)
        )),
        lambda each: each.json
    ), ', ') || ']' AS requests,
    input.requests AS inputs,
    doc
FROM (
    SELECT * FROM (
        SELECT *
        FROM lake.responses
        QUALIFY row_number() OVER (
            PARTITION BY run_id, task, doc_id ORDER BY attempt DESC NULLS LAST, line DESC
        ) = 1
    )
    UNION ALL BY NAME
    SELECT asked.*
    FROM (
        SELECT run_id, model_id, prompt_id, task, doc_id, attempt, native_id, native_id_kind,
            item_sha256, label, label_kind, batch_id, unit_id, source_file_id, line
        FROM lake.requests
        UNION ALL
        SELECT run_id, model_id, prompt_id, task, doc_id, attempt, native_id, native_id_kind,
            item_sha256, label, label_kind, batch_id, unit_id, source_file_id, line
        FROM lake.inputs
    ) AS asked
    LEFT JOIN (
        SELECT DISTINCT run_id, task, doc_id, true AS answered FROM lake.responses
    ) USING (run_id, task, doc_id)
    WHERE answered IS NULL
    QUALIFY row_number() OVER (
        PARTITION BY run_id, task, doc_id ORDER BY attempt DESC NULLS LAST, line
    ) = 1
) AS item
LEFT JOIN (
    SELECT run_id, task, doc_id, attempt, unit_id, batch_id, list({
        'sum_logits': sum_logits, 'sum_logits_uncond': sum_logits_uncond,
        'num_tokens': num_tokens, 'num_tokens_all': num_tokens_all,
        'num_chars': num_chars, 'is_greedy': is_greedy, 'bits_per_byte': bits_per_byte
    } ORDER BY choice) AS outputs
    FROM lake.choices
    GROUP BY run_id, task, doc_id, attempt, unit_id, batch_id
) USING (run_id, task, doc_id, attempt, unit_id, batch_id)
LEFT JOIN (
    SELECT run_id, task, doc_id, list({
        'attempt': coalesce(attempt, 0), 'item_sha256': item_sha256,
        'json': lake.request_json(idx, request_type, request, unconditioned)
    } ORDER BY coalesce(unconditioned, false), idx, line) AS asked
    FROM lake.requests
    GROUP BY run_id, task, doc_id
) USING (run_id, task, doc_id)
LEFT JOIN (
    SELECT run_id, task, doc_id, arg_max(
        {'requests': requests, 'item_sha256': item_sha256}, coalesce(attempt, 0)
    ) AS input
    FROM lake.inputs
    GROUP BY run_id, task, doc_id
) USING (run_id, task, doc_id)
LEFT JOIN (
    SELECT run_id, task, doc_id, any_value(doc) AS doc
    FROM (
        SELECT run_id, task, doc_id, item_sha256 FROM lake.responses
        UNION ALL
        SELECT run_id, task, doc_id, item_sha256 FROM lake.requests
        UNION ALL
        SELECT run_id, task, doc_id, item_sha256 FROM lake.inputs
    )
    JOIN lake.documents USING (item_sha256)
    GROUP BY run_id, task, doc_id
) USING (run_id, task, doc_id)
