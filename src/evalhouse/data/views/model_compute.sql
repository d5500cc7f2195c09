-- one row per model: operations per token and memory of its weights, where its size is known

SELECT
    model_id,
    model_name,
    parameter_count,
    active_parameter_count,
    TRY_CAST(
        2::HUGEINT * coalesce(active_parameter_count, parameter_count) AS BIGINT
    ) AS flops_per_token_theoretical,
    2e0 * coalesce(active_parameter_count, parameter_count) / 1e9 AS gflops_per_token,
    quantization,
    bits_per_weight,
    TRY_CAST(floor(parameter_count::DOUBLE * bits_per_weight / 8) AS BIGINT) AS weights_memory_bytes,
    weights_bytes
FROM models
LEFT JOIN (
    SELECT quantization_id, bits_per_weight FROM catalog.quantization_methods
) USING (quantization_id)
