-- one row per measured rate of tokens: what part of its GPU's peak the model made use of, in percent

SELECT
    measured.measurement_id,
    measured.run_id,
    measured.prompt_id,
    measured.model_id,
    measured.attempt,
    measured.tokens_per_second,
    compute.gflops_per_token,
    gpus.gpu,
    peaks.compute_format,
    peaks.peak_tflops,
    coalesce(
        measured.tflops_utilization_pct,
        100 * measured.tokens_per_second * compute.gflops_per_token / (1e3 * peaks.peak_tflops)
    ) AS tflops_utilization_pct,
    measured.tflops_utilization_pct IS NOT NULL AS is_stated
FROM run_hardware_metrics AS measured
LEFT JOIN model_compute AS compute ON compute.model_id = measured.model_id
LEFT JOIN (
    -- The slot that was measured, else the one GPU of a machine; of several none is known.
    SELECT system_hardware_id, slot_index, gpu_hardware_id, name AS gpu, alone
    FROM (
        SELECT *, count(*) OVER (PARTITION BY system_hardware_id) = 1 AS alone
        FROM system_gpu_links
    )
    JOIN gpu_hardware USING (gpu_hardware_id)
) AS gpus
    ON gpus.system_hardware_id = measured.system_hardware_id
    AND CASE
        WHEN measured.slot_index IS NULL THEN gpus.alone
        ELSE gpus.slot_index = measured.slot_index
    END
LEFT JOIN (
    -- Weights kept in 16 bits are computed with in 16 bits; of others it is not known in what.
    SELECT gpu_hardware_id, compute_formats.name AS compute_format, tflops_value AS peak_tflops
    FROM gpu_tflops
    JOIN compute_formats USING (compute_format_id)
    JOIN tflops_sources USING (tflops_source_id)
    WHERE compute_formats.name IN ('fp16', 'bf16')
    QUALIFY row_number() OVER (
        PARTITION BY gpu_hardware_id, compute_format_id
        ORDER BY is_measured, tflops_value DESC
    ) = 1
) AS peaks
    ON peaks.gpu_hardware_id = gpus.gpu_hardware_id
    AND peaks.compute_format = compute.quantization
WHERE measured.tokens_per_second IS NOT NULL OR measured.tflops_utilization_pct IS NOT NULL
