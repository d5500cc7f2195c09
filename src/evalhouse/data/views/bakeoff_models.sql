-- one row per model, in the words of the bakeoff schema

SELECT
    model.model_id,
    model.model_name AS name,
    model.creator_id,
    model.creator,
    model.model_hash,
    model.parameter_count / 1e9 AS parameter_count_b,
    coalesce(model.active_parameter_count, CASE
        WHEN model.architecture = 'Dense' THEN model.parameter_count
    END) / 1e9 AS active_parameter_count_b,
    model.architecture,
    model.context_length AS context_length_default,
    model.context_length_min,
    model.context_length_max,
    model.file_format,
    model.quantization,
    model.weights_bytes AS model_source_size,
    model.release_date,
    model.model_version AS version,
    model.description,
    model.predecessor_model_id,
    model.provisional
FROM models AS model
